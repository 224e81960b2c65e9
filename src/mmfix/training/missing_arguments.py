"""Arguments that a class must have, and that neither the config nor the code that builds it gives."""

from __future__ import annotations

import os
from typing import Dict, Iterable, NamedTuple, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath
from mmfix.repository.given import NOT_SEEN, PLAINLY, names_given
from mmfix.training.arguments import ALWAYS, files_around, in_package, refused_arguments
from mmfix.training.built import LOADERS, Built, built_in
from mmfix.training.era import MMENGINE
from mmfix.training.top_level import takes_part
from mmfix.training.types import TrainingSetup

_LOADER = "torch.utils.data.DataLoader"
#: Keys at which MMEngine builds something (``mmengine/runner/runner.py``).
_BUILT = frozenset({"model", "custom_hooks", "val_evaluator", "test_evaluator", "visualizer"})


class Missing(NamedTuple):
    """An argument that is not given.

    Attributes:
        key: Key path of the dict.
        name: The argument.
        type_name: The class.
        where: Its file, ``mmdet/models/necks/fpn.py``.
    """

    key: KeyPath
    name: str
    type_name: str
    where: str


def missing_arguments(setup: TrainingSetup) -> Tuple[Missing, ...]:
    """Every argument that a class must have, its dict does not, and nobody else gives.

    Only of what is seen to be built: by the class of the dict around it from that very argument, or by
    MMEngine itself.
    """
    around: Dict[KeyPath, Built] = {}
    found = []
    for built in built_in(setup):
        around[built.path] = built
        for name in _not_given(built, setup, around):
            assert built.known.taken is not None
            found.append(Missing(built.path, name, built.wanted.name, in_package(built.known.taken.files[0])))
    if not found:
        return ()
    meant = {(refused.key[:-1], refused.meant) for refused in refused_arguments(setup)}
    return tuple(one for one in found if (one.key, one.name) not in meant)


def _not_given(built: Built, setup: TrainingSetup, around: Dict[KeyPath, Built]) -> Iterable[str]:
    taken = built.known.taken
    if taken is None or built.by_builder or taken.required <= built.node.keys():
        return ()
    if built.wanted.dotted.startswith("torch.") or not taken.names.issuperset(built.node.keys() - ALWAYS):
        return ()  # the framework gives an optimizer its parameters; what has other keys is taken apart first
    length = next(at for at in range(len(built.path) - 1, -1, -1) if isinstance(built.path[at], str))
    owner, key = around.get(built.path[:length]), str(built.path[length])
    if owner is not None and owner.wanted.dotted != _LOADER:
        files = () if owner.known.taken is None else owner.known.taken.files
        given = names_given(files)
        is_seen = PLAINLY + key in given and NOT_SEEN + key not in given
    elif setup.era == MMENGINE and _is_built_by_it(built.path[:length], key):
        files = _framework(setup.document, taken.files)
        given, is_seen = names_given(files), bool(files)
    else:
        return ()
    return sorted(taken.required - built.node.keys() - given) if is_seen else ()


def _is_built_by_it(above: KeyPath, key: str) -> bool:
    if not above:
        return key in _BUILT
    return above == ("default_hooks",) or (key == "dataset" and len(above) == 1 and above[0] in LOADERS)


def _framework(document: ConfigDocument, paths: Tuple[str, ...]) -> Tuple[str, ...]:
    """The files of MMEngine, and those around a class that run a training; none without MMEngine."""
    mark = f"{os.sep}mmengine{os.sep}"
    files = tuple(files_around(document, paths)) if any(mark in path for path in paths) else ()
    return tuple(path for path in files if mark in path or takes_part(path))
