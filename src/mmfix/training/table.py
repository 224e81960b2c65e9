"""Facts about classes, kept as JSON; docs/developers/ says what a row means and how to add one.

``bench/make_tables.py`` makes ``checkpoints.json`` and ``freezing.json``; the others are written by hand.
"""

from __future__ import annotations

import json
import os
from functools import lru_cache
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple, TypeVar

_DATA = os.path.join(os.path.dirname(__file__), "data")


class Source(NamedTuple):
    """Where a fact was read.

    Attributes:
        package: Registry scope or repository, ``mmdet``, ``megvii-research/PETR``.
        version: Released version; empty for a repository.
        era: ``mmcv1`` or ``mmengine``; empty when it serves both.
        stock: False for a third-party repository.
    """

    package: str
    version: str
    era: str
    stock: bool


class Switch(NamedTuple):
    """How one class treats one checkpoint switch.

    Attributes:
        source: The package it was read from.
        default: The class default; None when it has none.
        reentrant: ``True``, ``False``, or None when a library's version decides.
        guarded: The call is skipped when its input has no grad; None when not known.
        used: False for a class that takes the switch and never checkpoints.
        evidence: ``mmdet 3.3.0 mmdet/models/backbones/resnet.py:306``.
    """

    source: Source
    default: Any
    reentrant: Optional[bool]
    guarded: Optional[bool]
    used: bool
    evidence: str


class Freeze(NamedTuple):
    """How one class treats one freezing key.

    Attributes:
        source: The package it was read from.
        threshold: The smallest value at which parameters are frozen only in ``train()``, after the DDP wrap;
            None for a class that freezes in its constructor.
        evidence: ``mmdet 3.3.0 mmdet/models/backbones/swin.py:468``.
    """

    source: Source
    threshold: Optional[int]
    evidence: str


_Row = TypeVar("_Row", Switch, Freeze)
_KINDS: Dict[str, Optional[bool]] = {"R": True, "N": False, "L": None}


@lru_cache(maxsize=None)
def switches(name: Optional[str]) -> Dict[str, Tuple[Switch, ...]]:
    """Checkpoint switches of a class: switch name -> rows, one a package."""
    sources, types = _load("checkpoints.json")
    return {key: tuple(_switch(sources, *row) for row in rows) for key, rows in types.get(name, {}).items()}


@lru_cache(maxsize=None)
def freezing(name: Optional[str]) -> Dict[str, Tuple[Freeze, ...]]:
    """Freezing keys of a class: key -> rows, one a package."""
    sources, types = _load("freezing.json")
    return {key: tuple(_freeze(sources, *row) for row in rows) for key, rows in types.get(name, {}).items()}


@lru_cache(maxsize=None)
def table(name: str) -> Dict[str, Any]:
    """A table that is written by hand: class or package -> what is known of it.

    Args:
        name: ``unused``, ``reused``, ``stages``, ``roots``, ``encoders``.
    """
    with open(os.path.join(_DATA, f"{name}.json"), encoding="utf-8") as file:
        found: Dict[str, Any] = json.load(file)
    return found


def select(rows: Sequence[_Row], package: Optional[str], era: str) -> Tuple[_Row, ...]:
    """The rows that can apply to a type in this package and era.

    The named package decides; then the packages of this era; a third-party class that shares its name
    with a stock one counts only where its repository is recognised.
    """
    named = [row for row in rows if row.source.package == package]
    if named:
        return tuple([row for row in named if row.source.era == era] or named)
    stock = [row for row in rows if row.source.stock]
    chosen = stock or list(rows)
    return tuple([row for row in chosen if row.source.era in (era, "")] or chosen)


@lru_cache(maxsize=None)
def _load(name: str) -> Tuple[List[Source], Dict[Optional[str], Dict[str, List[List[Any]]]]]:
    with open(os.path.join(_DATA, name), encoding="utf-8") as file:
        data = json.load(file)
    return [Source(*item) for item in data["sources"]], data["types"]


def _switch(sources: List[Source], source: int, default: Any, code: str, where: str) -> Switch:
    # code: reentrant R/N/L, then guarded g / unguarded u / not known -, or "unused"
    if code == "unused":
        return Switch(sources[source], default, None, None, False, _evidence(sources[source], where))
    guarded = {"g": True, "u": False, "-": None}[code[1]]
    return Switch(sources[source], default, _KINDS[code[0]], guarded, True, _evidence(sources[source], where))


def _freeze(sources: List[Source], source: int, threshold: Optional[int], where: str) -> Freeze:
    return Freeze(sources[source], threshold, _evidence(sources[source], where))


def _evidence(source: Source, where: str) -> str:
    return " ".join(part for part in (source.package, source.version, where) if part)
