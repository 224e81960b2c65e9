"""Modules that a config imports and that are not there."""

from __future__ import annotations

import os
import os.path as osp
import sysconfig
from typing import Iterator, List, NamedTuple, Optional, Sequence, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath
from mmfix.python.links import inside, is_installed
from mmfix.python.looked import note
from mmfix.repository.finder import Finder, Spot
from mmfix.repository.roots import source_roots
from mmfix.training.spelling import nearest

_KEY = ("custom_imports", "imports")


class MissingModule(NamedTuple):
    """A module of ``custom_imports`` that is not there.

    Attributes:
        key: Its key path.
        name: As the config has it.
        parent: The package in which it is not; empty where that itself is not there.
        meant: The module that it is a slip away from; empty where none is.
        is_skipped: The run goes on without it.
    """

    key: KeyPath
    name: str
    parent: str
    meant: str
    is_skipped: bool


def missing_modules(document: ConfigDocument) -> Tuple[MissingModule, ...]:
    """The modules of ``custom_imports`` that nothing has where they would have to be.

    ``mmengine/utils/misc.py: import_modules_from_strings``; ``mmcv/utils/misc.py`` in mmcv 1.x. A package of
    which no part is here may be installed where the training runs, and an empty folder may be a submodule
    that was not checked out: nothing is said.
    """
    custom = document.tree.get("custom_imports")
    names = custom.get("imports") if isinstance(custom, dict) else None
    if not isinstance(custom, dict) or not names or document.tree.missing:
        return ()
    if document.kind == "lazy" or not document.path:
        return ()
    single = isinstance(names, str)
    listed = [names] if single else names if isinstance(names, (list, tuple)) else []
    roots = source_roots(document.path, document.tree, document.homes)
    finders = (Finder(roots), Finder(()))
    found = []
    for at, name in enumerate(listed):
        if isinstance(name, str) and all(part.isidentifier() for part in name.split(".")):
            answer = _missing(finders, roots, name)
            if answer is not None:
                key = _KEY if single else (*_KEY, at)
                found.append(
                    MissingModule(key, name, *answer, bool(custom.get("allow_failed_imports", False)))
                )
    return tuple(found)


def _missing(finders: Sequence[Finder], roots: Sequence[str], name: str) -> Optional[Tuple[str, str]]:
    """The package that lacks a module, and the module that is meant; None where it is or may be there."""
    if any(finder.find(name) is not None for finder in finders):
        return None
    first, _, rest = name.partition(".")
    spots = [spot for spot in (finder.find(first) for finder in finders) if spot is not None]
    if not spots:
        meant = nearest(first, _tops(roots))
        whole = ".".join([meant or "", *([rest] if rest else [])])
        return ("", whole) if meant and any(finder.find(whole) is not None for finder in finders) else None
    parent = name
    while not any(finder.find(parent) is not None for finder in finders):
        parent = parent.rpartition(".")[0]
    spots = [spot for spot in (finder.find(parent) for finder in finders) if spot is not None]
    missing = name[len(parent) + 1 :].partition(".")[0]
    if any(_may_have(spot, missing) for spot in spots):
        return None
    return parent, "" if name != f"{parent}.{missing}" else _meant(missing, parent, spots)


def _meant(missing: str, parent: str, spots: Sequence[Spot]) -> str:
    modules = {module for spot in spots for folder in spot.folders for module in _modules(folder)}
    near = nearest(missing, modules, shortest=3)
    return "" if near is None else f"{parent}.{near}"


def _may_have(spot: Spot, name: str) -> bool:
    """Whether a package is compiled, empty or of Python itself, or has something else of that name."""
    if not spot.file and not spot.folders:
        return True
    if inside(spot.file, sysconfig.get_paths()["stdlib"]) and not is_installed(spot.file):
        return True  # `os.path` is made at run time
    return any(
        not any(True for _ in _modules(folder))
        or any(osp.lexists(osp.join(folder, name + end)) for end in ("", ".py"))
        for folder in spot.folders
    )


def _tops(roots: Sequence[str]) -> List[str]:
    return [module for root in roots for module in _modules(root)]


def _modules(folder: str) -> Iterator[str]:
    """What can be imported from a folder."""
    note(folder)
    try:
        listing = sorted(os.listdir(folder))
    except (OSError, ValueError):
        return
    for name in listing:
        stem, end = osp.splitext(name)
        if stem.isidentifier() and (end == ".py" or (not end and osp.isdir(osp.join(folder, name)))):
            yield stem
