"""Classes of the source: their order of resolution and their members."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Dict, FrozenSet, List, Mapping, Optional, Tuple, Union

from mmfix.model.machine.foreign import is_foreign
from mmfix.model.machine.frame import Frame
from mmfix.model.machine.joining import join
from mmfix.model.machine.values import MISSING, UNKNOWN, Function, NativeClass, NativeRef, is_scalar
from mmfix.python.place import Place
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine
    from mmfix.model.machine.scopes import Scope

_OBJECT = NativeClass("builtins.object", False)
#: Bases that add nothing a model needs.
_PLAIN = frozenset({
    "builtins.object", "abc.ABC", "abc.ABCMeta", "typing.Generic", "typing.Protocol", "typing.NamedTuple",
})  # fmt: skip

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

Base = Union["ClassInfo", NativeClass]


class ClassInfo:
    """A class of the source.

    Attributes:
        name: Its name.
        setters: Names with a property setter.
        node: Its definition.
        scope: The module it is in.
        frame: Names of its body that were evaluated.
        unknown_base: Why a base of it could not be read; empty when all were.
        absent_base: The name of that base, where its package has no source here; else empty.
        assigned: How many attributes were set on any class: what was found before may be another now.
    """

    assigned = 0

    def __init__(self, node: ast.ClassDef, frame: Frame) -> None:
        self.name = node.name
        self.node = node
        self.scope: Scope = frame.scope
        self.frame = Frame(frame.scope, None, frame if frame.function is not None else frame.parent)
        self.unknown_base = ""
        self.absent_base = ""
        self._bodies, self.setters = _bound(node)
        self._members: Dict[str, Any] = {}
        self._mro: Optional[List[Base]] = None
        self._found: Dict[str, Any] = {}
        self._found_at = 0
        self._setters: Dict[str, Optional[Function]] = {}
        self._complete = False
        self._is_module: Optional[bool] = None

    def __repr__(self) -> str:
        return f"<class {self.dotted}>"

    @property
    def dotted(self) -> str:
        """``mmdet.models.backbones.resnet.ResNet``."""
        return f"{self.scope.dotted}.{self.name}"

    @property
    def place(self) -> Place:
        """Where it is defined."""
        return Place(self.scope.path, self.node.lineno)

    def mro(self, m: Machine) -> List[Base]:
        """Its order of method resolution; ``unknown_base`` is set when a base could not be read."""
        if self._mro is None:
            self._mro = [self]  # a class that inherits itself ends here
            bases = [base for base in (self._base(m, node) for node in self.node.bases) if base is not None]
            orders: List[List[Base]] = [
                base.mro(m) if isinstance(base, ClassInfo) else [base] for base in bases
            ]
            for base in bases:
                if isinstance(base, ClassInfo) and base.unknown_base:
                    self.unknown_base, self.absent_base = base.unknown_base, base.absent_base
            self._mro = [self, *(orders[0] if len(bases) == 1 else _merge([*orders, [*bases]]))]
            self._complete = True
        return self._mro

    def _base(self, m: Machine, node: ast.expr) -> Optional[Base]:
        value = m.eval(node, self.scope.frame if self.frame.parent is None else self.frame.parent)
        if isinstance(value, (ClassInfo, NativeClass)):
            return value
        if isinstance(value, NativeRef):
            if value.dotted in _PLAIN or value.dotted.startswith(("typing.", "collections.", "enum.")):
                return None
            if value.dotted in ("torch.autograd.Function", "openmmlab.Registry"):
                return NativeClass(value.dotted, False)
            known = m.known.native_class(value.dotted)
            if known is not None:
                return known
            self.unknown_base = say("its base class {name} was not found in source", name=value.dotted)
            self.absent_base = value.dotted if is_foreign(value.dotted) else ""
            return None
        if value is not None and not is_scalar(value):
            self.unknown_base = say("a base class of it is made at run time")
        return None

    def member(self, m: Machine, name: str) -> Any:
        """What the class body itself binds to ``name``, or MISSING."""
        if name in self._members:
            return self._members[name]
        node = self._bodies.get(name)
        if node is None:
            return MISSING
        self._members[name] = UNKNOWN  # asked for while it is evaluated
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            value: Any = m.define_function(node, self.frame, self)
        elif isinstance(node, ast.ClassDef):
            value = m.define_class(node, self.frame)
        else:
            value = m.class_assignment(node, self, name)
        self._members[name] = value
        self.frame.items[name] = value
        return value

    def assign(self, name: str, value: Any) -> None:
        """``Class.name = value``; is never undone, so what was there before still counts."""
        old = self._members.get(name, MISSING)
        self._members[name] = value if old is MISSING else join(old, value)
        ClassInfo.assigned += 1

    def setter_of(self, name: str) -> Optional[Function]:
        """The setter its own body defines for a property."""
        for item in self.node.body:
            if isinstance(item, ast.FunctionDef) and item.name == name and _is_setter(item):
                return Function(item, self.scope, self.frame.parent, self)
        return None

    def setter(self, m: Machine, name: str) -> Optional[Function]:
        """What ``self.name = value`` calls, along the order of resolution; None for a plain attribute."""
        if name not in self._setters or not self._complete:
            self._setters[name] = None
            for base in self.mro(m):
                if isinstance(base, ClassInfo) and (name in base.setters or name in base._bodies):
                    self._setters[name] = base.setter_of(name) if name in base.setters else None
                    break
        return self._setters[name]

    def find(self, m: Machine, name: str, after: Optional[ClassInfo] = None) -> Any:
        """A member along the order of resolution, behind ``after`` if given: (member, the class it is of)."""
        if after is not None:
            order = self.mro(m)
            return self._first(m, name, order[order.index(after) + 1 :] if after in order else order[1:])
        if self._found_at != ClassInfo.assigned:
            self._found.clear()
            self._found_at = ClassInfo.assigned
        if name not in self._found:
            value = self._first(m, name, self.mro(m))
            if not self._complete or not (value is MISSING or isinstance(value, (Function, NativeClass))):
                return value  # asked for while it is evaluated, or one that counts each time it is asked for
            self._found[name] = value
        return self._found[name]

    @staticmethod
    def _first(m: Machine, name: str, order: List[Base]) -> Any:
        for base in order:
            if isinstance(base, ClassInfo):
                value = base.member(m, name)
                if value is not MISSING:
                    return value
            elif m.known.has_member(base, name):
                return base
        return MISSING

    def is_module(self, m: Machine) -> bool:
        """Whether it is, as far as known, a ``torch.nn.Module``."""
        if self._is_module is None:
            known = any(isinstance(base, NativeClass) and base.is_module for base in self.mro(m))
            self._is_module = known or self.absent_base != ""  # most classes that a model is made of are
        return self._is_module

    @property
    def is_record(self) -> bool:
        """Whether all its bases were read, and none is a module: its objects only hold values."""
        modules = (isinstance(base, NativeClass) and base.is_module for base in self._mro or ())
        return not (self.unknown_base or any(modules))

    def has_base(self, m: Machine, name: str) -> bool:
        """Whether a class of this last name is among its bases, itself included."""
        return any(base.name == name for base in self.mro(m))

    def names(self) -> List[str]:
        """What the class body binds."""
        return list(self._bodies)

    def method_node(self, name: str) -> Optional[ast.FunctionDef]:
        """The definition of a method in the class body itself."""
        node = self._bodies.get(name)
        return node if isinstance(node, ast.FunctionDef) else None


@lru_cache(maxsize=None)
def _bound(node: ast.ClassDef) -> Tuple[Mapping[str, ast.stmt], FrozenSet[str]]:
    """What a class body binds, and the names with a property setter."""
    found: Dict[str, ast.stmt] = {}
    stack: List[ast.stmt] = list(reversed(node.body))
    while stack:
        item = stack.pop()
        if isinstance(item, _DEFINITIONS):
            if not _is_setter(item):
                found[item.name] = item
        elif isinstance(item, ast.Assign):
            found.update((t.id, item) for t in item.targets if isinstance(t, ast.Name))
        elif isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name) and item.value:
            found[item.target.id] = item
        elif isinstance(item, (ast.If, ast.Try)):
            stack.extend(reversed(item.body))
    return found, frozenset(
        item.name for item in node.body if _is_setter(item) and isinstance(item, _DEFINITIONS)
    )


def _is_setter(node: ast.stmt) -> bool:
    decorators = getattr(node, "decorator_list", [])
    return any(isinstance(item, ast.Attribute) and item.attr in ("setter", "deleter") for item in decorators)


def _merge(orders: List[List[Base]]) -> List[Base]:
    """The C3 merge; where it has no answer, the bases in the order they are met."""
    orders = [list(order) for order in orders if order]
    result: List[Base] = []
    while orders:
        for order in orders:
            head = order[0]
            if not any(_among(head, other[1:]) for other in orders):
                break
        else:
            head = orders[0][0]
        result.append(head)
        orders = [[item for item in order if not _same(item, head)] for order in orders]
        orders = [order for order in orders if order]
    return result


def _among(item: Base, others: List[Base]) -> bool:
    return any(_same(item, other) for other in others)


def _same(a: Base, b: Base) -> bool:
    return a is b or (isinstance(a, NativeClass) and isinstance(b, NativeClass) and a.dotted == b.dotted)
