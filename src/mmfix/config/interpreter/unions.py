"""``|`` of config dicts gives no config dict, but addict's own ``Dict`` (``addict/addict.py``)."""

from __future__ import annotations

import ast
import sys
from typing import Any

from mmfix.config.interpreter.loss import current, lose_below
from mmfix.config.interpreter.state import Run, replacing
from mmfix.config.origin import Unknown
from mmfix.config.values import LazyName, TreeDict, TreeList, TreeTuple
from mmfix.python.bounds import weight
from mmfix.wording import say

#: Python's own dicts have `|` and `|=` from 3.9 on (PEP 584), config dicts always.
DICT_UNIONS = sys.version_info >= (3, 9)


def united(run: Run, node: ast.AST, left: TreeDict, right: TreeDict) -> Any:
    """``left | right``: a deep copy of the left side, deeply updated with the right one."""
    run.spend(weight(left) + weight(right), node)
    if _builds(left) or _builds(right):
        return run.unknown(say("`|` of config dicts builds what they import"), node)
    result: TreeDict = _copied(left)
    updated(run, node, result, right)
    return result


def merged_perhaps(run: Run, node: ast.AST, owner: TreeDict, key: Any, value: Any) -> bool:
    """Whether ``update`` may merge a value into what is there, or replace that; then both are lost."""
    old = current(owner.get(key))
    if {type(old), type(value)} != {Unknown, TreeDict}:
        return False
    reason = say("merged with an unknown value")
    lose_below(run, old, reason, node, [value])
    owner[key] = Unknown(reason, run.source.origin(node), (old, value))
    return True


def updated(run: Run, node: ast.AST, owner: TreeDict, other: TreeDict) -> None:
    """``owner.update(other)`` of one of addict's: it stores what it is given, and no copy."""
    for key, value in other.items():
        value = current(value)
        old = current(owner.get(key))
        if isinstance(old, TreeDict) and isinstance(value, TreeDict):
            updated(run, node, old, value) if old.addict else _replaced(old, value)
        elif not merged_perhaps(run, node, owner, key, value):
            owner[key] = value
        step = other.blames.get(key)
        if step is not None:
            owner.blames[key] = replacing(step, owner.blames.get(key))


def _replaced(owner: TreeDict, other: TreeDict) -> None:
    owner.update(other)
    owner.blames.update(other.blames)


def _copied(value: Any) -> Any:
    value = current(value)
    if isinstance(value, TreeDict):
        result = TreeDict({key: _copied(item) for key, item in value.items()})
        result.blames = dict(value.blames)
        result.addict = True
        return result
    if isinstance(value, TreeList):
        return TreeList([_copied(item) for item in value], list(value.blames))
    return TreeTuple(map(_copied, value), value.blames) if isinstance(value, TreeTuple) else value


def _builds(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_builds, value.values())) or bool(getattr(value, "missing", ()))
    return isinstance(value, LazyName) or (isinstance(value, (list, tuple)) and any(map(_builds, value)))
