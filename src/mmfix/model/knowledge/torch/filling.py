"""What goes into ``ModuleList``, ``Sequential`` and ``ModuleDict``, and under which name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterator, List, Tuple

from mmfix.model.knowledge.torch import parts
from mmfix.model.knowledge.torch.attributes import attach
from mmfix.model.machine.values import MISSING, Instance, NativeClass, Opaque, PyDict, PyList
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine


def fill_list(m: Machine, instance: Instance, args: List[Any]) -> None:
    """What the constructor of a list or sequence of modules does with its arguments."""
    if not args:
        return
    if instance.cls.name == "Sequential" or parts.is_kind(instance, "Sequential"):
        if len(args) == 1 and isinstance(args[0], PyDict):
            for key, value in pairs(m, args[0]):
                attach(m, instance, key, value)
            return
        values = list(args)
    else:
        source = m.items_of(args[0])
        values = list(source.items)
        if source.open:
            instance.lost = say("a list of modules of unknown length")
    for value in values:
        put_last(m, instance, value)


def fill_dict(m: Machine, instance: Instance, args: List[Any]) -> None:
    """``ModuleDict(entries)``, ``modules.update(entries)``."""
    entries = list(pairs(m, args[0])) if args else []
    names = [name for name, _ in entries]
    if instance.cls.name == "ParameterDict" and names != sorted(names) and isinstance(args[0], PyDict):
        m.doubt(say("a ParameterDict sorts the entries of a dict, those of an OrderedDict it does not"))
    for key, value in entries:
        attach(m, instance, key, value)


def pairs(m: Machine, value: Any) -> Iterator[Tuple[str, Any]]:
    """Name and value of each entry of a dict, or of a list of pairs."""
    if isinstance(value, PyDict):
        if value.rest is not MISSING or value.maybe:
            m.doubt(say("a dict of modules has entries that are not known"))
        yield from ((str(key), item) for key, item in value.items.items())
        return
    if isinstance(value, Instance):
        yield from parts.children(m, value)
        return
    items: PyList = m.items_of(value)
    if items.open:
        m.doubt(say("a dict of modules has entries that are not known"))
    for item in items.items:
        if isinstance(item, tuple) and len(item) == 2:
            yield str(item[0]), item[1]
        else:
            m.doubt(say("a dict of modules has entries that are not known"))


def put_last(m: Machine, instance: Instance, value: Any) -> None:
    """``modules.append(value)``: its name is how many there were (``torch/nn/modules/container.py``)."""
    if isinstance(value, Opaque):
        m.doubt(say("a list holds a module that is not known"))
    attach(m, instance, str(len(parts.registered(m, instance))), value)


def refill(m: Machine, instance: Instance, values: List[Any]) -> None:
    """Give a list of modules these entries, and new names; its other attributes stay."""
    entries = parts.registered(m, instance)
    m.touch(instance)
    m.edits += 1
    others = {name: value for name, value in instance.items.items() if name not in entries}
    instance.items = {**others, **{str(position): value for position, value in enumerate(values)}}


def part_of(m: Machine, instance: Instance, index: slice) -> Instance:
    """``modules[a:b]``: a part of a sequence keeps its names, that of a list gets new ones."""
    if not isinstance(instance.cls, NativeClass):
        m.doubt(say("a part of a {type} is made anew", type=instance.cls.name))
    part = Instance(instance.cls, instance.key)
    items = parts.elements(m, instance)
    items = items if instance.lost else items[index]
    names = [str(position) for position in range(len(items))]
    if instance.cls.name == "Sequential":
        old = {id(value): name for name, value in instance.items.items()}
        names = [old.get(id(item), name) for item, name in zip(items, names)]
        if len(set(names)) < len(items):
            m.doubt(say("a module stands more than once in a part of a sequence"))
    part.items = dict(zip(names, items))
    part.lost = instance.lost
    return part
