"""Whether the registries of a run find a class of some name."""

from __future__ import annotations

import os.path as osp
import re
from functools import lru_cache
from typing import FrozenSet, List, NamedTuple, Optional, Tuple

from mmfix.openmmlab import packages
from mmfix.python.links import inside
from mmfix.python.source import read_bytes
from mmfix.repository.finder import Finder
from mmfix.repository.importing import SCRIPTS
from mmfix.repository.own_names import OwnNames, RegisteredAt, own_names
from mmfix.repository.reach import importable_as
from mmfix.repository.released_names import BASES, OPEN, every_name, names_for, released_names
from mmfix.training.era import MMCV1, MMENGINE
from mmfix.training.spelling import nearest
from mmfix.training.top_level import BOUNDS, package_files
from mmfix.training.type_verdict import (
    ELSEWHERE,
    FOUND,
    NO_PACKAGE,
    NOT_IMPORTED,
    NOWHERE,
    OTHER_ERA,
    Places,
    Verdict,
)

#: Shorter names are near to too many others.
_SHORTEST = 4


class Surroundings(NamedTuple):
    """Where classes come from in a run.

    Attributes:
        own: The source files of the repository.
        finder: Where modules are looked for.
        places: What these were made of.
    """

    own: OwnNames
    finder: Finder
    places: Places

    @property
    def era(self) -> str:
        """That of the config."""
        return self.places.era

    def source(self, package: str) -> Tuple[str, ...]:
        """The files of a package outside of the repository; none where it is not here."""
        spot = self.finder.find(package)
        if spot is None or not spot.folders or not spot.file:
            return ()
        return package_files(spot.file)

    def is_here(self, package: str) -> bool:
        """Whether the source of a package can be read, installed or in the repository."""
        return package in self.own.packages or bool(self.source(package))

    @property
    def tops(self) -> FrozenSet[str]:
        """The top-level packages that the config has imported, or imports itself."""
        return frozenset(name.partition(".")[0] for name in (*self.places.named, *self.places.read))


def look_up_type(places: Places, prefix: Optional[str], scope: Optional[str], name: str) -> Verdict:
    """Why no registry of a run has a class.

    Args:
        places: Where it is looked for.
        prefix: The package that the config names before the class.
        scope: That, or the config's own.
        name: The class.
    """
    own = own_names(places.roots, places.walk)
    return verdict(Surroundings(own, _finder(places.roots, own), places), prefix, scope, name)


@lru_cache(maxsize=2)
def _finder(roots: Tuple[str, ...], own: OwnNames) -> Finder:
    return Finder(tuple(dict.fromkeys((*roots, *own.bases))))


def verdict(around: Surroundings, prefix: Optional[str], scope: Optional[str], name: str) -> Verdict:
    """Why no registry of a run has a class.

    Args:
        around: Where classes come from.
        prefix: The package that the config names before the class.
        scope: That, or the config's own.
        name: The class.
    """
    known = released_names(around.era)
    if scope is not None and scope not in known and not around.is_here(scope):
        return _of_no_package(around, prefix, name)
    if around.own.says(name):
        return _of_own(around, scope, name)
    if not _is_followed(around) or _is_said_outside(around, scope, name):
        return FOUND
    others = sorted(package for package, names in known.items() if name in names)
    if others:
        return _of_others(around, scope, name, others)
    return _of_nobody(around, prefix, scope, name)


def _of_no_package(around: Surroundings, prefix: Optional[str], name: str) -> Verdict:
    """A class of a package that nobody knows: a slip of one that has the class, or nothing is said."""
    meant = nearest(prefix, packages()) if prefix is not None else None
    if meant is None or around.finder.find(prefix or "") is not None:
        return FOUND
    has = name in names_for(around.era, meant)
    return Verdict(NO_PACKAGE, f"{meant}.{name}") if has else FOUND


def _of_own(around: Surroundings, scope: Optional[str], name: str) -> Verdict:
    """A name that stands in the repository: its classes are found, but for those that nothing imports."""
    own, places = around.own, around.own.places(name)
    if not places or around.places.package is not None or any(place.conditional for place in places):
        return FOUND
    if not _is_followed(around) or name in every_name(around.era):
        return FOUND
    imported = own.reach.files((*around.places.named, *around.places.read), () if scope is None else (scope,))
    if any(place.path in imported for place in places):
        return FOUND
    first: RegisteredAt = min(places, key=lambda place: (len(place.module), place.module))
    starts = around.places.named or any(  # the script of another project in there says nothing of this one
        osp.join(base, script) in imported and inside(first.path, base)
        for base in own.bases
        for script in SCRIPTS
    )
    names = importable_as(first.path, own.bases)
    # as the config names others, where that says from which folder
    module = next((name for name in names if name.partition(".")[0] in around.tops), first.module)
    return Verdict(NOT_IMPORTED, "", module, first.path) if starts else FOUND


def _is_followed(around: Surroundings) -> bool:
    """Whether all that the config has imported is here, or of a release."""
    known = released_names(around.era)
    names = {*around.places.named, *around.tops}
    return not around.own.is_cut and all(
        around.finder.find(name) is not None or name.partition(".")[0] in known for name in names
    )


def _is_said_outside(around: Surroundings, scope: Optional[str], name: str) -> bool:
    """Whether a package that the run imports, as it is installed here, has the word."""
    word = re.compile(rb"\b%s\b" % re.escape(name.encode("utf-8", "surrogatepass")))
    tops = {*(around.tops - around.own.packages), *BASES[:2], *([scope] if scope else ())}
    return any(
        word.search(read_bytes(path, BOUNDS)[0])
        for package in sorted(tops)
        for path in around.source(package)
    )


def _of_others(around: Surroundings, scope: Optional[str], name: str, others: List[str]) -> Verdict:
    """A name that releases of other packages have.

    MMEngine looks in the packages of the scope and in those below it, never beside it
    (``mmengine/registry/registry.py: Registry.get``).
    """
    if around.era != MMENGINE or scope not in released_names(around.era) or scope in BASES:
        return FOUND
    first = next((package for package in packages() if package in others), others[0])
    return Verdict(ELSEWHERE, f"{first}.{name}", sure=around.is_here(scope or ""))


def _of_nobody(around: Surroundings, prefix: Optional[str], scope: Optional[str], name: str) -> Verdict:
    known = released_names(around.era)
    before = f"{prefix}." if prefix is not None else ""
    other = released_names(MMENGINE if around.era == MMCV1 else MMCV1)
    scopes = [scope] if scope is not None else sorted(around.own.packages & known.keys())
    is_open = not scopes or any(OPEN in known.get(each, ()) for each in scopes)
    is_open = is_open or around.own.registers_out_of_sight(frozenset(known))
    if not is_open and any(name in names for names in other.values()):
        return Verdict(OTHER_ERA)
    near = _near(around, scopes or sorted(known), name)
    if near is not None:
        return Verdict(NOWHERE, before + near)
    if is_open:
        return FOUND
    here = all(map(around.is_here, [*scopes, "mmcv", *(["mmengine"] if around.era == MMENGINE else [])]))
    return Verdict(NOWHERE, sure=here) if here or around.own.names else FOUND


def _near(around: Surroundings, scopes: List[str], name: str) -> Optional[str]:
    """The one name that is a slip away, or the same but for capitals."""
    names = around.own.names.union(*(names_for(around.era, scope) for scope in scopes))
    lower = name.lower()
    same = [other for other in names if other.lower() == lower]
    if len(same) == 1:
        return same[0]
    return nearest(name, names, _SHORTEST)
