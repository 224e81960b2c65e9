"""Classes under registry names of hooks, loops, datasets and so on, which the index of models leaves out."""

from __future__ import annotations

import os
import os.path as osp
import re
from functools import lru_cache
from typing import Dict, List, NamedTuple, Tuple

from mmfix.python.source import Bounds, read_bytes
from mmfix.repository.registries import builds_models
from mmfix.repository.walk import walk_sources
from mmfix.wording import say

_BOUNDS = Bounds(say("source file"), 1_000_000, noted=True)
#: A registration of a class by its own name, or by one name; a list of names is left alone.
_CLASS = re.compile(
    rb"^@([A-Z_]+)\.register_module\((?:name=)?(?:['\"](\w+)['\"])?(?:, *)?(?:force=\w+)?\)\s*\n"
    rb"(?:@[^\n]*\n)*class (\w+)\b",
    re.MULTILINE,
)


class Spot(NamedTuple):
    """A registered class.

    Attributes:
        registry: As the package calls it, ``HOOKS``.
        module: Dotted name.
        name: Of the class.
    """

    registry: str
    module: str
    name: str


@lru_cache(maxsize=32)
def registered_in(package: str) -> Dict[str, Tuple[Spot, ...]]:
    """Name -> the classes of that name which a package registers where no part of a model is looked for.

    Args:
        package: Its folder.
    """
    found: Dict[str, List[Spot]] = {}
    start = len(osp.dirname(package)) + 1
    for file in walk_sources(package).files:
        for registry, key, name in _CLASS.findall(read_bytes(file.path, _BOUNDS)[0]):
            if not builds_models(registry.decode()):
                module = osp.splitext(file.path[start:])[0].replace(os.sep, ".")
                spot = Spot(registry.decode(), re.sub(r"\.__init__$", "", module), name.decode())
                found.setdefault((key or name).decode(), []).append(spot)
    return {name: tuple(spots) for name, spots in found.items()}
