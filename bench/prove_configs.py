"""Which configs are rehearsed: the smallest of each folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict, Iterator, Optional, Tuple

from mmfix.config.keypath import KeyPath
from mmfix.config.reader import Reader
from mmfix.errors import ConfigError
from mmfix.prove.job import SCENARIOS, Job
from mmfix.training import is_trainable
from mmfix.training.filtering import leaves_empty_out
from prove_known import BROKEN

PACKAGES = ("mmdet", "mmseg")
#: Backbones by size, as they are called in the names of configs: the first that fits counts.
_SIZES = (
    r"nano|r18|[_-]t(iny)?[-_]|mit-b0|vit-t|[_-]b0[_-]|mobilenet|hr18s|s12|stdc1|w18|hr18|400MF|800MF|pidnet-s|23-slim",
    r"r50|s50|resnet50|[_-]s[-_]|s16|small|svt-s|d53|effb3|[_-]b[-_]",
    r"",
)


def folder_of(root: Path, package: str) -> Path:
    """Where a package's configs lie below the installed packages."""
    return root / package / ".mim" / "configs"


def smallest(root: Path, package: str) -> Dict[str, Optional[Path]]:
    """Model folder -> its config with the smallest backbone; None if nothing in it can be trained by itself."""
    folders = sorted(path for path in folder_of(root, package).iterdir() if path.is_dir())
    reader = Reader()
    return {path.name: _first(reader, path) for path in folders if path.name != "_base_"}


def job_of(path: Path) -> Job:
    """The job that `mmfix prove` would do, with two steps of the normal scenario, and fewer regions an image.

    512 regions an image are sampled for the second stage of most detectors, and one step of Mask R-CNN takes ten seconds
    on a core; with 32 of them it is the same graph.
    """
    tree = Reader().load(str(path)).to_dict()
    scenarios = ("normal", "single") if leaves_empty_out(tree) else SCENARIOS
    return Job(str(path), "", tuple(fewer_regions(tree)), scenarios=scenarios, iterations=2)


def fewer_regions(tree: Any, key: KeyPath = ()) -> Iterator[Tuple[KeyPath, Any]]:
    """Overrides that sample 32 regions an image in the second stage."""
    node = tree
    if isinstance(node, dict):
        number = node["sampler"].get("num") if isinstance(node.get("sampler"), dict) else None
        if "rcnn" in key and isinstance(number, int) and number > 32:
            yield (*key, "sampler", "num"), 32
    parts = (
        node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, (list, tuple)) else ()
    )
    for part, inner in parts:
        if key or part == "model":
            yield from fewer_regions(inner, (*key, part))


def _first(reader: Reader, folder: Path) -> Optional[Path]:
    for path in sorted(folder.glob("*.py"), key=_size):
        if any(f"/{name.partition('/')[2]}" in path.as_posix() for name in BROKEN):
            continue
        try:
            if is_trainable(reader.load(str(path))):
                return path
        except ConfigError:
            continue
    return None


def _size(path: Path) -> Tuple[int, int, str]:
    name = path.stem
    large = re.search(r"r101|r152|x101|s101|s200|[_-][lx][-_]|hourglass|large|w32|w40|w48|hr48", name)
    size = (
        len(_SIZES) if large else next(place for place, names in enumerate(_SIZES) if re.search(names, name))
    )
    return size, len(name), name
