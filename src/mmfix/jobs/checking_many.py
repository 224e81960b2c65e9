"""Judge many configs in several processes; results in any order."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Callable, Generator, Optional, Sequence, Tuple

from mmfix.config.reader import Reader
from mmfix.jobs.checking import check_files
from mmfix.results.checked import ConfigReport, Problem
from mmfix.results.place import display_path
from mmfix.settings import Settings
from mmfix.wording import say
from mmfix.workers import Done, each

if TYPE_CHECKING:
    from mmfix.jobs.since import Since

#: What nearly always ends a process from outside.
_MEMORY = say("often too little memory; fewer --jobs take less")


def judge_many(
    paths: Sequence[str],
    reader: Reader,
    settings: Settings,
    jobs: int,
    tick: Optional[Callable[[], None]] = None,
    since: Optional[Since] = None,
) -> Generator[Tuple[int, Tuple[ConfigReport, ...]], None, None]:
    """The number of each path and its report, or none for a base; in any order.

    Args:
        paths: The configs; those of a folder mostly have their model in common, and stay in one process.
        reader: Reads them; each process goes on with a copy of what it has read.
        settings: As for :func:`check_files`.
        jobs: How many processes.
        tick: Called ten times a second.
        since: Judge only what this concerns.
    """

    def work(path: str) -> Tuple[ConfigReport, ...]:
        if since is not None and not since.concerns(path, reader, settings):
            return ()
        return tuple(check_files([path], reader, settings))

    for done in each(paths, work, jobs, os.path.dirname, tick):
        yield done.number, (_lost(paths[done.number], done),) if done.lost else _told(done)


def _told(done: Done) -> Tuple[ConfigReport, ...]:
    """The reports of a config; with a word about a process that was ended."""
    reports: Tuple[ConfigReport, ...] = done.value
    if not done.ended:
        return reports
    note = say(
        "the process that judged this was ended by {how} ({hint}), and it was judged again",
        how=done.ended,
        hint=_MEMORY,
    )
    return tuple(
        replace(report, notes=(*report.notes, f"{display_path(report.path)}: {note}")) for report in reports
    )


def _lost(path: str, done: Done) -> ConfigReport:
    message = say("the process that judged it was ended by {how}, twice", how=done.ended)
    return ConfigReport(path, None, None, "unreadable", Problem("system", message, path, hint=_MEMORY))
