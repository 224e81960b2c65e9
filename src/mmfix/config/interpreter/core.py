"""Evaluate an expression, execute statements: the tables of handlers, and what all of them need."""

from __future__ import annotations

import ast
from itertools import permutations
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from mmfix.config.interpreter.decisions import Raised
from mmfix.config.interpreter.loss import current, has_reach
from mmfix.config.interpreter.poison import poison_names, traced
from mmfix.config.interpreter.state import (
    MAX_STEPS,
    Builtin,
    Function,
    MethodRef,
    ModuleRef,
    Run,
    Scope,
    Stream,
    Undecidable,
    View,
)
from mmfix.config.origin import Blame, Unknown
from mmfix.config.values import LazyName, TreeDict, TreeList, TreeTuple
from mmfix.python.trees import index_of
from mmfix.wording import say


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
    run.steps += 1
    if isinstance(node, ast.Constant):
        return node.value
    kind = type(node)
    if run.steps > MAX_STEPS:
        run.spend(0, node)
    handler = HANDLERS.get(kind)
    if handler is None:
        poison_names(run, [node], say("{syntax} is not evaluated", syntax=kind.__name__), scope)
        return traced(
            run, run.unknown(say("{syntax} is not evaluated", syntax=kind.__name__), node), [node], scope
        )
    value = handler(run, node, scope)
    if run.losses:
        value = current(value)
    if run.trying and run.unknowns > run.asked:
        may_raise(run, node)
    if type(value) is Unknown:
        run.unknowns += 1
        run.asked += 1  # what is done to it may raise, not that it is there
        if value.may_be is None:
            return traced(run, value, [node], scope)
    return value


def may_raise(run: Run, node: ast.AST) -> None:
    """Something that is not known was just done in a ``try``: it is decided whether it raises.

    Raises:
        Raised: It does.
    """
    run.asked = run.unknowns
    if not _raises_at_last(node):
        run.unclear = True
        return
    choice = run.decisions.choose(2, Unknown(say("may raise an exception"), run.source.origin(node)))
    if choice is None:
        run.unclear = True
    elif choice:
        raise Raised(None)


def _raises_at_last(node: ast.AST) -> bool:
    """Whether nothing that such code does comes after the place where it may raise, if its parts do not."""
    if isinstance(node, ast.Call):
        stars = any(isinstance(arg, ast.Starred) for arg in node.args)
        return not stars and all(keyword.arg is not None for keyword in node.keywords)
    return isinstance(node, _LAST)


#: Import statements are asked before they bind anything.
_LAST = (
    ast.Attribute, ast.BinOp, ast.Compare, ast.FormattedValue, ast.Import, ast.ImportFrom, ast.JoinedStr,
    ast.Name, ast.Subscript, ast.UnaryOp,
)  # fmt: skip


def execute(run: Run, body: Sequence[ast.stmt], scope: Scope) -> Optional[Signal]:
    """Evaluate statements until one ends the block; where it is not known if one does, the rest may run."""
    for position, node in enumerate(body):
        run.steps += 1
        handler = STATEMENTS.get(type(node))
        if handler is None:
            poison_names(run, [node], say("{syntax} is not evaluated", syntax=type(node).__name__), scope)
            signal = may_leave([node])
        else:
            try:
                signal = handler(run, node, scope)
            except (Undecidable, TypeError, AttributeError) as stopped:
                if not isinstance(stopped, Undecidable) and not _of_the_reader(stopped):
                    raise
                poison_names(run, [node], str(stopped), scope)
                signal = may_leave([node])
        if signal is not None:
            rest = body[position + 1 :]
            if signal.kind == "unknown" and rest:
                poison_names(run, rest, say("done unless the block was left"), scope)
            return signal
    return None


#: What stands for values that only exist while a config is read, as Python's errors name it.
_OWN = tuple(f"'{kind.__name__}'" for kind in (Unknown, ModuleRef, LazyName, Function, MethodRef, Builtin))


def _of_the_reader(error: Exception) -> bool:
    """Whether an error is one that Python has with what stands for a value, and not with the value."""
    return any(name in str(error) for name in _OWN)


def may_leave(body: Sequence[ast.AST], loop: bool = False) -> Optional[Signal]:
    """The signal of a block that was not followed: unknown if it may have left the block around it.

    Args:
        loop: The block is a loop's, so only `return` leaves what is around.
    """
    stack: List[Tuple[ast.AST, bool]] = [(node, loop) for node in body]
    while stack:
        node, inside = stack.pop()
        if isinstance(node, ast.Return) or (not inside and isinstance(node, (ast.Break, ast.Continue))):
            return Signal("unknown")
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            continue
        if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            stack.extend((child, True) for child in node.body)
            stack.extend((child, inside) for child in node.orelse)
        else:
            stack.extend((child, inside) for child in ast.iter_child_nodes(node))
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


_INSIDE = (dict, list, tuple, set, frozenset)


def tainted(value: Any) -> bool:
    """True when an Unknown, or an object that only exists while reading, is somewhere inside."""
    if isinstance(value, View):
        value = value.owner
    if not isinstance(value, _INSIDE):
        return opaque(value)
    seen = {id(value)}
    stack = [value]
    while stack:
        container = stack.pop()
        if getattr(container, "lost", None) is not None or (
            isinstance(container, TreeDict) and container.missing
        ):
            return True
        for item in container.values() if isinstance(container, dict) else container:
            if isinstance(item, _INSIDE):
                if id(item) not in seen:
                    seen.add(id(item))
                    stack.append(item)
            elif opaque(item):
                return True
    return False


def opaque(value: Any) -> bool:
    """True for values that no operator can work on."""
    return isinstance(value, (Unknown, ModuleRef, LazyName, Function, MethodRef, Builtin, Stream, View)) or (
        getattr(value, "lost", None) is not None
    )


def truth(run: Run, value: Any, node: ast.AST) -> Any:
    """``bool(value)``, or Unknown."""
    if isinstance(value, (Unknown, ModuleRef, LazyName)):
        return (
            value
            if isinstance(value, Unknown)
            else run.unknown(say("an imported object as a condition"), node)
        )
    if isinstance(value, TreeDict) and value.missing and not value:
        return run.unknown(say("a base that is not here may have set more"), node)
    return bool(value)


def decided(run: Run, value: Any, node: ast.AST) -> Any:
    """``bool(value)`` where something is done or left out for it: decided, if it is not known; or Unknown."""
    known = truth(run, value, node)
    if not isinstance(known, Unknown):
        return known
    may_fail = bool(run.trying) and not isinstance(node, ast.Compare)
    choice = run.decisions.choose(3 if may_fail else 2, known)
    if choice is None:
        run.unclear = run.unclear or may_fail
        return known
    if choice == 2:
        raise Raised(None)
    return not choice


def unordered(value: Any, deep: bool = False) -> bool:
    """Whether a set has no order that is the same in every run (``deep``: one somewhere inside)."""
    seen = {id(value)}
    stack = [value] if isinstance(value, _INSIDE) else []
    while stack:
        container = stack.pop()
        if isinstance(container, (set, frozenset)):
            if len(container) > 1 and not _by_its_numbers(container):
                return True
        elif deep:
            for part in [*container, *container.values()] if isinstance(container, dict) else container:
                if isinstance(part, _INSIDE) and id(part) not in seen:  # a part may be shared many times
                    seen.add(id(part))
                    stack.append(part)
    return False


#: Elements of a set whose order is decided: 6 ways.
_FEW = 3
_SCALARS = (str, bytes, int, float, complex, type(None))
#: Values of which one is decided.
_MOST = 4


def _by_its_numbers(value: Any) -> bool:
    """Whether the order of a set only depends on what is in it.

    That of text differs from process to process; that of small numbers does not depend on how they came in.
    """
    if not all(type(item) in (int, bool) for item in value):
        return False
    up = sorted(value)
    down = up[::-1]
    return list(value) == list(set(up)) == list(set(down))


def in_some_order(run: Run, value: Any, node: ast.AST) -> List[Any]:
    """The elements of a set: in an order that is decided; or as many unknown ones."""
    why = Unknown(say("the order of a set"), run.source.origin(node))
    items = list(value)
    if len(items) <= _FEW and all(isinstance(item, _SCALARS) for item in items):
        items.sort(key=repr)
        orders = list(permutations(items))
        choice = run.decisions.choose(len(orders), why)
        if choice is not None:
            return list(orders[choice])
    run.spend(len(items), node)
    one = Unknown(why.reason, why.origin, tuple(item for item in items if has_reach(item)))
    return [one] * len(items)


def one_decided(run: Run, options: Sequence[Any], why: Unknown) -> Any:
    """One of a few values, decided; Unknown where it is not.

    Raises:
        Raised: It is decided that what gives it raises.
    """
    if 0 < len(options) <= _MOST:
        choice = run.decisions.choose(len(options) + bool(run.trying), why)
        if choice is not None and choice == len(options):
            raise Raised(None)
        if choice is not None:
            return current(options[choice])
    return why


def iterate(run: Run, value: Any, node: ast.AST) -> Iterator[Tuple[Any, Optional[Blame]]]:
    """The elements of an iterable with their blames, counted against the budget.

    Raises:
        Undecidable: Which elements it has, or in which order, is not known.
    """
    if isinstance(value, (Unknown, ModuleRef, LazyName)) or getattr(value, "lost", None) is not None:
        raise Undecidable(say("loops over an unknown value"))
    if isinstance(value, (TreeList, TreeTuple)):
        position = 0
        while position < len(value):  # the loop may change the list it runs over
            run.spend(1, node)
            yield current(value[position]), value.blames[position]
            if run.losses and getattr(value, "lost", None) is not None:
                raise Undecidable(say("loops over a list that it may change"))
            position += 1
        return
    if isinstance(value, (set, frozenset)):
        run.spend(4 * len(value), node)
    if unordered(value):
        value = in_some_order(run, value, node)
    owner = value.owner if isinstance(value, View) else value
    if isinstance(owner, TreeDict):
        if owner.missing:
            raise Undecidable(say("loops over what a base that is not here may have set"))
        for key, blame in (value if isinstance(value, View) else View(owner, "keys")).pairs():
            run.spend(1, node)
            yield current(key), blame
            if owner.lost is not None:
                raise Undecidable(say("loops over a dict that it may change"))
        return
    for item in value:
        run.spend(1, node)
        yield current(item), None
