"""The state of one evaluation: budget, scopes, and values that only exist while a config is read."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any, Callable, Dict, FrozenSet, List, NoReturn, Optional, Set, Union

from mmfix.config.origin import Blame, Unknown
from mmfix.config.source import Source
from mmfix.config.values import TreeDict
from mmfix.errors import ConfigError

#: Evaluated nodes plus created elements in one file; the largest zoo config needs under 3,000.
MAX_STEPS = 500_000
#: Calls of a config's own functions inside each other.
MAX_CALL_DEPTH = 40


class Scope:
    """Names visible at one place; functions and comprehensions have a parent."""

    __slots__ = ("comprehension", "global_names", "names", "parent")

    def __init__(self, names: TreeDict, parent: Optional[Scope] = None, comprehension: bool = False) -> None:
        self.comprehension = comprehension
        self.names = names
        self.parent = parent
        self.global_names: Set[str] = set()

    def top(self) -> Scope:
        """The file's own scope."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def find(self, name: str) -> Optional[Scope]:
        """The nearest scope that binds ``name``, or None."""
        scope: Optional[Scope] = self.top() if name in self.global_names else self
        while scope is not None:
            if name in scope.names:
                return scope
            scope = scope.parent
        return None


class Run:
    """One file being evaluated.

    Attributes:
        source: The file.
        scope: Its top-level scope.
        lazy: It is a lazy config (imported names become ``LazyName``).
        base_modules: Modules a lazy config reads as bases, as its imports spell them.
        steps: Budget used so far.
        active: Scopes of the functions being called.
        unknowns: How many values were found to be unknown so far.
    """

    def __init__(self, source: Source, names: TreeDict, lazy: bool = False) -> None:
        self.source = source
        self.scope = Scope(names)
        self.lazy = lazy
        self.base_modules: FrozenSet[str] = frozenset()
        self.steps = 0
        self.depth = 0
        self.unknowns = 0
        self.active: List[Scope] = []

    def spend(self, amount: int, node: Optional[ast.AST] = None) -> None:
        """Use up budget.

        Raises:
            ConfigError: The config computes more than any config does.
        """
        self.steps += amount
        if self.steps > MAX_STEPS or amount < 0:
            self.fail("computes too much to be a config", node)

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
    if name in scope.global_names:
        scope = scope.top()
    names = scope.names
    if blame is not None:
        names.blames[name] = replacing(blame, names.blames.get(name))
    names[name] = value
