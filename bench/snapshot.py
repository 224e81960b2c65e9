"""Every verdict and every model reading of the official zoos in one file, and what differs between two such files.

    python bench/snapshot.py write FOLDER NEW.jsonl.gz [--jobs 2]
    python bench/snapshot.py compare OLD.jsonl.gz NEW.jsonl.gz

A change that moves code must give the same bytes; one that changes answers is read difference by difference. FOLDER
holds the unpacked wheels of `ZOOS` and `SOURCES`, as the tests keep them in the user cache (`~/.cache/mmfix/zoo`).
Sentences for people are left out; what they are made of (rule, key, confidence, place, evidence, cures) is in.

Each config is judged as it is and with `find_unused_parameters` the other way round: the zoos are healthy, and
silence alone would not show that a rule has changed. `write` takes about five minutes on two cores.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import multiprocessing
import os
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Iterator, List, Sequence, Tuple

from mmfix.config.family import walk
from mmfix.config.keypath import format_key
from mmfix.config.reader import Reader
from mmfix.errors import ConfigError
from mmfix.findings import Finding
from mmfix.model.machine import budget
from mmfix.model.stored import to_json
from mmfix.rules import judge
from mmfix.training import is_trainable, read
from mmfix.training.reading import code_reading
from mmfix.training.types import Setting, TrainingSetup

ZOOS = {
    "mmdet-3.3.0": "mmdet/.mim/configs",
    "mmdet-2.28.2": "mmdet/.mim/configs",
    "mmsegmentation-1.2.2": "mmseg/.mim/configs",
    "mmsegmentation-0.30.0": "mmseg/.mim/configs",
}
#: Read beside them, so that the answer does not depend on what is installed.
SOURCES = ("mmengine-0.10.7", "mmcv-lite-2.1.0")

Line = Dict[str, Any]

_CHECKPOINT = (
    "key",
    "value",
    "off",
    "type_name",
    "reentrant",
    "guarded",
    "known",
    "input_has_grad",
    "explicit",
    "evidence",
)
_FACT = ("kind", "key", "type_name", "confidence", "scope", "varies", "evidence")
_KEYS = ("key", "scope")


# -- write -------------------------------------------------------------------


def write(folder: Path, target: Path, jobs: int) -> None:
    """One line a config, in order, and one line for each different reading."""
    tasks = [
        (str(folder), zoo, group) for zoo, root in ZOOS.items() for group in _groups(folder / zoo / root)
    ]
    with tempfile.TemporaryDirectory(prefix="mmfix-snapshot-") as cache:
        os.environ["MMFIX_CACHE_DIR"] = cache
        with multiprocessing.get_context("spawn").Pool(jobs, _start, (str(folder),)) as pool:
            found = [line for lines in pool.imap(_snapshot, tasks) for line in lines]
    readings = {line["reading"]: line.pop("reading_value") for line in found if line["reading"]}
    with target.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as file:
        for line in (*found, *({"digest": key, "value": readings[key]} for key in sorted(readings))):
            file.write(_bytes(line) + b"\n")
    for zoo in ZOOS:
        lines = [line for line in found if line["zoo"] == zoo]
        whole = hashlib.sha256(b"\n".join(map(_bytes, lines))).hexdigest()
        print(
            f"{zoo}: {len(lines)} configs, {len({line['reading'] for line in lines})} readings, {whole[:16]}"
        )


def _start(folder: str) -> None:
    sys.path[:0] = [str(Path(folder) / source) for source in SOURCES]
    budget.MOST_SECONDS = 3600  # the machine may be busy: only the number of steps counts


def _groups(root: Path) -> List[List[str]]:
    """The configs of each folder of a zoo: what one process reads with one reader."""
    groups: Dict[str, List[str]] = {}
    for path in walk(str(root)):
        groups.setdefault(os.path.dirname(path), []).append(path)
    return list(groups.values())


def _snapshot(task: Tuple[str, str, List[str]]) -> List[Line]:
    folder, zoo, paths = task
    reader = Reader()
    return [line for path in paths for line in _config(folder, zoo, path, reader)]


def _config(folder: str, zoo: str, path: str, reader: Reader) -> Iterator[Line]:
    line: Line = {"zoo": zoo, "config": os.path.relpath(path, folder), "reading": None}
    try:
        document = reader.load(path)
    except ConfigError as error:
        yield {**line, "unreadable": os.path.basename(error.path or ""), "line": error.line}
        return
    if not is_trainable(document):
        return
    setup = read(document)
    other = replace(setup, find_unused=Setting(setup.find_unused.value is not True, setup.find_unused.key))
    code = code_reading(document, setup.era, setup.runner)
    value = None if code is None else _relative(to_json(code.reading), folder)
    yield _relative(
        {
            **line,
            "kind": document.kind,
            "setup": _setup(setup),
            "found": [_finding(finding) for finding in judge(setup)],
            "found_the_other_way": [_finding(finding) for finding in judge(other)],
            "reading": None if value is None else hashlib.sha256(_bytes(value)).hexdigest()[:16],
            "reading_value": value,
        },
        folder,
    )


def _setup(setup: TrainingSetup) -> Line:
    return {
        "era": setup.era,
        "runner": setup.runner,
        "wrapper": setup.wrapper,
        **{name: _setting(getattr(setup, name)) for name in ("find_unused", "static_graph", "accumulation")},
        "followed": not setup.unread,
        "decided_elsewhere": setup.decided_elsewhere,
        "unknown": len(setup.unknown),
        "checkpoints": [_fields(site, _CHECKPOINT) for site in setup.checkpoints],
        "facts": [_fields(fact, _FACT) for fact in setup.facts],
    }


def _fields(item: Any, names: Sequence[str]) -> Line:
    return {name: format_key(getattr(item, name)) if name in _KEYS else getattr(item, name) for name in names}


def _setting(setting: Setting) -> List[Any]:
    return [setting.value, None if setting.key is None else format_key(setting.key)]


def _finding(finding: Finding) -> Line:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "key": format_key(finding.key),
        "origins": [list(origin) for origin in finding.origins],
        "evidence": list(finding.evidence),
        "cures": [[one.name, one.disposition, *map(str, one.overrides)] for one in finding.remedies],
    }


def _relative(value: Any, folder: str) -> Any:
    """The same in JSON's own types, without the name of the folder."""
    return json.loads(json.dumps(value, default=repr).replace(json.dumps(folder + os.sep)[1:-1], ""))


def _bytes(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


# -- compare -----------------------------------------------------------------


def compare(old: Path, new: Path) -> int:
    """Print each difference; the number of configs that differ."""
    (before, readings), (after, later) = _load(old), _load(new)
    differ = 0
    shown: Counter[Tuple[str, ...]] = Counter()
    for name in sorted({*before, *after}):
        a, b = before.get(name), after.get(name)
        if a == b:
            continue
        differ += 1
        if a is None or b is None:
            print(f"{name}: {'is new' if a is None else 'is gone'}")
            continue
        print(name)
        for text in _differences({**a, "reading": None}, {**b, "reading": None}, ""):
            print(f"    {text}")
        if a["reading"] != b["reading"]:
            lines = tuple(_differences(readings.get(a["reading"]), later.get(b["reading"]), "reading"))
            shown[lines] += 1
            for text in lines if shown[lines] == 1 else [f"reading: as {len(lines)} lines above"]:
                print(f"    {text}")
    print(f"{len(after)} configs, {differ} differ")
    return differ


def _load(path: Path) -> Tuple[Dict[str, Line], Dict[str, Line]]:
    configs, readings = {}, {}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for text in file:
            line = json.loads(text)
            if "digest" in line:
                readings[line["digest"]] = line["value"]
            else:
                configs[line["config"]] = line
    return configs, readings


def _differences(a: Any, b: Any, where: str) -> Iterator[str]:
    if a == b:
        return
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted({*a, *b}):
            yield from _differences(a.get(key), b.get(key), f"{where}.{key}" if where else key)
    elif isinstance(a, list) and isinstance(b, list):
        gone, come = ([_bytes(item) for item in side] for side in (a, b))
        for item in gone:
            if item not in come:
                yield f"{where} - {item.decode()}"
        for item in come:
            if item not in gone:
                yield f"{where} + {item.decode()}"
        if sorted(gone) == sorted(come):
            yield f"{where}: in another order"
    else:
        yield f"{where}: {a!r} -> {b!r}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("write")
    one.add_argument("folder", type=Path)
    one.add_argument("target", type=Path)
    one.add_argument("--jobs", type=int, default=2)
    two = verbs.add_parser("compare")
    two.add_argument("old", type=Path)
    two.add_argument("new", type=Path)
    given = parser.parse_args()
    if given.verb == "write":
        write(given.folder.resolve(), given.target, given.jobs)
    else:
        sys.exit(1 if compare(given.old, given.new) else 0)


if __name__ == "__main__":
    main()
