"""What reading model source costs, as ratios measured in one run. Used by `model_code.py`."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

REPEATS = 5
INDEXED = ("mmdet-3.3.0", "mmsegmentation-1.2.2", "mmcv-lite-2.1.0", "mmengine-0.10.7")

CHECK = """
import json, resource, sys, time
sys.path[:0] = json.loads(sys.argv[1])
start = time.perf_counter()
import mmfix
from mmfix.model import reading
from mmfix.training import setup
seconds, read_model = [], reading.read_model
def timed(*arguments):
    begin = time.perf_counter()
    try:
        return read_model(*arguments)
    finally:
        seconds.append(time.perf_counter() - begin)
reading.read_model = timed
if sys.argv[3] == "without":
    setup.code_reading = lambda *arguments: None
report = mmfix.check(sys.argv[2])
print(json.dumps(dict(
    seconds=time.perf_counter() - start,
    configs=sum(config.status == "ok" for config in report.configs),
    readings=seconds,
    megabytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
)))
"""

INDEX = """
import json, sys, time
sys.path[:0] = json.loads(sys.argv[1])
from mmfix.repository.library import Library
start = time.perf_counter()
found = Library(()).find("a name that nobody registers", "mmdet")
print(json.dumps(dict(seconds=time.perf_counter() - start, packages=list(found.looked_in))))
"""

PARSE = """
import ast, json, sys, time
from mmfix.repository.walk import walk_sources
start = time.perf_counter()
files = [file for root in json.loads(sys.argv[1]) for file in walk_sources(root).files]
for file in files:
    with open(file.path, "rb") as source:
        ast.parse(source.read())
print(json.dumps(dict(seconds=time.perf_counter() - start, files=len(files))))
"""


def run(code: str, cache: Path, *arguments: Any) -> Dict[str, Any]:
    """What a fresh process prints; lists among the arguments arrive as JSON."""
    texts = [item if isinstance(item, str) else json.dumps(item) for item in arguments]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", code, *texts],
        env={**environment, "MMFIX_CACHE_DIR": str(cache)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    result: Dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def check_cost(folders: Sequence[str], zoo: Path, repeats: int) -> List[Tuple[str, str, str]]:
    """Rows on `mmfix.check` of a zoo: with and without the source read, in turns; and the first time."""
    with_code, without = [], []
    with tempfile.TemporaryDirectory() as scratch:
        cold = run(CHECK, Path(scratch), folders, str(zoo), "with")
        for _ in range(repeats):
            with_code.append(run(CHECK, Path(scratch), folders, str(zoo), "with"))
            without.append(run(CHECK, Path(scratch), folders, str(zoo), "without"))
    ours, bare = (min(result["seconds"] for result in results) for results in (with_code, without))
    readings = sorted(cold["readings"])
    late = readings[int(0.95 * (len(readings) - 1))]
    left = sum(len(result["readings"]) for result in with_code)
    return [
        ("leaf configs of mmdet 3.3.0", str(cold["configs"]), ""),
        (f"`mmfix.check` of them, source not read (best of {repeats})", f"{bare:.2f} s", ""),
        (f"the same with the source read, cache warm (best of {repeats})", f"{ours:.2f} s", ""),
        ("ratio", f"**{ours / bare:.2f}**", "at most 2"),
        ("models read again although the cache was warm", str(left), "0"),
        ("peak memory, cache warm", f"{max(result['megabytes'] for result in with_code):.0f} MB", ""),
        ("first time (cache empty): all of them", f"{cold['seconds']:.0f} s", ""),
        ("first time: different models read", str(len(readings)), ""),
        ("first time: one model, median", f"{1000 * statistics.median(readings):.0f} ms", ""),
        ("first time: one model, 95th percentile", f"{1000 * late:.0f} ms", ""),
        ("first time: one model, longest", f"{readings[-1]:.1f} s", ""),
        ("first time: peak memory", f"{cold['megabytes']:.0f} MB", ""),
    ]


def index_cost(folders: Dict[str, str], repeats: int) -> List[Tuple[str, str, str]]:
    """Rows on a cold index of four packages against parsing their files."""
    ours, bare = [], []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as scratch:
            ours.append(run(INDEX, Path(scratch), list(folders.values())))
        bare.append(run(PARSE, Path(scratch), ours[-1]["packages"]))
    packages = {Path(path).name for path in ours[0]["packages"]}
    if packages != {"mmdet", "mmseg", "mmcv", "mmengine"}:
        raise SystemExit(f"the index took {sorted(packages)}; run this where none of the others is installed")
    index, parse = (min(result["seconds"] for result in results) for results in (ours, bare))
    return [
        ("files of mmdet, mmseg, mmcv and mmengine", str(bare[0]["files"]), ""),
        (f"`ast.parse` of each (best of {repeats})", f"{parse:.2f} s", ""),
        (f"index of them, cache empty (best of {repeats})", f"{index:.2f} s", ""),
        ("ratio", f"**{index / parse:.2f}**", "under 10"),
    ]


def cost(zoo: Dict[str, Path], repeats: int = REPEATS) -> List[str]:
    """The table of costs; `zoo` has the folder of every wheel."""
    everything = [str(folder) for folder in zoo.values()]
    rows = check_cost(everything, zoo["mmdet-3.3.0"] / "mmdet" / ".mim" / "configs", repeats)
    rows += index_cost({name: str(zoo[name]) for name in INDEXED}, repeats)
    return ["| what | measured | bar |", "|---|---|---|", *("| " + " | ".join(row) + " |" for row in rows)]
