"""Arguments in a config that the class of their ``type`` does not take."""

from __future__ import annotations

import hashlib
import os
import os.path as osp
import re
from functools import lru_cache, partial
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath
from mmfix.config.names import type_name, type_scope
from mmfix.config.values import LazyName
from mmfix.model.remembered import fingerprint, library_of, stamp
from mmfix.python.source import read_bytes
from mmfix.repository import cache
from mmfix.repository.arguments import Taken, arguments_taken
from mmfix.repository.importing import named_modules
from mmfix.repository.library import Library
from mmfix.repository.registered_as import registered_in
from mmfix.repository.registries import builds_models
from mmfix.repository.roots import config_package, source_roots
from mmfix.training.era import MMENGINE
from mmfix.training.parts import default_package
from mmfix.training.reading import of_another_era
from mmfix.training.spelling import nearest
from mmfix.training.top_level import BOUNDS, package_files, read_keys, sources

_KIND = "arguments-2"
_MOST_DICTS = 20_000
#: Keys that models are built from; everything else is built from other registries.
_MODELS = frozenset({"model", "tta_model"})
_LOADERS = frozenset({"train_dataloader", "val_dataloader", "test_dataloader"})
#: Of torch; a package that has its own class of such a name would have to force it.
_OPTIMIZERS = frozenset(
    {
        *("SGD", "Adam", "AdamW", "Adamax", "Adagrad", "Adadelta"),
        *("ASGD", "NAdam", "RAdam", "RMSprop", "Rprop", "LBFGS"),
    }
)
#: Where every registry looks last (``mmengine/registry/registry.py: Registry.get``).
_BASES = frozenset({"mmengine", "mmcv"})
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
        *("paramwise_cfg", "init_cfg", "_reversed_", "num_batch_per_epoch"),
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
    """A class to look up.

    Attributes:
        name: By registry name.
        scope: And scope.
        dotted: Or by dotted name; then not empty.
        of_model: It is a part of a model, and from such a registry.
    """

    name: str
    scope: Optional[str]
    dotted: str
    of_model: bool


class _Known(NamedTuple):
    """What the source says of a class: whether it is here, and what it takes, where all of that is known."""

    here: bool
    taken: Optional[Taken]


_NOT_HERE = _Known(False, None)


def refused_arguments(document: ConfigDocument, era: str) -> Tuple[Refused, ...]:
    """Every argument that its class is known not to take.

    Only where one class of that name is in sight, and all its constructors are.
    """
    if document.tree.missing or not (document.path or document.homes):
        return ()
    roots = source_roots(document.path, document.tree, document.homes)
    named = named_modules(document.path, document.tree)
    known = partial(_known, roots, fingerprint(roots), named, era)
    found = tuple(_refused(document, default_package(document) or config_package(document.path), era, known))
    return tuple(one for one in found if not _is_taken_out(document, str(one.key[-1]), one.path))


def _refused(
    document: ConfigDocument, scope: Optional[str], era: str, known: Callable[[_Class], _Known]
) -> Iterator[Refused]:
    """Each argument that a class does not take, outer dicts first.

    What is inside of a dict whose class is not here may be changed by that class before it is built.
    """
    read = read_keys(era)
    stack: List[Tuple[KeyPath, Any, Optional[str]]] = [
        ((key,), value, scope)
        for key, value in document.tree.items()
        if key in read and isinstance(value, (dict, list, tuple))
    ]
    left = _MOST_DICTS
    while stack and left:
        left -= 1
        path, value, scope = stack.pop()
        if path[-1] in _BY_BUILDERS:
            continue
        if isinstance(value, dict):
            scope = value["_scope_"] if isinstance(value.get("_scope_"), str) else scope
            wanted = _of_torch(path, value, era) or _class(value.get("type"), scope, path[0] in _MODELS)
            if wanted is not None:
                here, taken = known(wanted)
                if taken is not None:
                    yield from _not_taken(path, value, wanted.name, taken)
                if not here:
                    continue
        items = value.items() if isinstance(value, dict) else enumerate(value)
        stack.extend(
            ((*path, key), item, scope) for key, item in items if isinstance(item, (dict, list, tuple))
        )


def _of_torch(path: KeyPath, node: Dict[Any, Any], era: str) -> Optional[_Class]:
    """What torch itself is built from: an optimizer of a common name, and a loader.

    ``mmengine/optim/optimizer/builder.py: register_torch_optimizers``, ``mmengine/runner/runner.py:
    build_dataloader``; mmcv 1.x registers the optimizers in the same way.
    """
    name = node.get("type")
    if path[-1] == "optimizer" and name in _OPTIMIZERS:
        return _Class(name, None, f"torch.optim.{name}", False)
    if era == MMENGINE and len(path) == 1 and path[0] in _LOADERS and name is None:
        return _Class("DataLoader", None, "torch.utils.data.DataLoader", False)
    return None


def _class(kind: Any, scope: Optional[str], of_model: bool) -> Optional[_Class]:
    name = type_name(kind)
    if isinstance(kind, LazyName) and name:
        return _Class(name, None, kind.path, of_model)
    if isinstance(kind, str) and name and kind.count(".") <= 1:
        return _Class(name, type_scope(kind) or scope, "", of_model)
    return None if kind is None else _Class("", None, "", of_model)


def _not_taken(path: KeyPath, node: Dict[Any, Any], name: str, taken: Taken) -> Iterator[Refused]:
    for key in node:
        if isinstance(key, str) and key not in taken.names and key not in _ALWAYS:
            yield Refused((*path, key), name, nearest(key, taken.names | _ALWAYS), min(taken.files))


def _is_taken_out(document: ConfigDocument, name: str, path: str) -> bool:
    """Whether code of the class's package, or of the repository, takes such an argument out of a dict.

    Often who builds a part does, before its class gets the rest (mmdet's ``DETRHead``: ``bg_cls_weight``).
    """
    word = name.encode("utf-8", "surrogatepass")
    quoted = rb"['\"]%s['\"]" % re.escape(word)
    takes = re.compile(rb"(?:pop|get|setdefault)\(\s*%s|\[%s\]|%s (?:not )?in\b" % (quoted, quoted, quoted))
    for file in dict.fromkeys((*package_files(path), *sources(document))):
        data = b"" if file in document.files else read_bytes(file, BOUNDS)[0]
        if word in data and takes.search(data):  # the first is much faster, and mostly says no
            return True
    return False


@lru_cache(maxsize=8192)
def _known(roots: Tuple[str, ...], walk: str, named: Tuple[str, ...], era: str, wanted: _Class) -> _Known:
    """What is known of a class, from the cache as long as its files have not changed."""
    text = f"{roots}\n{walk}\n{named}\n{era}\n{wanted}"
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    entry = cache.load(_KIND, digest)
    try:
        if all(stamp(path) == before for path, before in entry["files"].items()):
            taken = Taken(frozenset(entry["names"]), frozenset(entry["files"])) if entry["all"] else None
            return _Known(entry["here"] is True, taken)
    except (LookupError, TypeError, AttributeError):
        pass  # not there, or somebody else's file
    known = _look_up(library_of(roots, walk), named, era, wanted)
    taken = known.taken
    value = {
        "here": known.here,
        "all": taken is not None,
        "files": {path: stamp(path) for path in taken.files} if taken else {},
        "names": sorted(taken.names) if taken else [],
    }
    cache.store(_KIND, digest, value)
    return known


def _look_up(library: Library, named: Tuple[str, ...], era: str, wanted: _Class) -> _Known:
    place = _place(library, named, era, wanted)
    if place is None:
        return _NOT_HERE
    taken = arguments_taken(library, *place)
    if taken is not None and of_another_era(tuple(taken.files), era):
        return _NOT_HERE
    return _Known(True, taken)


def _place(library: Library, named: Tuple[str, ...], era: str, wanted: _Class) -> Optional[Tuple[str, str]]:
    """Module and name of the one class that is meant."""
    if wanted.dotted:
        owner, _, name = wanted.dotted.rpartition(".")
        place = library.where(owner, name)
        return place if place is not None and place[1] else None
    if not wanted.of_model:
        return _other_place(library, era, wanted)
    candidates = library.find(wanted.name, wanted.scope, None, named).candidates if wanted.name else ()
    if len(candidates) != 1 or candidates[0].conditional:
        return None
    found = candidates[0]
    if not builds_models(found.registry) or not _is_in_scope(library, found.scope, wanted):
        return None
    return found.module, found.qualname


def _other_place(library: Library, era: str, wanted: _Class) -> Optional[Tuple[str, str]]:
    """The same for what is no part of a model: in the package of the scope, then in those below it.

    In the mmcv 1.x era that is mmcv alone, of which another release may be here.
    """
    below = ("mmengine", "mmcv") if era == MMENGINE else ()
    for package in dict.fromkeys((wanted.scope, *below)):
        source = library.module(package) if package else None
        if source is None:
            return None  # it may have the name
        spots = registered_in(osp.dirname(source.path)).get(wanted.name, ())
        if spots:
            return (spots[0].module, spots[0].name) if len(spots) == 1 else None
    return None


def _is_in_scope(library: Library, scope: str, wanted: _Class) -> bool:
    """Whether a class is what the registry gives: where a package is not here, it may have the name, too."""
    if scope not in _BASES:
        return wanted.scope in (scope, None)
    return wanted.scope is not None and (wanted.scope in _BASES or library.module(wanted.scope) is not None)
