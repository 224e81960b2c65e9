"""Everything in a config that a class is built from, and which class that is."""

from __future__ import annotations

import re
from functools import lru_cache, partial
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

from mmfix.config.dicts import CONTAINERS, SCALARS
from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath
from mmfix.config.names import type_name, type_scope
from mmfix.config.values import LazyName
from mmfix.repository.importing import named_modules
from mmfix.repository.roots import config_package, source_roots
from mmfix.repository.state import state_of
from mmfix.training.class_book import Known, Wanted, class_book
from mmfix.training.era import MMENGINE
from mmfix.training.parts import default_package
from mmfix.training.top_level import read_keys
from mmfix.training.types import TrainingSetup

_MOST_DICTS = 20_000
#: Keys that models are built from; everything else is built from other registries.
_MODELS = frozenset({"model", "tta_model"})
#: Dicts without a type that something is built from (``mmengine/runner/runner.py: build_dataloader``).
LOADERS = frozenset({"train_dataloader", "val_dataloader", "test_dataloader"})
#: Of torch; a package that has its own class of such a name would have to force it.
_OPTIMIZERS = frozenset(
    {
        *("SGD", "Adam", "AdamW", "Adamax", "Adagrad", "Adadelta"),
        *("ASGD", "NAdam", "RAdam", "RMSprop", "Rprop", "LBFGS"),
    }
)
#: Dicts that a builder takes something out of before the class gets them (``mmcv/cnn/bricks:
#: build_norm_layer``, ``build_plugin_layer``; ``mmengine/model/weight_init.py: initialize``).
BY_BUILDERS = frozenset(
    {
        *("norm_cfg", "conv_cfg", "act_cfg", "dcn", "upsample_cfg", "plugins", "init_cfg", "padding_cfg"),
        *("paramwise_cfg", "constructor", "custom_imports", "metainfo"),
    }
)
#: Build what they are given with another library, whose classes may have the names of registered ones.
_OF_OTHERS = re.compile("albu|imgaug|torchvision", re.IGNORECASE)
_NO_CLASS = Wanted("", None, "", False)


class Built(NamedTuple):
    """A dict that a class is built from.

    Attributes:
        path: Its key path.
        node: The dict.
        wanted: The class that it names.
        known: What the source says of it.
        by_builder: A builder may take something out of it first.
    """

    path: KeyPath
    node: Dict[Any, Any]
    wanted: Wanted
    known: Known
    by_builder: bool


#: What was found for the last setup: several rules ask.
_last: List[Tuple[TrainingSetup, Tuple[Built, ...]]] = []


def built_in(setup: TrainingSetup) -> Tuple[Built, ...]:
    """Each dict that a class is built from, outer dicts first.

    None where a base is missing, which may have had another class. What is inside of a dict whose class is
    not here may be changed by that class before it is built, and is left out; so is what another library
    builds, and what is inside of a builder's dict.
    """
    document, era = setup.document, setup.era
    if document.tree.missing or not (document.path or document.homes):
        return ()
    if not _last or _last[0][0] is not setup:  # one a judgment: the same config may be judged with other code
        _last[:] = [(setup, tuple(_found(document, era)))]
    return _last[0][1]


def files_of_classes(setup: TrainingSetup) -> Tuple[str, ...]:
    """The source files of what a config builds, and of what that hands its arguments to."""
    taken = (built.known.taken for built in built_in(setup))
    return tuple(dict.fromkeys(file for each in taken if each is not None for file in each.files))


def _found(document: ConfigDocument, era: str) -> Iterator[Built]:
    roots = source_roots(document.path, document.tree, document.homes)
    named = named_modules(document.path, document.tree)
    walk = state_of(roots).code
    book = class_book(f"{roots}\n{walk}\n{named}\n{era}")

    def look_up(wanted: Wanted) -> Known:
        from mmfix.training.looking_up import look_up as read_source  # mostly it is in the book

        return read_source(roots, named, era, wanted)

    scope = default_package(document) or config_package(document.path)
    yield from _built(document, scope, era, partial(book.known, look_up=look_up))
    book.keep()


def _built(
    document: ConfigDocument, scope: Optional[str], era: str, known: Callable[[Wanted], Known]
) -> Iterator[Built]:
    read = read_keys(era)
    stack: List[Tuple[KeyPath, Any, Optional[str]]] = [
        ((key,), value, scope)
        for key, value in document.tree.items()
        if key in read and isinstance(value, CONTAINERS)
    ]
    left = _MOST_DICTS
    while stack and left:
        left -= 1
        path, value, scope = stack.pop()
        builder = path[-2:][0] if isinstance(path[-1], int) else path[-1]
        by_builder = builder in BY_BUILDERS
        if isinstance(value, dict):
            scope = value["_scope_"] if isinstance(value.get("_scope_"), str) else scope
            kind = value.get("type")
            wanted = _of_torch(path, kind, era)
            if wanted is None and kind is not None:
                wanted = _class(kind, scope, path[0] in _MODELS and builder != "init_cfg")
            if wanted is not None:
                found = known(wanted)
                yield Built(path, value, wanted, found, by_builder)
                if not found.here or uses_another_library(wanted.name):
                    continue
            if by_builder:
                continue
        items = value.items() if isinstance(value, dict) else enumerate(value)
        stack += [
            ((*path, key), item, scope)
            for key, item in items
            if type(item) not in SCALARS and isinstance(item, CONTAINERS)
        ]


@lru_cache(maxsize=4096)
def uses_another_library(name: str) -> bool:
    """Whether a class builds what it is given with another library."""
    return _OF_OTHERS.search(name) is not None


def _of_torch(path: KeyPath, name: Any, era: str) -> Optional[Wanted]:
    """What torch itself is built from: an optimizer of a common name, and a loader.

    ``mmengine/optim/optimizer/builder.py: register_torch_optimizers``, ``mmengine/runner/runner.py:
    build_dataloader``; mmcv 1.x registers the optimizers in the same way.
    """
    if path[-1] == "optimizer" and isinstance(name, str) and name in _OPTIMIZERS:
        return Wanted(name, None, f"torch.optim.{name}", False)
    if era == MMENGINE and len(path) == 1 and path[0] in LOADERS and name is None:
        return Wanted("DataLoader", None, "torch.utils.data.DataLoader", False)
    return None


def _class(kind: Any, scope: Optional[str], of_model: bool) -> Wanted:
    return _of_text(kind, scope, of_model) if type(kind) is str else _of_other(kind, scope, of_model)


@lru_cache(maxsize=16384)
def _of_text(kind: str, scope: Optional[str], of_model: bool) -> Wanted:
    name = type_name(kind)
    if not name or kind.count(".") > 1:
        return _NO_CLASS
    return Wanted(name, type_scope(kind) or scope, "", of_model)


def _of_other(kind: Any, scope: Optional[str], of_model: bool) -> Wanted:
    name = type_name(kind)
    return Wanted(name, None, kind.path, of_model) if isinstance(kind, LazyName) and name else _NO_CLASS
