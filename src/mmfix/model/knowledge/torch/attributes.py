"""Attributes of modules: what becomes a submodule or parameter, and what ceases to be one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmfix.model.knowledge.torch import order
from mmfix.model.machine.joining import StandIn
from mmfix.model.machine.values import MISSING, PLAIN_SCALARS, Either, Instance, Opaque, Param

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine


def attach(m: Machine, target: Instance, name: str, value: Any) -> None:
    """``target.name = value``; a module or parameter is registered, and remembers the line that did it."""
    m.touch(target)
    if isinstance(target, StandIn):
        m.escape(value)  # one of the others may be looked at later
    old = target.items.get(name)
    if m.before_wrap and (type(value) in order.COUNTS or type(old) in order.COUNTS):
        order.placed(m, target, name, value)
    target.items[name] = value
    if m.phase == "step":
        m.between_steps.write(target, name, old, value, m.certain)
    if type(value) in PLAIN_SCALARS:
        return
    for item in value.values if isinstance(value, Either) else (value,):
        if isinstance(item, (Instance, Param)) and not item.owner:
            item.owner = _owner(m, target)
            item.created = item.created or m.here
    if isinstance(value, Opaque) and value.kind == "lost" and isinstance(old, (Instance, Param)):
        m.escape(old)


def _owner(m: Machine, target: Instance) -> str:
    for frame in reversed(m.frames):
        if frame.function is not None and frame.function.cls is not None:
            return frame.function.cls.name
    return target.cls.name


def detach(m: Machine, target: Instance, name: str) -> None:
    """``del target.name``."""
    if m.before_wrap:
        order.placed(m, target, name, MISSING)
    m.touch(target)
    target.items.pop(name, None)
