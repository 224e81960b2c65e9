"""Statements. Each handler says how it ended: ``through``, or ``left`` by return, break or continue."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, Callable, Dict, List

from mmfix.model.machine import assignment, paths
from mmfix.model.machine.call_expressions import call_for_effect
from mmfix.model.machine.classes import ClassInfo
from mmfix.model.machine.codes import Code, code_of, statement
from mmfix.model.machine.emptiness import emptiness, expected, mark
from mmfix.model.machine.expressions import binary
from mmfix.model.machine.frame import Frame
from mmfix.model.machine.loops import for_loop, fork, while_loop
from mmfix.model.machine.scopes import absolute_name, from_import, import_value
from mmfix.model.machine.state import LEFT, THROUGH
from mmfix.model.machine.trying import aside, raise_statement, try_statement
from mmfix.model.machine.values import (
    UNKNOWN,
    Bound,
    Either,
    Function,
    GaveUp,
    Instance,
    Method,
    NativeRef,
    Opaque,
    PyList,
    Raised,
)
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

_NO_GRAD = frozenset({"no_grad", "inference_mode"})


def _not_followed(m: Machine, node: Any, frame: Frame) -> str:
    """A statement of a later Python. Raises GaveUp."""
    raise GaveUp(say("the statement {node} is not followed", node=type(node).__name__))


def _ignore(m: Machine, node: Any, frame: Frame) -> str:
    return THROUGH


def _expr(node: Any) -> Code:
    kind = type(node.value)
    if kind is ast.Constant:
        return statement(_ignore)(node)
    value, line = call_for_effect(node.value) if kind is ast.Call else code_of(node.value), node.lineno

    def code(m: Machine, frame: Frame) -> str:
        m.line = line
        value(m, frame)
        return THROUGH

    return code


def _assign(node: Any) -> Code:
    value, targets, line = code_of(node.value), node.targets, node.lineno
    name = targets[0].id if len(targets) == 1 and type(targets[0]) is ast.Name else None

    def code(m: Machine, frame: Frame) -> str:
        m.line = line
        found = value(m, frame)
        m.line = line
        if name is not None and found is not UNKNOWN:
            m.assign(frame, name, found)
        else:
            for target in targets:
                assignment.unpack(m, target, found, frame)
        return THROUGH

    return code


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
    value = binary(m, type(node.op).__name__, left, right)
    if isinstance(value, Opaque):
        value.own_memory = isinstance(left, Opaque) and left.own_memory
    assignment.store(m, place, value, frame)
    assignment.changed_in_place(m, left, value)
    return THROUGH


def _return(node: Any) -> Code:
    value, line = None if node.value is None else code_of(node.value), node.lineno

    def code(m: Machine, frame: Frame) -> str:
        m.line = line
        found = None if value is None else value(m, frame)
        frame.returns.append((found, m.assumed))
        frame.stopped, frame.stranded = "return", False
        return LEFT

    return code


def _assert(m: Machine, node: Any, frame: Frame) -> str:
    if m.truth(m.eval(node.test, frame)) is False:
        raise Raised(say("assertion at line {line} of {file}", line=node.lineno, file=frame.scope.path))
    return THROUGH


def _if(node: Any) -> Code:
    test, body, other, line = code_of(node.test), node.body, node.orelse, node.lineno

    def code(m: Machine, frame: Frame) -> str:
        m.line = line
        value = test(m, frame)
        truth = m.truth(value)
        if truth is None:
            return _either_branch(m, node, value, frame)
        taken = body if truth else other
        return m.run(taken, frame) if taken else THROUGH

    return code


def _either_branch(m: Machine, node: Any, value: Any, frame: Frame) -> str:
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


_HANDLERS: Dict[Any, Callable[[Machine, Any, Frame], str]] = {
    ast.AnnAssign: _annotated, ast.AugAssign: _augmented,
    ast.Raise: raise_statement, ast.Assert: _assert, ast.For: for_loop,
    ast.AsyncFor: for_loop, ast.While: while_loop, ast.Break: _break, ast.Continue: _break,
    ast.With: _with, ast.AsyncWith: _with, ast.Try: try_statement, ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function, ast.ClassDef: _class, ast.Import: _import,
    ast.ImportFrom: _import_from, ast.Delete: _delete, ast.Pass: _ignore, ast.Global: _ignore,
    ast.Nonlocal: _ignore,
}  # fmt: skip
for _name, _handler in (("TryStar", try_statement), ("Match", _match)):  # Python 3.11 and 3.10
    if hasattr(ast, _name):
        _HANDLERS[getattr(ast, _name)] = _handler
MAKERS: Dict[Any, Callable[[Any], Code]] = {
    **{kind: statement(_HANDLERS.get(kind, _not_followed)) for kind in ast.stmt.__subclasses__()},
    ast.Expr: _expr, ast.Assign: _assign, ast.Return: _return, ast.If: _if,
}  # fmt: skip
