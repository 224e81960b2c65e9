"""Attributes of values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict

from mmfix.model.machine.classes import ClassInfo
from mmfix.model.machine.joining import without_none
from mmfix.model.machine.values import (
    MISSING,
    UNKNOWN,
    Bound,
    Either,
    Function,
    Instance,
    Method,
    ModuleRef,
    NativeClass,
    NativeRef,
    Opaque,
    Param,
    Partial,
    PyDict,
    PyList,
    Raised,
    Registry,
    Super,
)
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

_TRANSPARENT = frozenset({"property", "cached_property", "lazy_property", "lazyproperty"})


def attribute(m: Machine, value: Any, name: str, default: Any = MISSING) -> Any:
    """``value.name``."""
    kind = type(value)
    if kind is Instance:
        return _of_instance(m, value, name, default)
    if kind is Opaque:
        return m.known.tensor_attribute(m, value, name)
    if kind is NativeRef:
        return m.known.native_attribute(m, value, name)
    if kind is Super:
        return _of_super(m, value, name, default)
    if isinstance(value, Instance):
        return _of_instance(m, value, name, default)
    if isinstance(value, Opaque):
        return m.known.tensor_attribute(m, value, name)
    if isinstance(value, ModuleRef):
        found = value.scope.lookup(m, name)
        if found is MISSING:
            below = m.module_scope(f"{value.scope.dotted}.{name}")
            found = ModuleRef(below) if below is not None else default
        return _or_lost(m, found, name)
    if isinstance(value, Either):
        return m.each(without_none(value), lambda item: attribute(m, item, name, default))
    if isinstance(value, ClassInfo):
        return _of_class(m, value, name, default)
    if isinstance(value, Param):
        return m.known.param_attribute(m, value, name)
    if isinstance(value, Bound):
        if name == "__self__":
            return value.receiver
        return attribute(m, value.function, name, default)
    if isinstance(value, Partial):
        return {"func": value.function, "args": value.args}.get(name, UNKNOWN)
    if isinstance(value, Registry):
        return _of_registry(m, value, name, default)
    if isinstance(value, (Function, NativeClass, Method)):
        return (
            value.name if name in ("__name__", "__qualname__") else m.known.native_attribute(m, value, name)
        )
    found = m.known.container_attribute(m, value, name)
    if isinstance(value, PyList) and name in _OF_TENSORS and found is default is MISSING:
        raise Raised(say("a list has no attribute {attribute}", attribute=name))
    return _or_lost(m, default if found is MISSING else found, name)


#: Code that takes a batch as a tensor stops where it is handed a list.
_OF_TENSORS = frozenset({"cpu", "cuda", "detach", "device", "is_cuda", "requires_grad", "new_zeros"})
#: What hands out the names that a registry has; mmdet3d asks it where to build a part
#: (mmdet3d 1.0 mmdet3d/models/builder.py: build_backbone).
_TABLES = frozenset({"_module_dict", "module_dict"})


def _of_registry(m: Machine, value: Registry, name: str, default: Any) -> Any:
    """What its own class says, but for what it holds: that is known from the code that registers."""
    own = value.own
    if own is None and name in _TABLES:
        return value
    if own is None and name == "keys":
        return Method(name, value, lambda m, registry: registry)
    if own is None or not isinstance(own.cls, ClassInfo) or name in ("get", "register_module"):
        return Method(name, value, m.known.registry_method(name))
    if name in own.items:
        return own.items[name]
    member = own.cls.find(m, name)
    if isinstance(member, Function):
        return bind(m, member, value, own.cls)
    return Method(name, value, m.known.registry_method(name)) if member is MISSING else member


def _or_lost(m: Machine, found: Any, name: str) -> Any:
    return (
        m.lost(say("the attribute {attribute} was not found", attribute=name)) if found is MISSING else found
    )


def _of_instance(m: Machine, value: Instance, name: str, default: Any) -> Any:
    if m.phase == "step":
        m.between_steps.read(value, name)
    items, cls = value.items, value.cls
    if name in items:
        return items[name]
    if name == "__class__":
        return cls
    if name == "__dict__":
        m.doubt(say("__dict__ of a {type} is at hand", type=value.cls.name))
        m.between_steps.read_all(value)
        m.touch(value)  # what is set there is set on this path only
        return PyDict(items)  # the attributes themselves
    if isinstance(cls, NativeClass):
        found = m.known.member(m, value, cls, name)
        return _or_default(m, value, name, found, default)
    member = cls.find(m, name)
    if type(member) is Function:
        return _bound(m, member, value, cls)
    if member is MISSING:
        if name in _LOOKS:
            return Method(name, value, _get)
        found = m.known.inherited(m, value, name)
        return _or_default(m, value, name, found, default)
    if isinstance(member, NativeClass):
        return m.known.member(m, value, member, name)
    return bind(m, member, value, cls)


def _or_default(m: Machine, value: Instance, name: str, found: Any, default: Any) -> Any:
    if found is not MISSING:
        return found
    own = value.cls.find(m, "__getattr__") if isinstance(value.cls, ClassInfo) else MISSING
    if isinstance(own, Function) and not _asked(m, own, value, name):
        if default is MISSING:
            return m.call(Bound(own, value), [name], {})
        m.guards += 1
        try:
            return m.call(Bound(own, value), [name], {})
        except Raised:
            return default
        finally:
            m.guards -= 1
    unknown_base = isinstance(value.cls, ClassInfo) and value.cls.unknown_base
    if unknown_base or value.lost:
        m.escape(value)
        return m.lost(f"{value.cls.name}.{name}: {unknown_base or value.lost}")
    if default is not MISSING:
        return default
    if m.asks:
        raise Raised(say("{type} has no attribute {attribute}", type=value.cls.name, attribute=name))
    m.escape(value)  # whatever set it may have had any part of it at hand
    return m.lost(
        say(
            "{type} has no attribute {attribute} that was seen being set", type=value.cls.name, attribute=name
        )
    )


def _asked(m: Machine, own: Function, value: Instance, name: str) -> bool:
    """Whether ``__getattr__`` is being asked for that attribute already."""
    return any(
        frame.function is own and value in (given := tuple(frame.items.values())[:2]) and name in given
        for frame in m.frames
    )


def bind(m: Machine, member: Any, receiver: Any, cls: Any) -> Any:
    """A class member as its object sees it."""
    if isinstance(member, Either):
        bound = Either(tuple(bind(m, item, receiver, cls) for item in member.values), member.when)
        bound.none = member.none
        return bound
    return _bound(m, member, receiver, cls) if isinstance(member, Function) else member


def _bound(m: Machine, member: Function, receiver: Any, cls: Any) -> Any:
    decorators = member.decorators
    if decorators:
        if decorators & _TRANSPARENT:
            return m.call(Bound(member, receiver), [], {})
        if "staticmethod" in decorators:
            return member
        if "classmethod" in decorators:
            return Bound(member, cls)
    return Bound(member, receiver)


def _of_super(m: Machine, value: Super, name: str, default: Any) -> Any:
    cls = value.receiver.cls
    if not isinstance(cls, ClassInfo):
        return m.lost(say("super() of a library class"))
    member = cls.find(m, name, after=value.after)
    if isinstance(member, NativeClass):
        return m.known.member(m, value.receiver, member, name)
    if member is MISSING:
        if name in ("__init__", "__init_subclass__") and not cls.unknown_base:
            return Method(name, value.receiver, lambda m, receiver, /: None)
        if name in _OBJECT and not cls.unknown_base:
            return Method(name, value.receiver, _OBJECT[name])
        found = m.known.inherited(m, value.receiver, name)
        return _or_default(m, value.receiver, name, found, default)
    return bind(m, member, value.receiver, cls)


def _set(m: Machine, receiver: Instance, name: Any, value: Any, /) -> None:
    if isinstance(name, str):
        m.known.attach(m, receiver, name, value)
    else:
        m.escape(value)
        receiver.lost = receiver.lost or say("an attribute is set under a name made at run time")


def _get(m: Machine, receiver: Instance, name: Any, /) -> Any:
    if isinstance(name, str) and not receiver.lost:
        if name in receiver.items:
            m.between_steps.read(receiver, name)
            return receiver.items[name]
        raise Raised(say("{type} has no attribute {attribute}", type=receiver.cls.name, attribute=name))
    m.escape(receiver)
    return m.lost(receiver.lost or say("an attribute is asked for by a name that is not known"))


_LOOKS = ("__getattr__", "__getattribute__")
#: What ``super()`` has where no base of the source has it: ``object``'s and ``nn.Module``'s own.
_OBJECT: Dict[str, Callable[..., Any]] = {"__setattr__": _set, **dict.fromkeys(_LOOKS, _get)}


def _of_class(m: Machine, value: ClassInfo, name: str, default: Any) -> Any:
    if name in ("__name__", "__qualname__"):
        return value.name
    if name == "__module__":
        return value.scope.dotted
    member = value.find(m, name)
    if isinstance(member, NativeClass):
        return Method(name, value, m.known.unbound(member, name))
    if member is MISSING:
        if name == "apply" and value.has_base(m, "Function"):
            return NativeRef("torch.autograd.Function.apply")
        return _or_lost(m, default, name)
    if isinstance(member, Function) and "classmethod" in member.decorators:
        return Bound(member, value)
    return member
