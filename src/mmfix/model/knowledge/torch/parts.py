"""What a module is made of: its children and parameters, as torch registers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Tuple

from mmfix.model.machine.values import (
    PLAIN_SCALARS,
    UNKNOWN,
    Either,
    Instance,
    NativeClass,
    Opaque,
    Param,
    PyDict,
    PyList,
)

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

LISTS = frozenset({"ModuleList", "Sequential", "ParameterList"})
DICTS = frozenset({"ModuleDict", "ParameterDict"})
CONTAINERS = LISTS | DICTS
_NO_MODULES = PLAIN_SCALARS | {Param, Opaque, PyList, PyDict, tuple}
_OF_PARAMETERS = ("ParameterList", "ParameterDict")


def is_module(m: Machine, value: Any) -> bool:
    """Whether torch registers a value as a submodule."""
    if type(value) is not Instance and not isinstance(value, Instance):
        return False
    cls = value.cls
    return cls.is_module if isinstance(cls, NativeClass) else cls.is_module(m)


def children(m: Machine, instance: Instance) -> List[Tuple[str, Instance]]:
    """The registered submodules."""
    hidden = instance.notes.hidden
    found: List[Tuple[str, Instance]] = []
    for name, value in instance.items.items():
        kind = type(value)
        if kind in _NO_MODULES:
            continue  # most attributes
        if kind is Instance or isinstance(value, Instance):
            if is_module(m, value) and name not in hidden:
                found.append((name, value))
        elif isinstance(value, Either):
            found += [(name, item) for item in value.values if is_module(m, item) and name not in hidden]
    return found


def own_params(instance: Instance) -> List[Tuple[str, Param]]:
    """The parameters registered on a module itself."""
    hidden = instance.notes.hidden
    found = [item for item in instance.items.items() if type(item[1]) is Param]
    return [item for item in found if item[0] not in hidden] if hidden else found


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
        for child, value in reversed(children(m, item)):
            stack.append((f"{name}.{child}" if name else child, value))


def all_params(m: Machine, root: Instance) -> Iterator[Tuple[str, Param]]:
    """Every registered parameter with its dotted name, once each."""
    seen = set()
    for prefix, module in walk(m, root):
        for name, param in own_params(module):
            if param not in seen:
                seen.add(param)
                yield f"{prefix}.{name}" if prefix else name, param


def registered(m: Machine, instance: Instance) -> Dict[str, Any]:
    """The entries of ``_modules``, in order, under their names; the parameters of a list or dict of these.

    A ModuleList or Sequential does not ask how its entries got in: ``append``, ``add_module`` and a plain
    attribute are the same to it (``torch/nn/modules/container.py: __iter__, forward``). An entry may be None.
    """
    notes = instance.notes
    of_params = any(is_kind(instance, name) for name in _OF_PARAMETERS)
    return {
        name: value
        for name, value in instance.items.items()
        if name.isdigit()
        or (name in notes.slots and isinstance(value, Opaque))
        or (
            name not in notes.hidden
            and any(
                isinstance(item, Param) if of_params else is_module(m, item) for item in alternatives(value)
            )
        )
    }


def elements(m: Machine, instance: Instance) -> List[Any]:
    """The entries of a ModuleList, Sequential or ModuleDict, in order; None where there is none."""
    return list(registered(m, instance).values())


def alternatives(value: Any) -> Tuple[Any, ...]:
    """The values that one may be."""
    return value.values if isinstance(value, Either) else (value,)


def is_container(instance: Instance) -> bool:
    """Whether an object is a list or table of modules or parameters, or of a class derived from one."""
    return any(is_kind(instance, name) for name in CONTAINERS)


def found(instance: Instance, items: List[Any]) -> PyList:
    """Entries, children or names of a module: there are more, where it is not known how many it has."""
    if instance.lost:
        return PyList(items or [UNKNOWN], True)
    return PyList(items)


def is_kind(instance: Instance, name: str) -> bool:
    """Whether an object is of a class of this last name, or of one derived from it."""
    if instance.cls.name == name:
        return True
    mro = getattr(instance.cls, "_mro", None) or []
    return any(getattr(base, "name", "") == name for base in mro)
