"""``isinstance``, ``getattr`` and their kin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional

from mmfix.model.knowledge.torch import layers
from mmfix.model.knowledge.torch.attributes import detach
from mmfix.model.machine import access, assignment, maybe_scalar
from mmfix.model.machine.classes import ClassInfo
from mmfix.model.machine.joining import join
from mmfix.model.machine.texts import Text
from mmfix.model.machine.values import (
    LOST,
    MISSING,
    TENSOR,
    UNKNOWN,
    Bound,
    Either,
    Function,
    Instance,
    Method,
    NativeClass,
    NativeRef,
    Opaque,
    Param,
    Partial,
    PyDict,
    PyList,
    is_scalar,
)
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

_KINDS: Dict[str, Callable[[Any], bool]] = {
    "list": lambda value: isinstance(value, PyList),
    "tuple": lambda value: isinstance(value, tuple),
    "dict": lambda value: isinstance(value, PyDict),
    "OrderedDict": lambda value: isinstance(value, PyDict),
    "Mapping": lambda value: isinstance(value, PyDict),
    "MutableMapping": lambda value: isinstance(value, PyDict),
    "str": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "int": lambda value: isinstance(value, int),
    "float": lambda value: isinstance(value, float),
    "Number": lambda value: isinstance(value, (int, float, complex)),
    "Sequence": lambda value: isinstance(value, (PyList, tuple, str)),
    "Iterable": lambda value: isinstance(value, (PyList, tuple, str, PyDict)),
    "List": lambda value: isinstance(value, PyList),
    "Tuple": lambda value: isinstance(value, tuple),
    "Dict": lambda value: isinstance(value, PyDict),
    "set": lambda value: isinstance(value, frozenset),
    "range": lambda value: isinstance(value, PyList),
    "Callable": lambda value: isinstance(value, (Function, Bound, Instance, Partial)),
    "NoneType": lambda value: value is None,
    "object": lambda value: True,
}


def is_instance(m: Machine, value: Any, kind: Any) -> Optional[bool]:
    """``isinstance(value, kind)``: True, False, or None when it is not known."""
    if isinstance(kind, (tuple, PyList)):
        if (
            isinstance(value, PyList)
            and value.open
            and {"list", "tuple"}
            <= {getattr(item, "dotted", "").rpartition(".")[2] for item in m.items_of(kind).items}
        ):
            return True
        answers = [is_instance(m, value, item) for item in m.items_of(kind).items]
        return True if True in answers else (None if None in answers else False)
    if isinstance(value, Either):
        found = {is_instance(m, item, kind) for item in value.values}
        return found.pop() if len(found) == 1 else None
    name = (
        kind.rpartition(".")[2] if isinstance(kind, str) else getattr(kind, "dotted", "").rpartition(".")[2]
    )
    if isinstance(value, Opaque):
        if name == "Tensor":
            return True if value.kind == TENSOR else None
        known = (name in _KINDS and name != "object") or _makes_modules(m, kind)
        return False if value.kind == TENSOR and known else None
    if isinstance(value, Param):
        return name in ("Tensor", "Parameter", "object")
    if isinstance(value, Instance):
        return _has_class(m, value, kind)
    if isinstance(kind, ClassInfo):
        return False
    if isinstance(value, PyList) and value.open and name in ("list", "tuple", "List", "Tuple"):
        return None  # a tuple of unknown length is kept as a list
    check = _KINDS.get(name)
    if check is not None:
        return check(value)
    return False if is_scalar(value) or isinstance(value, (PyList, PyDict, tuple)) else None


def _makes_modules(m: Machine, kind: Any) -> bool:
    return (isinstance(kind, NativeClass) and kind.is_module) or (
        isinstance(kind, ClassInfo) and kind.is_module(m)
    )


def _has_class(m: Machine, value: Instance, kind: Any) -> Optional[bool]:
    if isinstance(value.cls, NativeClass):
        names = {value.cls.name, *layers.BASES_OF.get(value.cls.name, ())}
        if value.cls.is_module:
            names.add("Module")
        return getattr(kind, "name", getattr(kind, "dotted", "").rpartition(".")[2]) in names
    order = value.cls.mro(m)
    if isinstance(kind, ClassInfo):
        found = any(
            base is kind or (isinstance(base, ClassInfo) and base.dotted == kind.dotted) for base in order
        )
    else:
        name = getattr(kind, "name", getattr(kind, "dotted", "").rpartition(".")[2])
        if name == "Module":
            found = value.cls.is_module(m)
        else:
            found = any(
                name == base.name
                or (isinstance(base, NativeClass) and name in layers.BASES_OF.get(base.name, ()))
                for base in order
            )
    return True if found else (None if value.cls.unknown_base else False)


def _isinstance(m: Machine, obj: Any, class_or_tuple: Any, /) -> Any:
    answer = is_instance(m, obj, class_or_tuple)
    return (
        maybe_scalar.asked(m, obj, lambda item: is_instance(m, item, class_or_tuple))
        if answer is None
        else answer
    )


def _issubclass(m: Machine, cls: Any, class_or_tuple: Any, /) -> Any:
    if isinstance(cls, (ClassInfo, NativeClass)):
        answer = is_instance(m, Instance(cls), class_or_tuple)
        return UNKNOWN if answer is None else answer
    return UNKNOWN


def _getattr(m: Machine, object: Any, name: Any, default: Any = MISSING, /) -> Any:
    if isinstance(name, str):
        found = m.attribute(object, name, default)
        return join(found, default) if default is not MISSING and isinstance(object, Opaque) else found
    if isinstance(object, Instance):
        found = _by_text(m, object, name)
        if found is not None:
            m.escape(found)
            m.problem(say("getattr by a name that is not known"))
            return Opaque(m.bits_of(found), 0, LOST) if found or default is MISSING else default
        m.escape(object)  # any attribute may be meant
        bits = m.bits_of(object)
        m.problem(say("getattr by a name that is not known"))
        return Opaque(bits, 0, LOST)
    m.doubt(say("getattr by a name that is not known"))
    return m.flow(object)


def _by_text(m: Machine, value: Instance, name: Any) -> Optional[List[Any]]:
    """The attributes that a name with holes may mean; None when it may mean what is not known."""
    if (
        not isinstance(name, Text)
        or value.lost
        or isinstance(value.cls, NativeClass)
        or value.cls.unknown_base
    ):
        return None
    for base in value.cls.mro(m):
        if isinstance(base, ClassInfo) and any(map(name.may_be, (*base.names(), "forward"))):
            return None  # a method, which has all of it at hand
    return name.among(value, value.items, m.conditional)


def _hasattr(m: Machine, obj: Any, name: Any, /) -> Any:
    if isinstance(obj, Instance) and _by_text(m, obj, name) == []:
        return False
    if not isinstance(name, str) or isinstance(obj, (Opaque, NativeRef)):
        return UNKNOWN
    if isinstance(obj, Instance) and obj.lost:
        return True if name in obj.items else UNKNOWN
    if isinstance(obj, Instance) and isinstance(obj.cls, ClassInfo):
        # looking must not run a property
        member = obj.cls.find(m, name)
        m.between_steps.read(obj, name)
        if name in obj.items or member is not MISSING:
            return True
        if obj.cls.unknown_base:
            return UNKNOWN
    return access.attribute(m, obj, name, _ABSENT) is not _ABSENT


_ABSENT = NativeRef("absent")


def _setattr(m: Machine, obj: Any, name: Any, value: Any, /) -> None:
    if isinstance(name, str):
        assignment.set_attribute(m, obj, name, value)
        return
    m.escape(value)
    if isinstance(obj, Instance):
        obj.lost = obj.lost or say("an attribute is set under a name made at run time")


def _delattr(m: Machine, obj: Any, name: Any, /) -> None:
    if isinstance(obj, Instance) and isinstance(name, str):
        detach(m, obj, name)


def _callable(m: Machine, obj: Any, /) -> Any:
    if isinstance(obj, (Function, Bound, Partial, Method, ClassInfo, NativeClass, Instance)):
        return True
    return False if is_scalar(obj) or isinstance(obj, (PyList, PyDict, tuple)) else UNKNOWN


def _type(m: Machine, object: Any, bases: Any = MISSING, dict: Any = MISSING, /) -> Any:
    if bases is not MISSING:
        return m.lost(say("a class is made by type()"), bases, dict)
    if isinstance(object, Instance):
        return object.cls
    if is_scalar(object) or isinstance(object, (tuple, frozenset)):
        return NativeRef(f"builtins.{type(object).__name__}")
    if isinstance(object, (PyList, PyDict)):
        return NativeRef("builtins.list" if isinstance(object, PyList) else "builtins.dict")
    return UNKNOWN


CALLS: Dict[str, Callable[..., Any]] = {
    "builtins.isinstance": _isinstance, "builtins.issubclass": _issubclass, "builtins.getattr": _getattr,
    "builtins.hasattr": _hasattr, "builtins.setattr": _setattr, "builtins.delattr": _delattr,
    "builtins.callable": _callable, "builtins.type": _type,
}  # fmt: skip
