"""``torch.nn.Module`` objects: children, parameters, methods, ``forward`` of the layers known by heart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Optional

from mmfix.model.knowledge.torch import attributes, filling, layers, order, parts
from mmfix.model.machine.classes import ClassInfo
from mmfix.model.machine.counting import Counter
from mmfix.model.machine.joining import join
from mmfix.model.machine.texts import Text
from mmfix.model.machine.values import (
    DATA,
    MISSING,
    UNKNOWN,
    Function,
    Instance,
    Method,
    NativeClass,
    Opaque,
    Param,
    PyList,
    Raised,
)
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

#: An entry of these is used as they are: the wrappers of several optimizers collect the losses of one step
#: (``mmengine/optim/optimizer/optimizer_wrapper_dict.py: OptimWrapperDict``).
_LIKE_THEIR_ENTRIES = frozenset({"InstanceData", "OptimWrapper"})
#: What torch calls the entries of a container (``torch/nn/modules/container.py``).
_ENTRIES = ("modules", "parameters", "values")


def make(m: Machine, cls: NativeClass, args: List[Any], kwargs: Dict[str, Any], more: bool = False) -> Any:
    """An object of a known class; ``more``: there are arguments whose names are not known."""
    instance = Instance(cls)
    instance.created = m.creating
    if more:
        kwargs = {**dict.fromkeys(layers.flags_of(cls), UNKNOWN), **kwargs}
    initialise(m, instance, cls, args, kwargs)
    return instance


def initialise(
    m: Machine, instance: Instance, cls: NativeClass, args: List[Any], kwargs: Dict[str, Any]
) -> None:
    """What ``cls.__init__`` does to an object."""
    name = cls.name
    if not cls.is_module:
        instance.items.update(kwargs)
        return
    entries = args or [kwargs[word] for word in _ENTRIES if word in kwargs]
    if name in parts.LISTS:
        filling.fill_list(m, instance, entries)
    elif name in parts.DICTS:
        filling.fill_dict(m, instance, entries)
    elif name == "BaseModel":
        instance.items["data_preprocessor"] = UNKNOWN
    owner = instance.cls.name
    for param, exists in layers.parameters_of(cls, args, kwargs).items():
        if exists is False:
            instance.items[param] = None
            order.hold_place(instance, param)
        else:
            certain = exists is True and not m.conditional
            instance.items[param] = m.new_param(True if certain else None, owner)
    if not layers.is_known(cls):
        instance.items["weight"] = m.new_param(None, owner)
        instance.lost = say("torch's {type} is not known", type=name)
    if name.startswith("Conv"):
        for position, key in enumerate(("in_channels", "out_channels", "kernel_size", "stride", "padding")):
            given = kwargs.get(key, args[position] if position < len(args) else MISSING)
            if given is not MISSING:
                instance.items[key] = given
    elif name == "Linear":
        for position, key in enumerate(("in_features", "out_features")):
            instance.items[key] = kwargs.get(key, args[position] if position < len(args) else UNKNOWN)
    elif name in ("BatchNorm2d", "SyncBatchNorm", "LayerNorm", "GroupNorm"):
        instance.items.setdefault("num_features", args[0] if args else UNKNOWN)
    order.made(m, cls, args, kwargs)
    if layers.has_init_cfg(cls):
        given = kwargs.get("init_cfg", args[-1] if args and cls.name == "BaseModule" else None)
        instance.items.setdefault("init_cfg", given)


def subscript(m: Machine, instance: Instance, index: Any) -> Any:
    """``modules[index]``."""
    if isinstance(instance.cls, NativeClass) and instance.cls.name in _LIKE_THEIR_ENTRIES:
        return instance
    if isinstance(index, str) and index in instance.items:
        return instance.items[index]
    items = parts.elements(m, instance)
    if instance.lost:
        m.escape(instance)
        return Opaque(m.bits_of(instance), 0, DATA)
    if isinstance(index, int) and -len(items) <= index < len(items):
        return items[index]
    if isinstance(index, slice):
        return filling.part_of(m, instance, index)
    if isinstance(index, Counter) and items:
        index.indexes(instance, len(items), m.conditional)
    if isinstance(index, Text):
        items = index.among(instance, parts.registered(m, instance), m.conditional)
    custom = m.attribute(instance, "__getitem__", None)
    if custom is not None and not isinstance(instance.cls, NativeClass):
        return m.call(custom, [index], {})
    if items:
        value = items[0]
        for item in items[1:]:
            value = join(value, item)
        return value
    return m.lost(say("an index into {type} that is not followed", type=instance.cls.name))


def set_subscript(m: Machine, instance: Instance, index: Any, value: Any) -> None:
    """``modules[index] = value``."""
    if isinstance(index, str):
        attributes.attach(m, instance, index, value)
    elif isinstance(index, int):
        keys = list(parts.registered(m, instance))
        if -len(keys) <= index < len(keys):
            attributes.attach(m, instance, keys[index], value)
    else:
        m.doubt(say("an entry of a {type} is set that is not known", type=instance.cls.name))
        m.escape(value)


def delete(m: Machine, instance: Instance, index: Any) -> None:
    """``del modules[index]``: the entries behind it move up (``container.py: __delitem__``)."""
    m.doubt(say("an entry of a {type} is deleted", type=instance.cls.name))
    entries = parts.registered(m, instance)
    if isinstance(index, str) and index in entries:
        attributes.detach(m, instance, index)
        return
    kept = list(entries.values())
    if isinstance(index, slice) or (isinstance(index, int) and -len(kept) <= index < len(kept)):
        del kept[index]
        filling.refill(m, instance, kept)
    else:
        m.escape(instance)


def contains(instance: Instance, item: Any) -> Optional[bool]:
    """``name in modules``."""
    return item in instance.items if isinstance(item, str) else None


def iterate(m: Machine, instance: Instance) -> PyList:
    """``for module in modules``."""
    if isinstance(instance.cls, NativeClass) and not instance.cls.is_module:
        return PyList([m.flow(*instance.items.values())], True)
    custom = None if isinstance(instance.cls, NativeClass) else m.attribute(instance, "__iter__", None)
    if custom is not None and not isinstance(custom, Method):
        return m.items_of(m.call(custom, [], {}))
    if isinstance(instance.cls, ClassInfo) and not instance.cls.is_module(m):
        own = instance.cls.find(m, "__getitem__")  # Python asks for 0, 1, 2, ...
        if isinstance(own, Function):
            return PyList([m.call(own, [instance, UNKNOWN], {})], True)
    if parts.is_kind(instance, "ModuleDict") or instance.cls.name in parts.DICTS:
        return parts.found(instance, list(parts.registered(m, instance)))
    return parts.found(instance, parts.elements(m, instance))


def fills(m: Machine, instance: Instance, contents: Any) -> bool:
    """Whether a list or table of modules has other entries with these saved contents."""
    if not parts.is_container(instance):
        return False
    before = len(parts.registered(m, instance))
    now = instance.save()
    instance.load(contents)
    after = len(parts.registered(m, instance))
    instance.load(now)
    return before != after


def truth(m: Machine, instance: Instance) -> Optional[bool]:
    """``bool(module)``: that of a list is whether it is empty."""
    if instance.cls.name in parts.CONTAINERS or parts.is_kind(instance, "ModuleList"):
        return None if instance.lost else bool(parts.elements(m, instance))
    own = isinstance(instance.cls, ClassInfo) and (
        instance.cls.find(m, name) for name in ("__bool__", "__len__")
    )
    return None if own and any(isinstance(item, Function) for item in own) else True


# -- forward -----------------------------------------------------------------------------


def forward(m: Machine, instance: Instance, cls: NativeClass, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    """What calling a known module gives."""
    name = cls.name
    if name == "Sequential":
        value = args[0] if args else UNKNOWN
        for item in parts.elements(m, instance):
            value = m.call(item, [value], {})
        return value
    if name in ("Identity", "Module", "BaseModule") and args:
        if name == "Identity":
            return args[0]
        raise Raised(say("{type} has no forward", type=instance.cls.name))
    if name in parts.CONTAINERS:
        raise Raised(say("{type} has no forward", type=name))
    params = [value for value in instance.items.values() if isinstance(value, Param)]
    result = m.flow(*args, *kwargs.values(), *params)
    result.own_memory = bool(params)
    return result
