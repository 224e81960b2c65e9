"""The packages of OpenMMLab, as ``openmmlab.json`` lists them: the one place that names them all."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Dict, FrozenSet, List, Optional, Tuple

_DATA = os.path.join(os.path.dirname(__file__), "openmmlab.json")


@dataclass(frozen=True)
class Builder:
    """How a training script of the mmcv 1.x era builds a model (``tools/train.py``).

    Attributes:
        registry: Of the top models, in ``<package>.models``.
        function: In ``<package>.models``.
        takes_cfgs: Whether that function takes ``train_cfg`` and ``test_cfg``.
    """

    registry: str
    function: str
    takes_cfgs: bool


@dataclass(frozen=True)
class Package:
    """One row. docs/developers/package.md says how to add one.

    Attributes:
        name: That it is imported by, and its registry scope.
        repository: The name of its repository, which people clone beside their own.
        distributions: Under which it is installed, those of the maintained continuation (``onedl-*``) first.
        eras: ``mmcv1``, ``mmengine``.
        configs: Bases may be written as ``name::file`` (``mmengine/config/utils.py: MODULE2PACKAGE``).
        searched: A type that nobody else has is looked for here; the order of the file is that of the search.
        ignores_runner_type: Where its training script goes past ``runner_type``; empty where it reads it.
        unused_by_default: Where its training script of the mmcv 1.x era takes an absent
            ``find_unused_parameters`` for True; empty where it takes it for False.
        builder: In the mmcv 1.x era; None where no rehearsal knows it.
    """

    name: str
    repository: str
    distributions: Tuple[str, ...]
    eras: Tuple[str, ...]
    configs: bool
    searched: bool
    ignores_runner_type: str = ""
    unused_by_default: str = ""
    builder: Optional[Builder] = None


@lru_cache(maxsize=None)
def packages() -> Dict[str, Package]:
    """All of them by name, in the order of the file."""
    with open(_DATA, encoding="utf-8") as file:
        rows: List[Dict[str, Any]] = json.load(file)
    return {package.name: package for package in map(_package, rows)}


@lru_cache(maxsize=None)
def with_configs() -> FrozenSet[str]:
    """Names of those whose configs others may inherit."""
    return frozenset(package.name for package in packages().values() if package.configs)


@lru_cache(maxsize=None)
def searched_last() -> Tuple[str, ...]:
    """Names of those in which a type is looked for that nobody else has."""
    return tuple(package.name for package in packages().values() if package.searched)


def continuation_is_here() -> bool:
    """Whether a package of the maintained continuation (``onedl-*``) is installed beside mmfix."""
    from importlib import metadata

    for package in packages().values():
        for name in package.distributions:
            if name.startswith("onedl-"):
                try:
                    metadata.distribution(name)
                except metadata.PackageNotFoundError:
                    continue
                return True
    return False


def to_install(name: str) -> str:
    """The distribution to install for a package: of the continuation where others of it are installed."""
    package = packages().get(name)
    if package is None:
        return name
    onedl = [one for one in package.distributions if one.startswith("onedl-")]
    others = [one for one in package.distributions if one not in onedl]
    return onedl[0] if onedl and continuation_is_here() else others[0]


def of_repository(name: str) -> str:
    """The package in a repository: ``mmdetection3d`` -> ``mmdet3d``; a name that is none is its own."""
    return next((package.name for package in packages().values() if package.repository == name), name)


def _package(row: Dict[str, Any]) -> Package:
    found: Dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in row.items()
    }
    found.setdefault("repository", found["name"])
    if "builder" in found:
        found["builder"] = Builder(*found["builder"])
    return Package(**found)
