"""Make src/mmfix/repository/data/registered.json: the names that released packages register their classes under.

    python bench/make_registered.py FOLDER...

A FOLDER holds unpacked releases as `mmdet-3.3.0`, as the tests keep them in the user cache (`~/.cache/mmfix/zoo`); those
of `RELEASES` must be among them. Of each, every call and decorator `register_module` is read with `ast`; nothing is
imported from them. All releases of one era make one list for each package. A `*` in it: the package also registers names
that it makes at run time. Beside them stand torch's own optimizers, which MMEngine and mmcv register, and the operators of
mmcv that mmdet takes by their names.
"""

from __future__ import annotations

import argparse
import ast
import json
from pathlib import Path
from typing import Dict, Iterator, Set, Tuple

from mmfix.repository.registrations import MARK, read_registrations

TARGET = Path(__file__).parent.parent / "src" / "mmfix" / "repository" / "data" / "registered.json"
RELEASES = {
    "mmengine": (
        *("mmengine-0.10.7", "mmengine-0.7.4", "mmengine-0.2.0", "mmcv-2.2.0", "mmcv-lite-2.1.0"),
        *("mmdet-3.3.0", "mmdet-3.0.0", "mmsegmentation-1.2.2", "mmsegmentation-1.0.0", "mmpretrain-1.2.0"),
        *("mmpretrain-1.0.0", "mmcls-1.0.0rc6", "mmpose-1.3.2", "mmpose-1.0.0", "mmaction2-1.2.0"),
        *("mmagic-1.2.0", "mmdet3d-1.4.0", "mmdet3d-1.1.0", "mmyolo-0.6.0", "mmocr-1.0.1"),
        *("mmrotate-1.0.0rc1", "mmrazor-1.0.0", "mmselfsup-1.0.0", "onedl-mmdetection-3.5.1"),
        *("onedl-mmsegmentation-1.4.2", "onedl-mmpretrain-1.3.6", "onedl-mmcv", "onedl-mmengine"),
    ),
    "mmcv1": (
        *("mmcv-1.7.2", "mmcv-1.3.18", "mmdet-2.28.2", "mmdet-2.25.3", "mmdet-2.14.0"),
        *("mmsegmentation-0.30.0", "mmsegmentation-0.18.0", "mmcls-0.25.0", "mmpose-0.29.0"),
        *("mmaction2-0.24.1", "mmedit-0.16.1", "mmocr-0.6.3", "mmrotate-0.3.4", "mmselfsup-0.11.0"),
        *("mmtrack-0.14.0", "mmdet3d-1.0.0rc6", "mmdet3d-0.18.1", "mmdet3d-0.17.1", "mmgen-0.7.3"),
        *("mmflow-0.5.2", "mmhuman3d-0.11.0", "mmrazor-0.3.1"),
    ),
}
#: Register at run time what no config of a training names so: ``torchvision/Resize``, and what is for mmdeploy.
OF_NO_CONFIG = ("mmpretrain/datasets/transforms/processing.py", "mmyolo/deploy/object_detection.py")
#: Taken by their names (``mmdet/models/roi_heads/roi_extractors: build_roi_layers``).
OPERATORS = "mmcv/ops"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path)
    folders = parser.parse_args().folders
    table: Dict[str, Dict[str, str]] = {}
    for era, names in RELEASES.items():
        found: Dict[str, Set[str]] = {"torch": set(_of_torch())}
        for name in names:
            release = next(folder / name for folder in folders if (folder / name).is_dir())
            for init in sorted(release.glob("mm*/__init__.py")):
                for package, registered in _registered(release, init.parent):
                    found.setdefault(package, set()).add(registered)
        table[era] = {package: " ".join(sorted(each)) for package, each in sorted(found.items())}
    TARGET.write_text(json.dumps(table, indent=0, separators=(",", ":")) + "\n", encoding="utf-8")
    counts = {era: {name: each.count(" ") + 1 for name, each in rows.items()} for era, rows in table.items()}
    print(counts, TARGET.stat().st_size, "bytes")


def _registered(release: Path, package: Path) -> Iterator[Tuple[str, str]]:
    """Each name, for its package and for that of the registry, which may be another one."""
    own = package.name
    for path in sorted(package.rglob("*.py")):
        data = path.read_bytes()
        if ".mim" in path.parts:
            continue
        if OPERATORS in path.as_posix():
            yield from ((own, node.name) for node in ast.parse(data).body if isinstance(node, ast.ClassDef))
        if MARK in data:
            module = ".".join(path.relative_to(release).with_suffix("").parts)
            is_package = path.name == "__init__.py"
            made, problems = read_registrations(
                ast.parse(data), data, str(path), module, is_package, lambda registry: True
            )
            for each in made:
                yield own, each.name
                if each.registry_module.startswith("mm"):
                    yield each.registry_module.partition(".")[0], each.name
            # of optimizers, which other libraries have, nothing is told by a table anyway
            if not path.as_posix().endswith(OF_NO_CONFIG):
                yield from ((own, "*") for problem in problems if "OPTIMIZERS" not in problem.reason)


def _of_torch() -> Iterator[str]:
    import torch

    for name, value in vars(torch.optim).items():
        if isinstance(value, type) and issubclass(value, torch.optim.Optimizer):
            yield name


if __name__ == "__main__":
    main()
