"""What operations cost, taken from the budget before they are done.

Work is counted as `mmfix.python.bounds` counts it. What a method of a dict or list of the config costs is
here: the tables name those that cost less, or more, than walking through the receiver and the arguments,
which is what all others cost.
"""

from __future__ import annotations

import ast
import operator
from typing import Any, Callable, Dict, List, Union

from mmfix.config.interpreter.state import Run
from mmfix.config.values import TreeDict, TreeList
from mmfix.python.bounds import TooLarge, hashed, outline, size_of_binary, weight
from mmfix.python.call_bounds import size_of_call
from mmfix.wording import say

_OPERATIONS: Dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
    ast.MatMult: operator.matmul,
}


def pay(run: Run, node: ast.AST, size: Callable[..., int], *operands: Any) -> None:
    """Use up the budget for an operation of that size.

    Args:
        run: The file.
        node: What is evaluated.
        size: One of ``mmfix.python.bounds``, or of this module.
        operands: What it asks for.

    Raises:
        ConfigError: It is too large.
    """
    try:
        amount = size(*operands)
    except TooLarge as error:
        run.fail(say("{what} to be a setting", what=error), node)
    run.spend(amount, node)


def pay_for_key(run: Run, node: ast.AST, key: Any) -> None:
    """Use up the budget for hashing and comparing a key."""
    if type(key) is not str:
        run.spend(hashed(key), node)


def compute(run: Run, node: ast.AST, kind: type, left: Any, right: Any) -> Any:
    """``left <kind> right``."""
    pay(run, node, size_of_binary, kind, left, right)
    return _OPERATIONS[kind](left, right)


def paid(run: Run, node: ast.AST, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of Python's own, each call of which is paid for."""

    def call(*args: Any, **kwargs: Any) -> Any:
        pay(run, node, size_of_call, function, args, kwargs)
        return function(*args, **kwargs)

    return call


# -- methods of dicts and lists ------------------------------------------------------------------


def _key(owner: Any, args: List[Any]) -> int:
    return sum(map(hashed, args[:1]))


def _stored(owner: TreeDict, args: List[Any]) -> int:
    """A config dict copies what is put into it."""
    return weight(*args) if owner.config else _key(owner, args)


def _copied(owner: TreeDict, args: List[Any]) -> int:
    return weight(owner) if owner.config else outline(owner)


def _listed(owner: TreeDict, args: List[Any]) -> int:
    return 3 * outline(owner) if owner.config else 0


def _updated(owner: TreeDict, args: List[Any]) -> int:
    deep = owner.config or not all(isinstance(source, dict) for source in args)
    return 2 * (weight(*args) if deep else sum(map(outline, args)))


def _merged(owner: TreeDict, args: List[Any]) -> int:
    """Both are copied, and then what comes of them."""
    return 4 * weight(owner, *args)


def _moved(owner: TreeList, args: List[Any]) -> int:
    """All that is behind it moves, as fast as memory."""
    return len(owner) >> 10


def _compared(owner: TreeList, args: List[Any]) -> int:
    """Python compares four elements in the time that a step takes."""
    return 1 + weight(owner, *args) // 4


def _turned(owner: TreeList, args: List[Any]) -> int:
    return len(owner) >> 4


def _sorted(owner: TreeList, args: List[Any]) -> int:
    return weight(owner) * (1 + len(owner).bit_length() // 8)


def _nothing(owner: Any, args: List[Any]) -> int:
    return 0


_Costs = Dict[str, Callable[[Any, List[Any]], int]]
_OF_DICT: _Costs = {
    **dict.fromkeys(("get", "pop"), _key),
    **dict.fromkeys(("setdefault", "__setitem__"), _stored),
    **dict.fromkeys(("items", "values"), _listed),
    **dict.fromkeys(("keys", "popitem", "clear"), _nothing),
    "copy": _copied,
    "update": _updated,
    "merge": _merged,
}
_OF_LIST: _Costs = {
    **dict.fromkeys(("append", "extend"), _nothing),  # `extend` pays for each element
    **dict.fromkeys(("insert", "pop"), _moved),
    **dict.fromkeys(("copy", "reverse", "clear"), _turned),
    **dict.fromkeys(("index", "count", "remove"), _compared),
    "sort": _sorted,
}


def size_of_own_method(owner: Union[TreeDict, TreeList], name: str, args: List[Any]) -> int:
    """What a method of a dict or list costs."""
    cost = (_OF_DICT if isinstance(owner, TreeDict) else _OF_LIST).get(name)
    return weight(owner, *args) if cost is None else cost(owner, args)


#: Builtins that do not look into their arguments, or pay for each element that they take.
_OUTSIDE = frozenset(
    (
        "all", "any", "bool", "callable", "chr", "dict", "enumerate", "filter", "getattr", "hasattr", "hash",
        "id", "isinstance", "iter", "len", "list", "map", "next", "ord", "print", "range", "reversed",
        "slice", "tuple", "type", "zip",
    )
)  # fmt: skip


def size_of_looking(name: str, args: List[Any]) -> int:
    """What looking through the arguments of a builtin costs, before it is known whether it can be called."""
    return 0 if name in _OUTSIDE else weight(*args)
