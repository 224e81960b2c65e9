"""Functions of the standard library that run over what they are given, or call it."""

from __future__ import annotations

import ast
import itertools
from typing import Any, Callable, Dict, Iterator, List, Sequence

from mmfix.config.interpreter.core import iterate, opaque
from mmfix.config.interpreter.state import Run, Stream, Undecidable
from mmfix.config.values import TreeList, TreeTuple
from mmfix.wording import say

#: A function of two values, as `functools.reduce` calls it.
_Call = Callable[..., Any]


def _chained(run: Run, node: ast.AST, args: List[Any]) -> Stream:
    """``itertools.chain``: nothing is looked at before it is asked for."""
    items = (item for arg in args for item, _ in iterate(run, arg, node))
    return Stream(run, items, tuple(args))


def _chained_from(run: Run, node: ast.AST, args: List[Any]) -> Stream:
    (outer,) = args
    items = (item for arg, _ in iterate(run, outer, node) for item, _ in iterate(run, arg, node))
    return Stream(run, items, (outer,))


def _product(run: Run, node: ast.AST, args: List[Any]) -> Stream:
    """``itertools.product``: all is looked at right away."""
    pools = [[item for item, _ in iterate(run, arg, node)] for arg in args]
    return Stream(run, map(TreeTuple, itertools.product(*pools)), tuple(args), len(args))


def reduced(run: Run, node: ast.AST, function: _Call, args: List[Any]) -> Any:
    """``functools.reduce``.

    Raises:
        TypeError: As Python would.
    """
    items: Iterator[Any] = (item for item, _ in iterate(run, args[0], node))
    if len(args) > 1:
        result = args[1]
    else:
        try:
            result = next(items)
        except StopIteration:
            raise TypeError("reduce() of empty iterable with no initial value") from None
    for item in items:
        result = function(result, item)
    return result


def orders(values: Sequence[Any]) -> List[Any]:
    """Two values in both orders; nothing for more than two."""
    return [TreeList(values), TreeList(values[::-1])] if len(values) == 2 else []


def of_known_values(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the library as `map` may call it.

    Raises:
        Undecidable: When called with what is not known.
    """

    def called(*args: Any) -> Any:
        if any(map(opaque, args)):
            raise Undecidable(say("computed from an unknown value"))
        return function(*args)

    return called


#: What gives an iterator over its arguments.
STREAMS: Dict[str, Callable[[Run, ast.AST, List[Any]], Stream]] = {
    "itertools.chain": _chained,
    "itertools.chain.from_iterable": _chained_from,
    "itertools.product": _product,
}
