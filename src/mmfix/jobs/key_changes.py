"""The keys at which two resolved configs differ, and those of which nobody can tell without running them."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, Callable, Iterator, List, Optional, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import MISSING, KeyPath
from mmfix.config.origin import MissingBase, Origin, Unknown
from mmfix.config.values import LazyName, absent
from mmfix.patches.difference import differences
from mmfix.python.deep import deeply
from mmfix.results.comparison import ADDED, CANNOT_TELL, CHANGED, REMOVED, KeyChange, Side
from mmfix.wording import say

#: Calls that may nest: configs may, and each level costs a few.
_RECURSION = 6000
#: Elements of a list that came or went; more, and the list is told as a whole.
_MOST_ELEMENTS = 8
#: Pairs of elements that are looked at to line two lists up.
_MOST_PAIRS = 1_000_000
_BY_IMPORT = say("the class is named in two ways; whether both mean the same one, only the registry knows")

#: Where a value stands: its key in the first config and in the second one; elements of lists may move.
_Keys = Tuple[KeyPath, KeyPath]
_Places = Tuple[Optional[int], Optional[int]]
_Lines = Callable[[Origin], str]


def key_changes(
    documents: Tuple[ConfigDocument, ConfigDocument], lines: Tuple[_Lines, _Lines]
) -> List[KeyChange]:
    """All keys at which two configs differ or may differ, in their order.

    Args:
        documents: The configs.
        lines: For each, what gives the text of the line at an origin.
    """
    pair = _Pair(documents, lines)
    trees = documents[0].tree, documents[1].tree
    return deeply(lambda: list(pair.compare(*trees, ((), ()), False)), _RECURSION)


class _Pair:
    def __init__(
        self, documents: Tuple[ConfigDocument, ConfigDocument], lines: Tuple[_Lines, _Lines]
    ) -> None:
        self._documents = documents
        self._lines = lines

    def compare(self, before: Any, after: Any, keys: _Keys, said: bool) -> Iterator[KeyChange]:
        """What differs at a key and below.

        Args:
            before: The value of the first config; ``MISSING`` where it has none.
            after: Of the second one.
            keys: Where they stand.
            said: It has been said of a dict above that a base is not here.
        """
        if isinstance(before, Unknown) or isinstance(after, Unknown):
            why = before.reason if isinstance(before, Unknown) else after.reason
            yield self._change(before, after, keys, why)
        elif isinstance(before, dict) and isinstance(after, dict):
            yield from self._dicts(before, after, keys, said)
        elif any(isinstance(before, kind) and isinstance(after, kind) for kind in (list, tuple)):
            yield from self._lists(before, after, keys, said)
        elif _may_be_one_class(before, after):
            yield self._change(before, after, keys, _BY_IMPORT)
        elif any(differences(_named(before), _named(after))):
            yield self._change(before, after, keys)

    def _dicts(self, before: Any, after: Any, keys: _Keys, said: bool) -> Iterator[KeyChange]:
        missing = _missing(before, after)
        for name in [*before, *(name for name in after if name not in before)]:
            old = before[name] if name in before else absent(before, name) or MISSING
            new = after[name] if name in after else absent(after, name) or MISSING
            below = (*keys[0], name), (*keys[1], name)
            yield from self.compare(old, new, below, said or bool(missing))
        if missing and not said:
            yield KeyChange(keys[1], CANNOT_TELL, None, None, missing[0].unknown.reason)

    def _lists(self, before: Any, after: Any, keys: _Keys, said: bool) -> Iterator[KeyChange]:
        if not _holds_a_dict(before) and not _holds_a_dict(after):  # it is told as one value
            inner = [*self._pairs(_by_place(before, after), before, after, keys, said)]
            if any(change.kind != CANNOT_TELL for change in inner):
                yield self._change(before, after, keys)
            elif inner:
                yield self._change(before, after, keys, inner[0].why)
            return
        places = _lined_up(before, after)
        if sum(None in pair for pair in places) > _MOST_ELEMENTS:
            yield self._change(before, after, keys)
        else:
            yield from self._pairs(places, before, after, keys, said)

    def _pairs(
        self, places: List[_Places], before: Any, after: Any, keys: _Keys, said: bool
    ) -> Iterator[KeyChange]:
        for old, new in places:
            one = MISSING if old is None else before[old]
            other = MISSING if new is None else after[new]
            # one that the other list does not have: there nothing is looked up
            below = (*keys[0], -1 if old is None else old), (*keys[1], -1 if new is None else new)
            yield from self.compare(one, other, below, said)

    def _change(self, before: Any, after: Any, keys: _Keys, why: str = "") -> KeyChange:
        sides = self._side(0, before, keys[0]), self._side(1, after, keys[1])
        kind = ADDED if sides[0] is None else REMOVED if sides[1] is None else CHANGED
        return KeyChange(keys[0] if kind == REMOVED else keys[1], CANNOT_TELL if why else kind, *sides, why)

    def _side(self, number: int, value: Any, key: KeyPath) -> Optional[Side]:
        if value is MISSING:
            return None
        origin = self._documents[number].origin(key)
        if origin is None and isinstance(value, Unknown):
            origin = value.origin
        return Side(value, origin, "" if origin is None else self._lines[number](origin).strip())


def _missing(before: Any, after: Any) -> Tuple[MissingBase, ...]:
    return (*getattr(before, "missing", ()), *getattr(after, "missing", ()))


def _holds_a_dict(value: Any) -> bool:
    inner = value if isinstance(value, (list, tuple)) else ()
    return isinstance(value, dict) or any(_holds_a_dict(item) for item in inner)


def _by_place(before: Any, after: Any) -> List[_Places]:
    return list(zip_longest(range(len(before)), range(len(after))))


def _lined_up(before: Any, after: Any) -> List[_Places]:
    """Places of the elements that belong together; None for one that the other list does not have.

    By place, but where most elements would meet one of another kind: then some were put in or taken out.
    """
    kinds = [_kind(item) for item in before], [_kind(item) for item in after]
    alike = sum(old == new for old, new in zip(*kinds))
    if (len(before) == len(after) and 2 * alike >= len(before)) or len(before) * len(after) > _MOST_PAIRS:
        return _by_place(before, after)
    found: List[_Places] = []
    for _, begin, end, start, stop in SequenceMatcher(None, *kinds, autojunk=False).get_opcodes():
        if end - begin == stop - start:
            found += zip(range(begin, end), range(start, stop))
        else:
            found += [(place, None) for place in range(begin, end)]
            found += [(None, place) for place in range(start, stop)]
    return found


def _kind(item: Any) -> str:
    """What makes an element of a list the same one as before: its type, else all of it."""
    named = item.get("type") if isinstance(item, dict) else None
    return repr(item) if named is None else f"type {_named(named)}".rpartition(".")[2]


def _named(value: Any) -> Any:
    """A class that a lazy config imports as ``Config.to_dict()`` shows it."""
    return value.text if isinstance(value, LazyName) else value


def _may_be_one_class(before: Any, after: Any) -> bool:
    """Whether two names of a class, one of them imported, are different and may still mean the same."""
    names = _named(before), _named(after)
    if not (isinstance(before, LazyName) or isinstance(after, LazyName)) or names[0] == names[1]:
        return False
    return all(isinstance(name, str) for name in names) and len({n.rpartition(".")[2] for n in names}) == 1
