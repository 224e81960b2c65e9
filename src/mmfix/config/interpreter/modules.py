"""The part of the standard library that configs compute with: pure, cheap functions."""

from __future__ import annotations

import math
import os.path as osp
from typing import Any, Callable, Dict

from mmfix.config.interpreter.state import ModuleRef
from mmfix.config.values import TreeDict, TreeList, TreeSet, deep_copy, dict_copy, wrap


def shallow_copy(value: Any) -> Any:
    """``copy.copy`` for config trees."""
    if isinstance(value, TreeDict):
        return dict_copy(value)
    if isinstance(value, TreeList):
        return TreeList(value, list(value.blames))
    if isinstance(value, set):
        return TreeSet(value)
    return wrap(value) if isinstance(value, (list, tuple, dict)) else value


def _deep_copy(value: Any) -> Any:
    return deep_copy(value)


FUNCTIONS: Dict[str, Callable[..., Any]] = {
    "copy.copy": shallow_copy,
    "copy.deepcopy": _deep_copy,
    "collections.OrderedDict": dict,
}
for _name in ("join", "dirname", "basename", "splitext", "split", "normpath", "isabs", "abspath"):
    FUNCTIONS[f"os.path.{_name}"] = getattr(osp, _name)
for _name in (
    "ceil",
    "floor",
    "sqrt",
    "log",
    "log2",
    "log10",
    "exp",
    "cos",
    "sin",
    "tan",
    "isclose",
    "fabs",
    "gcd",
):
    FUNCTIONS[f"math.{_name}"] = getattr(math, _name)
for _name in ("lower", "upper", "title", "capitalize", "casefold", "swapcase", "strip"):
    FUNCTIONS[f"str.{_name}"] = getattr(str, _name)

#: Functions written in Python: MMEngine drops them from the config when imported by name.
DROPPED = {name for name, function in FUNCTIONS.items() if name.startswith(("os.path.", "copy."))}

#: Builtins that `calls` evaluates.
BUILTINS = frozenset(
    (
        "abs", "all", "any", "ascii", "bin", "bool", "bytes", "callable", "chr", "complex", "dict", "divmod",
        "enumerate", "filter", "float", "format", "frozenset", "getattr", "hasattr", "hash", "hex", "id",
        "int", "isinstance", "issubclass", "iter", "len", "list", "map",
        "max", "min", "next", "oct", "ord", "pow", "print", "range", "repr", "reversed", "round", "set",
        "slice", "sorted", "str", "sum", "tuple", "type", "zip",
    )
)  # fmt: skip

#: These can create or change any name; a config that uses them cannot be followed.
UNREADABLE = frozenset({"exec", "eval", "globals", "locals", "vars", "compile", "__import__"})
#: The same of attributes: of functions and of frames.
UNREADABLE_ATTRIBUTES = frozenset({"__globals__", "f_globals", "f_locals"})

CONSTANTS: Dict[str, Any] = {
    "Ellipsis": ...,
    "NotImplemented": NotImplemented,
    "__debug__": True,
    "math.pi": math.pi,
    "math.e": math.e,
    "math.inf": math.inf,
    "math.nan": math.nan,
}


#: What is there in every Python that a config may be run with.
SURE = frozenset(
    (
        *FUNCTIONS, *CONSTANTS, "contextlib.nullcontext", "contextlib.suppress", "functools.reduce",
        "itertools.chain", "itertools.product",
    )
)  # fmt: skip


def member(path: str) -> Any:
    """What ``module.name`` is: a known constant, or a reference."""
    return CONSTANTS[path] if path in CONSTANTS else ModuleRef(path)
