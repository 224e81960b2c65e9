"""Make src/mmfix/training/data/read_keys.json: the top-level keys that released training code reads.

    python bench/make_read_keys.py FOLDER...

A FOLDER holds unpacked releases as `mmdet-3.3.0`, `mmengine-0.10.7`, as the tests keep them in the user cache
(`~/.cache/mmfix/zoo`); those of `RELEASES` must be among them. Of each, the files of `FILES` are read with `ast`: what
runs a training, not what builds one part of it. Nothing is imported. Each key has the first line that reads it, and in how
many releases one does.
"""

from __future__ import annotations

import argparse
import ast
import json
from pathlib import Path
from typing import Any, Dict, Iterator, List

from mmfix.scripts.keys import keys_read

TARGET = Path(__file__).parent.parent / "src" / "mmfix" / "training" / "data" / "read_keys.json"
RELEASES = {
    "mmengine": (
        *("mmengine-0.10.7", "mmdet-3.3.0", "mmsegmentation-1.2.2", "mmpretrain-1.2.0", "mmpose-1.3.2"),
        *("mmaction2-1.2.0", "mmagic-1.2.0", "mmdet3d-1.4.0", "mmyolo-0.6.0", "mmocr-1.0.1"),
        *("mmrotate-1.0.0rc1", "mmrazor-1.0.0"),
    ),
    "mmcv1": (
        *("mmdet-2.28.2", "mmsegmentation-0.30.0", "mmcls-0.25.0", "mmpose-0.29.0", "mmaction2-0.24.1"),
        *("mmedit-0.16.1", "mmocr-0.6.3", "mmrotate-0.3.4", "mmselfsup-0.11.0", "mmtrack-0.14.0"),
    ),
}
FILES = (
    *("*/runner/runner.py", "*/runner/_flexible_runner.py"),
    *("*/.mim/tools/train.py", "*/.mim/tools/test.py", "*/apis/*train*.py", "*/utils/setup_env.py"),
)
#: Read by ``Config`` itself (``mmengine/config/config.py``, ``mmcv/utils/config.py``: ``_file2dict``, ``fromfile``).
OF_CONFIG = {
    "mmengine": dict.fromkeys(
        ("custom_imports", "env_cfg"), "mmengine 0.10.7 mmengine/config/config.py: Config.fromfile"
    ),
    "mmcv1": {"custom_imports": "mmcv 1.7.2 mmcv/utils/config.py: Config.fromfile"},
}
#: What setup_env.py of an MMEngine release still reads for configs of the mmcv 1.x era.
OF_THE_OTHER_ERA = frozenset({"data", "runner", "total_epochs", "opencv_num_threads", "mp_start_method"})


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path)
    folders = parser.parse_args().folders
    found: Dict[str, Dict[str, List[Any]]] = {}
    for era, names in RELEASES.items():
        keys = found.setdefault(era, {})
        for name in names:
            release = next(folder / name for folder in folders if (folder / name).is_dir())
            for key, where in _keys(release).items():
                if not key.startswith("_") and not (era == "mmengine" and key in OF_THE_OTHER_ERA):
                    keys.setdefault(key, [f"{name.replace('-', ' ', 1)} {where}", 0])[1] += 1
        for key, where in OF_CONFIG[era].items():
            keys[key] = [where, len(RELEASES[era])]
    sorted_keys = {era: dict(sorted(keys.items())) for era, keys in found.items()}
    TARGET.write_text(json.dumps(sorted_keys, indent=1) + "\n", encoding="utf-8")
    print({era: len(keys) for era, keys in found.items()})


def _keys(release: Path) -> Dict[str, str]:
    found: Dict[str, str] = {}
    for file in _files(release):
        for key, line in sorted(keys_read(ast.parse(file.read_text(encoding="utf-8"))).items()):
            found.setdefault(key, f"{file.relative_to(release).as_posix()}:{line}")
    return found


def _files(release: Path) -> Iterator[Path]:
    for pattern in FILES:
        yield from sorted(release.glob(pattern))


if __name__ == "__main__":
    main()
