"""Types in a config that no registry of the run has."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from mmfix.config.dicts import CONTAINERS, MOST, SCALARS
from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath
from mmfix.config.used import is_said_in
from mmfix.python.source import read_bytes
from mmfix.repository import cache
from mmfix.repository.importing import named_modules
from mmfix.repository.released_names import every_name, names_for, released_names
from mmfix.repository.roots import config_package, source_roots
from mmfix.repository.state import state_of
from mmfix.training.built import BY_BUILDERS, uses_another_library
from mmfix.training.era import MMENGINE
from mmfix.training.parts import default_package
from mmfix.training.top_level import BOUNDS, read_keys
from mmfix.training.type_verdict import FOUND, NOWHERE, Places, Verdict
from mmfix.training.types import TrainingSetup

_KIND = "types-3"
_RELEASED = "."
#: Named here, and built by nobody.
_NO_TYPES = frozenset({"metainfo", "custom_imports", "env_cfg", "auto_scale_lr"})


class UnknownType(NamedTuple):
    """A type that cannot be built.

    Attributes:
        text: As the config has it.
        scope: The package that it is looked for in first.
        keys: The key paths of it.
        verdict: Why.
    """

    text: str
    scope: Optional[str]
    keys: Tuple[KeyPath, ...]
    verdict: Verdict


class _Typed(NamedTuple):
    """A ``type`` of a config; ``doubtful``: it may be no name of a class."""

    key: KeyPath
    text: str
    scope: Optional[str]
    doubtful: bool


def unknown_types(setup: TrainingSetup) -> Tuple[UnknownType, ...]:
    """Every type that no registry has, or that nothing has imported; none where a base is missing."""
    document, era = setup.document, setup.era
    if document.tree.missing or not (document.path or document.homes):
        return ()
    groups: Dict[Tuple[str, Optional[str]], List[_Typed]] = {}
    for typed in _not_released(document, era):
        groups.setdefault((typed.text, typed.scope), []).append(typed)
    if not groups:
        return ()
    book = _book(document, era)
    found = []
    for (text, scope), each in groups.items():
        answer = book.verdict(text, scope)
        if answer.why and not (any(one.doubtful for one in each) and not _is_slip(answer)):
            found.append(UnknownType(text, scope, tuple(one.key for one in each), answer))
    book.keep()
    return tuple(found)


def _is_capital(kind: str) -> bool:
    return kind[kind.rfind(".") + 1 :][:1].isupper()


def _is_slip(answer: Verdict) -> bool:
    return answer.why == NOWHERE and answer.meant != ""


def _not_released(document: ConfigDocument, era: str) -> Iterator[_Typed]:
    """The types that no release has where they are looked for."""
    read = read_keys(era)
    first = default_package(document) or config_package(document.path)
    stack: List[Tuple[KeyPath, Any, Optional[str], bool]] = [
        ((key,), value, first, False)
        for key, value in reversed(document.tree.items())
        if key in read and key not in _NO_TYPES and isinstance(value, CONTAINERS)
    ]
    left = MOST
    while stack and left:
        left -= 1
        path, value, scope, in_builder = stack.pop()
        if isinstance(value, dict):
            items: Iterable[Tuple[Any, Any]] = reversed(value.items())
            if "_scope_" in value:
                scope = value["_scope_"] if isinstance(value["_scope_"], str) else scope
            kind = value.get("type")
            if type(kind) is str:
                inside = _looked_for_in(kind, scope, era)
                if inside != _RELEASED:
                    doubtful = in_builder or path[-1] == "optimizer" or not _is_capital(kind)
                    yield _Typed((*path, "type"), kind, inside, doubtful)
                if uses_another_library(kind):
                    continue
        else:
            items = zip(range(len(value) - 1, -1, -1), reversed(value))
        for key, item in items:
            if type(item) not in SCALARS and isinstance(item, CONTAINERS) and key not in _NO_TYPES:
                stack.append(((*path, key), item, scope, in_builder or key in BY_BUILDERS))


@lru_cache(maxsize=16384)
def _looked_for_in(kind: str, scope: Optional[str], era: str) -> Optional[str]:
    """The package that a type is looked for in first; where that surely has it, ``_RELEASED``.

    So it is of what is no name of a class.
    """
    prefix, _, name = kind.rpartition(".")
    if name.islower() or not name.isidentifier() or "." in prefix:
        return _RELEASED
    released = released_names(era)
    if prefix and prefix not in released:
        return prefix
    scope = prefix or scope
    is_told = era == MMENGINE and scope is not None and scope in released
    has = names_for(era, scope) if is_told and scope is not None else every_name(era)
    return _RELEASED if name in has else scope


class _Book:
    """Verdicts on the types of all configs of a run that look for classes in the same places."""

    def __init__(self, places: Places) -> None:
        self._places = places
        key = "\n".join(map(str, places))
        self._key = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        self._kept: Dict[str, Any] = self._stored()
        self._new: Dict[str, Any] = {}

    def verdict(self, text: str, scope: Optional[str]) -> Verdict:
        """The verdict on a type, kept or looked up."""
        entry = f"{scope}\n{text}"
        kept = self._kept.get(entry)
        if isinstance(kept, list) and [type(one) for one in kept] == [type(one) for one in FOUND]:
            return Verdict(*kept)
        prefix, _, name = text.rpartition(".")
        found = self._look_up(prefix or None, scope, name)
        self._kept[entry] = self._new[entry] = list(found)
        return found

    def keep(self) -> None:
        """Put what was looked up into the cache, beside what others have put there."""
        if self._new:
            cache.store(_KIND, self._key, {**self._stored(), **self._new})
            self._new = {}

    def _look_up(self, prefix: Optional[str], scope: Optional[str], name: str) -> Verdict:
        from mmfix.training.type_look_up import look_up_type  # mostly it is in the book

        return look_up_type(self._places, prefix, scope, name)

    def _stored(self) -> Dict[str, Any]:
        stored = cache.load(_KIND, self._key)
        return stored if isinstance(stored, dict) else {}


def _book(document: ConfigDocument, era: str) -> _Book:
    roots = source_roots(document.path, document.tree, document.homes)
    named = named_modules(document.path, document.tree)
    places = Places(
        roots,
        state_of(roots).text,
        named,
        _imported_by_its_files(document),
        era,
        config_package(document.path),
    )
    return _one_book(places)


def _imported_by_its_files(document: ConfigDocument) -> Tuple[str, ...]:
    """What the config and its bases import themselves, when they are read."""
    files = [path for path in document.files if path.endswith(".py") and is_said_in(path, "import")]
    if not files:
        return ()
    from mmfix.repository.reach import imported_by  # few do

    return tuple(name for path in files for name in imported_by(read_bytes(path, BOUNDS)[0]))


@lru_cache(maxsize=8)
def _one_book(places: Places) -> _Book:
    return _Book(places)
