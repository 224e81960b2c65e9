"""Cures for a type that no registry has: the name that is meant, or the import that brings the class."""

from __future__ import annotations

from typing import Iterable, Sequence, Tuple

from mmfix.config.document import to_plain
from mmfix.config.keypath import KeyPath
from mmfix.findings import Override, Remedy
from mmfix.remedies.change import import_modules, runs_custom_imports
from mmfix.remedies.graph import custom_imports
from mmfix.training.types import TrainingSetup

_PRICE = "No cost: it fails as it is."
_BY_HAND = "Write the name of a class that is registered, or import the module that registers {}."
_MEANT = "{} is what is meant."
_LATER = "Nothing else registers {} before it is built: nothing was found that does."


def right_type(keys: Iterable[KeyPath], name: str, meant: str) -> Tuple[Remedy, ...]:
    """The name of a class that is registered, in every place that has a wrong one; nothing for no place.

    Args:
        keys: Key paths of the types.
        name: As the config has it.
        meant: What they are to be.
    """
    overrides = tuple(Override(key, meant, f"{name} is in no registry") for key in keys)
    return (Remedy("right-name", "review", _PRICE, overrides, (_MEANT.format(meant),)),) if overrides else ()


def import_of(setup: TrainingSetup, modules: Sequence[str], name: str) -> Tuple[Remedy, ...]:
    """``custom_imports`` with the modules that register classes; nothing where the config cannot say it.

    Args:
        setup: The setup.
        modules: Dotted names.
        name: The class, or the first of them.
    """
    overrides = tuple(import_modules(setup, modules, f"registers {name}"))
    assumes = f"{modules[0]}, which registers {name}, can be imported where you train."
    return (Remedy("import-module", "review", _PRICE, overrides, (assumes,)),) if overrides else ()


def type_by_hand(name: str) -> Tuple[Remedy, ...]:
    """The cure where nothing is near: what is meant, only the author knows."""
    return (Remedy("right-name", "review", _BY_HAND.format(name), (), (_LATER.format(name),)),)


def right_module(setup: TrainingSetup, wrong: str, meant: str) -> Tuple[Remedy, ...]:
    """``custom_imports`` with one module in the place of another; without one that is meant, by hand."""
    if not meant or not runs_custom_imports(setup):
        return (Remedy("right-module", "review", _MODULE.format(wrong), (), ()),)
    names = [meant if name == wrong else name for name in custom_imports(setup.document)]
    override = Override(("custom_imports", "imports"), to_plain(names), f"there is no module {wrong}")
    return (Remedy("right-module", "review", _PRICE, (override,), (_MEANT.format(meant),)),)


_MODULE = "Correct the name of {}, or take it out where nothing of it is needed."
