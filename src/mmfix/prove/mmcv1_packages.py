"""Which package of the mmcv 1.x era builds a config's model, and whether it is there."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types
from typing import Any, List

from mmfix.openmmlab import Builder, Package, packages
from mmfix.prove.joining import CannotProve
from mmfix.wording import say

_ENVIRONMENT = say(
    "run it where the config trains: with mmcv<2 and its package (mmdet<3, mmsegmentation<1, ...); "
    "`mmfix check` and `mmfix patch` know that era without"
)


def require_mmcv1() -> None:
    """Raise where there is no mmcv 1.x.

    Raises:
        CannotProve: mmcv is missing or a later one; the hint says what to do.
    """
    try:
        version = importlib.import_module("mmcv").__version__
    except ImportError as error:
        raise CannotProve(
            say("this config is for mmcv 1.x, and mmcv is not installed"), hint=_ENVIRONMENT
        ) from error
    if int(version.split(".")[0]) >= 2:
        raise CannotProve(
            say("this config is for mmcv 1.x, and mmcv {version} is installed", version=version),
            hint=_ENVIRONMENT,
        )


def stand_in_for_torchvision() -> bool:
    """Put an empty module in the place of a torchvision that cannot be imported; whether it is there.

    mmcv 1.x imports it for the addresses of weights, and for nothing else (``mmcv/runner/checkpoint.py``).
    """
    try:
        found = importlib.import_module("torchvision")
    except Exception:  # not there, or built for another torch
        found = sys.modules["torchvision"] = types.ModuleType("torchvision")
    return getattr(found, "__file__", None) is None


def package_of(kind: str) -> Package:
    """The first package whose registry knows a class of models; those already imported are asked first.

    Args:
        kind: ``model.type``.

    Raises:
        CannotProve: None knows it, or the one that might cannot be imported.
    """
    broken: List[str] = []
    asked: List[str] = []
    for package in sorted(_built_here(), key=lambda known: known.name not in sys.modules):
        if importlib.util.find_spec(package.name) is None:
            continue
        try:
            found = _class_in(package, kind)
        except Exception as error:  # mmdet asserts the version of mmcv
            broken.append(say("{package} cannot be imported: {error}", package=package.name, error=error))
            continue
        if found is not None:
            return package
        asked.append(package.name)
    if broken:
        raise CannotProve("; ".join(broken), hint=_ENVIRONMENT)
    if not asked:
        names = ", ".join(package.name for package in _built_here())
        raise CannotProve(
            say("none of {packages} is installed", packages=names),
            hint=say("install the one that the config is for"),
        )
    raise CannotProve(
        say("{packages} has no model {type}", packages=say(" or ").join(asked), type=kind),
        hint=say(
            "install the package that has it, or run in the root of the repository that has it, with "
            "its module in `custom_imports` or `plugin_dir`"
        ),
    )


def class_of(kind: str) -> Any:
    """The class behind ``model.type``.

    Raises:
        CannotProve: See :func:`package_of`.
    """
    return _class_in(package_of(kind), kind)


def builder_of(package: Package) -> Builder:
    """How a package of :func:`package_of` builds its models."""
    assert package.builder is not None
    return package.builder


def _built_here() -> List[Package]:
    return [package for package in packages().values() if package.builder is not None]


def _class_in(package: Package, kind: str) -> Any:
    models = importlib.import_module(f"{package.name}.models")
    return getattr(models, builder_of(package).registry).get(kind)
