"""What asks for the kind and the attributes of a value: ``type``, ``isinstance``, ``hasattr``, ..."""

from __future__ import annotations

import ast
from typing import Any, Callable, Dict, List, Optional

from mmfix.config.interpreter.loss import current
from mmfix.config.interpreter.modules import FUNCTIONS
from mmfix.config.interpreter.state import Builtin, Function, ModuleRef, Run, Stream, View
from mmfix.config.origin import Unknown
from mmfix.config.values import LazyName, TreeDict, TreeList, TreeSet, TreeTuple
from mmfix.wording import say

#: Classes that a config may name.
TYPES: Dict[str, Any] = {
    "bool": bool, "bytes": bytes, "complex": complex, "dict": dict, "float": float, "frozenset": frozenset,
    "int": int, "list": list, "range": range, "set": set, "slice": slice, "str": str, "tuple": tuple,
}  # fmt: skip
_NAMES = {kind: name for name, kind in TYPES.items()}
_TREES: Dict[type, type] = {TreeList: list, TreeTuple: tuple, TreeSet: set}


#: What MMEngine's config dicts have beside what dicts have.
_OF_CONFIG_DICTS = {"build_lazy", "deepcopy", "freeze", "lazy", "merge", "to_dict", "unfreeze"}


def native_type(value: Any) -> Optional[type]:
    """Python's own class of a value; None where it is another one, or not known."""
    if isinstance(value, TreeDict):
        return None if value.config or value.missing or value.addict else dict
    kind = _TREES.get(type(value), type(value))
    return kind if kind in _NAMES or value is None else None


def _type(run: Run, node: ast.AST, args: List[Any]) -> Any:
    kind = native_type(args[0]) if len(args) == 1 else None
    return Builtin(_NAMES[kind]) if kind in _NAMES else run.unknown(say("a class"), node)


def _callable(run: Run, node: ast.AST, args: List[Any]) -> Any:
    if len(args) != 1:
        raise TypeError(f"callable() takes exactly one argument ({len(args)} given)")
    value = args[0]
    if isinstance(value, (Function, Builtin)):
        return True
    if isinstance(value, ModuleRef) and value.path in FUNCTIONS:
        return True
    if native_type(value) is not None or isinstance(value, (TreeDict, Stream, View)):
        return False
    return run.unknown(say("callable() of an object"), node)


def _getattr(run: Run, node: ast.AST, args: List[Any]) -> Any:
    """``getattr`` for the keys of dicts; of anything else it is unknown."""
    owner = args[0] if args else None
    if (
        getattr(owner, "addict", False)
        or not (isinstance(owner, TreeDict) and len(args) > 1 and isinstance(args[1], str))
        or hasattr(dict, args[1])
    ):
        return run.unknown(say("getattr() of an object"), node)
    if owner.config and args[1] in owner:
        return current(owner[args[1]])
    if len(args) < 3:
        raise AttributeError(f"no attribute '{args[1]}'")
    return args[2]


def _hasattr(run: Run, node: ast.AST, args: List[Any]) -> Any:
    if len(args) != 2:
        raise TypeError(f"hasattr expected 2 arguments, got {len(args)}")
    owner, name = args
    if not isinstance(name, str) or name.startswith("__"):
        return run.unknown(say("hasattr() of an object"), node)
    if isinstance(owner, TreeDict) and not (owner.missing or owner.addict):
        if hasattr(dict, name) or not owner.config:
            return hasattr(dict, name)
        if name in owner or name not in _OF_CONFIG_DICTS:
            return name in owner
    kind = native_type(owner)
    return run.unknown(say("hasattr() of an object"), node) if kind is None else hasattr(kind, name)


def _isinstance(run: Run, node: ast.AST, args: List[Any]) -> Any:
    if len(args) != 2:
        raise TypeError(f"isinstance expected 2 arguments, got {len(args)}")
    wanted = _classes(args[1])
    if isinstance(args[0], (Unknown, ModuleRef, LazyName)) or wanted is None:
        return run.unknown(say("asks for a class that is not known here"), node)
    return isinstance(args[0], wanted)


def _issubclass(run: Run, node: ast.AST, args: List[Any]) -> Any:
    if len(args) != 2:
        raise TypeError(f"issubclass expected 2 arguments, got {len(args)}")
    kind, wanted = _classes(args[0]), _classes(args[1])
    if kind is None or wanted is None or isinstance(args[0], tuple):
        return run.unknown(say("asks for a class that is not known here"), node)
    return issubclass(kind[0], wanted)


def _classes(value: Any) -> Any:
    """Python's classes that a value, or a tuple of them, names; None where one is not known."""
    named = value if isinstance(value, tuple) else (value,)
    if not all(isinstance(one, Builtin) and one.name in TYPES for one in named):
        return None
    return tuple(TYPES[one.name] for one in named)


#: Builtins that only ask what a value is.
ASKING: Dict[str, Callable[[Run, ast.AST, List[Any]], Any]] = {
    "type": _type,
    "callable": _callable,
    "getattr": _getattr,
    "hasattr": _hasattr,
    "isinstance": _isinstance,
    "issubclass": _issubclass,
    "id": lambda run, node, args: run.unknown(say("id() of an object"), node),
    "hash": lambda run, node, args: run.unknown(say("hash() of an object"), node),
}
