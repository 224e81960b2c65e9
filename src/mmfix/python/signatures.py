"""The parameters of a function, and which argument goes to which, by Python's rules."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import Any, Collection, Dict, Mapping, NamedTuple, Optional, Sequence, Tuple


class Signature(NamedTuple):
    """The parameters of a function.

    Attributes:
        positional: Those that an argument without a name may go to.
        only: How many of them, the first ones, cannot be named.
        defaults: Of the last ones of them.
        star: ``args`` of ``*args``.
        keyword_only: Those that must be named.
        keyword_defaults: Of each of them, None for one that has none.
        double_star: ``kwargs`` of ``**kwargs``.
    """

    positional: Tuple[str, ...]
    only: int
    defaults: Tuple[ast.expr, ...]
    star: Optional[str]
    keyword_only: Tuple[str, ...]
    keyword_defaults: Tuple[Optional[ast.expr], ...]
    double_star: Optional[str]

    @property
    def is_plain(self) -> bool:
        """Whether it has only parameters that an argument without a name may go to."""
        return not (self.star or self.keyword_only or self.double_star)

    @property
    def names(self) -> Tuple[str, ...]:
        """The parameters that take one argument."""
        return (*self.positional, *self.keyword_only)

    def default_nodes(self) -> Dict[str, ast.expr]:
        """Parameter -> the expression of its default."""
        found = dict(zip(self.positional[len(self.positional) - len(self.defaults) :], self.defaults))
        pairs = zip(self.keyword_only, self.keyword_defaults)
        found.update((name, node) for name, node in pairs if node is not None)
        return found


@lru_cache(maxsize=4096)
def signature_of(arguments: ast.arguments) -> Signature:
    """The parameters that a definition declares."""
    return Signature(
        tuple(item.arg for item in (*arguments.posonlyargs, *arguments.args)),
        len(arguments.posonlyargs),
        tuple(arguments.defaults),
        arguments.vararg.arg if arguments.vararg else None,
        tuple(item.arg for item in arguments.kwonlyargs),
        tuple(arguments.kw_defaults),
        arguments.kwarg.arg if arguments.kwarg else None,
    )


class Arguments(NamedTuple):
    """The arguments of one call, as the parameters take them. Who calls decides what a wrong call means.

    Attributes:
        given: Parameter -> argument; one that is not given is left out.
        surplus: Positional arguments that no parameter takes: what ``*args`` is.
        unknown: Named arguments that no parameter takes: what ``**kwargs`` is.
        twice: Named arguments for parameters that a positional one has filled.
    """

    given: Dict[str, Any]
    surplus: Tuple[Any, ...]
    unknown: Dict[str, Any]
    twice: Dict[str, Any]


def bind(signature: Signature, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Arguments:
    """Which parameter takes which argument."""
    positional, only = signature.positional, signature.only
    given = dict(zip(positional, args))
    unknown: Dict[str, Any] = {}
    twice: Dict[str, Any] = {}
    for name, value in kwargs.items():
        if name in positional:
            if positional.index(name) < only:
                unknown[name] = value
            elif name in given:
                twice[name] = value
            else:
                given[name] = value
        elif name in signature.keyword_only:
            given[name] = value
        else:
            unknown[name] = value
    return Arguments(given, tuple(args[len(positional) :]), unknown, twice)


def refusal(signature: Signature, arguments: Arguments, defaults: Collection[str]) -> Optional[str]:
    """What Python would say of the call after the function's name; None when it takes it.

    Args:
        signature: The parameters.
        arguments: As bound.
        defaults: Parameters that have a default.
    """
    if arguments.surplus and signature.star is None:
        count = len(signature.positional)
        return f"takes {count} positional arguments but {count + len(arguments.surplus)} were given"
    for name in arguments.twice:
        return f"got multiple values for argument '{name}'"
    if signature.double_star is None:
        for name in arguments.unknown:
            if name in signature.positional:
                return f"got a positional-only argument passed as keyword argument: '{name}'"
            return f"got an unexpected keyword argument '{name}'"
    for name in signature.names:
        if name not in arguments.given and name not in defaults:
            return f"missing a required argument: '{name}'"
    return None
