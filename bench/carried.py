"""The configs of released packages, with the package installed and with it lying beside them: is anything different?

    python bench/carried.py FOLDER [NAME ...]

FOLDER holds unpacked packages, ``mmdet-2.28.2``, and what they need of mmcv and MMEngine is importable. By default the
four of the table in docs/accuracy.md are compared, or with EVERY=6 a sixth of their files. Each is copied into a temporary repository, once its configs alone
and once with its package under another name. Prints configs, parts (modules that a config dict makes, and parts that
are not simply used) and findings, and how many of them differ. Nothing of the packages is imported.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Dict, List

_PLACE = re.compile(r" of /.*/(?=mm\w+/)")
NAMES = ("mmdet-2.28.2", "mmdet-3.3.0", "mmsegmentation-0.30.0", "mmrotate-0.3.4")


def main() -> int:
    """Compare; 1 if anything differs."""
    if sys.argv[1] == "--read":
        json.dump(read(Path(sys.argv[2])), sys.stdout)
        return 0
    folder, names = Path(sys.argv[1]), sys.argv[2:] or NAMES
    differing = 0
    for name in names:
        found = {way: parts_of(folder / name, way) for way in ("installed", "carried")}
        first, second = found["installed"], found["carried"]
        changed = Counter(
            config for config in first.keys() | second.keys() if first.get(config) != second.get(config)
        )
        parts = sum(map(len, first.values()))
        apart = [
            (config, one, other)
            for config in sorted(changed)
            for one, other in [differences(first.get(config, []), second.get(config, []))]
        ]
        number = sum(max(len(one), len(other)) for _, one, other in apart)
        print(f"| {name} | {len(first)} configs | {parts} parts | {number} differ |", flush=True)
        for config, one, other in apart[:5]:
            print(f"    {config}\n      installed {one[:3]}\n      carried   {other[:3]}")
        differing += number
    return 1 if differing else 0


def differences(first: List[Any], second: List[Any]) -> Any:
    """What only one of two lists has."""
    one, other = Counter(map(json.dumps, first)), Counter(map(json.dumps, second))
    return list((one - other).elements()), list((other - one).elements())


def parts_of(release: Path, way: str) -> Dict[str, List[Any]]:
    """Config -> what is said of its parts, with the package installed or carried."""
    package = next(path.parent for path in sorted(release.glob("mm*/__init__.py")))
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "repository"
        shutil.copytree(package / ".mim" / "configs", root / "configs")
        (root / "setup.py").touch()
        path = [str(release)] if way == "installed" else []
        if way == "carried":
            left_out = shutil.ignore_patterns(".mim")
            shutil.copytree(package, root / package.name, symlinks=False, ignore=left_out)
        others = [item for item in os.environ.get("PYTHONPATH", "").split(os.pathsep) if item != str(release)]
        environ = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([*path, *others]),
            "MMFIX_CACHE_DIR": str(Path(scratch) / "cache"),
        }
        command = [sys.executable, __file__, "--read", str(root)]
        done = subprocess.run(command, env=environ, stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)  # type: ignore[no-any-return]


def read(root: Path) -> Dict[str, List[Any]]:
    """Config -> its modules with their verdicts, what is not simply used, and the findings."""
    from mmfix.config.keypath import format_key
    from mmfix.config.reader import Reader
    from mmfix.errors import MmfixError
    from mmfix.jobs.checking import judge_document
    from mmfix.model.machine import budget
    from mmfix.training import is_trainable
    from mmfix.training.era import era
    from mmfix.training.reading import code_reading
    from mmfix.training.wrapping import runner_kind

    budget.MOST_SECONDS = 10**6  # type: ignore[misc, assignment]  # a busy machine makes no difference
    reader, found = Reader(), {}
    for path in sorted(root.glob("configs/**/*.py"))[:: int(os.environ.get("EVERY", "1"))]:
        try:
            document = reader.load(str(path))
        except MmfixError:
            continue
        if not is_trainable(document):
            continue
        generation = era(document)
        code = code_reading(document, generation, runner_kind(document, generation, []))
        rows: List[Any] = []
        if code is not None:
            reading = code.reading
            rows += [["gave up", _PLACE.sub(" of ", reading.gave_up)]] if reading.gave_up else []
            rows += [
                [format_key(item.key), item.class_name, item.parameters, item.frozen, item.waited_for]
                for item in reading.built
            ]
            rows += [[item.name, item.class_name, item.verdict, item.why] for item in reading.submodules]
        rows += [
            [item.code, item.severity, item.confidence, format_key(item.key), item.message]
            for item in judge_document(document).findings
        ]
        found[str(path.relative_to(root))] = rows
    return found


if __name__ == "__main__":
    sys.exit(main())
