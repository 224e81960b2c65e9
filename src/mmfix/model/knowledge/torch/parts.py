"""What a module is made of: its children and parameters, as torch registers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterator, List, Tuple

from mmfix.model.machine.values import Either, Instance, NativeClass, Param

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

LISTS = frozenset({"ModuleList", "Sequential", "ParameterList"})
DICTS = frozenset({"ModuleDict", "ParameterDict"})
CONTAINERS = LISTS | DICTS


def is_module(m: Machine, value: Any) -> bool:
    """Whether torch registers a value as a submodule."""
    if not isinstance(value, Instance):
        return False
    return value.cls.is_module if isinstance(value.cls, NativeClass) else value.cls.is_module(m)


def children(m: Machine, instance: Instance) -> Iterator[Tuple[str, Instance]]:
    """The registered submodules."""
    hidden = instance.notes.hidden
    for name, value in list(instance.items.items()):
        if isinstance(value, Instance):
            if is_module(m, value) and name not in hidden:
                yield name, value
        elif isinstance(value, Either):
            for item in value.values:
                if is_module(m, item) and name not in hidden:
                    yield name, item


def own_params(instance: Instance) -> Iterator[Tuple[str, Param]]:
    """The parameters registered on a module itself."""
    hidden = instance.notes.hidden
    for name, value in list(instance.items.items()):
        if isinstance(value, Param) and name not in hidden:
            yield name, value


def walk(m: Machine, root: Instance, prefix: str = "") -> Iterator[Tuple[str, Instance]]:
    """Every module below and including ``root``, once each."""
    seen = set()
    stack: List[Tuple[str, Instance]] = [(prefix, root)]
    while stack:
        name, item = stack.pop()
        if item in seen:
            continue
        seen.add(item)
        yield name, item
        below = [(f"{name}.{child}" if name else child, value) for child, value in children(m, item)]
        stack.extend(reversed(below))


def all_params(m: Machine, root: Instance) -> Iterator[Tuple[str, Param]]:
    """Every registered parameter with its dotted name, once each."""
    seen = set()
    for prefix, module in walk(m, root):
        for name, param in own_params(module):
            if param not in seen:
                seen.add(param)
                yield f"{prefix}.{name}" if prefix else name, param


def elements(instance: Instance) -> List[Any]:
    """The modules of a ModuleList or Sequential, in order; None where there is none."""
    numbered = [value for key, value in instance.items.items() if key.isdigit()]
    if numbered:
        return numbered
    return [value for value in instance.items.values() if isinstance(value, (Instance, Param, Either))]


def is_kind(instance: Instance, name: str) -> bool:
    """Whether a class of this last name is among the bases of an object's class."""
    mro = getattr(instance.cls, "_mro", None) or []
    return any(getattr(base, "name", "") == name for base in mro)
