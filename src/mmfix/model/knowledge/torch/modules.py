"""``torch.nn.Module`` objects: children, parameters, methods, ``forward`` of the layers known by heart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Optional, Tuple

from mmfix.model.knowledge.openmmlab import registries as openmmlab
from mmfix.model.knowledge.openmmlab.registries import known_name
from mmfix.model.knowledge.torch import filling, layers, order
from mmfix.model.machine.joining import join
from mmfix.model.machine.values import (
    DATA,
    MISSING,
    UNKNOWN,
    Either,
    Instance,
    Method,
    NativeClass,
    NativeRef,
    Opaque,
    Param,
    PyDict,
    PyList,
    Raised,
    Registry,
    is_scalar,
)

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

#: Attribute that names what ``object.__setattr__`` put there: not registered with torch.
HIDDEN = "\0hidden"
#: Attributes that hold the forward hooks of a module, and those called before its forward.
HOOKS, HOOKS_BEFORE = "\0hooks", "\0hooks before"
_LISTS = frozenset({"ModuleList", "Sequential", "ParameterList"})
_DICTS = frozenset({"ModuleDict", "ParameterDict"})
CONTAINERS = _LISTS | _DICTS
#: Their methods that change them and are not followed.
_CHANGES = frozenset({"pop", "popitem", "clear", "setdefault", "__delitem__", "__setitem__", "__iadd__"})

Run = Callable[..., Any]


def is_module(m: Machine, value: Any) -> bool:
    """Whether torch registers a value as a submodule."""
    if not isinstance(value, Instance):
        return False
    return value.cls.is_module if isinstance(value.cls, NativeClass) else value.cls.is_module(m)


def children(m: Machine, instance: Instance) -> Iterator[Tuple[str, Instance]]:
    """The registered submodules."""
    hidden = instance.items.get(HIDDEN, ())
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
    hidden = instance.items.get(HIDDEN, ())
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


# -- making and filling ----------------------------------------------------------------


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
    if name in _LISTS:
        filling.fill_list(m, instance, args)
    elif name in _DICTS:
        filling.fill_dict(m, instance, args)
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
        instance.lost = f"torch's {name} is not known"
    for position, key in enumerate(("in_channels", "out_channels", "kernel_size", "stride", "padding")):
        if cls.name.startswith("Conv"):
            given = kwargs.get(key, args[position] if position < len(args) else MISSING)
            if given is not MISSING:
                instance.items[key] = given
    for position, key in enumerate(("in_features", "out_features")):
        if cls.name == "Linear":
            instance.items[key] = kwargs.get(key, args[position] if position < len(args) else UNKNOWN)
    if cls.name in ("BatchNorm2d", "SyncBatchNorm", "LayerNorm", "GroupNorm"):
        instance.items.setdefault("num_features", args[0] if args else UNKNOWN)
    order.made(m, cls, args, kwargs)
    if openmmlab.is_base_module(cls):
        given = kwargs.get("init_cfg", args[-1] if args and cls.name == "BaseModule" else None)
        instance.items.setdefault("init_cfg", given)


def attach(m: Machine, target: Instance, name: str, value: Any) -> None:
    """``target.name = value``; a module or parameter is registered, and remembers the line that did it."""
    m.touch(target)
    old = target.items.get(name)
    if m.before_wrap and (type(value) in order.COUNTS or type(old) in order.COUNTS):
        order.placed(m, target, name, value)
    target.items[name] = value
    if m.phase == "step" and is_scalar(value) and is_scalar(old) and value != old:
        m.moving.add((target, name))
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


def elements(instance: Instance) -> List[Any]:
    """The modules of a ModuleList or Sequential, in order; None where there is none."""
    numbered = [value for key, value in instance.items.items() if key.isdigit()]
    if numbered:
        return numbered
    return [value for value in instance.items.values() if isinstance(value, (Instance, Param, Either))]


def subscript(m: Machine, instance: Instance, index: Any) -> Any:
    """``modules[index]``."""
    if isinstance(instance.cls, NativeClass) and instance.cls.name == "InstanceData":
        return instance
    items = elements(instance)
    if isinstance(index, str) and index in instance.items:
        return instance.items[index]
    if instance.lost:
        m.escape(instance)
        return Opaque(m.bits_of(instance), 0, DATA)
    if isinstance(index, int) and -len(items) <= index < len(items):
        return items[index]
    if isinstance(index, slice):
        return filling.part_of(m, instance, index)
    custom = m.attribute(instance, "__getitem__", None)
    if custom is not None and not isinstance(instance.cls, NativeClass):
        return m.call(custom, [index], {})
    if items:
        value = items[0]
        for item in items[1:]:
            value = join(value, item)
        return value
    return m.lost(f"an index into {instance.cls.name} that is not followed")


def set_subscript(m: Machine, instance: Instance, index: Any, value: Any) -> None:
    """``modules[index] = value``."""
    if isinstance(index, str):
        attach(m, instance, index, value)
    elif isinstance(index, int):
        keys = [key for key in instance.items if key.isdigit()]
        if -len(keys) <= index < len(keys):
            attach(m, instance, keys[index], value)
    else:
        m.doubt(f"an entry of a {instance.cls.name} is set that is not known")
        m.escape(value)


def delete(m: Machine, instance: Instance, index: Any) -> None:
    """``del modules[index]``."""
    keys = [key for key in instance.items if key.isdigit()]
    m.doubt(f"an entry of a {instance.cls.name} is deleted")
    if isinstance(index, int) and -len(keys) <= index < len(keys):
        m.touch(instance)
        del instance.items[keys[index]]


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
    if filling.is_kind(instance, "ModuleDict") or instance.cls.name in _DICTS:
        return PyList([name for name, _ in children(m, instance)])
    return PyList(elements(instance), bool(instance.lost))


def truth(m: Machine, instance: Instance) -> Optional[bool]:
    """``bool(module)``: that of a list is whether it is empty."""
    if instance.cls.name in CONTAINERS or filling.is_kind(instance, "ModuleList"):
        return None if instance.lost else bool(elements(instance))
    return True


# -- forward -----------------------------------------------------------------------------


def forward(m: Machine, instance: Instance, cls: NativeClass, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    """What calling a known module gives."""
    name = cls.name
    if name == "Sequential":
        value = args[0] if args else UNKNOWN
        for item in elements(instance):
            value = m.call(item, [value], {})
        return value
    if name in ("Identity", "Module", "BaseModule") and args:
        if name == "Identity":
            return args[0]
        raise Raised(f"{instance.cls.name} has no forward")
    if name in CONTAINERS:
        raise Raised(f"{name} has no forward")
    params = [value for value in instance.items.values() if isinstance(value, Param)]
    return m.flow(*args, *kwargs.values(), *params)


# -- members -------------------------------------------------------------------------------


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
            name, instance, lambda m, receiver, args, kwargs: initialise(m, receiver, base, args, kwargs)
        )
    if name in ("forward", "__call__"):
        return Method(
            name, instance, lambda m, receiver, args, kwargs: forward(m, receiver, base, args, kwargs)
        )
    run = _methods(base).get(name)
    if run is not None:
        return Method(name, instance, run)
    if name == "training":
        return True
    if isinstance(instance.cls, NativeClass):
        if not base.is_module:
            return m.flow(*instance.items.values())
        if base.name in CONTAINERS and name in _CHANGES:
            m.doubt(f"{base.name}.{name} is not followed")
        return UNKNOWN if name not in ("bias", "weight") else MISSING
    return MISSING


def inherited(m: Machine, instance: Instance, name: str) -> Any:
    """A member that a class of the source has from ``nn.Module``, or MISSING."""
    if not is_module(m, instance):
        return MISSING
    if name == "training":
        return True
    if name in ("_modules", "_parameters", "_buffers"):
        m.doubt(f"{name} of a {instance.cls.name} is at hand")
        found: Dict[Any, Any] = (
            dict(children(m, instance)) if name == "_modules" else dict(own_params(instance))
        )
        return PyDict(found) if name != "_buffers" else PyDict()
    bases = [] if isinstance(instance.cls, NativeClass) else instance.cls.mro(m)
    if name in layers.NUMBERS and any(base.name in layers.PARAMETERS for base in bases):
        return UNKNOWN
    return MISSING


def unbound(base: NativeClass, name: str) -> Run:
    """``nn.Module.method`` as a function of the object."""

    def run(m: Machine, receiver: Any, args: List[Any], kwargs: Dict[str, Any]) -> Any:
        if args and isinstance(args[0], Instance):
            return m.call(member(m, args[0], base, name), args[1:], kwargs)
        return m.lost(f"{base.name}.{name} of something that is not followed", *args)

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


def registry_method(name: str) -> Run:
    """A method of a registry."""

    def run(m: Machine, registry: Registry, args: List[Any], kwargs: Dict[str, Any]) -> Any:
        if name == "build":
            return openmmlab.build(m, registry, args, kwargs)
        if name == "get":
            return openmmlab.get(m, registry, args[0] if args else UNKNOWN)
        return UNKNOWN

    return run


def _methods(base: NativeClass) -> Dict[str, Run]:
    from mmfix.model.knowledge.torch.methods import MODULE, MODULE_LIST

    return MODULE_LIST if base.name in CONTAINERS else MODULE
