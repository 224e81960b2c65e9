"""``try`` and ``raise``: what a handler does after a ``raise`` that some steps reach, and after an error."""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING, Any, Callable, List, NamedTuple

from mmfix.model.machine.frame import Contents, Exit, Frame
from mmfix.model.machine.loops import fork
from mmfix.model.machine.state import LEFT, RAISED, THROUGH
from mmfix.model.machine.values import Instance, NativeRef, Raised
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine


class Catcher(NamedTuple):
    """A ``try`` that is followed.

    Attributes:
        node: The statement.
        depth: How many states to undo there were when it began.
        thrown: The states at each ``raise`` that its handlers catch.
    """

    node: Any
    depth: int
    thrown: List[Exit]

    def takes(self, name: str) -> bool:
        """Whether one of its handlers is for exceptions of that name, as far as that is known."""
        return any(_takes(handler, name) for handler in self.node.handlers)


def _takes(handler: Any, name: str) -> bool:
    raised = getattr(builtins, name, None)
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    for kind in kinds:
        caught = getattr(builtins, kind.id, None) if isinstance(kind, ast.Name) else None
        if not (isinstance(raised, type) and isinstance(caught, type)) or issubclass(raised, caught):
            return True
    return False


def raise_statement(m: Machine, node: Any, frame: Frame) -> str:
    """``raise``. Where a handler is written for it, all goes on from there."""
    if not m.rehearsing:
        error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        name = error.id if isinstance(error, ast.Name) else ""
        catcher = next((item for item in reversed(m.catchers) if item.takes(name)), None)
        if catcher is not None:
            catcher.thrown.append(Exit(m.since(catcher.depth), m.assumed))
    raise Raised(say("raise at line {line} of {file}", line=node.lineno, file=frame.scope.path))


def try_statement(m: Machine, node: Any, frame: Frame) -> str:
    """``try``."""
    catcher = Catcher(node, len(m.trail), [])
    level = m.begin() if node.handlers else {}
    try:
        ended = _ways_out(m, node, frame, catcher.thrown, level, lambda: _tried(m, catcher, frame))
    except Raised:
        m.run(node.finalbody, frame)
        raise
    finally:
        if node.handlers:
            m.end(level)
    stopped, stranded = frame.stopped, frame.stranded
    if node.finalbody and m.run(node.finalbody, frame) is LEFT:
        return LEFT
    frame.stopped, frame.stranded = stopped, stranded
    return ended


def _ways_out(
    m: Machine, node: Any, frame: Frame, thrown: List[Exit], level: Contents, body: Callable[[], str]
) -> str:
    depth, assumed, turns = len(m.frames), m.assumed, m.turns
    try:
        ended = body()
    except Raised:
        del m.frames[depth:]
        m.assumed, m.turns = assumed, turns
        if not node.handlers:
            raise
        m.unite(level, thrown, live=True)
        for item in node.body:  # what comes after may be used all the same
            if item.lineno > m.line or hasattr(item, "body"):
                m.escape(mentioned(item, frame))
        return _choose_handler(m, node, frame)
    if thrown:
        stranded = frame.stranded

        def went() -> str:
            frame.stranded = stranded
            return m.run(node.orelse, frame) if ended is THROUGH else ended

        def was_thrown() -> str:
            m.unite(level, thrown, live=False)
            return _choose_handler(m, node, frame)

        return fork(m, [went, was_thrown])
    if ended is THROUGH:
        _handlers(m, node, frame)
        if node.handlers:
            m.assumed = assumed  # a raise on the way is dealt with here, and all goes on
        if node.orelse:
            return m.run(node.orelse, frame)
    return ended


def _tried(m: Machine, catcher: Catcher, frame: Frame) -> str:
    node = catcher.node
    caught, asks = bool(node.handlers), m.asks
    m.catchers.append(catcher)
    m.guards += caught
    m.asks = asks or any(_catches_missing(item) for item in node.handlers)
    try:
        return m.run(node.body, frame)
    finally:
        m.catchers.pop()
        m.guards -= caught
        m.asks = asks


def _catches_missing(handler: Any) -> bool:
    """Whether what is done about an AttributeError is written here: the code asks for an attribute."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(kind, ast.Name) and kind.id == "AttributeError" for kind in kinds)


def mentioned(node: ast.AST, frame: Frame) -> List[Any]:
    """What code that does not run would have at hand: variables, and of objects the attributes it names."""
    found: List[Any] = []
    stack: List[ast.AST] = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, ast.Attribute) and isinstance(item.value, ast.Name):
            owner = frame.items.get(item.value.id)
            if isinstance(owner, Instance):
                found.append(owner.items.get(item.attr, owner))
                continue
        if isinstance(item, ast.Name):
            found.append(frame.items.get(item.id))
        stack.extend(ast.iter_child_nodes(item))
    return found


def _choose_handler(m: Machine, node: Any, frame: Frame) -> str:
    if len(node.handlers) == 1:
        return _handle(m, node.handlers[0], frame)
    return fork(m, [lambda handler=handler: _handle(m, handler, frame) for handler in node.handlers])  # type: ignore[misc]


def _handle(m: Machine, handler: Any, frame: Frame) -> str:
    if handler.name:
        m.assign(frame, handler.name, NativeRef("builtins.Exception"))
    return m.run(handler.body, frame)


def _handlers(m: Machine, node: Any, frame: Frame) -> None:
    """The body may still raise: what only a handler would use is not followed further."""
    for handler in node.handlers:
        aside(m, frame, lambda handler=handler: _handle(m, handler, frame))  # type: ignore[misc]


def aside(m: Machine, frame: Frame, run: Callable[[], str]) -> None:
    """Run a path that a normal step does not take: the modules it runs are lost track of, all else stays.

    What a normal step has computed before, and only this path puts into the loss, a normal step does not use.
    """
    used, m.used = m.used, {}
    catchers, m.catchers = m.catchers, []
    returned = len(frame.returns)
    kept = [list(found) for found in (frame.leaves, frame.continues, frame.breaks)]
    ended, _, after, _ = m.attempt(run)
    m.catchers = catchers
    frame.leaves, frame.continues, frame.breaks = kept
    frame.stopped, frame.stranded = "return", False
    values = [value for value, _ in frame.returns[returned:]]
    if ended is not RAISED and (values or after):
        m.doubt(say("what is done about an error is not followed"))
    del frame.returns[returned:]
    for bit in m.used:
        m.escaped |= bit
    m.used = used
