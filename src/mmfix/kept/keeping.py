"""Keeping what was said of a config, with all that it rests on (``verdicts.py``)."""

from __future__ import annotations

import os
import sys
from typing import Iterable, Iterator, Sequence

from mmfix.config.document import ConfigDocument, to_plain
from mmfix.config.used import is_said_in
from mmfix.kept.values import NotKept, to_values
from mmfix.kept.verdicts import ASKED, KIND, Reports, key_of, states_of
from mmfix.project.held import Held
from mmfix.proofs.place import proof_file
from mmfix.python.disk import stamp
from mmfix.python.looked import looked_at
from mmfix.repository import cache
from mmfix.repository.state import State

#: In the text of a config: it may ask for an environment variable (``{{$NAME:default}}``).
_VARIABLE = "$"
#: Nanoseconds by which the clock of a file may be behind.
_TICK = 50_000_000


def keep(
    document: ConfigDocument,
    held: Held,
    installed: Sequence[str],
    reports: Reports,
    sources: Iterable[str],
    began: int,
) -> None:
    """Keep what was said of a config.

    Args:
        document: The config.
        held: The settings that hold for it.
        installed: As for :func:`recalled`.
        reports: Its report; none for one that nothing can train.
        sources: The source files that were read for it.
        began: When the first of its files may have been read, in nanoseconds since the epoch.
    """
    path = document.path
    if document.missing or any(report.status != "ok" or report.proof is not None for report in reports):
        return
    if any(is_said_in(file, _VARIABLE) for file in document.files) or os.path.lexists(proof_file(path)):
        return
    try:
        asked = to_values({name: to_plain(document.tree[name]) for name in ASKED if name in document.tree})
        said = list(map(to_values, reports))
    except NotKept:
        return
    states = states_of(path, asked, document.homes, held)
    covered = frozenset().union(*(state.files for state in states))
    files = {*document.files, *sources, *_looked_at(states)} - covered
    if max([*(state.newest for state in states), *map(_changed, files)]) >= began - _TICK:
        return
    stamps = {file: stamp(file) for file in sorted(files)}
    texts = [state.text for state in states]
    entry = {"files": stamps, "texts": texts, "asked": asked, "homes": list(document.homes), "reports": said}
    cache.store(KIND, key_of(path, held, installed), entry)


def _looked_at(states: Iterable[State]) -> Iterator[str]:
    """The source files that may have been looked at for a config, and folders in its repository.

    Of a folder elsewhere the time tells nothing that its files, or those around it, do not tell.
    """
    walked = tuple(f"{root.rstrip(os.sep)}{os.sep}" for state in states for root in state.walked)
    elsewhere = tuple(f"{folder}{os.sep}" for folder in filter(None, sys.path))
    for path in looked_at():
        if f"{path}{os.sep}".startswith(walked) or (path.endswith(".py") and path.startswith(elsewhere)):
            yield path


def _changed(path: str) -> int:
    """When a file or folder was last changed; of one that is not there, the folder that it would be in."""
    try:
        return os.stat(path).st_mtime_ns
    except (OSError, ValueError):
        return 0 if path == os.path.dirname(path) else _changed(os.path.dirname(path))
