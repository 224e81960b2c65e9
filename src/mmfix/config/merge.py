"""How a child config is merged into its bases, without copying what does not change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, List, Tuple

from mmfix.config.keypath import KeyPath, format_key
from mmfix.config.origin import Blame, MissingBase, Unknown
from mmfix.config.template import PLACEHOLDER
from mmfix.config.values import TreeDict, TreeList, TreeTuple
from mmfix.wording import say

DELETE_KEY = "_delete_"


class MergeConflict(Exception):
    """A dict in the child meets something else in the base; ``key`` says where, ``kind`` what."""

    def __init__(self, key: KeyPath, kind: str) -> None:
        super().__init__(format_key(key))
        self.key = key
        self.kind = kind


def merge(child: TreeDict, base: TreeDict, path: KeyPath = ()) -> TreeDict:
    """``base`` updated with ``child`` (``mmengine/config/config.py: Config._merge_a_into_b``).

    Neither argument is changed; unchanged parts of ``base`` are shared with the result, which must
    therefore not be mutated.

    Raises:
        MergeConflict: A dict would be merged into something that is not one, without ``_delete_``.
    """
    result = TreeDict(base, config=base.config)
    result.missing = base.missing
    blames = result.blames = dict(base.blames)
    for key, value in child.items():
        present = key in base
        if isinstance(value, dict) and present:
            result[key] = _merge_dict(value, base[key], (*path, key))
        elif isinstance(value, dict) and base.missing:
            result[key] = _merge_missing(value, tuple(b for b in base.missing if key not in b.spared))
        else:
            # `_delete_` stays as a literal key when there is nothing to delete
            result[key] = value
        step = child.blames.get(key)
        if step is not None:
            blames[key] = _after(step, base.blames[key]) if present and key in base.blames else step
    return result


def _merge_missing(value: Any, bases: Tuple[MissingBase, ...]) -> Any:
    """A dict of the child where bases that were not found may have set a dict of their own."""
    if not bases:
        return value
    delete = value.get(DELETE_KEY, False)
    if isinstance(delete, Unknown):
        return Unknown(say("`_delete_` is unknown"), delete.origin)
    stripped = _without_delete(value)
    if DELETE_KEY in value and any(base.why for base in bases):
        stripped[DELETE_KEY] = _may_stay(bases[0])
    if delete:  # written because the base has something to delete
        return stripped
    result = TreeDict(stripped, config=getattr(value, "config", False))
    result.blames = dict(stripped.blames)
    result.missing = tuple(replace(base, spared=frozenset()) for base in bases)
    for key, item in stripped.items():
        if isinstance(item, dict):
            result[key] = _merge_missing(item, result.missing)
    return result


def _may_stay(base: Any) -> Unknown:
    """What stands for `_delete_` where there may be nothing to delete: there it stays."""
    return Unknown(say("`_delete_` of what may not be there"), base.origin, ())


def _without_delete(value: Any) -> Any:
    if DELETE_KEY not in value:
        return value
    stripped = TreeDict(value)
    stripped.blames = dict(value.blames)
    del stripped[DELETE_KEY]
    stripped.blames.pop(DELETE_KEY, None)
    return stripped


def _merge_dict(value: Any, current: Any, path: KeyPath) -> Any:
    delete = value.get(DELETE_KEY, False)
    if isinstance(delete, Unknown):
        return Unknown(say("`_delete_` is unknown"), delete.origin)
    value = _without_delete(value)
    if delete:
        if isinstance(current, Unknown):
            value[DELETE_KEY] = _may_stay(current)
        return value
    if isinstance(current, Unknown):
        return Unknown(say("merged into an unknown value"), current.origin)
    if not isinstance(current, dict):
        raise MergeConflict(path, type(current).__name__)
    return merge(value, current, path)  # type: ignore[arg-type]


def _after(step: Blame, previous: Blame) -> Blame:
    """``step``, which replaced ``previous`` in a base, after whatever it replaced in its own file."""
    if step.previous is None:
        return step._replace(previous=previous)
    return step._replace(previous=_after(step.previous, previous))


def add_scope(value: Any, scope: str, outermost: bool = True) -> Any:
    """A copy in which the outermost dicts with a ``type`` get ``_scope_``, for a base of another package.

    Source: ``mmengine/config/config.py: Config._dict_to_config_dict``.
    """
    if isinstance(value, dict):
        result = TreeDict(value, config=True)
        result.blames = dict(value.blames) if isinstance(value, TreeDict) else {}
        result.missing = value.missing if isinstance(value, TreeDict) else ()
        if outermost and "type" in value:
            outermost = False
            if value.get("_scope_") is None:
                result["_scope_"] = scope
        for key, item in list(result.items()):
            result[key] = add_scope(item, scope, outermost)
        return result
    if isinstance(value, TreeList):
        return TreeList([add_scope(item, scope, outermost) for item in value], list(value.blames))
    if isinstance(value, TreeTuple):
        return TreeTuple([add_scope(item, scope, outermost) for item in value], value.blames)
    return value


def resolve_references(value: Any, references: Dict[str, str], base: TreeDict) -> Any:
    """Replace the placeholders of ``{{ _base_.x.y }}`` by values of the merged bases.

    Source: ``mmengine/config/config.py: Config._substitute_base_vars``.

    Raises:
        KeyError: The bases have no such key.
        TypeError: The way to it leads through something that is not a dict.
    """
    if isinstance(value, str):
        if value in references:
            return _lookup(references[value], base)[0]
        # MMEngine leaves a random name there
        return Unknown(say("a base reference inside a longer text")) if PLACEHOLDER in value else value
    if isinstance(value, dict):
        result = TreeDict(config=getattr(value, "config", False))
        result.blames = dict(getattr(value, "blames", {}))
        for key, item in value.items():
            if isinstance(item, str) and item in references:
                result[key], source = _lookup(references[item], base)
                if source is not None and key in result.blames:
                    result.blames[key] = result.blames[key]._replace(via=source)
            else:
                result[key] = resolve_references(item, references, base)
            if isinstance(key, str) and PLACEHOLDER in key:
                raise KeyError("a base reference as a key")
        return result
    if isinstance(value, (list, tuple)):
        items: List[Any] = [resolve_references(item, references, base) for item in value]
        blames = getattr(value, "blames", [None] * len(items))
        return TreeList(items, list(blames)) if isinstance(value, list) else TreeTuple(items, tuple(blames))
    return value


def _lookup(dotted: str, base: TreeDict) -> Any:
    value: Any = base
    blame = None
    for part in dotted.split("."):
        if isinstance(value, Unknown):
            return value, blame
        if isinstance(value, TreeDict) and value.missing and part not in value:
            return value.missing[0].unknown, blame
        blame = value.blames.get(part, blame) if isinstance(value, TreeDict) else blame
        value = value[part]
    return value, blame
