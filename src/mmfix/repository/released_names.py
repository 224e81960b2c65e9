"""The names that released packages register, all releases of an era together.

Made by ``bench/make_registered.py``.
"""

from __future__ import annotations

import json
import os.path as osp
from functools import lru_cache
from typing import Dict, FrozenSet, Mapping

_DATA = osp.join(osp.dirname(osp.abspath(__file__)), "data", "registered.json")
#: Stands for names that a package makes at run time.
OPEN = "*"
#: Where every registry looks last (``mmengine/registry/registry.py: Registry.get``), and torch's optimizers.
BASES = ("mmengine", "mmcv", "torch")


@lru_cache(maxsize=None)
def released_names(era: str) -> Mapping[str, FrozenSet[str]]:
    """Package -> the names that it registers, in any of its registries."""
    return {package: frozenset(names.split()) for package, names in _table()[era].items()}


@lru_cache(maxsize=None)
def every_name(era: str) -> FrozenSet[str]:
    """The names of all packages together."""
    return frozenset().union(*released_names(era).values())


@lru_cache(maxsize=64)
def names_for(era: str, scope: str) -> FrozenSet[str]:
    """The names that are found from the registries of a package."""
    names = released_names(era)
    return frozenset().union(*(names.get(package, frozenset()) for package in (scope, *BASES)))


@lru_cache(maxsize=None)
def _table() -> Dict[str, Dict[str, str]]:
    with open(_DATA, encoding="utf-8") as file:
        return json.load(file)  # type: ignore[no-any-return]
