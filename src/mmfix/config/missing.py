"""Bases that are not where a config says: where else they lie, and what may be assumed of them."""

from __future__ import annotations

import os
import os.path as osp
import re
from typing import FrozenSet, Iterator, Optional, Sequence, Tuple

from mmfix.config.origin import MissingBase, Origin
from mmfix.config.packages import mim_folder, package_root
from mmfix.config.source import DATA_SUFFIXES, PYTHON_SUFFIXES
from mmfix.openmmlab import of_repository, with_configs
from mmfix.wording import say

#: What lies in these places of ``_base_`` sets no ``model``: none of the 359 such files of mmdet 2.28.2 and
#: 3.3.0, mmseg 0.30.0 and 1.2.2, mmdet3d 1.4.0, mmpretrain 1.2.0 and 11 other packages does.
_NO_MODEL = re.compile(r"(^|[/.:])_base_[/.](datasets[/.]|schedules[/.]|default_runtime(\.py)?$)")
_SPARED: FrozenSet[str] = frozenset({"model"})


def search(
    path: str, entry: str, origin: Origin, base_dirs: Sequence[Tuple[str, str]], mmcv1: Optional[bool]
) -> MissingBase:
    """A base that is not at ``path``, and the file to read in its place, if there is one.

    That is the file with the longest common tail below a directory the user named; else the one that an
    editable install links into a package's ``.mim``; else the same file among the configs of an installed
    package, where the path says which repository it is from (``mmdetection3d/configs/_base_/x.py``) and the
    package is of the config's era: people train with the version that they have installed, and its config is
    the one next to what they train.

    Args:
        path: Where it should be.
        entry: As the config has it.
        origin: The line that names it.
        base_dirs: Directories in which bases may be found, each with the words for it.
        mmcv1: Whether the config is one of mmcv 1.x; None where its keys do not say.
    """
    parts = [part for part in path.split(os.sep) if part]
    for folder, said in base_dirs:
        for start in range(len(parts)):
            found = osp.join(osp.abspath(osp.expanduser(folder)), *parts[start:])
            if osp.isfile(found):
                return MissingBase(path, entry, origin, found, said)
    linked = _linked(path)
    if linked:
        return MissingBase(path, entry, origin, linked, say("what an editable install links there"))
    spared = _SPARED if _NO_MODEL.search(path.replace(os.sep, "/")) else frozenset()
    hint = ""
    for package, root, found in _installed(parts):
        if mmcv1 is None or mmcv1 is not _is_modern(root):
            return MissingBase(
                path, entry, origin, found, say("the configs of the installed {package}", package=package)
            )
        hint = say("the installed {package} has it, but is of another era", package=package)
    hint = hint or _like(path) or _among_installed(parts, mmcv1)
    return MissingBase(path, entry, origin, spared=spared, hint=hint)


def _linked(path: str) -> str:
    """The file that ``.../mmdet/.mim/configs/TAIL`` is a link to where a clone is installed; empty: none."""
    root, mark, tail = path.partition(f"{os.sep}.mim{os.sep}")
    found = osp.join(mim_folder(root), tail)
    return found if mark and osp.isfile(found) else ""


def _installed(parts: Sequence[str]) -> Iterator[Tuple[str, str, str]]:
    """The package, its folder and the file for ``.../mmdetection3d/configs/TAIL``."""
    tail = _tail(parts)
    if len(parts) > len(tail) + 1:
        repository = parts[-len(tail) - 2]
        yield from _having(tail, [of_repository(repository)])


def _among_installed(parts: Sequence[str], mmcv1: Optional[bool]) -> str:
    """A hint at the only installed package of the config's era that has such a file, whose it may be."""
    found = [
        (package, root)
        for package, root, _ in _having(_tail(parts), sorted(with_configs()))
        if mmcv1 is None or mmcv1 is not _is_modern(root)
    ]
    if len(found) != 1:
        return ""
    package, root = found[0]
    return say(
        "the installed {package} has one; if that is meant: --base-dir {folder}",
        package=package,
        folder=mim_folder(root),
    )


def _tail(parts: Sequence[str]) -> Sequence[str]:
    """The path below the innermost folder ``configs``."""
    return parts[len(parts) - parts[::-1].index("configs") :] if "configs" in parts[:-1] else ()


def _having(tail: Sequence[str], packages: Sequence[str]) -> Iterator[Tuple[str, str, str]]:
    for name in packages if tail else ():
        root = package_root(name) if name in with_configs() else None
        found = "" if root is None else osp.join(mim_folder(root), "configs", *tail)
        if root is not None and osp.isfile(found):
            yield name, root, found


def _is_modern(root: str) -> bool:
    """From their MMEngine era on, packages have a module ``registry`` (mmdet 3.0, mmseg 1.0, ...)."""
    return any(osp.exists(osp.join(root, name)) for name in ("registry.py", "registry"))


def _like(path: str) -> str:
    """Files in the same folder that may be meant: with another suffix, or with a longer or shorter name."""
    folder, name = osp.split(path)
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return ""
    stem = osp.splitext(name)[0]
    configs = [other for other in names if other.endswith((*PYTHON_SUFFIXES, *DATA_SUFFIXES))]
    meant = [other for other in configs if osp.splitext(other)[0] in (stem, name)] or [
        other for other in configs if other.startswith(stem) or stem.startswith(osp.splitext(other)[0])
    ]
    return say("did you mean {name}?", name=meant[0]) if len(meant) == 1 else ""
