"""Displays and comprehensions: lists, tuples, sets, dicts, and keyword arguments as dicts."""

from __future__ import annotations

import ast
from typing import Any, List, Optional, Tuple

from mmfix.config.interpreter import limits
from mmfix.config.interpreter.core import HANDLERS, blame_of, evaluate, iterate, tainted
from mmfix.config.interpreter.loss import current
from mmfix.config.interpreter.poison import poison_calls, traced
from mmfix.config.interpreter.state import ModuleRef, Run, Scope
from mmfix.config.origin import Blame, Unknown
from mmfix.config.values import TreeDict, TreeList, TreeSet, TreeTuple
from mmfix.python.bounds import outline, weight
from mmfix.wording import say


def _list(run: Run, node: ast.List, scope: Scope) -> Any:
    items = _elements(run, node.elts, scope)
    if items is None:
        return run.unknown(say("unpacks an unknown value"), node)
    return TreeList(*items)


def _tuple(run: Run, node: ast.Tuple, scope: Scope) -> Any:
    items = _elements(run, node.elts, scope)
    if items is None:
        return run.unknown(say("unpacks an unknown value"), node)
    return TreeTuple(items[0], tuple(items[1]))


def _set(run: Run, node: ast.Set, scope: Scope) -> Any:
    items = _elements(run, node.elts, scope)
    if items is not None:
        run.spend(weight(items[0]), node)
    if items is None or tainted(items[0]):
        return run.unknown(say("a set of unknown values"), node)
    return TreeSet(items[0])


def _elements(
    run: Run, nodes: List[ast.expr], scope: Scope
) -> Optional[Tuple[List[Any], List[Optional[Blame]]]]:
    values: List[Any] = []
    blames: List[Optional[Blame]] = []
    for position, node in enumerate(nodes):
        if isinstance(node, ast.Starred):
            inner = evaluate(run, node.value, scope)
            if isinstance(inner, (Unknown, ModuleRef)):
                poison_calls(run, nodes[position:], say("beside an unknown value"), scope)
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
    unknown = None
    for key_node, value_node in zip(node.keys, node.values):
        if key_node is None:
            if not spread(run, value_node, result, evaluate(run, value_node, scope), unique=False):
                unknown = run.unknown(say("unpacks an unknown value"), value_node)
            continue
        key = evaluate(run, key_node, scope)
        value = evaluate(run, value_node, scope)
        limits.pay_for_key(run, key_node, key)
        if tainted(key):
            unknown = run.unknown(say("a dict key is unknown"), key_node)
            continue
        result[key] = value
        result.blames[key] = blame_of(run, value_node, scope)
    return result if unknown is None else unknown


def spread(run: Run, node: ast.AST, result: TreeDict, mapping: Any, unique: bool) -> bool:
    """``**mapping`` into ``result``; False when the mapping is unknown.

    Raises:
        TypeError: Not a mapping, or (``unique``) a key given twice, as in a call.
    """
    mapping = current(mapping)
    if isinstance(mapping, (Unknown, ModuleRef)) or getattr(mapping, "missing", None):
        return False
    if not isinstance(mapping, dict):
        raise TypeError(f"argument after ** must be a mapping, not {type(mapping).__name__}")
    run.spend(outline(mapping), node)
    for key, value in mapping.items():
        if unique and not isinstance(key, str):
            raise TypeError("keywords must be strings")
        if unique and key in result:
            raise TypeError(f"got multiple values for keyword argument '{key}'")
        result[key] = value
    if isinstance(mapping, TreeDict):
        result.blames.update(mapping.blames)
    return True


def keywords(run: Run, node: ast.Call, scope: Scope) -> Any:
    """The keyword arguments of a call as a dict with blames, or Unknown."""
    result = TreeDict()
    blames = result.blames
    unknown = None
    for keyword in node.keywords:
        value_node = keyword.value
        value = evaluate(run, value_node, scope)
        name = keyword.arg
        if name is None:
            if not spread(run, value_node, result, value, unique=True):
                unknown = run.unknown(say("unpacks an unknown value"), value_node)
            continue
        if name in result:
            raise TypeError(f"got multiple values for keyword argument '{name}'")
        result[name] = value
        blames[name] = blame_of(run, value_node, scope)
    if unknown is not None:
        return traced(run, unknown, [keyword.value for keyword in node.keywords], scope)
    return result


HANDLERS.update({ast.List: _list, ast.Tuple: _tuple, ast.Set: _set, ast.Dict: _dict})
