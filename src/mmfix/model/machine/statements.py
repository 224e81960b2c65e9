"""Statements. Each handler says how it ended: ``through``, or ``left`` by return, break or continue."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, Callable, Dict, List

from mmfix.model.machine import assignment, paths
from mmfix.model.machine.call_expressions import call_for_effect
from mmfix.model.machine.classes import ClassInfo
from mmfix.model.machine.emptiness import emptiness, expected, mark
from mmfix.model.machine.expressions import binary
from mmfix.model.machine.frame import Frame
from mmfix.model.machine.loops import for_loop, fork, while_loop
from mmfix.model.machine.scopes import absolute_name, from_import, import_value
from mmfix.model.machine.state import LEFT, RAISED, THROUGH
from mmfix.model.machine.values import (
    Bound,
    Either,
    Function,
    GaveUp,
    Instance,
    Method,
    NativeRef,
    PyList,
    Raised,
)

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

_NO_GRAD = frozenset({"no_grad", "inference_mode"})


def not_followed(m: Machine, node: Any, frame: Frame) -> str:
    """A statement of a later Python. Raises GaveUp."""
    raise GaveUp(f"the statement {type(node).__name__} is not followed")


def _ignore(m: Machine, node: Any, frame: Frame) -> str:
    return THROUGH


def _expr(m: Machine, node: Any, frame: Frame) -> str:
    if isinstance(node.value, ast.Call):
        m.step()
        call_for_effect(m, node.value, frame)
    elif not isinstance(node.value, ast.Constant):
        m.eval(node.value, frame)
    return THROUGH


def _assign(m: Machine, node: Any, frame: Frame) -> str:
    value = m.eval(node.value, frame)
    m.line = node.lineno
    for target in node.targets:
        assignment.unpack(m, target, value, frame)
    return THROUGH


def _annotated(m: Machine, node: Any, frame: Frame) -> str:
    if node.value is not None:
        value = m.eval(node.value, frame)
        m.line = node.lineno
        assignment.unpack(m, node.target, value, frame)
    return THROUGH


def _augmented(m: Machine, node: Any, frame: Frame) -> str:
    place = assignment.refer(m, node.target, frame)
    left, right = assignment.load(m, place, frame), m.eval(node.value, frame)
    m.line = node.lineno
    if isinstance(left, PyList) and isinstance(node.op, ast.Add):
        m.call(m.attribute(left, "extend"), [right], {})
        return THROUGH
    if isinstance(left, Instance) and isinstance(node.op, ast.Add):
        in_place = m.attribute(left, "__iadd__", None)
        if isinstance(in_place, (Bound, Method)):
            assignment.store(m, place, m.call(in_place, [right], {}), frame)
            return THROUGH
    assignment.store(m, place, binary(m, type(node.op).__name__, left, right), frame)
    return THROUGH


def _return(m: Machine, node: Any, frame: Frame) -> str:
    value = None if node.value is None else m.eval(node.value, frame)
    frame.returns.append((value, m.assumed))
    frame.stopped, frame.stranded = "return", False
    return LEFT


def _raise(m: Machine, node: Any, frame: Frame) -> str:
    raise Raised(f"raise at line {node.lineno} of {frame.scope.path}")


def _assert(m: Machine, node: Any, frame: Frame) -> str:
    if m.truth(m.eval(node.test, frame)) is False:
        raise Raised(f"assertion at line {node.lineno} of {frame.scope.path}")
    return THROUGH


def _if(m: Machine, node: Any, frame: Frame) -> str:
    value = m.eval(node.test, frame)
    truth = m.truth(value)
    if truth is not None:
        return m.run(node.body if truth else node.orelse, frame)
    side = paths.side_of(m, value)
    empty_if = emptiness(node.test)
    mark(node.test, side)
    healthy = expected(side)
    if healthy is not None:
        empty_if = not healthy
    if empty_if is not None and (m.nonempty or healthy is not None):
        aside(m, frame, lambda: m.run(node.body if empty_if else node.orelse, frame))
        return m.run(node.orelse if empty_if else node.body, frame)

    def branch(taken: bool) -> str:
        before = m.nonempty
        m.nonempty = before or (empty_if is not None and empty_if is not taken)
        try:
            return m.run(node.body if taken else node.orelse, _narrowed(m, node.test, taken, frame))
        finally:
            m.nonempty = before

    return fork(m, [lambda: branch(True), lambda: branch(False)], [(side,), (paths.opposite(side),)])


def _narrowed(m: Machine, test: Any, truth: bool, frame: Frame) -> Frame:
    """In a branch of ``if x is None`` (or ``if x``), a name that may be None is what the branch says."""
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, truth = test.operand, not truth
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and _is_none(test.comparators[0]):
        if isinstance(test.ops[0], (ast.Is, ast.Eq)):
            test, truth = test.left, not truth
        elif isinstance(test.ops[0], (ast.IsNot, ast.NotEq)):
            test = test.left
    if isinstance(test, ast.Name) and isinstance(frame.items.get(test.id), Either):
        values = frame.items[test.id].values
        kept = tuple(item for item in values if (item is not None) is truth)
        if kept and len(kept) < len(values):
            m.assign(frame, test.id, kept[0] if len(kept) == 1 else Either(kept))
    return frame


def _is_none(node: Any) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _break(m: Machine, node: Any, frame: Frame) -> str:
    frame.stopped, frame.stranded = "break" if isinstance(node, ast.Break) else "continue", False
    return LEFT


def _with(m: Machine, node: Any, frame: Frame) -> str:
    grad = m.grad
    entered: List[Instance] = []
    try:
        unsure = False
        for item in node.items:
            unsure = _enter_context(m, item, frame, entered) or unsure
        if unsure:
            ended = fork(m, [lambda: _without_grad(m, node, frame), lambda: m.run(node.body, frame)])
        else:
            ended = m.run(node.body, frame)
    finally:
        m.grad = grad
    stopped, stranded = frame.stopped, frame.stranded
    for manager in reversed(entered):
        m.call(m.attribute(manager, "__exit__"), [None, None, None], {})
    frame.stopped, frame.stranded = stopped, stranded
    return ended


def _without_grad(m: Machine, node: Any, frame: Frame) -> str:
    m.grad = False
    return m.run(node.body, frame)


def _enter_context(m: Machine, item: ast.withitem, frame: Frame, entered: List[Instance]) -> bool:
    """Switch gradients as a context manager does; True when it may switch them off, or not.

    An object of the source is entered, and noted in ``entered``.
    """
    node = item.context_expr
    target = node.func if isinstance(node, ast.Call) else node
    name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
    if name == "set_grad_enabled" and isinstance(node, ast.Call) and node.args:
        wanted = m.truth(m.eval(node.args[0], frame))
        m.grad = wanted is not False
        return wanted is None
    value = m.eval(node, frame)
    result = value
    if isinstance(value, Instance) and isinstance(value.cls, ClassInfo):
        enter = value.cls.find(m, "__enter__")
        if isinstance(enter, Function) and isinstance(value.cls.find(m, "__exit__"), Function):
            entered.append(value)
            result = m.call(Bound(enter, value), [], {})
    if item.optional_vars is not None:
        assignment.unpack(m, item.optional_vars, result, frame)
    names = {_last_name(one) for one in (value.values if isinstance(value, Either) else (value,))}
    if name in _NO_GRAD or (names and names <= _NO_GRAD):
        m.grad = False
    elif name == "enable_grad" or names == {"enable_grad"}:
        m.grad = True
    return bool(names & _NO_GRAD) and m.grad


def _last_name(value: Any) -> str:
    return value.dotted.rpartition(".")[2] if isinstance(value, NativeRef) else ""


def _try(m: Machine, node: Any, frame: Frame) -> str:
    depth, assumed, turns = len(m.frames), m.assumed, m.turns
    try:
        ended = _tried(m, node, frame)
        if ended is THROUGH:
            _handlers(m, node, frame)
            if node.handlers:
                m.assumed = assumed  # a raise on the way is dealt with here, and all goes on
            if node.orelse:
                ended = m.run(node.orelse, frame)
    except Raised:
        del m.frames[depth:]
        m.assumed, m.turns = assumed, turns
        if not node.handlers:
            m.run(node.finalbody, frame)
            raise
        for item in node.body:  # what comes after may be used all the same
            if item.lineno > m.line or hasattr(item, "body"):
                m.escape(mentioned(item, frame))
        ended = _choose_handler(m, node, frame)
    stopped, stranded = frame.stopped, frame.stranded
    if node.finalbody and m.run(node.finalbody, frame) is LEFT:
        return LEFT
    frame.stopped, frame.stranded = stopped, stranded
    return ended


def _tried(m: Machine, node: Any, frame: Frame) -> str:
    caught, asks = bool(node.handlers), m.asks
    m.guards += caught
    m.asks = asks or any(_catches_missing(item) for item in node.handlers)
    try:
        return m.run(node.body, frame)
    finally:
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
    returned = len(frame.returns)
    kept = [list(found) for found in (frame.leaves, frame.continues, frame.breaks)]
    ended, _, after, _ = m.attempt(run)
    frame.leaves, frame.continues, frame.breaks = kept
    frame.stopped, frame.stranded = "return", False
    values = [value for value, _ in frame.returns[returned:]]
    if ended is not RAISED and (values or after):
        m.doubt("what is done about an error is not followed")
    del frame.returns[returned:]
    for bit in m.used:
        m.escaped |= bit
    m.used = used


def _match(m: Machine, node: Any, frame: Frame) -> str:
    """``match``: which case holds is not looked into; names it binds get the subject."""
    subject = m.eval(node.subject, frame)

    def case(item: Any) -> str:
        for part in ast.walk(item.pattern):
            for field in ("name", "rest"):
                name = getattr(part, field, None)
                if isinstance(name, str):
                    m.assign(frame, name, m.depend(subject))
        if item.guard is not None:
            m.eval(item.guard, frame)
        return m.run(item.body, frame)

    branches: List[Callable[[], str]] = [lambda item=item: case(item) for item in node.cases]  # type: ignore[misc]
    if not _takes_all(node.cases[-1]):
        branches.append(lambda: THROUGH)
    return fork(m, branches, [()] if len(branches) == 1 else ())


def _takes_all(case: Any) -> bool:
    """Whether it is ``case _:`` or ``case name:``, without a guard."""
    return type(case.pattern).__name__ == "MatchAs" and case.pattern.pattern is None and case.guard is None


def _function(m: Machine, node: Any, frame: Frame) -> str:
    m.assign(frame, node.name, m.define_function(node, frame, None))
    return THROUGH


def _class(m: Machine, node: Any, frame: Frame) -> str:
    m.assign(frame, node.name, m.define_class(node, frame))
    return THROUGH


def _import(m: Machine, node: Any, frame: Frame) -> str:
    for alias in node.names:
        name = alias.asname or alias.name.partition(".")[0]
        m.assign(frame, name, import_value(m, node, name))
    return THROUGH


def _import_from(m: Machine, node: Any, frame: Frame) -> str:
    module = absolute_name(frame.scope, node)
    for alias in node.names:
        if alias.name != "*":
            m.assign(frame, alias.asname or alias.name, from_import(m, module, alias.name))
    return THROUGH


def _delete(m: Machine, node: Any, frame: Frame) -> str:
    for target in node.targets:
        assignment.delete(m, target, frame)
    return THROUGH


HANDLERS: Dict[Any, Callable[[Machine, Any, Frame], str]] = {
    ast.Expr: _expr, ast.Assign: _assign, ast.AnnAssign: _annotated, ast.AugAssign: _augmented,
    ast.Return: _return, ast.Raise: _raise, ast.Assert: _assert, ast.If: _if, ast.For: for_loop,
    ast.AsyncFor: for_loop, ast.While: while_loop, ast.Break: _break, ast.Continue: _break,
    ast.With: _with, ast.AsyncWith: _with, ast.Try: _try, ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function, ast.ClassDef: _class, ast.Import: _import,
    ast.ImportFrom: _import_from, ast.Delete: _delete, ast.Pass: _ignore, ast.Global: _ignore,
    ast.Nonlocal: _ignore,
}  # fmt: skip
for _name, _handler in (("TryStar", _try), ("Match", _match)):  # Python 3.11 and 3.10
    if hasattr(ast, _name):
        HANDLERS[getattr(ast, _name)] = _handler
