"""Module-level containers and registries, as they are when everything is imported."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Optional

from mmfix.model.machine.classes import ClassInfo
from mmfix.model.machine.joining import join, open_list
from mmfix.model.machine.values import (
    MISSING,
    UNKNOWN,
    Function,
    GaveUp,
    Instance,
    PyDict,
    PyList,
    Raised,
    Registry,
)
from mmfix.python.tables import Fills, changed_attributes, fills_of

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine
    from mmfix.model.machine.scopes import Scope
    from mmfix.repository.library import SourceModule

_REGISTERS = "register_module"


def imported(m: Machine, scope: Scope, name: str, value: Any) -> Any:
    """The value of a name that a module assigns, after the code that fills it at import.

    Plain statements are followed. What else fills it (calls, loops, decorators, other modules) may have put
    anything in: what is looked up there is then not known, and never missing.

    Args:
        m: The machine.
        scope: The module; the name stands for ``value`` there by now.
        name: The name.
        value: What its assignment gives.
    """
    if isinstance(value, Registry):
        value.scope = value.scope or scope.dotted.partition(".")[0]
    if isinstance(value, Instance):
        return _object(m, scope, name, value)
    if not isinstance(value, (PyDict, PyList)):
        return UNKNOWN if value is None and name in _fills(scope.module).filled else value
    fills = _fills(scope.module)
    for node in fills.steps.get(name, ()):
        try:
            m.run([node], scope.frame)
        except (Raised, GaveUp):
            open_up(value)
    if name in fills.filled or (not value.items and name not in fills.touched):
        open_up(value)
    return value


def open_up(value: Any) -> None:
    """There may be anything in it."""
    if isinstance(value, PyDict):
        value.rest = UNKNOWN if value.rest is MISSING else join(value.rest, UNKNOWN)
    else:
        value.items, value.open = open_list([*value.items, UNKNOWN]).items, True


def _object(m: Machine, scope: Scope, name: str, value: Instance) -> Any:
    """A registry of the repository's own is one; of any other object, what its methods fill is filled."""
    if not isinstance(value.cls, ClassInfo) or value.cls.is_module(m):
        return value
    for base in value.cls.mro(m):
        if isinstance(base, ClassInfo):
            for attribute in changed_attributes(base.node):
                held = value.items.get(attribute)
                if isinstance(held, (PyDict, PyList)):
                    open_up(held)
    if isinstance(value.cls.find(m, _REGISTERS), Function) or value.cls.has_base(m, "Registry"):
        return Registry(name, scope.dotted.partition(".")[0], value)
    return value


@lru_cache(maxsize=4096)
def _fills(module: Optional[SourceModule]) -> Fills:
    body: Any = () if module is None or module.tree is None else module.tree.body
    return fills_of(body)
