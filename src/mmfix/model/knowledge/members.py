"""Members of known classes and attributes of library names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict

from mmfix.model.knowledge.openmmlab import methods as openmmlab
from mmfix.model.knowledge.openmmlab.registries import known_name
from mmfix.model.knowledge.torch import layers, modules, parts
from mmfix.model.knowledge.torch.container_methods import CONTAINERS
from mmfix.model.knowledge.torch.methods import MODULE, Run
from mmfix.model.machine.values import MISSING, UNKNOWN, Instance, Method, NativeClass, NativeRef, PyDict
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

_MODULE = {**MODULE, **openmmlab.MODULE}
_CONTAINERS = {name: {**_MODULE, **methods} for name, methods in CONTAINERS.items()}
_AT_HAND = frozenset({"_modules", "_parameters", "_buffers"})
_HOOKS = frozenset({"_forward_hooks", "_forward_pre_hooks"})
#: Methods of containers that change them or hand out what is in them, and are not followed.
_HANDS_OUT = frozenset({
    "pop", "popitem", "clear", "setdefault", "get", "copy", "fromkeys", "__delitem__", "__setitem__",
    "__imul__",
})  # fmt: skip


#: Methods that a class whose base is not known has from ``nn.Module`` all the same.
_REGISTERING = frozenset({
    "register_buffer", "register_parameter", "add_module", "register_module", "__setattr__",
    "register_forward_hook", "register_forward_pre_hook",
})  # fmt: skip


def has_member(base: NativeClass, name: str) -> bool:
    """Whether a known class has a method of that name."""
    if not base.is_module:
        return name == "__init__"
    if name in ("forward", "__call__"):
        return base.name not in ("Module", "BaseModule", "BaseModel", "ModuleList", "ModuleDict")
    return name == "__init__" or name in _methods(base)


def member(m: Machine, instance: Instance, base: NativeClass, name: str) -> Any:
    """A method of a known class, bound to an object."""
    if name == "__init__":
        return Method(
            name,
            instance,
            lambda m, receiver, /, *args, **kwargs: modules.initialise(m, receiver, base, list(args), kwargs),
        )
    if name in ("forward", "__call__"):
        return Method(
            name,
            instance,
            lambda m, receiver, /, *args, **kwargs: modules.forward(m, receiver, base, list(args), kwargs),
        )
    run = _methods(base).get(name)
    if run is not None:
        return Method(name, instance, run)
    if name == "training":
        return True
    if name in _AT_HAND and base.is_module:
        return _at_hand(m, instance, name)
    if isinstance(instance.cls, NativeClass):
        if not base.is_module:
            return m.flow(*instance.items.values())
        if base.name in parts.CONTAINERS and name in _HANDS_OUT:
            m.doubt(say("{type}.{attribute} is not followed", type=base.name, attribute=name))
            m.escape(instance)
        return UNKNOWN if name not in ("bias", "weight") else MISSING
    return MISSING


def inherited(m: Machine, instance: Instance, name: str) -> Any:
    """A member that a class of the source has from ``nn.Module``, or MISSING."""
    if not parts.is_module(m, instance):
        return MISSING
    if name == "training":
        return True
    if name in _AT_HAND:
        return _at_hand(m, instance, name)
    if name in _HOOKS:
        notes = instance.notes
        hooks = notes.hooks if name == "_forward_hooks" else notes.hooks_before
        return PyDict(dict(enumerate(hooks)), rest=UNKNOWN if instance.lost else MISSING)
    if not isinstance(instance.cls, NativeClass) and instance.cls.absent_base and name in _REGISTERING:
        return Method(name, instance, MODULE[name])
    bases = [] if isinstance(instance.cls, NativeClass) else instance.cls.mro(m)
    if name in layers.NUMBERS and any(base.name in layers.PARAMETERS for base in bases):
        return UNKNOWN
    return MISSING


def _at_hand(m: Machine, instance: Instance, name: str) -> PyDict:
    """The dict in which ``nn.Module`` keeps its parts."""
    m.doubt(say("{attribute} of a {type} is at hand", attribute=name, type=instance.cls.name))
    if name == "_buffers":
        return PyDict()
    made = PyDict(
        parts.registered(m, instance) if name == "_modules" else dict(parts.own_params(instance)),
        rest=UNKNOWN if instance.lost else MISSING,
    )
    made.owner = instance
    return made


def unbound(base: NativeClass, name: str) -> Run:
    """``nn.Module.method`` as a function of the object."""

    def run(m: Machine, receiver: Any, /, *args: Any, **kwargs: Any) -> Any:
        if args and isinstance(args[0], Instance):
            return m.call(member(m, args[0], base, name), list(args[1:]), kwargs)
        return m.lost(
            say("{type}.{attribute} of something that is not followed", type=base.name, attribute=name),
            *args,
            *kwargs.values(),
        )

    return run


def native_attribute(m: Machine, value: Any, name: str) -> Any:
    """An attribute of a library name."""
    dotted = value.dotted if isinstance(value, (NativeRef, NativeClass)) else f"builtins.{value.name}"
    if isinstance(value, NativeClass) and has_member(value, name):
        return Method(name, value, unbound(value, name))
    full = f"{dotted}.{name}"
    known = known_name(full)
    if known is not None:
        return known
    cls = layers.native_class(full)
    return cls if cls is not None else NativeRef(full)


def _methods(base: NativeClass) -> Dict[str, Run]:
    return _CONTAINERS.get(base.name, _MODULE)
