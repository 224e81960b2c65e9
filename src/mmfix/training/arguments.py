"""Arguments in a config that the class of their ``type`` does not take."""

from __future__ import annotations

import os
import os.path as osp
import re
from functools import lru_cache
from typing import Any, FrozenSet, Iterator, NamedTuple, Optional, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath
from mmfix.python.links import is_of_project, repository_around
from mmfix.python.source import read_bytes
from mmfix.repository.taken import DROPPED, REFUSED, UNKNOWN
from mmfix.training.built import Built, built_in
from mmfix.training.spelling import nearest
from mmfix.training.top_level import BOUNDS, package_files, sources
from mmfix.training.types import TrainingSetup

__all__ = [
    "ALWAYS",
    "DROPPED",
    "REFUSED",
    "Refused",
    "files_around",
    "in_package",
    "left_over",
    "refused_arguments",
]

#: Taken out of any dict (``mmengine/registry/build_functions.py``, ``Runner.register_hook``,
#: ``build_scheduler_from_cfg``, ``build_optim_wrapper``; mmcv 1.x: ``build_optimizer``).
ALWAYS = frozenset(
    {
        *("type", "_scope_", "_delete_", "priority", "convert_to_iter_based", "constructor"),
        *("paramwise_cfg", "init_cfg", "_reversed_", "num_batch_per_epoch"),
        # mmcv/cnn/bricks/norm.py: build_norm_layer; mmengine/model/weight_init.py: initialize
        *("requires_grad", "override"),
    }
)
#: Values of one sort may be meant for the same argument.
_SORTS: Tuple[Any, ...] = ((int, float), str, dict, (list, tuple))


class Refused(NamedTuple):
    """An argument that a class does not take.

    Attributes:
        key: Key path of the argument.
        type_name: The class.
        meant: The argument that it is a slip away from; None where none is.
        paths: The files of the class and its bases.
        others: What becomes of it: ``refused``, ``dropped`` or ``unknown``.
    """

    key: KeyPath
    type_name: str
    meant: Optional[str]
    paths: Tuple[str, ...]
    others: str

    @property
    def where(self) -> str:
        """The file of the class, as :func:`in_package` says it."""
        return in_package(self.paths[0])


def in_package(path: str) -> str:
    """``mmdet/models/necks/fpn.py``: a file, from the repository or what its package lies in."""
    folder = osp.dirname(path)
    top = repository_around(folder)
    if osp.lexists(osp.join(top, ".git")) and is_of_project(osp.realpath(path), top):
        return osp.relpath(osp.realpath(path), top).replace(os.sep, "/")
    while osp.isfile(osp.join(folder, "__init__.py")):
        folder = osp.dirname(folder)
    return osp.relpath(path, folder).replace(os.sep, "/")


def refused_arguments(setup: TrainingSetup) -> Tuple[Refused, ...]:
    """Every argument that its class is known not to take, or that nobody reads though the class lets it pass.

    Of the second kind only slips of one that it takes.
    """
    found = (refused for built in built_in(setup) for refused in _not_taken(built))
    return tuple(one for one in found if not _is_read(setup.document, one))


def left_over(setup: TrainingSetup, path: KeyPath) -> Tuple[str, ...]:
    """What a base gives to another class in that place, and the class that is there now does not take.

    Also what some code takes out of a dict: where the class changes, that other one took it.
    """
    kind = setup.document.blame((*path, "type"))
    before = kind.previous.origin.path if kind is not None and kind.previous is not None else ""
    if kind is None or before in ("", kind.origin.path):
        return ()
    refused = (one for built in built_in(setup) if built.path == path for one in _not_taken(built))
    found = (one.key for one in refused if one.others == REFUSED and one.meant is None)
    return tuple(str(key[-1]) for key in found if _set_in(setup.document, key) == before)


def _set_in(document: ConfigDocument, key: KeyPath) -> str:
    origin = document.origin(key)
    return "" if origin is None else origin.path


def _is_read(document: ConfigDocument, one: Refused) -> bool:
    reads = _is_taken_out if one.others == REFUSED else _is_said
    return reads(document, str(one.key[-1]), one.paths)


def _not_taken(built: Built) -> Iterator[Refused]:
    taken = built.known.taken
    if taken is None:
        return
    others = UNKNOWN if built.by_builder else taken.others
    for key in built.node:
        if key not in taken.names and key not in ALWAYS and isinstance(key, str):
            meant = _meant(key, taken.names)
            meant = meant if meant is None or _is_alike(built.node[key], built.node.get(meant)) else None
            if meant or others == REFUSED:
                where = (*built.path, key)
                yield Refused(where, built.wanted.name, meant, taken.files, others)


def _is_alike(value: Any, other: Any) -> bool:
    """Whether a value may be meant for a key that has another: both are of one sort, or one says nothing."""
    if value is None or other is None:
        return True
    return any(isinstance(value, sort) and isinstance(other, sort) for sort in _SORTS) and (
        isinstance(value, bool) is isinstance(other, bool)
    )


@lru_cache(maxsize=8192)
def _meant(name: str, names: FrozenSet[str]) -> Optional[str]:
    return nearest(name, names | ALWAYS, shortest=3)


def _is_said(document: ConfigDocument, name: str, paths: Tuple[str, ...]) -> bool:
    """Whether a source file of the class's packages, or of the repository, has a word in it anywhere."""
    word = re.compile(rb"\b%s\b" % re.escape(name.encode("utf-8", "surrogatepass")))
    return any(word.search(data) for data in _around(document, paths))


def files_around(document: ConfigDocument, paths: Tuple[str, ...]) -> Iterator[str]:
    """The source files of the packages of some files, and of the repository, but for configs and torch."""
    files = (file for path in paths if f"{os.sep}torch{os.sep}" not in path for file in package_files(path))
    return (file for file in dict.fromkeys((*files, *sources(document))) if file not in document.files)


def _around(document: ConfigDocument, paths: Tuple[str, ...]) -> Iterator[bytes]:
    return (read_bytes(file, BOUNDS)[0] for file in files_around(document, paths))


def _is_taken_out(document: ConfigDocument, name: str, paths: Tuple[str, ...]) -> bool:
    """Whether code of the class's package, or of the repository, takes such an argument out of a dict.

    Often who builds a part does, before its class gets the rest (mmdet's ``DETRHead``: ``bg_cls_weight``).
    """
    word = name.encode("utf-8", "surrogatepass")
    quoted = rb"['\"]%s['\"]" % re.escape(word)
    takes = re.compile(rb"(?:pop|get|setdefault)\(\s*%s|\[%s\]|%s (?:not )?in\b" % (quoted, quoted, quoted))
    # the first is much faster, and mostly says no
    return any(word in data and takes.search(data) for data in _around(document, paths))
