"""A class that a config names, looked up in the source; its answers are kept in the class book."""

from __future__ import annotations

import os.path as osp
from typing import Optional, Tuple

from mmfix.model.remembered import library_of
from mmfix.repository.arguments import arguments_taken
from mmfix.repository.library import Library
from mmfix.repository.registered_as import registered_in
from mmfix.repository.registries import builds_models
from mmfix.training.class_book import Known, Wanted
from mmfix.training.era import MMENGINE
from mmfix.training.reading import of_another_era

#: Where every registry looks last (``mmengine/registry/registry.py: Registry.get``).
_BASES = frozenset({"mmengine", "mmcv"})
_NOT_HERE = Known(False, None)


def look_up(roots: Tuple[str, ...], named: Tuple[str, ...], era: str, wanted: Wanted) -> Known:
    """What the source says of a class.

    Args:
        roots: Directories searched before the installed packages.
        named: The modules that the config has imported.
        era: ``mmengine`` or ``mmcv1``.
        wanted: The class.
    """
    library = library_of(roots)
    place = _place(library, named, era, wanted)
    if place is None:
        return _NOT_HERE
    taken = arguments_taken(library, *place)
    if taken is not None and of_another_era(taken.files, era):
        return _NOT_HERE
    return Known(True, taken)


def _place(library: Library, named: Tuple[str, ...], era: str, wanted: Wanted) -> Optional[Tuple[str, str]]:
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


def _other_place(library: Library, era: str, wanted: Wanted) -> Optional[Tuple[str, str]]:
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


def _is_in_scope(library: Library, scope: str, wanted: Wanted) -> bool:
    """Whether a class is what the registry gives: where a package is not here, it may have the name, too."""
    if scope not in _BASES:
        return wanted.scope in (scope, None)
    return wanted.scope is not None and (wanted.scope in _BASES or library.module(wanted.scope) is not None)
