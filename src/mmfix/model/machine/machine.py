"""The machine: one abstract run of a model's code. Nothing is imported, no code of the model really runs."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import Any, Callable, Dict, FrozenSet, List, Mapping, Optional, Set, Tuple

from mmfix.model.machine import access, building, calls, expressions, indexing, paths, statements, tables
from mmfix.model.machine.classes import ClassInfo
from mmfix.model.machine.codes import MAKERS, code_of
from mmfix.model.machine.frame import Exit, Frame
from mmfix.model.machine.joining import is_record, join
from mmfix.model.machine.paths import Ways
from mmfix.model.machine.protocol import Knowledge
from mmfix.model.machine.scopes import Scope, is_read
from mmfix.model.machine.state import THROUGH, State
from mmfix.model.machine.values import (
    MISSING,
    UNKNOWN,
    Bound,
    Either,
    Function,
    GaveUp,
    Instance,
    Opaque,
    Partial,
    PyList,
    Raised,
)
from mmfix.repository.library import Library, SourceModule
from mmfix.wording import say

MAKERS.update(expressions.MAKERS)
MAKERS.update(statements.MAKERS)


class Machine(State):
    """Evaluates expressions, runs statements and calls functions of source code on abstract values.

    Attributes:
        library: Where source is found.
        known: What is known by heart.
        default_scope: The registry scope of types without a prefix.
        era: ``mmengine`` or ``mmcv1``.
        named: The modules that the config has imported.
        beside: What the builder hands to the model from beside its dict: ``train_cfg`` in the mmcv 1.x era.
    """

    __slots__ = (
        "_files", "_registered", "_scopes", "ambiguous", "beside", "default_scope", "era", "known",
        "library", "losses", "named", "opened",
    )  # fmt: skip

    def __init__(
        self,
        library: Library,
        known: Knowledge,
        default_scope: Optional[str],
        era: str,
        named: Tuple[str, ...] = (),
        seconds: Optional[float] = None,
    ) -> None:
        super().__init__(seconds)
        self.library = library
        self.known = known
        self.default_scope = default_scope
        self.era = era
        self.named = named
        self.beside: Mapping[str, Any] = {}
        self.losses: List[Any] = []
        self.ambiguous: Dict[str, str] = {}
        self.opened: Set[str] = set()  # configs that the model reads while it is built
        self._scopes: Dict[str, Optional[Scope]] = {}
        self._files: Dict[str, Scope] = {}
        self._registered: Dict[Tuple[str, Optional[str], Optional[str]], Any] = {}

    # -- evaluation --------------------------------------------------------------

    def eval(self, node: ast.expr, frame: Frame) -> Any:
        """The value of an expression."""
        try:
            code = node.code  # type: ignore[attr-defined]
        except AttributeError:
            code = code_of(node)
        return code(self, frame)

    def run(self, body: List[ast.stmt], frame: Frame) -> str:
        """Run statements: ``through``, or ``left`` when they returned, broke or continued."""
        for node in body:
            self.steps = steps = self.steps + 1
            if steps >= self.look_at:
                self.check_bounds()
            try:
                code = node.code  # type: ignore[attr-defined]
            except AttributeError:
                code = code_of(node)
            ended: str = code(self, frame)
            if ended is not THROUGH:
                return ended
        return THROUGH

    def call(self, function: Any, args: List[Any], kwargs: Dict[str, Any], rest: Any = MISSING) -> Any:
        """A call; ``rest`` stands for keyword arguments under unknown names."""
        self.step()
        return calls.call(self, function, args, kwargs, rest)

    def attribute(self, value: Any, name: str, default: Any = MISSING) -> Any:
        """``value.name``; what cannot be found is lost, or ``default`` if given."""
        return access.attribute(self, value, name, default)

    def truth(self, value: Any) -> Optional[bool]:
        """Whether a value is true; None when that is not known."""
        return value if value is True or value is False else indexing.truth(self, value)

    def items_of(self, value: Any) -> PyList:
        """What iterating over a value gives; an open list when its length is not known."""
        return indexing.items_of(self, value)

    def choose(self, branches: List[Callable[[], Any]], ways: Ways = ()) -> Any:
        """Run every branch from the same state; go on from all that do not raise, with the joined result.

        ``ways``: what holds on each of them, where that is known.
        """
        ways = ways or paths.ways(self, len(branches))
        found = [self.attempt(branch, sides) for branch, sides in zip(branches, ways)]
        found = [end for end in found if end.ended is THROUGH]
        if not found:
            raise Raised(say("every branch raises"))
        self.settle([Exit(end.after, end.path) for end in found])
        return self.either([(end.result, end.path) for end in found])

    def each(self, value: Any, action: Callable[[Any], Any]) -> Any:
        """``action`` on a value, or on each alternative of one that is not known."""
        if not isinstance(value, Either):
            return action(value)
        values = paths.alternatives(self, value)
        if len(values) == 1:
            return action(values[0])
        ways = paths.ways_between(value, values)
        branches: List[Callable[[], Any]] = [lambda item=item: action(item) for item in values]  # type: ignore[misc]
        choosing = self.choosing
        self.choosing = choosing or not any(
            isinstance(item, Instance) and not is_record(item)
            for item in (getattr(item, "receiver", item) for item in values)
        )
        try:
            return self.choose(branches, ways)
        except Raised:
            if choosing or not self.choosing:
                raise
        finally:
            self.choosing = choosing
        return self.choose(branches, ways)

    # -- names -----------------------------------------------------------------------

    def module_scope(self, dotted: str) -> Optional[Scope]:
        """The names of a source module, or None when it has no source that is read."""
        if dotted not in self._scopes:
            module = self.library.module(dotted) if is_read(dotted) else None
            if module is not None and module.problem is not None:
                self.problem(module.problem.reason, module.problem.place, module.problem.kind)
            self._scopes[dotted] = None if module is None or module.tree is None else self._scope(module)
        return self._scopes[dotted]

    def _scope(self, module: SourceModule) -> Scope:
        """One file is one module, by whatever names it is imported."""
        if not module.path.endswith(".py"):
            return Scope(module)
        if module.file not in self._files:
            self._files[module.file] = Scope(module)
        return self._files[module.file]

    @property
    def files(self) -> Tuple[str, ...]:
        """The files that were read so far."""
        return tuple(
            sorted({scope.path for scope in self._scopes.values() if scope is not None} | self.opened)
        )

    def lookup(self, name: str, frame: Frame) -> Any:
        """The value of a variable, or MISSING."""
        scope: Optional[Frame] = frame
        while scope is not None:
            if name in scope.items:
                return scope.items[name]
            scope = scope.parent
        value = frame.scope.lookup(self, name)
        return self.known.builtin(name) if value is MISSING else value

    def assign(self, frame: Frame, name: str, value: Any) -> None:
        """Bind a variable: a local one, unless the function declares it ``nonlocal`` or ``global``."""
        if not frame.outer or name not in frame.outer:
            if self.trail:
                self.touch(frame)
            frame.items[name] = value
            return
        home = frame.parent
        while home is not None and name not in home.items:
            home = home.parent
        if home is None:
            old = frame.scope.lookup(self, name)
            frame.scope.values[name] = value if old is MISSING else join(old, value)  # is never undone
            return
        self.touch(home)
        home.items[name] = value

    # -- definitions --------------------------------------------------------------------

    def define_function(self, node: Any, frame: Frame, cls: Optional[ClassInfo]) -> Any:
        """The function a ``def`` makes; a known one of a framework is replaced by what is known of it."""
        closure = frame if frame.function is not None else frame.parent
        if cls is None and closure is None:
            known = self.known.known_name(f"{frame.scope.dotted}.{node.name}")
            if known is not None:
                return known
        function = Function(node, frame.scope, closure, cls)
        function.decorators = decorators_of(node)
        function.no_grad = bool(function.decorators & {"no_grad", "inference_mode"})
        if closure is not None:
            calls.evaluate_defaults(self, function, frame)
        return self._decorated(
            function, node, frame if closure is not None or cls is not None else frame.scope.frame
        )

    def _decorated(self, function: Function, node: Any, frame: Frame) -> Any:
        """What the decorators of the source make of a function; those of libraries leave it as it is."""
        result: Any = function
        for item in reversed(node.decorator_list):
            target = item.func if isinstance(item, ast.Call) else item
            known = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
            if known in _PLAIN_DECORATORS:
                continue
            decorator = self.eval(item, frame)
            if isinstance(decorator, (Function, Bound, Partial, Instance)):
                made = self.call(decorator, [result], {})
                if isinstance(made, (Function, Partial, Instance)):
                    result = made
                elif isinstance(made, Opaque):
                    self.escaped |= made.may
        if isinstance(result, Function) and result is not function:
            result.decorators |= function.decorators & _KINDS
        return result

    def define_class(self, node: ast.ClassDef, frame: Frame) -> Any:
        """The class a ``class`` statement makes."""
        if frame.function is None:
            known = self.known.known_name(f"{frame.scope.dotted}.{node.name}")
            if known is not None:
                return known
        return ClassInfo(node, frame)

    def registered(self, name: str, scope: Optional[str], registry: Optional[str]) -> Any:
        """The class or function registered under a name; lost when it is not found or not one."""
        key = (name, scope, registry)
        if key not in self._registered:
            self._registered[key] = building.registered(self, name, scope, registry)
        return self._registered[key]

    def imported(self, scope: Scope, name: str, value: Any) -> Any:
        """The value of a name that a module assigns, after the code that fills it at import."""
        return tables.imported(self, scope, name, value)

    def module_assignment(self, node: Any, frame: Frame, name: str) -> Any:
        """The value a module-level assignment gives to ``name``."""
        if node.value is None:
            return MISSING
        value = self.eval(node.value, frame)
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if isinstance(target, ast.Name) and target.id == name:
                return value
            if isinstance(target, (ast.Tuple, ast.List)):
                items = self.items_of(value)
                for position, item in enumerate(target.elts):
                    if isinstance(item, ast.Name) and item.id == name:
                        known = not items.open and position < len(items.items)
                        return items.items[position] if known else UNKNOWN
        return UNKNOWN

    def class_assignment(self, node: Any, cls: ClassInfo, name: str) -> Any:
        """The value an assignment in a class body gives to ``name``."""
        for item in ast.walk(node.value):
            if isinstance(item, ast.Name) and item.id != name and item.id in cls.names():
                cls.member(self, item.id)
        return self.module_assignment(node, cls.frame, name)

    # -- bounds -----------------------------------------------------------------------------

    def enter(self, frame: Frame) -> None:
        """A call begins."""
        if len(self.frames) > 70:
            raise GaveUp(say("calls nest too deeply"))
        frame.called_at = self.here
        self.frames.append(frame)

    def leave(self) -> None:
        """A call ends."""
        self.frames.pop()


_KINDS = frozenset(
    {"property", "cached_property", "staticmethod", "classmethod", "setter", "abstractproperty"}
)
#: Decorators with a meaning of their own, and those that leave a function as it is.
_PLAIN_DECORATORS = _KINDS | {
    "no_grad", "inference_mode", "enable_grad", "abstractmethod", "register_module", "wraps",
    "contextmanager", "lru_cache", "deprecated_api_warning", "force_fp32", "auto_fp16", "dataclass",
    "lazy_property", "lazyproperty", "register", "script", "ignore", "unused", "export", "overload",
    "deleter", "getter", "script_if_tracing",
}  # fmt: skip


@lru_cache(maxsize=None)
def decorators_of(node: Any) -> FrozenSet[str]:
    """The last names of a definition's decorators: ``no_grad`` for ``@torch.no_grad()``."""
    names = set()
    for item in getattr(node, "decorator_list", ()):
        target = item.func if isinstance(item, ast.Call) else item
        if isinstance(target, ast.Attribute):
            names.add(target.attr)
        elif isinstance(target, ast.Name):
            names.add(target.id)
    return frozenset(names)
