"""Expressions of a config -> values. A value that would need running code is an ``Unknown``."""

from __future__ import annotations

import ast
import operator
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Tuple

from mmfix.config.interpreter import limits
from mmfix.config.interpreter.state import Builtin, Function, MethodRef, ModuleRef, Run, Scope, bind
from mmfix.config.origin import Blame, Unknown
from mmfix.config.values import LazyName, TreeDict, TreeList, TreeTuple


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
    handler = _HANDLERS.get(kind)
    if handler is None:
        return run.unknown(f"{kind.__name__} is not evaluated", node)
    return handler(run, node, scope)


def blame_of(run: Run, node: ast.AST, scope: Scope) -> Blame:
    """Blame of an expression: where it stands, and the variable it reads, if it only reads one."""
    via = None
    if type(node) in (ast.Name, ast.Attribute, ast.Subscript):
        via = _read_blame(node, scope)
    return Blame(run.source.origin(node), via)


def _read_blame(node: ast.AST, scope: Scope) -> Optional[Blame]:
    """Blame of the slot that ``name``, ``a.b`` or ``a['b']`` reads."""
    path: List[Any] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            path.append(node.attr)
        elif isinstance(node, ast.Subscript) and isinstance(_index(node), ast.Constant):
            path.append(_index(node).value)
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


def tainted(value: Any, depth: int = 0) -> bool:
    """True when an Unknown is somewhere inside."""
    if isinstance(value, Unknown):
        return True
    if depth > 50:
        return True
    if isinstance(value, dict):
        return any(tainted(item, depth + 1) for item in value.values())
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(tainted(item, depth + 1) for item in value)
    return isinstance(value, (ModuleRef, MethodRef, Function, Builtin, LazyName))


def truth(run: Run, value: Any, node: ast.AST) -> Any:
    """``bool(value)``, or Unknown."""
    if isinstance(value, (Unknown, ModuleRef, LazyName)):
        return value if isinstance(value, Unknown) else run.unknown("an imported object as a condition", node)
    return bool(value)


def iterate(run: Run, value: Any, node: ast.AST) -> Iterator[Tuple[Any, Optional[Blame]]]:
    """The elements of an iterable with their blames, counted against the budget."""
    blames: Iterable[Optional[Blame]]
    if isinstance(value, (TreeList, TreeTuple)):
        blames = value.blames
        for item, blame in zip(list(value), list(blames)):
            run.spend(1, node)
            yield item, blame
        return
    if isinstance(value, TreeDict):
        for key in list(value):
            run.spend(1, node)
            yield key, value.blames.get(key)
        return
    for item in value:
        run.spend(1, node)
        yield item, None


def _index(node: ast.Subscript) -> Any:
    """The index expression; Python 3.8 wraps it in ``ast.Index``."""
    index: Any = node.slice
    return index.value if type(index).__name__ == "Index" else index


def _name(run: Run, node: ast.Name, scope: Scope) -> Any:
    found = scope.find(node.id)
    if found is not None:
        return found.names[node.id]
    from mmfix.config.interpreter.calls import BUILTINS, CONSTANTS, UNREADABLE

    if node.id in CONSTANTS:
        return CONSTANTS[node.id]
    if node.id in UNREADABLE:
        run.fail(f"uses {node.id}(), which cannot be followed without running the config", node)
    if node.id in BUILTINS:
        return Builtin(node.id)
    import builtins

    if hasattr(builtins, node.id):
        return run.unknown(f"{node.id} is not evaluated", node)
    raise NameError(f"name '{node.id}' is not defined")


def _list(run: Run, node: ast.List, scope: Scope) -> Any:
    items = _elements(run, node.elts, scope)
    if items is None:
        return run.unknown("unpacks an unknown value", node)
    return TreeList(*items)


def _tuple(run: Run, node: ast.Tuple, scope: Scope) -> Any:
    items = _elements(run, node.elts, scope)
    if items is None:
        return run.unknown("unpacks an unknown value", node)
    return TreeTuple(items[0], tuple(items[1]))


def _set(run: Run, node: ast.Set, scope: Scope) -> Any:
    items = _elements(run, node.elts, scope)
    if items is None or tainted(items[0]):
        return run.unknown("a set of unknown values", node)
    return set(items[0])


def _elements(
    run: Run, nodes: List[ast.expr], scope: Scope
) -> Optional[Tuple[List[Any], List[Optional[Blame]]]]:
    values: List[Any] = []
    blames: List[Optional[Blame]] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            inner = evaluate(run, node.value, scope)
            if isinstance(inner, (Unknown, ModuleRef)):
                return None
            for item, blame in iterate(run, inner, node):
                values.append(item)
                blames.append(blame)
        else:
            values.append(evaluate(run, node, scope))
            blames.append(blame_of(run, node, scope))
    run.spend(len(values))
    return values, blames


def _dict(run: Run, node: ast.Dict, scope: Scope) -> Any:
    result = TreeDict()
    for key_node, value_node in zip(node.keys, node.values):
        if key_node is None:
            if not spread(result, evaluate(run, value_node, scope), unique=False):
                return run.unknown("unpacks an unknown value", value_node)
            continue
        key = evaluate(run, key_node, scope)
        if tainted(key):
            return run.unknown("a dict key is unknown", key_node)
        result[key] = evaluate(run, value_node, scope)
        result.blames[key] = blame_of(run, value_node, scope)
    return result


def spread(result: TreeDict, mapping: Any, unique: bool) -> bool:
    """``**mapping`` into ``result``; False when the mapping is unknown.

    Raises:
        TypeError: Not a mapping, or (``unique``) a key given twice, as in a call.
    """
    if isinstance(mapping, (Unknown, ModuleRef)):
        return False
    if not isinstance(mapping, dict):
        raise TypeError(f"argument after ** must be a mapping, not {type(mapping).__name__}")
    for key, value in mapping.items():
        if unique and key in result:
            raise TypeError(f"got multiple values for keyword argument '{key}'")
        result[key] = value
    if isinstance(mapping, TreeDict):
        result.blames.update(mapping.blames)
    return True


def _binary(run: Run, node: ast.BinOp, scope: Scope) -> Any:
    left = evaluate(run, node.left, scope)
    right = evaluate(run, node.right, scope)
    return binary(run, node, type(node.op), left, right)


def binary(run: Run, node: ast.AST, kind: type, left: Any, right: Any) -> Any:
    """A binary operation on values, with blames carried over for sequences and dicts."""
    if _opaque(left) or _opaque(right) or (kind is ast.Mod and tainted(right)):
        return run.unknown("computed from an unknown value", node)
    if kind is ast.BitOr and isinstance(left, dict) and isinstance(right, dict):
        merged = TreeDict(left, config=getattr(left, "config", False))
        merged.blames = dict(getattr(left, "blames", {}))
        spread(merged, right, unique=False)
        return merged
    result = limits.BINARY[kind](run, node, left, right)
    if isinstance(result, (list, tuple)):
        blames: List[Optional[Blame]] = []
        if kind is ast.Add:
            blames = [*_blames(left), *_blames(right)]
        elif kind is ast.Mult:
            sequence = left if isinstance(left, (list, tuple)) else right
            blames = _blames(sequence) * (len(result) // max(1, len(sequence)))
        return TreeList(result, blames) if isinstance(result, list) else TreeTuple(result, tuple(blames))
    return result


def _blames(value: Any) -> List[Optional[Blame]]:
    return list(getattr(value, "blames", None) or [None] * len(value))


def _opaque(value: Any) -> bool:
    return isinstance(value, (Unknown, ModuleRef, LazyName, Function, MethodRef, Builtin))


def _unary(run: Run, node: ast.UnaryOp, scope: Scope) -> Any:
    value = evaluate(run, node.operand, scope)
    if _opaque(value):
        return run.unknown("computed from an unknown value", node)
    if isinstance(node.op, ast.Not):
        return not value
    if isinstance(node.op, ast.USub):
        return -value
    return +value if isinstance(node.op, ast.UAdd) else ~value


def _bool(run: Run, node: ast.BoolOp, scope: Scope) -> Any:
    value: Any = None
    stop_at = isinstance(node.op, ast.Or)
    for item in node.values:
        value = evaluate(run, item, scope)
        known = truth(run, value, item)
        if isinstance(known, Unknown):
            return known
        if known is stop_at:
            return value
    return value


_COMPARE: Dict[type, Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}


def _compare(run: Run, node: ast.Compare, scope: Scope) -> Any:
    left = evaluate(run, node.left, scope)
    for op, right_node in zip(node.ops, node.comparators):
        right = evaluate(run, right_node, scope)
        kind = type(op)
        identity = kind in (ast.Is, ast.IsNot)
        keys_only = kind in (ast.In, ast.NotIn) and isinstance(right, dict) and not tainted(left)
        if (
            _opaque(left)
            or _opaque(right)
            or not (identity or keys_only or not (tainted(left) or tainted(right)))
        ):
            return run.unknown("compares an unknown value", node)
        result = _COMPARE[kind](left, right)
        if not result:
            return result
        left = right
    return True


def _if(run: Run, node: ast.IfExp, scope: Scope) -> Any:
    known = truth(run, evaluate(run, node.test, scope), node.test)
    if isinstance(known, Unknown):
        return known
    return evaluate(run, node.body if known else node.orelse, scope)


def _joined(run: Run, node: ast.JoinedStr, scope: Scope) -> Any:
    parts = []
    for part in node.values:
        value = evaluate(run, part, scope)
        if isinstance(value, Unknown):
            return value
        parts.append(value)
    run.spend(sum(len(part) for part in parts) // 16, node)
    return "".join(parts)


_CONVERSIONS: Dict[str, Callable[[Any], str]] = {"s": str, "r": repr, "a": ascii}


def _formatted(run: Run, node: ast.FormattedValue, scope: Scope) -> Any:
    value = evaluate(run, node.value, scope)
    spec = "" if node.format_spec is None else evaluate(run, node.format_spec, scope)
    if tainted(value) or isinstance(spec, Unknown):
        return run.unknown("text made from an unknown value", node)
    limits.check_format(run, node, spec)
    if node.conversion > 0:
        value = _CONVERSIONS[chr(node.conversion)](value)
    return format(value, spec)


def _subscript(run: Run, node: ast.Subscript, scope: Scope) -> Any:
    value = evaluate(run, node.value, scope)
    index_node = _index(node)
    if isinstance(index_node, ast.Slice):
        bounds = [
            None if part is None else evaluate(run, part, scope)
            for part in (index_node.lower, index_node.upper, index_node.step)
        ]
        index: Any = Unknown("an unknown bound") if tainted(bounds) else slice(*bounds)
    else:
        index = evaluate(run, index_node, scope)
    if isinstance(value, (Unknown, ModuleRef)) or tainted(index):
        return run.unknown("part of an unknown value", node)
    result = value[index]
    if isinstance(index, slice) and isinstance(value, (TreeList, TreeTuple)):
        blames = value.blames[index]
        return TreeList(result, list(blames)) if isinstance(value, list) else TreeTuple(result, tuple(blames))
    return result


def _attribute(run: Run, node: ast.Attribute, scope: Scope) -> Any:
    value = evaluate(run, node.value, scope)
    name = node.attr
    if isinstance(value, Unknown):
        return run.unknown("part of an unknown value", node)
    if isinstance(value, LazyName):
        return LazyName(f"{value.path}.{name}")
    if isinstance(value, ModuleRef):
        from mmfix.config.interpreter.modules import member

        return member(f"{value.path}.{name}")
    if isinstance(value, Builtin):
        return ModuleRef(f"{value.name}.{name}")
    if isinstance(value, TreeDict):
        if hasattr(dict, name) or (value.config and name in ("merge", "to_dict")):
            return MethodRef(value, name)
        if value.config and name in value:
            return value[name]
        raise AttributeError(f"'{'ConfigDict' if value.config else 'dict'}' object has no attribute '{name}'")
    if isinstance(value, (Function, MethodRef)):
        return run.unknown("an attribute of a function", node)
    if not hasattr(type(value), name):
        raise AttributeError(f"'{type(value).__name__}' object has no attribute '{name}'")
    return MethodRef(value, name)


def _call(run: Run, node: ast.Call, scope: Scope) -> Any:
    func = node.func
    if type(func) is ast.Name and func.id == "dict" and not node.args and scope.find("dict") is None:
        return keywords(run, node, scope)
    from mmfix.config.interpreter.calls import call

    return call(run, node, scope)


def keywords(run: Run, node: ast.Call, scope: Scope) -> Any:
    """The keyword arguments of a call as a dict with blames, or Unknown."""
    result = TreeDict()
    blames = result.blames
    for keyword in node.keywords:
        value_node = keyword.value
        value = evaluate(run, value_node, scope)
        name = keyword.arg
        if name is None:
            if not spread(result, value, unique=True):
                return run.unknown("unpacks an unknown value", value_node)
            continue
        if name in result:
            raise TypeError(f"got multiple values for keyword argument '{name}'")
        result[name] = value
        blames[name] = blame_of(run, value_node, scope)
    return result


def _comprehension(run: Run, node: Any, scope: Scope) -> Any:
    results: List[Any] = []
    blames: List[Optional[Blame]] = []
    is_dict = isinstance(node, ast.DictComp)

    def collect(inner: Scope) -> None:
        if is_dict:
            results.append((evaluate(run, node.key, inner), evaluate(run, node.value, inner)))
        else:
            results.append(evaluate(run, node.elt, inner))
        blames.append(blame_of(run, node.value if is_dict else node.elt, inner))

    failure = _generate(run, node.generators, 0, scope, collect)
    if failure is not None:
        return failure
    if is_dict:
        mapping = TreeDict()
        for (key, value), blame in zip(results, blames):
            if tainted(key):
                return run.unknown("a dict key is unknown", node)
            mapping[key] = value
            if blame is not None:
                mapping.blames[key] = blame
        return mapping
    if isinstance(node, ast.SetComp):
        return run.unknown("a set of unknown values", node) if tainted(results) else set(results)
    return iter(results) if isinstance(node, ast.GeneratorExp) else TreeList(results, blames)


def _generate(
    run: Run,
    generators: List[ast.comprehension],
    position: int,
    scope: Scope,
    collect: Callable[[Scope], None],
) -> Optional[Unknown]:
    """Run the loops of a comprehension; the Unknown that stopped it, if one did."""
    if position == len(generators):
        collect(scope)
        return None
    generator = generators[position]
    values = evaluate(run, generator.iter, scope)
    if isinstance(values, (Unknown, ModuleRef)):
        return run.unknown("loops over an unknown value", generator.iter)
    for item, blame in iterate(run, values, generator.iter):
        inner = Scope(TreeDict(), scope)
        assign(run, generator.target, item, blame, inner)
        for condition in generator.ifs:
            known = truth(run, evaluate(run, condition, inner), condition)
            if isinstance(known, Unknown):
                return known
            if not known:
                break
        else:
            failure = _generate(run, generators, position + 1, inner, collect)
            if failure is not None:
                return failure
    return None


def _walrus(run: Run, node: ast.NamedExpr, scope: Scope) -> Any:
    value = evaluate(run, node.value, scope)
    bind(scope, node.target.id, value, blame_of(run, node.value, scope))
    return value


def _lambda(run: Run, node: ast.Lambda, scope: Scope) -> Any:
    from mmfix.config.interpreter.functions import make_function

    return make_function(run, node, scope)


def assign(run: Run, target: ast.AST, value: Any, blame: Optional[Blame], scope: Scope) -> None:
    """Store a value in a name, attribute, item or tuple of targets."""
    from mmfix.config.interpreter.targets import assign as assign_target

    if isinstance(target, ast.Name):
        bind(scope, target.id, value, blame)
    else:
        assign_target(run, target, value, blame, scope)


_HANDLERS: Dict[type, Callable[[Run, Any, Scope], Any]] = {
    ast.Name: _name,
    ast.List: _list,
    ast.Tuple: _tuple,
    ast.Set: _set,
    ast.Dict: _dict,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _bool,
    ast.Compare: _compare,
    ast.IfExp: _if,
    ast.JoinedStr: _joined,
    ast.FormattedValue: _formatted,
    ast.Subscript: _subscript,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.NamedExpr: _walrus,
    ast.Lambda: _lambda,
}
