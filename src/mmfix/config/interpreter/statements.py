"""Statements of a config."""

from __future__ import annotations

import ast
import operator
from typing import Any, Callable, Dict, List, Optional

from mmfix.config.imports import is_base_assignment, is_builtin_module
from mmfix.config.interpreter.access import (
    assign,
    attribute,
    delete,
    index_value,
    store_attribute,
    store_item,
)
from mmfix.config.interpreter.access import item as item_of
from mmfix.config.interpreter.aliases import changed
from mmfix.config.interpreter.calls import apply
from mmfix.config.interpreter.caught import own_kind
from mmfix.config.interpreter.core import (
    STATEMENTS,
    Signal,
    blame_of,
    decided,
    evaluate,
    execute,
    iterate,
    may_leave,
    may_raise,
    opaque,
    tainted,
    truth,
)
from mmfix.config.interpreter.decisions import Raised, Stops
from mmfix.config.interpreter.functions import make_function
from mmfix.config.interpreter.loss import current as now
from mmfix.config.interpreter.loss import has_reach, lose, lose_all
from mmfix.config.interpreter.methods import dict_update, extend_list
from mmfix.config.interpreter.modules import member
from mmfix.config.interpreter.names import names_of
from mmfix.config.interpreter.operators import binary
from mmfix.config.interpreter.poison import poison_calls, poison_names, traced
from mmfix.config.interpreter.state import Function, MethodRef, ModuleRef, Run, Scope, Undecidable, bind
from mmfix.config.interpreter.unions import DICT_UNIONS
from mmfix.config.origin import Blame, Unknown
from mmfix.config.values import LazyName, TreeDict, TreeList, TreeSet, whole_module
from mmfix.errors import ConfigError
from mmfix.wording import say

#: Characters of Python's own words for what went wrong, in which keys and texts of the config may be.
_LONGEST_MESSAGE = 300


def run_module(run: Run, body: List[ast.stmt]) -> None:
    """Evaluate a config's top-level statements.

    Raises:
        ConfigError: MMEngine could not run the file either, or a bound was hit.
    """
    for node in body:
        try:
            execute(run, [node], run.scope)
        except ConfigError:
            raise
        except RecursionError as error:
            raise ConfigError(say("is nested too deeply to be read"), run.source.path, node.lineno) from error
        except Exception as error:
            if isinstance(error, Raised) and error.kind is None:
                raise Stops(say("raises an exception"), run.source.path, node.lineno) from error
            message = str(error) if type(error) is not KeyError else say("key {key}", key=error)
            if len(message) > _LONGEST_MESSAGE:
                message = message[:_LONGEST_MESSAGE] + "..."
            raise Stops(
                say("loading stops here with {kind}: {why}", kind=type(error).__name__, why=message),
                run.source.path,
                node.lineno,
            ) from error


def _assign(run: Run, node: ast.Assign, scope: Scope) -> None:
    if not run.lazy and is_base_assignment(node):
        return  # MMEngine removes it before running the file
    value = evaluate(run, node.value, scope)
    blame = blame_of(run, node.value, scope)
    for target in node.targets:
        assign(run, target, value, blame, scope)


def _annotated(run: Run, node: ast.AnnAssign, scope: Scope) -> None:
    if node.value is not None:
        assign(run, node.target, evaluate(run, node.value, scope), blame_of(run, node.value, scope), scope)


def _augmented(run: Run, node: ast.AugAssign, scope: Scope) -> None:
    target, kind = node.target, type(node.op)
    blame = blame_of(run, node.value, scope)
    if isinstance(target, ast.Name):
        current = evaluate(run, ast.copy_location(ast.Name(target.id, ast.Load()), target), scope)
        value = evaluate(run, node.value, scope)
        if not _change_in_place(run, node, kind, current, value):
            bind(scope, target.id, _computed(run, node, scope, current, value), blame)
        return
    container = evaluate(run, target.value, scope)  # once, and before the value
    if isinstance(target, ast.Attribute):
        current = now(attribute(run, container, target.attr, target))
    else:
        key = index_value(run, target, scope)
        current = now(item_of(run, now(container), key, target))
    if isinstance(current, Unknown) and current.may_be is None:
        current = traced(run, current, [target], scope)
    value = evaluate(run, node.value, scope)
    if _change_in_place(run, node, kind, current, value):  # stored back, and a config dict copies it
        blame = blame_of(run, target, scope).via or blame
        result = now(current)
    else:
        result = _computed(run, node, scope, current, value)
    if isinstance(target, ast.Attribute):
        store_attribute(run, container, result, blame, target)
    else:
        store_item(run, container, key, result, blame, target)


def _computed(run: Run, node: ast.AugAssign, scope: Scope, current: Any, value: Any) -> Any:
    result = binary(run, node, type(node.op), current, value)
    if isinstance(result, Unknown) and result.may_be is None:
        kept = [one for one in (current, value) if has_reach(one)]
        return Unknown(result.reason, result.origin, tuple(kept))
    return result


#: ``|=`` and the like of sets; where it is no set, Python raises.
_SET_CHANGES: Dict[type, Callable[[Any, Any], Any]] = {
    ast.BitOr: operator.ior,
    ast.BitAnd: operator.iand,
    ast.BitXor: operator.ixor,
    ast.Sub: operator.isub,
}


def _is_known_set(value: Any) -> bool:
    return isinstance(value, (set, frozenset)) and not tainted(value)


def _change_in_place(run: Run, node: ast.AugAssign, kind: type, current: Any, value: Any) -> bool:
    """Operators that change their left side instead of making a new value; False for all others."""
    value = now(value)
    if isinstance(now(current), Unknown):
        changed(run, now(current), node, [value])
        return False
    if isinstance(current, TreeList) and kind is ast.Add:
        extend_list(run, node, current, value)
    elif (
        isinstance(current, TreeDict)
        and kind is ast.BitOr
        and (DICT_UNIONS or current.config or current.addict)
    ):
        dict_update(run, node, current, [value], TreeDict())
    elif isinstance(current, TreeList) and kind is ast.Mult and isinstance(value, int):
        run.spend(max(0, len(current) * value), node)
        current *= value
        current.blames *= value
    elif isinstance(current, TreeSet) and kind in _SET_CHANGES and _is_known_set(value):
        run.spend(len(current) + len(value), node)
        _SET_CHANGES[kind](current, value)
    elif isinstance(current, (TreeList, TreeDict, TreeSet)) and (
        isinstance(current, TreeSet) or opaque(value)
    ):
        lose(run, current, say("changed by an operator that is not followed"), node, [value])
    else:
        return False
    return True


def _expression(run: Run, node: ast.Expr, scope: Scope) -> None:
    if not isinstance(node.value, ast.Constant):
        evaluate(run, node.value, scope)


def _if(run: Run, node: ast.If, scope: Scope) -> Optional[Signal]:
    _require_body(run, node)
    known = decided(run, evaluate(run, node.test, scope), node.test)
    if isinstance(known, Unknown):
        poison_names(
            run, [*node.body, *node.orelse], say("depends on a condition: {why}", why=known.reason), scope
        )
        return may_leave([*node.body, *node.orelse])
    return execute(run, node.body if known else node.orelse, scope)


def _for(run: Run, node: ast.For, scope: Scope) -> Optional[Signal]:
    _require_body(run, node)
    values = evaluate(run, node.iter, scope)
    if isinstance(values, (Unknown, ModuleRef, LazyName)):
        poison_names(run, [node], say("set in a loop over an unknown value"), scope)
        return may_leave(node.body, loop=True)
    for item, blame in iterate(run, values, node):
        assign(run, node.target, item, blame or blame_of(run, node.iter, scope), scope)
        signal = execute(run, node.body, scope)
        if signal is not None and signal.kind == "unknown":
            poison_names(run, [node], say("set in a loop that may end early"), scope)
            return may_leave(node.body, loop=True)
        if signal is not None and signal.kind != "continue":
            return None if signal.kind == "break" else signal
    return execute(run, node.orelse, scope)


def _while(run: Run, node: ast.While, scope: Scope) -> Optional[Signal]:
    _require_body(run, node)
    while True:
        run.spend(10, node)
        known = decided(run, evaluate(run, node.test, scope), node.test)
        if isinstance(known, Unknown):
            poison_names(run, [node], say("set in a loop with an unknown condition"), scope)
            return may_leave(node.body, loop=True)
        if not known:
            return execute(run, node.orelse, scope)
        signal = execute(run, node.body, scope)
        if signal is not None and signal.kind == "unknown":
            poison_names(run, [node], say("set in a loop that may end early"), scope)
            return may_leave(node.body, loop=True)
        if signal is not None and signal.kind != "continue":
            return None if signal.kind == "break" else signal


def _require_body(run: Run, node: Any) -> None:
    """A block that holds only ``_base_ = ...`` is empty once MMEngine has removed that line."""
    if not run.lazy and all(is_base_assignment(inner) for inner in node.body):
        run.fail(say("`_base_` inside a block: MMEngine needs it at the top level"), node.body[0])


def _function(run: Run, node: ast.FunctionDef, scope: Scope) -> None:
    decorators = [evaluate(run, decorator, scope) for decorator in node.decorator_list]
    function = make_function(run, node, scope)
    bind(scope, node.name, _decorated(run, node, decorators, function), Blame(run.source.origin(node)))


def _decorated(run: Run, node: Any, decorators: List[Any], value: Any) -> Any:
    """What the decorators make of a function or class, the last one first."""
    for decorator, place in reversed(list(zip(decorators, node.decorator_list))):
        call = ast.copy_location(ast.Call(place, [], []), place)
        value = now(apply(run, call, now(decorator), [now(value)], [None], TreeDict()))
        if isinstance(value, Unknown) and value.may_be is None:
            value = Unknown(value.reason, value.origin, ())
    return value


def _class(run: Run, node: ast.ClassDef, scope: Scope) -> None:
    """What a class does when it is made is followed; the class itself is unknown."""
    if scope.parent is not None:
        raise Undecidable(say("a class in a function"))
    kind = own_kind(run, node, scope)
    if kind is not None:
        bind(scope, node.name, kind, Blame(run.source.origin(node)))
        return
    decorators = [evaluate(run, decorator, scope) for decorator in node.decorator_list]
    bases = [evaluate(run, base, scope) for base in (*node.bases, *(word.value for word in node.keywords))]
    names = names_of(node)
    inner = Scope(TreeDict(), scope, False, frozenset(), names.global_names, names.nonlocal_names)
    inner.is_class = True
    signal = execute(run, node.body, inner)
    assert signal is None or signal.kind == "unknown"
    values = [value for value in (*inner.names.values(), *bases) if has_reach(value)]
    kept = [value for value in values if isinstance(value, (Function, MethodRef))]
    lose_all(
        run, values if bases else kept, say("used in a class"), node
    )  # its methods may be called at any time
    found = run.unknown(say("a class"), node)
    value = _decorated(run, node, decorators, Unknown(found.reason, found.origin, tuple(values)))
    bind(scope, node.name, value, Blame(run.source.origin(node)))


def _import(run: Run, node: ast.Import, scope: Scope) -> None:
    for alias in node.names:
        path = alias.name if alias.asname else alias.name.split(".")[0]
        if run.lazy and alias.asname and not is_builtin_module(path.split(".")[0]):
            bind(scope, alias.asname, whole_module(path), Blame(run.source.origin(node)))
        else:
            if not is_builtin_module(path.split(".")[0]):
                _may_be_missing(run, node)
            bind(scope, alias.asname or path, ModuleRef(path, is_module=True), None)


def _may_be_missing(run: Run, node: ast.stmt) -> None:
    run.unknowns += 1
    if run.trying:
        may_raise(run, node)


def _import_from(run: Run, node: ast.ImportFrom, scope: Scope) -> None:
    module = "." * node.level + str(node.module)
    if run.lazy and module in run.base_modules:
        return  # bound beforehand, see mmfix/config/lazy.py
    for alias in node.names:
        if alias.name == "*":
            run.fail(
                say("`from {module} import *` cannot be followed without running the config", module=module),
                node,
            )
        if run.lazy and not is_builtin_module(module):
            name = LazyName(f"{module}.{alias.name}")
            bind(scope, alias.asname or alias.name, name, Blame(run.source.origin(node)))
            continue
        _may_be_missing(run, node)
        bind(
            scope,
            alias.asname or alias.name,
            member(f"{node.module}.{alias.name}"),
            Blame(run.source.origin(node)),
        )


def _assert(run: Run, node: ast.Assert, scope: Scope) -> None:
    test = evaluate(run, node.test, scope)
    known = decided(run, test, node.test) if run.trying else truth(run, test, node.test)
    if isinstance(known, Unknown) and node.msg is not None:
        poison_calls(run, [node.msg], say("evaluated if an assertion fails"), scope)
    if known is False:
        if node.msg is not None:
            evaluate(run, node.msg, scope)
        raise AssertionError(f"line {node.lineno}")


def _delete(run: Run, node: ast.Delete, scope: Scope) -> None:
    for target in node.targets:
        delete(run, target, scope)


def _return(run: Run, node: ast.Return, scope: Scope) -> Signal:
    return Signal("return", None if node.value is None else evaluate(run, node.value, scope))


STATEMENTS.update(
    {
        ast.Assign: _assign,
        ast.AnnAssign: _annotated,
        ast.AugAssign: _augmented,
        ast.Expr: _expression,
        ast.If: _if,
        ast.For: _for,
        ast.While: _while,
        ast.FunctionDef: _function,
        ast.ClassDef: _class,
        ast.Import: _import,
        ast.ImportFrom: _import_from,
        ast.Assert: _assert,
        ast.Delete: _delete,
        ast.Global: lambda run, node, scope: None,  # `names` knows it from the text
        ast.Nonlocal: lambda run, node, scope: None,
        ast.Pass: lambda run, node, scope: None,
        ast.Return: _return,
        ast.Break: lambda run, node, scope: Signal("break"),
        ast.Continue: lambda run, node, scope: Signal("continue"),
    }
)
