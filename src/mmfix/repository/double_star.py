"""What a function does with its ``**kwargs``: which it takes out, and where it hands them on."""

from __future__ import annotations

import ast
from typing import Dict, FrozenSet, Iterator, List, NamedTuple, Optional, Set, Tuple, Union

from mmfix.python.signatures import signature_of
from mmfix.python.trees import dotted, index_of

#: Nodes in which a call is made whenever the function runs that far.
_ALWAYS_RUN = (
    *(ast.Expr, ast.Assign, ast.AnnAssign, ast.Return, ast.With),
    *(ast.Call, ast.keyword, ast.Attribute),
)
_TAKES = frozenset({"pop", "get", "setdefault", "__contains__"})


class HandedOn(NamedTuple):
    """A call that gets the ``**kwargs``.

    Attributes:
        call: The call.
        sure: It is made whenever the function is called.
        local: The names that the function itself binds.
    """

    call: ast.Call
    sure: bool
    local: FrozenSet[str]


class DoubleStar(NamedTuple):
    """What becomes of the arguments that ``**kwargs`` takes.

    Attributes:
        taken: Names that are looked up in it one by one.
        added: Names that are put into it.
        calls: Where all of it is handed on.
        lost: Something else is done with it, too, that may take any name.
    """

    taken: FrozenSet[str]
    added: FrozenSet[str]
    calls: Tuple[HandedOn, ...]
    lost: bool


def double_star(function: ast.FunctionDef) -> DoubleStar:
    """What a function with a ``**kwargs`` does with it."""
    assert function.args.kwarg is not None
    name = function.args.kwarg.arg
    above = _above(function)
    local = _bound(function, above)
    taken: Set[str] = set()
    added: Set[str] = set()
    calls: List[HandedOn] = []
    lost = False
    for node in above:
        if not isinstance(node, ast.Name) or node.id != name:
            continue
        use = _use(node, name, above)
        if isinstance(use, ast.Call):
            calls.append(HandedOn(use, _is_sure(use, above), local))
        elif use is None:
            lost = True
        else:
            taken.update(use[0])
            added.update(use[1])
    return DoubleStar(frozenset(taken), frozenset(added), tuple(calls), lost)


def _bound(function: ast.FunctionDef, above: Dict[ast.AST, ast.AST]) -> FrozenSet[str]:
    stored = (node.id for node in above if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    return frozenset(signature_of(function.args).names).union(stored)


_Names = Tuple[List[str], List[str]]


def _above(function: ast.FunctionDef) -> Dict[ast.AST, ast.AST]:
    """Each node of the body -> the one that it is part of."""
    found: Dict[ast.AST, ast.AST] = {}
    stack: List[ast.AST] = list(function.body)
    found.update((statement, function) for statement in function.body)
    while stack:
        node = stack.pop()
        for child in ast.iter_child_nodes(node):
            if child not in found:  # `Load()` is one object for all
                found[child] = node
                stack.append(child)
    return found


def _use(node: ast.Name, name: str, above: Dict[ast.AST, ast.AST]) -> Union[ast.Call, _Names, None]:
    """The call that gets the whole, or the names that one use takes out and puts in; None: another use."""
    holder = above[node]
    outer = above.get(holder)
    if isinstance(holder, ast.keyword) and isinstance(outer, ast.Call):
        return _made_anew(outer, name, above) or outer
    if isinstance(holder, ast.Dict):
        return _made_anew(holder, name, above)
    if isinstance(node.ctx, ast.Store):
        return ([], []) if isinstance(holder, ast.Assign) and _is_made_of(holder.value, name) else None
    if isinstance(holder, ast.Attribute) and isinstance(outer, ast.Call) and outer.func is holder:
        return _of_method(holder.attr, outer)
    if isinstance(holder, ast.Subscript) and holder.value is node:
        return _of_key(holder)
    if isinstance(holder, ast.Compare) and isinstance(holder.ops[0], (ast.In, ast.NotIn)):
        return _one(holder.left)
    return None


def _made_anew(node: Union[ast.Call, ast.Dict], name: str, above: Dict[ast.AST, ast.AST]) -> Optional[_Names]:
    """``kwargs = dict(size=1, **kwargs)`` and ``kwargs = {'size': 1, **kwargs}``: what it adds."""
    holder = above.get(node)
    if not isinstance(holder, ast.Assign) or [dotted(target) for target in holder.targets] != [name]:
        return None
    if not _is_made_of(node, name):
        return None
    if isinstance(node, ast.Call):
        return [], [item.arg for item in node.keywords if item.arg is not None]
    return [], [str(key.value) for key in node.keys if isinstance(key, ast.Constant)]


def _is_made_of(node: ast.expr, name: str) -> bool:
    """Whether an expression is a dict of constant keys and of ``**kwargs``."""
    if isinstance(node, ast.Call):
        return (
            dotted(node.func) == "dict"
            and not node.args
            and all(item.arg is not None or dotted(item.value) == name for item in node.keywords)
        )
    return isinstance(node, ast.Dict) and all(
        isinstance(key, ast.Constant) or (key is None and dotted(value) == name)
        for key, value in zip(node.keys, node.values)
    )


def _of_method(method: str, call: ast.Call) -> Optional[_Names]:
    if method in _TAKES and call.args:
        found = _one(call.args[0])
        return (found[0], found[0]) if found and method == "setdefault" else found
    if method == "update" and not call.args and all(item.arg is not None for item in call.keywords):
        return [], [str(item.arg) for item in call.keywords]
    return None


def _of_key(node: ast.Subscript) -> Optional[_Names]:
    found = _one(index_of(node.slice))
    return (found[0], found[0]) if found and isinstance(node.ctx, ast.Store) else found


def _one(node: ast.AST) -> Optional[_Names]:
    return ([node.value], []) if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _is_sure(call: ast.Call, above: Dict[ast.AST, ast.AST]) -> bool:
    *inner, _ = _way_up(call, above)
    return all(isinstance(node, _ALWAYS_RUN) for node in inner)


def _way_up(node: ast.AST, above: Dict[ast.AST, ast.AST]) -> Iterator[ast.AST]:
    while node in above:
        node = above[node]
        yield node
