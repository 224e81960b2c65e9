"""Arguments in a config that the class of their ``type`` does not take."""

from __future__ import annotations

import hashlib
import os
import os.path as osp
import re
from functools import lru_cache
from typing import Any, Dict, FrozenSet, Iterator, List, NamedTuple, Optional, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath
from mmfix.config.names import type_name, type_scope
from mmfix.config.values import LazyName
from mmfix.model.remembered import fingerprint, library_of, stamp
from mmfix.python.source import read_bytes
from mmfix.repository import cache
from mmfix.repository.arguments import Taken, arguments_taken
from mmfix.repository.importing import named_modules
from mmfix.repository.roots import config_package, source_roots
from mmfix.training.parts import default_package
from mmfix.training.reading import of_another_era
from mmfix.training.spelling import nearest
from mmfix.training.top_level import BOUNDS, package_files, read_keys, sources

_KIND = "arguments-1"
#: Dicts that a builder takes something out of before the class gets them (``mmcv/cnn/bricks:
#: build_norm_layer``, ``build_plugin_layer``; ``mmengine/model/weight_init.py: initialize``).
_BY_BUILDERS = frozenset(
    {
        *("norm_cfg", "conv_cfg", "act_cfg", "dcn", "upsample_cfg", "plugins", "init_cfg", "padding_cfg"),
        *("paramwise_cfg", "constructor", "custom_imports", "metainfo"),
    }
)
#: Taken out of any dict (``mmengine/registry/build_functions.py``, ``Runner.register_hook``,
#: ``build_scheduler_from_cfg``, ``build_optim_wrapper``; mmcv 1.x: ``build_optimizer``).
_ALWAYS = frozenset(
    {
        *("type", "_scope_", "_delete_", "priority", "convert_to_iter_based", "constructor"),
        *("paramwise_cfg", "init_cfg", "_reversed_"),
    }
)


class Refused(NamedTuple):
    """An argument that a class does not take.

    Attributes:
        key: Key path of the argument.
        type_name: The class.
        meant: The argument that it is a slip away from; None where none is.
        path: The file of the class.
    """

    key: KeyPath
    type_name: str
    meant: Optional[str]
    path: str

    @property
    def where(self) -> str:
        """``mmdet/models/necks/fpn.py``: the file, from the directory that its package lies in."""
        folder = osp.dirname(self.path)
        while osp.isfile(osp.join(folder, "__init__.py")):
            folder = osp.dirname(folder)
        return osp.relpath(self.path, folder).replace(os.sep, "/")


class _Class(NamedTuple):
    """A class to look up: by dotted name, or by registry name and scope."""

    name: str
    scope: Optional[str]
    dotted: str


def refused_arguments(document: ConfigDocument, era: str) -> Tuple[Refused, ...]:
    """Every argument that its class is known not to take.

    Only where one class of that name is in sight, and all its constructors are.
    """
    if document.tree.missing or not (document.path or document.homes):
        return ()
    roots = source_roots(document.path, document.tree, document.homes)
    named = named_modules(document.path, document.tree)
    scope = default_package(document) or config_package(document.path)
    walk = fingerprint(roots)
    found: List[Refused] = []
    for path, node, wanted in _typed(document, scope, era):
        taken = _taken(roots, walk, named, wanted, era)
        if taken is None:
            continue
        free = taken.names.difference(node)
        for key in node:
            if isinstance(key, str) and key not in taken.names and key not in _ALWAYS:
                found.append(Refused((*path, key), wanted.name, nearest(key, free), min(taken.files)))
    return tuple(one for one in found if not _is_taken_out(document, str(one.key[-1]), one.path))


def _is_taken_out(document: ConfigDocument, name: str, path: str) -> bool:
    """Whether code of the class's package, or of the repository, takes such an argument out of a dict.

    Often who builds a part does, before its class gets the rest (mmdet's ``DETRHead``: ``bg_cls_weight``).
    """
    word = re.escape(name.encode())
    quoted = rb"['\"]%s['\"]" % word
    takes = re.compile(rb"(?:pop|get|setdefault)\(\s*%s|\[%s\]|%s (?:not )?in\b" % (quoted, quoted, quoted))
    files = dict.fromkeys((*package_files(path), *sources(document)))
    return any(file not in document.files and takes.search(read_bytes(file, BOUNDS)[0]) for file in files)


def _typed(
    document: ConfigDocument, scope: Optional[str], era: str
) -> Iterator[Tuple[KeyPath, Dict[Any, Any], _Class]]:
    """The dicts that a class is built from, and which."""
    read = read_keys(era)
    stack: List[Tuple[KeyPath, Any, Optional[str]]] = [
        ((key,), value, scope)
        for key, value in document.tree.items()
        if key in read and isinstance(value, (dict, list, tuple))
    ]
    left = 20_000
    while stack and left:
        left -= 1
        path, value, scope = stack.pop()
        if path[-1] in _BY_BUILDERS:
            continue
        if isinstance(value, dict):
            scope = value["_scope_"] if isinstance(value.get("_scope_"), str) else scope
            kind = value.get("type")
            name = type_name(kind)
            if isinstance(kind, LazyName) and name:
                yield path, value, _Class(name, None, kind.path)
            elif isinstance(kind, str) and name and kind.count(".") <= 1:
                yield path, value, _Class(name, type_scope(kind) or scope, "")
        items = value.items() if isinstance(value, dict) else enumerate(value)
        stack.extend(
            ((*path, key), item, scope) for key, item in items if isinstance(item, (dict, list, tuple))
        )


@lru_cache(maxsize=4096)
def _taken(
    roots: Tuple[str, ...], walk: str, named: Tuple[str, ...], wanted: _Class, era: str
) -> Optional[Taken]:
    """What a class takes, from the cache as long as its files have not changed."""
    text = f"{roots}\n{walk}\n{named}\n{wanted}\n{era}"
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    entry = cache.load(_KIND, digest)
    try:
        if all(stamp(path) == before for path, before in entry["files"].items()):
            names, files = entry["names"], entry["files"]
            return None if names is None else Taken(frozenset(names), frozenset(files))
    except (LookupError, TypeError, AttributeError):
        pass  # not there, or somebody else's file
    taken = _look_up(roots, walk, named, wanted, era)
    names = None if taken is None else sorted(taken.names)
    cache.store(_KIND, digest, {"files": {path: stamp(path) for path in _files(taken)}, "names": names})
    return taken


def _files(taken: Optional[Taken]) -> FrozenSet[str]:
    return frozenset() if taken is None else taken.files


def _look_up(
    roots: Tuple[str, ...], walk: str, named: Tuple[str, ...], wanted: _Class, era: str
) -> Optional[Taken]:
    library = library_of(roots, walk)
    if wanted.dotted:
        owner, _, name = wanted.dotted.rpartition(".")
        place = library.where(owner, name)
        if place is None or not place[1]:
            return None
        taken = arguments_taken(library, *place)
    else:
        candidates = library.find(wanted.name, wanted.scope, None, named).candidates
        if len(candidates) != 1 or candidates[0].conditional:
            return None
        taken = arguments_taken(library, candidates[0].module, candidates[0].qualname)
    if taken is None or of_another_era(tuple(taken.files), era):
        return None
    return taken
