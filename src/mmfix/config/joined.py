"""One config out of what a file gives on several ways through it: known is what all of them agree on."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Tuple

from mmfix.config.origin import Blame, Unknown, more_keys
from mmfix.config.values import TreeDict, TreeList, TreeTuple
from mmfix.wording import say


class Joined:
    """Joins the trees of several ways; parts that are shared stay shared.

    Args:
        why: What decides which way is taken.
    """

    def __init__(self, why: Unknown) -> None:
        self._why = Unknown(say("depends on a condition: {why}", why=why.reason), why.origin, ())
        self._known: Dict[Tuple[int, ...], Any] = {}
        self._met: Dict[Tuple[int, int], Tuple[int, ...]] = {}
        self._alive: List[Any] = []

    def of(self, values: Sequence[Any], blames: Sequence[Optional[Blame]] = ()) -> Any:
        """The value that all ways agree on, or Unknown.

        Args:
            values: One of each way.
            blames: What set it there.
        """
        first = values[0]
        if all(value is first for value in values):
            return first
        if any(type(value) is not type(first) for value in values):
            return self._unknown(values, blames)
        ids = tuple(map(id, values))
        if ids in self._known:
            return self._known[ids]
        if isinstance(first, (TreeDict, TreeList)):
            places = list(enumerate(ids))
            if any(self._met.setdefault(place, ids) != ids for place in places):
                return self._unknown(values, blames)  # on one way it is shared with what it is not on another
        if isinstance(first, (TreeDict, TreeList, TreeTuple)):
            self._alive.extend(values)  # or an id may be that of something else
            if isinstance(first, TreeDict):
                result: Any = TreeDict(config=first.config)
                result.addict = any(value.addict for value in values)
                self._known[ids] = result
                return self._dict(result, values)
        if isinstance(first, (TreeList, TreeTuple)):
            if any(len(value) != len(first) for value in values):
                return self._unknown(values, blames)
            steps = [[value.blames[at] for value in values] for at in range(len(first))]
            items = [self.of([value[at] for value in values], steps[at]) for at in range(len(first))]
            result = (
                TreeTuple(items, first.blames)
                if isinstance(first, TreeTuple)
                else TreeList(items, list(first.blames))
            )
            self._known[ids] = result
            return result
        return first if all(_same(first, value) for value in values) else self._unknown(values, blames)

    def _dict(self, result: TreeDict, values: Sequence[TreeDict]) -> TreeDict:
        keys = list(dict.fromkeys(key for value in values for key in value))
        for key in keys:
            holders = [value for value in values if key in value]
            blames = [value.blames.get(key) for value in holders]
            found = [value[key] for value in holders]
            result[key] = (
                self._unknown(found, blames) if len(holders) < len(values) else self.of(found, blames)
            )
            step = next((blame for blame in blames if blame is not None), None)
            if step is not None:
                result.blames[key] = step
        bases = tuple(dict.fromkeys(base for value in values for base in value.missing))
        if any(list(value) != keys for value in values):
            bases = (*bases, more_keys(self._why))
        result.missing = bases
        return result

    def _unknown(self, values: Sequence[Any], blames: Sequence[Optional[Blame]]) -> Unknown:
        for value in values:
            if isinstance(value, Unknown):
                return value
        origins = [blame.origin for blame in blames if blame is not None]
        shares = any(isinstance(value, (TreeDict, TreeList)) for value in values)
        return Unknown(self._why.reason, origins[0] if origins else self._why.origin, (), shares=shares)


def _same(one: Any, other: Any) -> bool:
    """Whether two values that are no dicts, lists or tuples are the same, and look the same."""
    if isinstance(one, (set, frozenset)):
        return one == other and list(map(repr, one)) == list(map(repr, other))
    text = getattr(one, "text", None) == getattr(other, "text", None)  # of an imported name
    return bool(one == other) and text and repr(one) == repr(other)
