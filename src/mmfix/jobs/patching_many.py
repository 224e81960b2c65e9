"""Patch many configs in several processes, each with a loader of its own; results in any order."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Callable, Container, Dict, Generator, Optional, Sequence, Tuple

from mmfix.config.reader import Reader
from mmfix.jobs.accounting import unfit
from mmfix.jobs.checking import problem_of
from mmfix.jobs.patching import Options, patch_file
from mmfix.jobs.places import about_blocks
from mmfix.jobs.ties import Tie, ties_of
from mmfix.patches import NoLoaderError, Verifier
from mmfix.python.disk import stamp
from mmfix.results.checked import Problem
from mmfix.results.patched import PatchResult
from mmfix.training import is_trainable
from mmfix.wording import say
from mmfix.workers import Done, each


def patch_many(
    paths: Sequence[str],
    reader: Reader,
    options: Options,
    must_be_judged: Container[str] = (),
    jobs: int = 1,
    tick: Optional[Callable[[], None]] = None,
) -> Generator[Tuple[int, Tuple[PatchResult, ...]], None, None]:
    """Patch each config that can be trained; a problem with one is its result, and the next goes on.

    What is written is not done a second time where a process was ended meanwhile: its result says so. Bases
    are written before what inherits them, and the names of one file one after the other.

    Args:
        paths: The configs.
        reader: Reads them.
        options: What is wanted.
        must_be_judged: Those of them for which it is a failure that they cannot be judged.
        jobs: How many processes.
        tick: Called ten times a second.

    Yields:
        The number of a path, and its result, or none for a base.
    """
    again = not options.write
    ties = {} if again else ties_of(paths, None if options.undo else reader)
    work = _Patching(reader, options, must_be_judged, ties)

    def group(path: str) -> str:
        return ties[path].group if ties else os.path.dirname(path)

    def wave(path: str) -> int:
        return ties[path].wave if ties else 0

    for done in each(paths, work, jobs, group, tick, split=again, again=again, wave=wave, finish=work.close):
        yield done.number, (_lost(paths[done.number], done),) if done.lost else done.value


class _Patching:
    """Patches one config after the other, in one process.

    Args:
        reader: Reads them; each process goes on with a copy of what it has read.
        options: What is wanted.
        must_be_judged: Those that must be judged.
        ties: Of all that are written, what they have to do with each other.
    """

    def __init__(
        self, reader: Reader, options: Options, must_be_judged: Container[str], ties: Dict[str, Tie]
    ) -> None:
        self._reader = reader
        self._options = options
        self._must_be_judged = must_be_judged
        self._ties = ties
        self._stamps = {file: stamp(file) for tie in ties.values() for file in tie.files}
        self._verifier = Verifier()

    def __call__(self, path: str) -> Tuple[PatchResult, ...]:
        """The result of one config; none for a base."""
        options = self._options
        self._look_again(path)
        try:
            document = None if options.undo else self._reader.load(path)
            error = None if document is None else unfit(document)
            if error is not None and path not in self._must_be_judged:
                return (PatchResult(path, path, judged=error.judged),)
            if error is None and document is not None and not is_trainable(document):
                return ()
            result = patch_file(path, self._reader, options, self._verifier)
        except Exception as error:
            full = os.path.abspath(path)
            about = None if isinstance(error, NoLoaderError) else path
            result = PatchResult(full, full, error=problem_of(error, about))
        if options.undo and not result.changed and path in self._must_be_judged:
            result = replace(result, notes=(*result.notes, *about_blocks(path, self._reader)))
        return (result,)

    def close(self) -> None:
        """End the loader."""
        self._verifier.close()

    def _look_again(self, path: str) -> None:
        """See what has been written of the files that a config is made of, here or in another process."""
        for file in self._ties[path].files if self._ties else ():
            now = stamp(file)
            if now != self._stamps[file]:
                self._stamps[file] = now
                self._reader.forget(file)


def _lost(path: str, done: Done) -> PatchResult:
    message = say("the process that patched it was ended by {how}", how=done.ended)
    hint = say("often too little memory; look at the file, and run mmfix again with fewer --jobs")
    return PatchResult(path, path, error=Problem("system", message, path, hint=hint))
