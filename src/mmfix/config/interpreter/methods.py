"""Methods of config values, with blames kept in step."""

from __future__ import annotations

import ast
import re
from typing import Any, Callable, Dict, List, Optional

from mmfix.config.interpreter import limits
from mmfix.config.interpreter.containers import spread
from mmfix.config.interpreter.core import iterate, opaque, tainted, unordered
from mmfix.config.interpreter.loss import current, lose, lose_below
from mmfix.config.interpreter.state import Run, Undecidable, View, replacing
from mmfix.config.interpreter.unions import merged_perhaps, updated
from mmfix.config.origin import Blame, Unknown
from mmfix.config.values import TreeDict, TreeList, TreeTuple, deep_copy, dict_copy, hook, wrap
from mmfix.python.bounds import weight
from mmfix.python.method_bounds import size_of_method
from mmfix.wording import say

_FIELD_ACCESS = re.compile(r"\{\w*[.\[]")
#: What operators call, where it is as cheap as they are: the name, whose it is.
SPECIAL: Dict[str, Any] = {
    **dict.fromkeys(("__add__", "__radd__", "__sub__", "__rsub__", "__neg__", "__abs__"), (int, float)),
    "__iadd__": TreeList,
}
_PLAIN_TYPES = (str, bytes, int, float, complex, set, frozenset, range, tuple)


def call_method(
    run: Run, node: ast.Call, owner: Any, name: str, args: List[Any], kwargs: TreeDict, blame: Blame
) -> Any:
    """Call ``owner.name(*args, **kwargs)``.

    Raises:
        Exception: As Python would.
    """
    if isinstance(owner, (TreeDict, TreeList)) and name != "update":  # which pays itself
        limits.pay(run, node, limits.size_of_own_method, owner, name, args)
    if isinstance(owner, TreeDict):
        if owner.missing and name not in ("update", "merge"):
            if name not in ("get", "items", "keys", "values", "copy"):
                lose(run, owner, say("changed where a base that is not here may have set more"), node, args)
            return run.unknown(say("a base that is not here may have set more"), node)
        if name == "update":
            return dict_update(run, node, owner, args, kwargs)
        handler = _DICT.get(name)
        default = [kwargs["default"]] if owner.config and set(kwargs) == {"default"} else []
        if handler is None or (kwargs and not default):
            lose(run, owner, say("dict.{name} is not evaluated", name=name), node, [*args, *kwargs.values()])
            return run.unknown(say("dict.{name} is not evaluated", name=name), node)
        return handler(owner, [*args, *default], blame)
    if isinstance(owner, TreeList):
        if name == "sort":
            if args:
                raise TypeError("sort() takes no positional arguments")
            return _sort(run, node, owner, kwargs)
        list_handler = _LIST.get(name)
        if list_handler is None or kwargs:
            lose(run, owner, say("list.{name} is not evaluated", name=name), node, [*args, *kwargs.values()])
            return run.unknown(say("list.{name} is not evaluated", name=name), node)
        return list_handler(run, node, owner, args, blame)
    if not isinstance(owner, _PLAIN_TYPES) or (name.startswith("_") and name not in SPECIAL):
        return run.unknown(say("{type}.{name} is not evaluated", type=type(owner).__name__, name=name), node)
    run.spend(weight(*args, *kwargs.values()), node)
    if tainted(args) or tainted(kwargs) or (isinstance(owner, tuple) and tainted(owner)):
        return run.unknown(say("computed from an unknown value"), node)
    if name == "pop" and unordered(owner):
        raise Undecidable(say("the order of a set"))
    if isinstance(owner, (str, bytes)) and any(
        unordered(arg, deep=True) for arg in [*args, *kwargs.values()]
    ):
        return run.unknown(say("the order of a set"), node)
    if name in ("format", "format_map") and _FIELD_ACCESS.search(str(owner)):
        return run.unknown(say("a format string that looks inside objects"), node)
    limits.pay(run, node, size_of_method, owner, name, args, kwargs)
    return wrap(getattr(owner, name)(*args, **kwargs))


def _get(owner: TreeDict, args: List[Any], blame: Blame) -> Any:
    return owner.get(*args)


def _pop(owner: TreeDict, args: List[Any], blame: Blame) -> Any:
    if owner.config and len(args) == 1 and args[0] not in owner:
        return None
    value = owner.pop(*args)
    owner.blames.pop(args[0], None)
    return value


def _popitem(owner: TreeDict, args: List[Any], blame: Blame) -> Any:
    key, value = owner.popitem()
    return TreeTuple((key, value), (None, owner.blames.pop(key, None)))


def _setdefault(owner: TreeDict, args: List[Any], blame: Blame) -> Any:
    if not 1 <= len(args) <= 2:
        raise TypeError(f"setdefault expected 1 or 2 arguments, got {len(args)}")
    key = args[0]
    if key not in owner:
        value = args[1] if len(args) > 1 else None
        owner[key] = hook(value) if owner.config else value
        owner.blames[key] = blame
        return value  # a config dict has stored a copy of it (addict.Dict.setdefault)
    return owner[key]


def _setitem(owner: TreeDict, args: List[Any], blame: Blame) -> None:
    key, value = args
    owner[key] = hook(value) if owner.config else value
    owner.blames[key] = replacing(blame, owner.blames.get(key))


def _clear(owner: TreeDict, args: List[Any], blame: Blame) -> None:
    owner.clear()
    owner.blames.clear()


def _merge_method(owner: TreeDict, args: List[Any], blame: Blame) -> None:
    if any(_deletes_perhaps(arg) for arg in args):
        raise Undecidable(say("merged with what is unknown"))
    merged = _merge_into(deep_copy(args[0]), deep_copy(owner))
    owner.clear()
    owner.blames.clear()
    for key, value in merged.items():
        owner[key] = hook(value)
    owner.blames.update(merged.blames)


def _deletes_perhaps(value: Any) -> bool:
    """Whether it is unknown what merging a value does: it is Unknown, or a `_delete_` in it is."""
    value = current(value)
    if isinstance(value, dict):
        return isinstance(value.get("_delete_"), Unknown) or any(
            isinstance(item, dict) and _deletes_perhaps(item) for item in value.values()
        )
    return isinstance(value, Unknown)


_ABSENT = object()


def _blames_of(mapping: Any) -> Dict[Any, Blame]:
    """The blames of a tree dict; a native dict has none."""
    return mapping.blames if isinstance(mapping, TreeDict) else {}


def _merge_into(a: Any, b: Any) -> Any:
    """``mmengine/config/config.py: ConfigDict.merge``; honours ``_delete_``."""
    if not isinstance(a, dict):
        return b if a is _ABSENT else a
    if not isinstance(b, dict):
        a.pop("_delete_", None)
        return a
    if a.pop("_delete_", False):
        b.clear()
    result = TreeDict()
    for key in [*b, *a]:
        if key != "_delete_":
            result[key] = _merge_into(a.get(key, _ABSENT), b.get(key, _ABSENT))
            steps = [blames[key] for blames in (_blames_of(a), _blames_of(b)) if key in blames]
            if steps:
                result.blames[key] = steps[0]._replace(previous=steps[1]) if len(steps) > 1 else steps[0]
    return result


def _listed(view: View) -> Any:
    """A view; of a config dict a list of its own (``mmengine/config/config.py: ConfigDict.items``)."""
    if not view.owner.config:
        return view
    pairs = list(view.pairs())
    return TreeList([item for item, _ in pairs], [step for _, step in pairs])


_DICT: Dict[str, Callable[[TreeDict, List[Any], Blame], Any]] = {
    "get": _get,
    "pop": _pop,
    "popitem": _popitem,
    "setdefault": _setdefault,
    "copy": lambda owner, args, blame: dict_copy(owner),
    "clear": _clear,
    "items": lambda owner, args, blame: _listed(View(owner, "items", *args)),
    "values": lambda owner, args, blame: _listed(View(owner, "values", *args)),
    "keys": lambda owner, args, blame: View(owner, "keys", *args),
    "merge": _merge_method,
    "__setitem__": _setitem,
}


def fromkeys(run: Run, node: ast.Call, args: List[Any], blames: List[Optional[Blame]]) -> TreeDict:
    """``dict.fromkeys``."""
    if len(args) > 2:
        raise TypeError(f"fromkeys expected at most 2 arguments, got {len(args)}")
    keys = [key for key, _ in iterate(run, args[0], node)]
    run.spend(weight(keys), node)
    if tainted(keys):
        raise Undecidable(say("a dict key is unknown"))
    result = TreeDict(dict.fromkeys(keys, *args[1:]))
    blame = blames[-1]
    if blame is not None:
        result.blames.update(dict.fromkeys(keys, blame))
    return result


def dict_update(run: Run, node: ast.AST, owner: TreeDict, args: List[Any], kwargs: TreeDict) -> Any:
    """``dict.update``; deep for a config dict (``mmengine/config/config.py: ConfigDict.update``)."""
    other = TreeDict()
    if args:
        if len(args) > 1:
            raise TypeError(f"update expected at most 1 argument, got {len(args)}")
        source = current(args[0])
        if isinstance(source, View):
            source = [item for item, _ in iterate(run, source, node)]
        limits.pay(run, node, limits.size_of_own_method, owner, "update", [source])
        if isinstance(source, Unknown) or unordered(source) or getattr(source, "missing", None):
            whole = lose_below if owner.config or owner.addict else lose  # what is in it may be merged with
            whole(run, owner, say("updated with an unknown value"), node, [source, kwargs])
            return None
        if owner.config and not isinstance(source, dict):
            raise TypeError(f"descriptor 'items' requires a 'dict' object, not {type(source).__name__}")
        pairs = source if isinstance(source, dict) else _from_pairs(source)
        spread(run, node, other, pairs, unique=False)
    spread(run, node, other, kwargs, unique=False)
    _update(run, node, owner, other)
    return None


def _from_pairs(source: Any) -> TreeDict:
    pairs = [(current(key), value) for key, value in map(current, source)]
    if any(tainted(key) for key, _ in pairs):
        raise Undecidable(say("an unknown key"))
    return TreeDict(pairs)


def _update(run: Run, node: ast.AST, owner: TreeDict, other: TreeDict) -> None:
    if owner.addict:
        updated(run, node, owner, other)
        return
    for key, value in other.items():
        step = other.blames.get(key)
        value, old = (current(value), current(owner.get(key))) if owner.config else (value, None)
        if isinstance(old, TreeDict) and isinstance(value, dict):
            _update(run, node, old, wrap(value))
        elif not (owner.config and merged_perhaps(run, node, owner, key, value)):
            owner[key] = hook(value) if owner.config else value
        if step is not None:
            owner.blames[key] = replacing(step, owner.blames.get(key))


def _append(run: Run, node: ast.Call, owner: TreeList, args: List[Any], blame: Blame) -> None:
    owner.append(*args)
    owner.blames.append(blame)


def extend_list(run: Run, node: ast.AST, owner: TreeList, values: Any) -> None:
    """``list.extend`` and ``+=``."""
    values = current(values)
    if isinstance(values, Unknown):
        lose(run, owner, say("extended with an unknown value"), node, [values])
        return
    for value, step in list(iterate(run, values, node)):
        owner.append(value)
        owner.blames.append(step)


def _insert(run: Run, node: ast.Call, owner: TreeList, args: List[Any], blame: Blame) -> None:
    owner.insert(*args)
    owner.blames.insert(args[0], blame)


def _list_pop(run: Run, node: ast.Call, owner: TreeList, args: List[Any], blame: Blame) -> Any:
    value = owner.pop(*args)
    owner.blames.pop(*args)
    return value


def _remove(run: Run, node: ast.Call, owner: TreeList, args: List[Any], blame: Blame) -> None:
    (wanted,) = args
    if tainted(list(owner)) or tainted(wanted):
        raise Undecidable(say("compares an unknown value"))
    position = owner.index(wanted)
    del owner[position]
    del owner.blames[position]


def _reverse(run: Run, node: ast.Call, owner: TreeList, args: List[Any], blame: Blame) -> None:
    owner.reverse()
    owner.blames.reverse()


def _list_clear(run: Run, node: ast.Call, owner: TreeList, args: List[Any], blame: Blame) -> None:
    owner.clear()
    owner.blames.clear()


def _searched(run: Run, node: ast.Call, owner: TreeList, args: List[Any], name: str) -> Any:
    if tainted(list(owner)) or tainted(args):
        return run.unknown(say("compares an unknown value"), node)
    return getattr(list, name)(owner, *args)


def _sort(run: Run, node: ast.Call, owner: TreeList, kwargs: TreeDict) -> Any:
    if tainted(list(owner)) or opaque(kwargs.get("reverse")):
        lose(run, owner, say("sorted with an unknown value inside"), node)
        return None
    if set(kwargs) - {"key", "reverse"}:
        raise TypeError("sort() got an unexpected keyword argument")
    key = kwargs.get("key") or (lambda value: value)
    order = sorted(range(len(owner)), key=lambda at: key(owner[at]), reverse=bool(kwargs.get("reverse")))
    values, blames = list(owner), list(owner.blames)
    owner[:] = [values[at] for at in order]
    owner.blames[:] = [blames[at] for at in order]
    return None


def _extended(run: Run, node: ast.Call, owner: TreeList, args: List[Any], blame: Blame) -> Any:
    extend_list(run, node, owner, *args)
    return owner


_ListHandler = Callable[[Run, ast.Call, TreeList, List[Any], Blame], Any]
_LIST: Dict[str, _ListHandler] = {
    "append": _append,
    "extend": lambda run, node, owner, args, blame: extend_list(run, node, owner, *args),
    "__iadd__": _extended,
    "insert": _insert,
    "pop": _list_pop,
    "remove": _remove,
    "reverse": _reverse,
    "clear": _list_clear,
    "copy": lambda run, node, owner, args, blame: TreeList(owner, list(owner.blames)),
    "index": lambda run, node, owner, args, blame: _searched(run, node, owner, args, "index"),
    "count": lambda run, node, owner, args, blame: _searched(run, node, owner, args, "count"),
}
