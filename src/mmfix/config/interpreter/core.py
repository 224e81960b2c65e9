"""Evaluate an expression, execute statements: the tables of handlers, and what all of them need."""

from __future__ import annotations

import ast
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from mmfix.config.interpreter.poison import poison_names
from mmfix.config.interpreter.state import Builtin, Function, MethodRef, ModuleRef, Run, Scope
from mmfix.config.origin import Blame, Unknown
from mmfix.config.values import LazyName, TreeDict, TreeList, TreeTuple
from mmfix.python.trees import index_of


class Signal(NamedTuple):
    """Why a block ended early: ``return``, ``break`` or ``continue``."""

    kind: str
    value: Any = None


#: Node type -> its handler. Each module of this package enters its own.
HANDLERS: Dict[type, Callable[[Run, Any, Scope], Any]] = {}
#: The same for statements.
STATEMENTS: Dict[type, Callable[[Run, Any, Scope], Optional[Signal]]] = {}


def evaluate(run: Run, node: ast.AST, scope: Scope) -> Any:
    """The value of an expression.

    Raises:
        ConfigError: A bound was hit.
        Exception: Whatever Python would raise for this expression (the caller names the line).
    """
    if isinstance(node, ast.Constant):
        return node.value
    kind = type(node)
    run.steps += 1
    if run.steps % 1000 == 0:
        run.spend(0, node)
    handler = HANDLERS.get(kind)
    if handler is None:
        return run.unknown(f"{kind.__name__} is not evaluated", node)
    return handler(run, node, scope)


def execute(run: Run, body: Iterable[ast.stmt], scope: Scope) -> Optional[Signal]:
    """Evaluate statements until one ends the block."""
    for node in body:
        run.steps += 1
        handler = STATEMENTS.get(type(node))
        if handler is None:
            poison_names(run, [node], f"{type(node).__name__} is not evaluated", scope)
            continue
        signal = handler(run, node, scope)
        if signal is not None:
            return signal
    return None


def blame_of(run: Run, node: ast.AST, scope: Scope) -> Blame:
    """Blame of an expression: where it stands, and the variable it reads, if it only reads one."""
    via = _read_blame(node, scope) if type(node) in _READS else None
    return tuple.__new__(Blame, (run.source.origin(node), via, None))


_READS = (ast.Name, ast.Attribute, ast.Subscript)


def _read_blame(node: ast.AST, scope: Scope) -> Optional[Blame]:
    """Blame of the slot that ``name``, ``a.b`` or ``a['b']`` reads."""
    path: List[Any] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            path.append(node.attr)
        elif isinstance(node, ast.Subscript) and isinstance(index_of(node.slice), ast.Constant):
            path.append(index_of(node.slice).value)
        else:
            return None
        node = node.value
    found = scope.find(node.id)
    if found is None:
        return None
    blame = found.names.blames.get(node.id)
    value = found.names[node.id]
    for key in reversed(path):
        step = None
        if isinstance(value, TreeDict) and key in value:
            step = value.blames.get(key)
        elif (
            isinstance(value, (TreeList, TreeTuple))
            and isinstance(key, int)
            and -len(value) <= key < len(value)
        ):
            step = value.blames[key]
        else:
            return blame
        blame = step or blame
        value = value[key]
    return blame


def tainted(value: Any) -> bool:
    """True when an Unknown, or an object that only exists while reading, is somewhere inside."""
    if not isinstance(value, (dict, list, tuple, set, frozenset)):
        return opaque(value)
    seen = {id(value)}
    stack = [value]
    while stack:
        container = stack.pop()
        if isinstance(container, TreeDict) and container.missing:
            return True
        for item in container.values() if isinstance(container, dict) else container:
            if isinstance(item, (dict, list, tuple, set, frozenset)):
                if id(item) not in seen:
                    seen.add(id(item))
                    stack.append(item)
            elif opaque(item):
                return True
    return False


def opaque(value: Any) -> bool:
    """True for values that no operator can work on."""
    return isinstance(value, (Unknown, ModuleRef, LazyName, Function, MethodRef, Builtin))


def truth(run: Run, value: Any, node: ast.AST) -> Any:
    """``bool(value)``, or Unknown."""
    if isinstance(value, (Unknown, ModuleRef, LazyName)):
        return value if isinstance(value, Unknown) else run.unknown("an imported object as a condition", node)
    return bool(value)


def iterate(run: Run, value: Any, node: ast.AST) -> Iterator[Tuple[Any, Optional[Blame]]]:
    """The elements of an iterable with their blames, counted against the budget."""
    if isinstance(value, (TreeList, TreeTuple)):
        position = 0
        while position < len(value):  # the loop may change the list it runs over
            run.spend(1, node)
            yield value[position], value.blames[position]
            position += 1
        return
    if isinstance(value, TreeDict):
        if value.missing:
            run.fail("loops over what a base that is not here may have set", node)
        for key in value:
            run.spend(1, node)
            yield key, value.blames.get(key)
        return
    for item in value:
        run.spend(1, node)
        yield item, None
