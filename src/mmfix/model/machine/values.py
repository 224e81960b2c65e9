"""The values of the abstract interpreter.

Python scalars, tuples, strings and ``None`` stand for themselves. What is not known is :class:`Opaque`: a
tensor, a batch, what is computed from them. What can be changed is :class:`Storage`: a branch can be undone.

Parameters are bits: a set of them is an ``int``, and the union of two sets is ``|``.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, Callable, Dict, FrozenSet, List, Optional, Tuple, Union

from mmfix.config.keypath import KeyPath
from mmfix.model.machine.conditions import CLOCK, NO_GIVEN, PICKED, PLAIN, Given, Note, Side
from mmfix.model.machine.notes import NO_NOTES
from mmfix.python.place import Place
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.classes import ClassInfo
    from mmfix.model.machine.frame import Frame
    from mmfix.model.machine.scopes import Scope

#: Kinds of opaque values: a tensor, what the trainer gives (neither is None), data, what was lost track of.
TENSOR, GIVEN, DATA, LOST = "tensor", "given", "data", "lost"
_MOST_ITEMS = 200_000  # in one list


class Opaque:
    """A value that is not known, and the parameters that a gradient through it reaches.

    Attributes:
        may: Parameters it may depend on (bits).
        must: Parameters it depends on in every run (bits), a subset of ``may``.
        kind: ``tensor``, ``data`` or ``lost``.
        given, note: What it must depend on beside, and what else is known of it, by conditions.
        born: When it came to be.
        own_memory: It is no view of another tensor, nor that tensor itself.
    """

    __slots__ = ("born", "given", "kind", "may", "must", "note", "own_memory")

    def __init__(
        self, may: int = 0, must: int = 0, kind: str = TENSOR, given: Given = NO_GIVEN, note: Note = PLAIN
    ) -> None:
        self.may = may
        self.must = must
        self.kind = kind
        self.given = given
        self.note = note
        self.born = next(CLOCK)
        self.own_memory = False

    def like(self, kind: str = "") -> Opaque:
        """Another value that depends on the same."""
        note = PICKED if self.note is not PLAIN and self.note.picked else PLAIN
        return Opaque(self.may, self.must, kind or self.kind, self.given, note)

    def __repr__(self) -> str:
        return f"Opaque({self.kind}, may={self.may:b}, must={self.must:b})"


#: A known absence of knowledge: a number from a shape, a flag from the data. No parameter is behind it.
UNKNOWN = Opaque(0, 0, DATA)
#: What a member of a tensor gives, called or not, that has no gradient: ``x.size()``, ``x.shape``.
NUMBERS = Opaque(0, 0, DATA)


class Missing:
    """No value here: a parameter without a default, a key that a branch did not set."""


MISSING = Missing()


class Storage:
    """Something mutable. Undoing a branch needs ``save`` and ``load``; what is ``born`` in one stays."""

    __slots__ = ("born", "items")
    born: int
    items: Any

    def save(self) -> Any:
        """A copy of the contents."""
        return self.items.copy()

    def load(self, saved: Any) -> None:
        """Put saved contents back."""
        self.items = saved


class PyDict(Storage):
    """A dict.

    Attributes:
        path: Where the config holds it.
        rest: Stands for entries under unknown keys; MISSING when there are none.
        maybe: Keys that only one of several paths has set.
        owner: The module whose ``_modules`` or ``_parameters`` it is: what changes here changes there.
    """

    __slots__ = ("maybe", "owner", "path", "rest")
    items: Dict[Any, Any]

    def __init__(
        self, items: Optional[Dict[Any, Any]] = None, path: Optional[KeyPath] = None, rest: Any = MISSING
    ) -> None:
        self.born = next(CLOCK)
        self.items = {} if items is None else items
        self.path, self.rest = path, rest
        self.maybe: FrozenSet[Any] = frozenset()
        self.owner: Optional[Instance] = None

    def save(self) -> Any:
        """A copy of the contents."""
        return self.items.copy(), self.rest, self.maybe

    def load(self, saved: Any) -> None:
        """Put saved contents back."""
        self.items, self.rest, self.maybe = saved[0].copy(), saved[1], saved[2]


class PyList(Storage):
    """A list; an ``open`` one has unknown length, and items that stand for all.

    Attributes:
        path: Where the config holds it.
        tail: How many items of an open list are the last in it; each other is in it at least once.
    """

    __slots__ = ("open", "path", "tail")
    items: List[Any]

    def __init__(
        self,
        items: Optional[List[Any]] = None,
        open_: bool = False,
        path: Optional[KeyPath] = None,
        tail: int = 0,
    ) -> None:
        self.born = next(CLOCK)
        self.items = [] if items is None else items
        if len(self.items) > _MOST_ITEMS:
            raise GaveUp(say("a list of more than {count} items", count=_MOST_ITEMS))
        self.open, self.path, self.tail = open_, path, tail

    def save(self) -> Any:
        """A copy of the contents."""
        return self.items.copy(), self.open, self.tail

    def load(self, saved: Any) -> None:
        """Put saved contents back."""
        self.items, self.open, self.tail = saved[0].copy(), saved[1], saved[2]


class Param(Storage):
    """A parameter of the model. ``requires_grad`` is True, False, or None when it depends on the run.

    Attributes:
        bit: Its bit.
        created: The line that made it.
        owner: The class whose code made it.
        frozen_at: The line that last set ``requires_grad`` to False.
        frozen_by: The object whose method ran it.
    """

    __slots__ = ("bit", "created", "frozen_at", "frozen_by", "owner")

    def __init__(self, bit: int, requires_grad: Optional[bool], created: Optional[Place], owner: str) -> None:
        self.born = next(CLOCK)
        self.bit = bit
        self.items = requires_grad
        self.created = created
        self.owner = owner
        self.frozen_at: Optional[Place] = None
        self.frozen_by: Optional[Instance] = None

    @property
    def requires_grad(self) -> Optional[bool]:
        """Whether it takes part in training."""
        return self.items  # type: ignore[no-any-return]

    def save(self) -> Any:
        """A copy of the contents."""
        return self.items

    def load(self, saved: Any) -> None:
        """Put saved contents back."""
        self.items = saved


class Instance(Storage):
    """An object of a class that was read, or of a known library class; ``items`` are its attributes.

    Attributes:
        notes: What is remembered of it beside them.
        cls: Its class.
        key: The config dict it was built from, if it was.
        created: The line that put it into its module.
        owner: The class whose code put it there.
        calls: Lines that called it while gradients were recorded.
        calls_without_grad: Lines that called it under ``no_grad``.
        lost: Why nothing more can be said about it; empty when all is well.
    """

    __slots__ = ("calls", "calls_without_grad", "cls", "created", "key", "lost", "notes", "owner")
    items: Dict[str, Any]

    def __init__(self, cls: Union[ClassInfo, NativeClass], key: Optional[KeyPath] = None) -> None:
        self.born = next(CLOCK)
        self.items = {}
        self.notes = NO_NOTES
        self.cls = cls
        self.key = key
        self.created: Optional[Place] = None
        self.owner = ""
        self.calls: List[Place] = []
        self.calls_without_grad: List[Place] = []
        self.lost = ""

    def save(self) -> Any:
        """A copy of the contents."""
        return self.items.copy(), self.notes

    def load(self, saved: Any) -> None:
        """Put saved contents back."""
        self.items, self.notes = saved[0].copy(), saved[1]

    def __repr__(self) -> str:
        return f"<{self.cls.name}>"


class NativeClass:
    """A library class the interpreter knows by heart: ``torch.nn.Conv2d``, ``mmengine.model.BaseModule``.

    Attributes:
        name: Its last name.
        dotted: Its full name.
        is_module: Whether it is a ``torch.nn.Module``.
    """

    __slots__ = ("dotted", "is_module", "name")

    def __init__(self, dotted: str, is_module: bool) -> None:
        self.dotted = dotted
        self.name = dotted.rpartition(".")[2]
        self.is_module = is_module

    def __repr__(self) -> str:
        return f"<class {self.dotted}>"


class NativeRef:
    """A dotted name of a library that is not read: ``torch.nn.functional.relu``, ``math.sqrt``."""

    __slots__ = ("dotted",)

    def __init__(self, dotted: str) -> None:
        self.dotted = dotted

    def __repr__(self) -> str:
        return f"<{self.dotted}>"


class ModuleRef:
    """A source module: what ``import x`` binds."""

    __slots__ = ("scope",)

    def __init__(self, scope: Scope) -> None:
        self.scope = scope


FunctionNode = Union[ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda]


class Function:
    """A function of the source, with the scope it closes over and the class it is defined in."""

    __slots__ = ("closure", "cls", "decorators", "defaults", "kw_defaults", "no_grad", "node", "scope")

    def __init__(
        self,
        node: FunctionNode,
        scope: Scope,
        closure: Optional[Frame],
        cls: Optional[ClassInfo],
    ) -> None:
        self.node = node
        self.scope = scope
        self.closure = closure
        self.cls = cls
        self.defaults: Optional[List[Any]] = None
        self.kw_defaults: Optional[List[Any]] = None
        self.no_grad = False
        self.decorators: FrozenSet[str] = frozenset()

    @property
    def name(self) -> str:
        """Its name, ``<lambda>`` for a lambda."""
        return getattr(self.node, "name", "<lambda>")

    def __repr__(self) -> str:
        return f"<function {self.name}>"


class Bound:
    """A function bound to its first argument."""

    __slots__ = ("function", "receiver")

    def __init__(self, function: Any, receiver: Any) -> None:
        self.function = function
        self.receiver = receiver


class Method:
    """A method of a library value, implemented here: ``list.append``, ``nn.Module.parameters``.

    Attributes:
        run: Called with the machine, the receiver and the arguments, as Python binds them.
    """

    __slots__ = ("name", "receiver", "run")

    def __init__(self, name: str, receiver: Any, run: Callable[..., Any]) -> None:
        self.name = name
        self.receiver = receiver
        self.run = run


class Partial:
    """``functools.partial``; ``rest`` stands for keyword arguments under unknown names."""

    __slots__ = ("args", "function", "kwargs", "rest")

    def __init__(
        self, function: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any], rest: Any = MISSING
    ) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.rest = rest


class Super:
    """``super()``: attribute lookup after ``after`` in the order of ``receiver``'s class."""

    __slots__ = ("after", "receiver")

    def __init__(self, receiver: Instance, after: ClassInfo) -> None:
        self.receiver = receiver
        self.after = after


class Registry:
    """A registry: the package that made it, the object and the function that builds, where in source."""

    __slots__ = ("build_func", "name", "own", "scope")

    def __init__(
        self, name: str, scope: str, own: Optional[Instance] = None, build_func: Optional[Function] = None
    ) -> None:
        self.name, self.scope = name, scope
        self.own, self.build_func = own, build_func


class Either:
    """One of several values; ``when``: the sides that hold for each; ``none``: where it is None."""

    __slots__ = ("none", "values", "when")

    def __init__(self, values: Tuple[Any, ...], when: Tuple[Tuple[Side, ...], ...] = ()) -> None:
        self.values, self.when = values, when
        self.none: Optional[Side] = None


class Many(PyList):
    """``*items`` among the arguments of a call, an open list: any number of them."""

    __slots__ = ()


class Raised(Exception):
    """The interpreted code raises here."""


class GaveUp(Exception):
    """A bound was reached: too many steps, too deep."""


_SCALARS = (int, float, complex, str, bytes, bool, type(None), type(Ellipsis))
PLAIN_SCALARS = frozenset(_SCALARS)
_NO_SCALARS = frozenset({Opaque, PyList, PyDict, Param, Instance, tuple})


def is_scalar(value: Any) -> bool:
    """A Python value that stands for itself and holds nothing."""
    return type(value) in PLAIN_SCALARS or (type(value) not in _NO_SCALARS and isinstance(value, _SCALARS))
