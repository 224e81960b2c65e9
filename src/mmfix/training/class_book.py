"""What the source says of classes, kept for all configs of a run, and between runs."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any, Callable, Dict, NamedTuple, Optional

from mmfix.python.disk import stamp
from mmfix.repository import cache
from mmfix.repository.taken import Taken

#: Changes with the layout of what is kept, or with what is read off the source.
_KIND = "arguments-5"


class Wanted(NamedTuple):
    """A class to look up.

    Attributes:
        name: By registry name.
        scope: And scope.
        dotted: Or by dotted name; then not empty.
        of_model: It is a part of a model, and from such a registry.
    """

    name: str
    scope: Optional[str]
    dotted: str
    of_model: bool


class Known(NamedTuple):
    """What the source says of a class: whether it is here, and what it takes, where that is known."""

    here: bool
    taken: Optional[Taken]


class ClassBook:
    """What is known of classes, as long as their files have not changed.

    Args:
        place: All that decides which class a name stands for: directories, their state, imports, era.
    """

    def __init__(self, place: str) -> None:
        self._key = hashlib.sha256(place.encode("utf-8", "surrogatepass")).hexdigest()
        self._kept: Dict[str, Any] = self._stored()
        self._known: Dict[Wanted, Known] = {}
        self._stamps: Dict[str, Optional[str]] = {}
        self._new: Dict[str, Any] = {}

    def known(self, wanted: Wanted, look_up: Callable[[Wanted], Known]) -> Known:
        """What is known of a class; it is looked up where that is nothing yet."""
        found = self._known.get(wanted)
        if found is None:
            found = self._recalled(wanted)
            if found is None:
                found = look_up(wanted)
                self._new["\n".join(map(str, wanted))] = _to_json(found)
            self._known[wanted] = found
        return found

    def keep(self) -> None:
        """Put what was looked up since the last time into the cache, beside what others have put there."""
        if self._new:
            self._kept = {**self._kept, **self._stored(), **self._new}
            cache.store(_KIND, self._key, self._kept)
            self._new = {}

    def _stored(self) -> Dict[str, Any]:
        stored = cache.load(_KIND, self._key)
        return stored if isinstance(stored, dict) else {}

    def _recalled(self, wanted: Wanted) -> Optional[Known]:
        try:
            entry = self._kept["\n".join(map(str, wanted))]
            if not all(self._is_same(path, before) for path, before in entry["files"].items()):
                return None
            return Known(entry["here"] is True, _from_json(entry) if entry["others"] else None)
        except (LookupError, TypeError, AttributeError):
            return None  # not there, or somebody else's file

    def _is_same(self, path: str, before: Any) -> bool:
        if path not in self._stamps:
            self._stamps[path] = stamp(path)
        return bool(self._stamps[path] == before)


@lru_cache(maxsize=8)
def class_book(place: str) -> ClassBook:
    """One book for all configs of a run that look for classes in the same places."""
    return ClassBook(place)


def _to_json(known: Known) -> Dict[str, Any]:
    taken = known.taken
    if taken is None:
        return {"here": known.here, "others": "", "files": {}}
    return {
        "here": known.here,
        "others": taken.others,
        "files": {path: stamp(path) for path in taken.files},
        "names": sorted(taken.names),
        "required": sorted(taken.required),
    }


def _from_json(entry: Dict[str, Any]) -> Taken:
    names, required = frozenset(entry["names"]), frozenset(entry["required"])
    return Taken(names, tuple(entry["files"]), str(entry["others"]), required)
