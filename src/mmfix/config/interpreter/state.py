"""The state of one evaluation: budget, scopes, and values that only exist while a config is read."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any, Callable, Dict, FrozenSet, Iterator, List, NoReturn, Optional, Tuple, Union

from mmfix.config.interpreter.decisions import Decisions
from mmfix.config.origin import Blame, Unknown
from mmfix.config.source import Source
from mmfix.config.values import Loss, TreeDict, TreeTuple
from mmfix.errors import ConfigError
from mmfix.wording import say

#: Evaluated nodes, and work as `mmfix.python.bounds` counts it, in one file; the largest zoo config needs
#: under 10,000.
MAX_STEPS = 300_000
#: Calls of a config's own functions inside each other.
MAX_CALL_DEPTH = 40


class Undecidable(Exception):
    """What follows depends on something unknown: the statement it stands in is not followed at all."""


class Scope:
    """Names visible at one place; functions and comprehensions have a parent.

    Attributes:
        names: What is bound.
        parent: The scope around it.
        own: The names that are its own, bound or not; empty at the top of a file.
        global_names: Names declared `global` here.
        nonlocal_names: Names declared `nonlocal` here.
        comprehension: `:=` binds outside of it.
        is_class: The body of a class: functions in it do not see its names.
        watched: Names that code which is not followed may use at any time: what is done to values there.
    """

    __slots__ = (
        "comprehension",
        "global_names",
        "is_class",
        "names",
        "nonlocal_names",
        "own",
        "parent",
        "watched",
    )

    def __init__(
        self,
        names: TreeDict,
        parent: Optional[Scope] = None,
        comprehension: bool = False,
        own: FrozenSet[str] = frozenset(),
        global_names: FrozenSet[str] = frozenset(),
        nonlocal_names: FrozenSet[str] = frozenset(),
    ) -> None:
        self.names = names
        self.parent = parent
        self.comprehension = comprehension
        self.is_class = False
        self.own = own
        self.global_names = global_names
        self.nonlocal_names = nonlocal_names
        self.watched: Optional[Dict[str, Callable[[Any], Any]]] = None

    def top(self) -> Scope:
        """The file's own scope."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def find(self, name: str) -> Optional[Scope]:
        """The scope whose ``name`` is read here, or None where it is not bound."""
        scope: Optional[Scope] = self
        while scope is not None:
            if name in scope.names and (scope is self or not scope.is_class):
                return scope
            if name in scope.own:
                return None  # not bound yet, or deleted: outer names are not looked at
            if name in scope.global_names:
                scope = scope.top()
                return scope if name in scope.names else None
            scope = scope.parent
        return None

    def outside(self) -> Scope:
        """The scope around the comprehensions that this one is of: `:=` binds there."""
        scope = self
        while scope.comprehension and scope.parent is not None:
            scope = scope.parent
        return scope

    def home(self, name: str) -> Scope:
        """The scope that a binding of ``name`` goes to."""
        if name in self.global_names:
            return self.top()
        if name in self.nonlocal_names:
            scope = self.parent
            while scope is not None and scope.parent is not None:
                if name in scope.own:
                    return scope
                scope = scope.parent
        return self

    def source(self, name: str) -> Scope:
        """The scope that ``name`` is read from here, bound or not."""
        scope = self
        while scope.parent is not None and name not in scope.own:
            scope = scope.top() if name in scope.global_names else scope.parent
        return scope


class Run:
    """One file being evaluated.

    Attributes:
        source: The file.
        scope: Its top-level scope.
        lazy: It is a lazy config (imported names become ``LazyName``).
        base_modules: Modules a lazy config reads as bases, as its imports spell them.
        decisions: What is taken for true of that which only the run knows.
        steps: Budget used so far.
        unknowns: How often something unknown was met so far.
        losses: How many containers are lost so far.
        trying: How many `try` statements with handlers are around what is evaluated.
        asked: The ``unknowns`` of which it was decided whether they raise.
        unclear: That was not decided of something.
        escaped: Functions that code which is not followed may call.
        handled: Exceptions whose handlers are running.
    """

    def __init__(
        self, source: Source, names: TreeDict, lazy: bool = False, decisions: Optional[Decisions] = None
    ) -> None:
        self.source = source
        self.scope = Scope(names)
        self.lazy = lazy
        self.base_modules: FrozenSet[str] = frozenset()
        self.decisions = Decisions() if decisions is None else decisions
        self.steps = self.decisions.steps
        self.depth = 0
        self.unknowns = 0
        self.losses = 0
        self.trying = 0
        self.asked = 0
        self.unclear = False
        self.escaped: List[Function] = []
        self.handled: List[Exception] = []

    def spend(self, amount: int, node: Optional[ast.AST] = None) -> None:
        """Use up budget.

        Raises:
            ConfigError: The config computes more than any config does.
        """
        self.steps += amount
        if self.steps > MAX_STEPS or amount < 0:
            self.fail(say("computes too much to be a config"), node)

    def fail(self, message: str, node: Optional[ast.AST] = None) -> NoReturn:
        """Give up on this file."""
        raise ConfigError(message, self.source.path, getattr(node, "lineno", None))

    def unknown(self, reason: str, node: ast.AST) -> Unknown:
        """A value that would need running code."""
        self.unknowns += 1
        return Unknown(reason, self.source.origin(node))


@dataclass(frozen=True)
class ModuleRef:
    """A really imported module, or something inside one: ``os``, ``os.path.join``.

    Attributes:
        path: Its dotted name.
        is_module: It was bound by ``import x``; MMEngine drops modules from the config.
    """

    path: str
    is_module: bool = False


@dataclass(frozen=True)
class MethodRef:
    """A method looked up on a value, not called yet."""

    owner: Any
    name: str


@dataclass(eq=False)
class Function:
    """A function or lambda defined by the config. Calling it runs the interpreter."""

    node: Union[ast.FunctionDef, ast.Lambda]
    scope: Scope
    defaults: Dict[str, Any]
    call: Callable[..., Any]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the function, as ``map`` and ``sorted`` do."""
        return self.call(self, args, kwargs)


class Stream:
    """An iterator: what it gives is computed when it is asked for, as in Python.

    Attributes:
        run: The file, whose budget pays for each element.
        items: Where it comes from.
        roots: What it looks at on its way; once one of these is lost, what comes is not known.
        width: Parts of an element.
        give_up: Called with a reason once it is not followed any more: names that it binds are lost.
        lost: It may have been advanced by code that is not followed.
    """

    __slots__ = ("give_up", "items", "lost", "roots", "run", "width")

    def __init__(
        self,
        run: Run,
        items: Iterator[Any],
        roots: Tuple[Any, ...],
        width: int = 1,
        give_up: Optional[Callable[[str], None]] = None,
    ) -> None:
        self.run = run
        self.items = items
        self.roots = roots
        self.width = width
        self.give_up = give_up
        self.lost: Optional[Loss] = None

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> Any:
        self.run.spend(self.width + len(self.roots))
        try:
            if self.lost is not None or any(getattr(root, "lost", None) is not None for root in self.roots):
                raise Undecidable(say("an iterator over something unknown"))
            return next(self.items)
        except Undecidable as stopped:
            if self.give_up is not None:
                self.give_up(str(stopped))
            raise


class View:
    """``keys()``, ``values()`` or ``items()`` of a dict: what is in the dict when it is looked at."""

    __slots__ = ("kind", "owner")

    def __init__(self, owner: TreeDict, kind: str) -> None:
        self.owner = owner
        self.kind = kind

    @property
    def native(self) -> Any:
        """Python's own view."""
        return getattr(self.owner, self.kind)()

    @property
    def lost(self) -> Optional[Loss]:
        """Whether the dict is."""
        return self.owner.lost

    def pairs(self) -> Iterator[Tuple[Any, Optional[Blame]]]:
        """Its elements, and what set them."""
        steps = self.owner.blames
        if self.kind == "keys":
            return ((key, steps.get(key)) for key in self.owner)
        if self.kind == "values":
            return ((value, steps.get(key)) for key, value in self.owner.items())
        return (
            (TreeTuple(item, (steps.get(item[0]), steps.get(item[0]))), steps.get(item[0]))
            for item in self.owner.items()
        )

    def __iter__(self) -> Iterator[Any]:
        return (item for item, _ in self.pairs())

    def __len__(self) -> int:
        return len(self.owner)


@dataclass(frozen=True)
class Builtin:
    """A builtin the reader knows, by name."""

    name: str


#: How far back one file's own rebindings are remembered (loops would make endless chains).
_MAX_REBINDINGS = 16


def replacing(blame: Blame, old: Optional[Blame]) -> Blame:
    """``blame`` after the value of ``old``; a place that sets the same slot again counts once."""
    step = old
    for _ in range(_MAX_REBINDINGS):
        if step is None:
            return blame._replace(previous=old)
        if step.origin == blame.origin:
            return blame._replace(previous=step.previous)
        step = step.previous
    return blame


def bind(scope: Scope, name: str, value: Any, blame: Optional[Blame]) -> None:
    """Bind a name; a rebound name remembers what it replaced."""
    scope = scope.home(name)
    if scope.watched is not None and name in scope.watched:
        value = scope.watched[name](value)
    names = scope.names
    if blame is not None:
        names.blames[name] = replacing(blame, names.blames.get(name))
    names[name] = value
