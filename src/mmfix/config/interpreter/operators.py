"""Operators, comparisons, conditions and formatted text."""

from __future__ import annotations

import ast
import operator
from typing import Any, Callable, Dict, List, Optional

from mmfix.config.interpreter import limits
from mmfix.config.interpreter.aliases import one_of
from mmfix.config.interpreter.containers import spread
from mmfix.config.interpreter.core import (
    HANDLERS,
    decided,
    evaluate,
    iterate,
    opaque,
    tainted,
    truth,
    unordered,
)
from mmfix.config.interpreter.loss import current
from mmfix.config.interpreter.poison import poison_calls
from mmfix.config.interpreter.state import Builtin, Run, Scope, Stream, Undecidable, View
from mmfix.config.interpreter.unions import DICT_UNIONS, united
from mmfix.config.origin import Blame, Unknown
from mmfix.config.values import TreeDict, TreeList, TreeSet, TreeTuple, wrap
from mmfix.python.bounds import outline, size_of_comparison, weight
from mmfix.python.method_bounds import size_of_formatted
from mmfix.wording import say


def _binary(run: Run, node: ast.BinOp, scope: Scope) -> Any:
    left = evaluate(run, node.left, scope)
    right = evaluate(run, node.right, scope)
    return binary(run, node, type(node.op), left, right)


def binary(run: Run, node: ast.AST, kind: type, left: Any, right: Any) -> Any:
    """A binary operation on values, with blames carried over for sequences and dicts."""
    left, right = current(left), current(right)
    if isinstance(left, View) or isinstance(right, View):
        run.spend(weight(_native(left), _native(right)), node)
        if tainted(left) or tainted(right):
            return run.unknown(say("computed from an unknown value"), node)
        left, right = _native(left), _native(right)
    if kind is ast.Mod:
        run.spend(weight(right), node)
    if opaque(left) or opaque(right) or (kind is ast.Mod and (tainted(right) or unordered(right, deep=True))):
        return run.unknown(say("computed from an unknown value"), node)
    dicts = kind is ast.BitOr and isinstance(left, dict) and isinstance(right, dict)
    if dicts and any(getattr(side, flag, False) for side in (left, right) for flag in ("config", "addict")):
        return united(run, node, wrap(left), wrap(right))
    if dicts and DICT_UNIONS:
        if getattr(left, "missing", None) or getattr(right, "missing", None):
            return run.unknown(say("a base that is not here may have set more"), node)
        run.spend(outline(left), node)
        merged = TreeDict(left, config=getattr(left, "config", False))
        merged.blames = dict(getattr(left, "blames", {}))
        spread(run, node, merged, right, unique=False)
        return merged
    if kind is ast.Add and isinstance(left, TreeDict) and left.config and not (left or left.missing):
        return right  # an empty one adds nothing (``addict/addict.py: Dict.__add__``)
    if kind is ast.Add and any(getattr(side, "addict", False) for side in (left, right)):
        return run.unknown(say("`+` of what `|` of config dicts gives"), node)
    result = limits.compute(run, node, kind, left, right)
    if isinstance(result, (list, tuple)):
        blames: List[Optional[Blame]] = []
        if kind is ast.Add:
            blames = [*_blames(left), *_blames(right)]
        elif kind is ast.Mult:
            sequence = left if isinstance(left, (list, tuple)) else right
            blames = _blames(sequence) * (len(result) // max(1, len(sequence)))
        return TreeList(result, blames) if isinstance(result, list) else TreeTuple(result, tuple(blames))
    return TreeSet(result) if isinstance(result, set) else result


def _native(value: Any) -> Any:
    return value.native if isinstance(value, View) else value


def _blames(value: Any) -> List[Optional[Blame]]:
    return list(getattr(value, "blames", None) or [None] * len(value))


def _unary(run: Run, node: ast.UnaryOp, scope: Scope) -> Any:
    value = evaluate(run, node.operand, scope)
    if isinstance(node.op, ast.Not):
        known = truth(run, value, node)
        run.unknowns += isinstance(known, Unknown)  # it may raise
        return known if isinstance(known, Unknown) else not known
    if opaque(value):
        return run.unknown(say("computed from an unknown value"), node)
    run.spend(weight(value), node)
    if isinstance(node.op, ast.USub):
        return -value
    return +value if isinstance(node.op, ast.UAdd) else ~value


def _bool(run: Run, node: ast.BoolOp, scope: Scope) -> Any:
    value: Any = None
    stop_at = isinstance(node.op, ast.Or)
    for position, item in enumerate(node.values):
        value = evaluate(run, item, scope)
        known = decided(run, value, item)
        if isinstance(known, Unknown):
            poison_calls(run, node.values[position + 1 :], known.reason, scope)
            return one_of(run, known, node.values[position:], scope)
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


_CONTAINERS = (dict, list, tuple, set, frozenset)


def _compare(run: Run, node: ast.Compare, scope: Scope) -> Any:
    left = evaluate(run, node.left, scope)
    for position, (op, right_node) in enumerate(zip(node.ops, node.comparators)):
        right = evaluate(run, right_node, scope)
        left, right = current(left), current(right)
        kind = type(op)
        if kind in (ast.In, ast.NotIn) and isinstance(right, Stream):
            result = _consumed(run, left, right, right_node) is (kind is ast.In)
            if not result:
                return result
            left = right
            continue
        viewed = isinstance(left, View) or isinstance(right, View)
        if viewed:
            run.spend(weight(_native(left), _native(right)), node)
        elif kind not in (ast.Is, ast.IsNot):
            limits.pay(run, node, size_of_comparison, kind, left, right)
        if viewed and not (tainted(left) or tainted(right)):
            left, right = _native(left), _native(right)
        identity = kind in (ast.Is, ast.IsNot)
        keys_only = (
            kind in (ast.In, ast.NotIn)
            and isinstance(right, (dict, set, frozenset))  # what is in a set is known
            and not tainted(left)
            and not getattr(right, "missing", None)
        )
        why = ""
        if isinstance(left, Builtin) and isinstance(right, Builtin) and kind in _SAMENESS:
            if (left == right) is not _SAMENESS[kind]:
                return False
            left = right
            continue
        if opaque(left) or opaque(right):
            why = say("compares an unknown value")
        elif identity:
            why = (
                ""
                if _told_apart(left, right)
                else say("whether equal constants are one object is up to Python")
            )
        elif not keys_only and (tainted(left) or tainted(right)):
            why = say("compares an unknown value")
        if why:
            poison_calls(run, node.comparators[position + 1 :], say("compared after an unknown value"), scope)
            return run.unknown(why, node)
        result = _COMPARE[kind](left, right)
        if not result:
            return result
        left = right
    return True


#: Of comparisons that builtins can take part in: what is true of one with itself.
_SAMENESS = {ast.Eq: True, ast.Is: True, ast.NotEq: False, ast.IsNot: False}


def _told_apart(left: Any, right: Any) -> bool:
    """Whether `is` can be decided: equal numbers or texts are one object or two, as the compiler likes."""
    if type(left) is not type(right) or isinstance(left, _CHANGING) or left is None or left is ...:
        return True
    if isinstance(left, bool) or (isinstance(left, int) and -5 <= left <= 256):
        return True
    return not isinstance(left, _CONTAINERS) and bool(left != right)


#: Each of them is an object of its own.
_CHANGING = (dict, list, set)


def _consumed(run: Run, wanted: Any, stream: Stream, node: ast.AST) -> bool:
    """``wanted in stream``: it is read as far as needed."""
    for item, _ in iterate(run, stream, node):
        run.spend(weight(item, wanted), node)
        if tainted(item) or tainted(wanted):
            raise Undecidable(say("looks for an unknown value"))
        if item is wanted or item == wanted:
            return True
    return False


def _if(run: Run, node: ast.IfExp, scope: Scope) -> Any:
    known = decided(run, evaluate(run, node.test, scope), node.test)
    if isinstance(known, Unknown):
        poison_calls(run, [node.body, node.orelse], known.reason, scope)
        return one_of(run, known, [node.body, node.orelse], scope)
    return evaluate(run, node.body if known else node.orelse, scope)


def _joined(run: Run, node: ast.JoinedStr, scope: Scope) -> Any:
    parts = []
    for part in node.values:
        value = evaluate(run, part, scope)
        parts.append(value)
    if any(isinstance(part, Unknown) for part in parts):
        return run.unknown(say("text made from an unknown value"), node)
    run.spend(sum(len(part) for part in parts) // 16, node)
    return "".join(parts)


_CONVERSIONS: Dict[str, Callable[[Any], str]] = {"s": str, "r": repr, "a": ascii}


def _formatted(run: Run, node: ast.FormattedValue, scope: Scope) -> Any:
    value = evaluate(run, node.value, scope)
    spec = "" if node.format_spec is None else evaluate(run, node.format_spec, scope)
    run.spend(weight(value), node)
    if tainted(value) or isinstance(spec, Unknown) or unordered(value, deep=True):
        return run.unknown(say("text made from an unknown value"), node)
    limits.pay(run, node, size_of_formatted, value, spec)
    if node.conversion > 0:
        value = _CONVERSIONS[chr(node.conversion)](value)
    return format(value, spec)


HANDLERS.update(
    {
        ast.BinOp: _binary,
        ast.UnaryOp: _unary,
        ast.BoolOp: _bool,
        ast.Compare: _compare,
        ast.IfExp: _if,
        ast.JoinedStr: _joined,
        ast.FormattedValue: _formatted,
    }
)
