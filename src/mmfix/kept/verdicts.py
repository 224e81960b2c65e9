"""What was said of a config, kept as long as nothing has changed that it rests on.

That is: its own files, the code around it and in the packages of OpenMMLab, whatever else of the source was
read, the settings that hold for it, the working directory, mmfix itself, and what is installed (torch by its
version). Nothing is kept where a proof lies beside the config, where a base is missing, where something could
not be judged or was not judged to its end, where an environment variable may decide, and where a file has
changed since the run began.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import Any, Iterable, Iterator, List, Optional, Sequence, Tuple

from mmfix.config.document import ConfigDocument, to_plain
from mmfix.config.used import is_said_in
from mmfix.kept.values import NotKept, from_values, to_values
from mmfix.project.held import Held, named_roots
from mmfix.proofs.place import proof_file
from mmfix.python.disk import stamp
from mmfix.python.looked import looked_at
from mmfix.repository import cache
from mmfix.repository.roots import source_roots
from mmfix.repository.state import State, state_of
from mmfix.results.checked import ConfigReport

#: Changes with the layout of what is kept.
_KIND = "verdicts-1"
#: What of a config decides where its code is looked for (:func:`mmfix.repository.roots.source_roots`).
_ASKED = ("custom_imports", "plugin", "plugin_dir")
#: In the text of a config: it may ask for an environment variable (``{{$NAME:default}}``).
_VARIABLE = "$"
#: Nanoseconds by which the clock of a file may be behind.
_TICK = 50_000_000

Reports = Tuple[ConfigReport, ...]


def recalled(path: str, held: Held, installed: Sequence[str]) -> Optional[Reports]:
    """What was said of a config: its report; none for one that nothing can train. None: judge it.

    Args:
        path: The config, absolute.
        held: The settings that hold for it.
        installed: What is installed beside mmfix and decides what is said.
    """
    entry = cache.load(_KIND, _key(path, held, installed))
    try:
        if entry is None or any(stamp(file) != was for file, was in entry["files"].items()):
            return None
        if entry["texts"] != [state.text for state in _states(path, entry["asked"], entry["homes"], held)]:
            return None
        return None if os.path.lexists(proof_file(path)) else tuple(map(from_values, entry["reports"]))
    except (LookupError, TypeError, ValueError, AttributeError):
        return None  # somebody else's file


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
        asked = to_values({name: to_plain(document.tree[name]) for name in _ASKED if name in document.tree})
        said = list(map(to_values, reports))
    except NotKept:
        return
    states = _states(path, asked, document.homes, held)
    covered = frozenset().union(*(state.files for state in states))
    files = {*document.files, *sources, *_looked_at(states)} - covered
    if max([*(state.newest for state in states), *map(_changed, files)]) >= began - _TICK:
        return
    stamps = {file: stamp(file) for file in sorted(files)}
    texts = [state.text for state in states]
    entry = {"files": stamps, "texts": texts, "asked": asked, "homes": list(document.homes), "reports": said}
    cache.store(_KIND, _key(path, held, installed), entry)


def _key(path: str, held: Held, installed: Sequence[str]) -> str:
    settings = replace(held.settings, given=frozenset())
    given = sorted(held.settings.given)
    file = "" if held.file is None else f"{held.file.path} {stamp(held.file.path)}"
    return "\n".join([path, os.getcwd(), repr(settings), str(given), file, *installed])


def _states(path: str, asked: Any, homes: Sequence[str], held: Held) -> List[State]:
    """The state of where the code of a config is looked for, with the folders that are named and without."""
    tree = from_values(asked)
    places = (source_roots(path, tree, homes, named) for named in (named_roots(held.settings), ()))
    return [state_of(roots) for roots in dict.fromkeys(places)]


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
