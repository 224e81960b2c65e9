"""Cures for a type that no registry has: the name that is meant, or the import that brings the class."""

from __future__ import annotations

from typing import Iterable, Sequence, Tuple

from mmfix.config.document import to_plain
from mmfix.config.keypath import KeyPath
from mmfix.findings import Override, Remedy
from mmfix.remedies.change import import_modules, runs_custom_imports
from mmfix.remedies.graph import custom_imports
from mmfix.training.types import TrainingSetup
from mmfix.wording import mark, say

_PRICE = say("No cost: it fails as it is.")
_BY_HAND = mark("Write the name of a class that is registered, or import the module that registers {type}.")
_MEANT = mark("{name} is what is meant.")
_LATER = mark("Nothing else registers {type} before it is built: nothing was found that does.")


def right_type(keys: Iterable[KeyPath], name: str, meant: str) -> Tuple[Remedy, ...]:
    """The name of a class that is registered, in every place that has a wrong one; nothing for no place.

    Args:
        keys: Key paths of the types.
        name: As the config has it.
        meant: What they are to be.
    """
    overrides = tuple(Override(key, meant, say("{type} is in no registry", type=name)) for key in keys)
    return (
        (Remedy("right-name", "review", _PRICE, overrides, (say(_MEANT, name=meant),)),) if overrides else ()
    )


def import_of(setup: TrainingSetup, modules: Sequence[str], name: str) -> Tuple[Remedy, ...]:
    """``custom_imports`` with the modules that register classes; nothing where the config cannot say it.

    Args:
        setup: The setup.
        modules: Dotted names.
        name: The class, or the first of them.
    """
    overrides = tuple(import_modules(setup, modules, say("registers {type}", type=name)))
    assumes = say(
        "{module}, which registers {type}, can be imported where you train.", module=modules[0], type=name
    )
    return (Remedy("import-module", "review", _PRICE, overrides, (assumes,)),) if overrides else ()


def type_by_hand(name: str) -> Tuple[Remedy, ...]:
    """The cure where nothing is near: what is meant, only the author knows."""
    return (Remedy("right-name", "review", say(_BY_HAND, type=name), (), (say(_LATER, type=name),)),)


def right_module(setup: TrainingSetup, wrong: str, meant: str) -> Tuple[Remedy, ...]:
    """``custom_imports`` with one module in the place of another; without one that is meant, by hand."""
    if not meant or not runs_custom_imports(setup):
        return (Remedy("right-module", "review", say(_MODULE, module=wrong), (), ()),)
    names = [meant if name == wrong else name for name in custom_imports(setup.document)]
    override = Override(
        ("custom_imports", "imports"), to_plain(names), say("there is no module {module}", module=wrong)
    )
    return (Remedy("right-module", "review", _PRICE, (override,), (say(_MEANT, name=meant),)),)


_MODULE = mark("Correct the name of {module}, or take it out where nothing of it is needed.")
