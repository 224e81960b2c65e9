"""Readings kept between runs: a model that did not change, and whose source did not, is not read again."""

from __future__ import annotations

import gc
import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Tuple

from mmfix.model.stored import from_json, to_json
from mmfix.model.types import ModelReading
from mmfix.python.disk import reading_of, stamp
from mmfix.repository import cache, state
from mmfix.repository.state import state_of

if TYPE_CHECKING:
    from mmfix.repository.library import Library

#: Changes with the layout of a stored reading, or with what is read off the source.
_KIND = "readings-13"
#: What says nothing about gradients and differs between configs of one model.
_NO_MATTER = frozenset({"init_cfg", "pretrained", "test_cfg", "data_preprocessor", "img_norm_cfg"})
#: Of files that are read otherwise than they are; their digests hold for that time alone.
_otherwise: Dict[str, ModelReading] = {}
#: Readings that ran out of time, with the stamps of their files; for this process alone.
_unfinished: Dict[str, Tuple[Dict[str, Optional[str]], ModelReading]] = {}


def read_remembered(
    model: Mapping[str, Any],
    roots: Tuple[str, ...],
    era: str,
    scope: Optional[str],
    wraps_first: bool,
    named: Tuple[str, ...] = (),
    seconds: Optional[float] = None,
    beside: Optional[Mapping[str, Any]] = None,
) -> ModelReading:
    """:func:`read_model`, or what it said before of the same model and the same source files.

    A reading that ran out of time is kept for this process alone: the next run may get further. One of files
    that are read otherwise than they are (:func:`mmfix.python.disk.instead`) is kept as long as that lasts.

    Args:
        model: The resolved ``model`` of a config.
        roots: Directories searched before the installed packages.
        era: ``mmengine`` or ``mmcv1``.
        scope: The config's ``default_scope``.
        wraps_first, named, seconds, beside: As in :func:`read_model`.
    """
    walk = state_of(roots).code
    text = (
        f"{era}\n{scope}\n{wraps_first}\n{roots}\n{named}\n{seconds}\n{walk}\n{_text(model)}\n{_text(beside)}"
    )
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    reading = _otherwise.get(digest) if reading_of() else _recall(digest) or _stopped(digest)
    if reading is None:
        from mmfix.model.reading import read_model  # the interpreter takes longer to load than most checks

        library = library_of(roots)
        reading = read_model(model, library, era, scope, wraps_first, named, seconds, beside)
        library.keep()
        if reading_of():
            _otherwise[digest] = reading
        elif reading.unfinished:
            _unfinished[digest] = {path: stamp(path) for path in reading.files}, reading
        else:
            _remember(digest, reading)
        gc.collect(1)  # frames and closures hold each other, and a run over many configs pauses the collector
    return reading


def look_again() -> None:
    """Forget what the files were: one of them has been written."""
    state.look_again()
    _otherwise.clear()
    _unfinished.clear()
    _library.cache_clear()


def library_of(roots: Tuple[str, ...]) -> Library:
    """One library for all configs of a run, until a file changes."""
    return _library(roots, state_of(roots).whole)


@lru_cache(maxsize=4)
def _library(roots: Tuple[str, ...], state: str) -> Library:
    from mmfix.repository.library import Library

    return Library(roots)


def _recall(digest: str) -> Optional[ModelReading]:
    entry = cache.load(_KIND, digest)
    try:
        if not isinstance(entry, dict) or any(
            stamp(path) != before for path, before in entry["files"].items()
        ):
            return None
        return from_json(entry["reading"])
    except (LookupError, TypeError, ValueError, AttributeError):
        return None  # somebody else's file


def _stopped(digest: str) -> Optional[ModelReading]:
    """What was read before the time was up, which takes as long again."""
    if digest not in _unfinished:
        return None
    files, reading = _unfinished[digest]
    return reading if all(stamp(path) == before for path, before in files.items()) else None


def _remember(digest: str, reading: ModelReading) -> None:
    files = {path: stamp(path) for path in reading.files}
    cache.store(_KIND, digest, {"files": files, "reading": to_json(reading)})


def _text(value: Any) -> str:
    """The part of a config that matters, as text."""
    if isinstance(value, dict):
        items = [f"{key!r}:{_text(item)}" for key, item in value.items() if key not in _NO_MATTER]
        return "{" + ",".join([*items, "..."] if getattr(value, "missing", None) else items) + "}"
    if isinstance(value, (list, tuple)):
        kind = "[" if isinstance(value, list) else "("
        return kind + ",".join(map(_text, value)) + "]"
    return repr(value)
