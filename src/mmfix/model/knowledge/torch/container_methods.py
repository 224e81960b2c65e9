"""The methods of the containers of ``torch.nn``: lists, sequences and tables of modules or parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict

from mmfix.model.knowledge.torch import modules
from mmfix.model.knowledge.torch.filling import fill_dict, part_of, put_last, refill
from mmfix.model.knowledge.torch.methods import Run
from mmfix.model.knowledge.torch.parts import elements, found, registered
from mmfix.model.machine.values import Instance, PyList
from mmfix.wording import say

#: More modules than this are made by no model.
_MOST_MODULES = 10_000

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine


def _list_append(m: Machine, receiver: Instance, module: Any) -> Any:
    put_last(m, receiver, module)
    return receiver


def _list_extend(m: Machine, receiver: Instance, modules: Any) -> Any:
    source = m.items_of(modules)
    for item in source.items:
        put_last(m, receiver, item)
    if source.open:
        receiver.lost = say("a list of modules of unknown length")
    return receiver


def _list_insert(m: Machine, receiver: Instance, index: Any, module: Any) -> None:
    if not isinstance(index, int):
        m.doubt(say("where a module is inserted into a list is not known"))
        m.escape(receiver)
        put_last(m, receiver, module)
    else:
        put_last(m, receiver, module)
        *items, module = elements(m, receiver)
        items[index:index] = [module]  # as insert() does, with any number
        refill(m, receiver, items)


def _pop(m: Machine, receiver: Instance, key: Any) -> Any:
    value = modules.subscript(m, receiver, key)
    modules.delete(m, receiver, key)
    return value


def _list_add(m: Machine, receiver: Instance, other: Any) -> Any:
    made = part_of(m, receiver, slice(None))
    return _list_extend(m, made, other)


def _sequential_add(m: Machine, receiver: Instance, other: Any) -> Any:
    return _list_extend(m, receiver, other)


def _sequential_times(m: Machine, receiver: Instance, other: Any) -> Any:
    """``sequential * 3``: the same modules three times."""
    items = elements(m, receiver)
    if not isinstance(other, int) or len(items) * other > _MOST_MODULES:
        return m.lost(say("a sequence of modules is repeated a number of times that is not known"), receiver)
    made = Instance(receiver.cls)
    for item in items * other:
        put_last(m, made, item)
    return made


def _dict_clear(m: Machine, receiver: Instance) -> None:
    m.doubt(say("a dict of modules is cleared"))
    refill(m, receiver, [])


def _sequential_extend(m: Machine, receiver: Instance, sequential: Any) -> Any:
    return _list_extend(m, receiver, sequential)


def _sequential_insert(m: Machine, receiver: Instance, index: Any, module: Any) -> Any:
    _list_insert(m, receiver, index, module)
    return receiver


def _values_append(m: Machine, receiver: Instance, value: Any) -> Any:
    return _list_append(m, receiver, value)


def _values_extend(m: Machine, receiver: Instance, values: Any) -> Any:
    return _list_extend(m, receiver, values)


def _parameters_add(m: Machine, receiver: Instance, parameters: Any) -> Any:
    return _list_extend(m, receiver, parameters)


def _dict_keys(m: Machine, receiver: Instance) -> PyList:
    return found(receiver, list(registered(m, receiver)))


def _dict_values(m: Machine, receiver: Instance) -> PyList:
    return found(receiver, elements(m, receiver))


def _dict_items(m: Machine, receiver: Instance) -> PyList:
    return found(receiver, list(registered(m, receiver).items()))


def _dict_update(m: Machine, receiver: Instance, modules: Any) -> None:
    fill_dict(m, receiver, [modules])


def _parameters_update(m: Machine, receiver: Instance, parameters: Any) -> None:
    fill_dict(m, receiver, [parameters])


_DICT: Dict[str, Run] = {
    "keys": _dict_keys, "values": _dict_values, "items": _dict_items, "pop": _pop, "clear": _dict_clear,
}  # fmt: skip
_LIST: Dict[str, Run] = {"append": _list_append, "pop": _pop, "__add__": _list_add}
#: What containers have beside them.
CONTAINERS: Dict[str, Dict[str, Run]] = {
    "ModuleList": {**_LIST, "extend": _list_extend, "insert": _list_insert, "__iadd__": _list_extend},
    "Sequential": {
        **_LIST,
        "extend": _sequential_extend,
        "insert": _sequential_insert,
        "__iadd__": _sequential_add,
        "__mul__": _sequential_times,
    },
    "ParameterList": {"append": _values_append, "extend": _values_extend, "__iadd__": _parameters_add},
    "ModuleDict": {**_DICT, "update": _dict_update},
    "ParameterDict": {**_DICT, "update": _parameters_update},
}
