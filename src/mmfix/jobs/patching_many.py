"""Patch many configs in several processes, each with a loader of its own; results in any order."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Callable, Container, Dict, Generator, Optional, Sequence, Set, Tuple

from mmfix.config.reader import Reader
from mmfix.errors import ConfigError
from mmfix.jobs.accounting import unfit
from mmfix.jobs.checking import problem_of
from mmfix.jobs.patching import Options, patch_file
from mmfix.jobs.places import about_blocks
from mmfix.patches import NoLoaderError, Verifier
from mmfix.results.checked import Problem
from mmfix.results.patched import PatchResult
from mmfix.training import is_trainable
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

    What is written is not done a second time where a process was ended meanwhile: its result says so. Configs
    of which one inherits another are patched one after the other, in their order.

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
    families = _families(paths, reader) if options.write and not options.undo else {}
    work = _Patching(reader, options, must_be_judged, families)

    def family(path: str) -> str:
        return families.get(path, path) if options.write else os.path.dirname(path)

    again = not options.write
    for done in each(paths, work, jobs, family, tick, split=again, again=again, finish=work.close):
        yield done.number, (_lost(paths[done.number], done),) if done.lost else done.value


class _Patching:
    """Patches one config after the other, in one process.

    Args:
        reader: Reads them; each process goes on with a copy of what it has read.
        options: What is wanted.
        must_be_judged: Those that must be judged.
        families: As of :func:`_families`.
    """

    def __init__(
        self, reader: Reader, options: Options, must_be_judged: Container[str], families: Dict[str, str]
    ) -> None:
        self._reader = reader
        self._options = options
        self._must_be_judged = must_be_judged
        self._families = families
        self._verifier = Verifier()

    def __call__(self, path: str) -> Tuple[PatchResult, ...]:
        """The result of one config; none for a base."""
        options = self._options
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
        if result.written and path in self._families:
            self._reader = Reader()  # a config of this list inherits the file that was just written
        return (result,)

    def close(self) -> None:
        """End the loader."""
        self._verifier.close()


def _families(paths: Sequence[str], reader: Reader) -> Dict[str, str]:
    """A name for each family of a list: configs that inherit each other, or that are links to one file.

    One without any is left out.
    """
    first: Dict[str, str] = {}
    for path in paths:
        first.setdefault(os.path.realpath(path), path)
    heads: Dict[str, str] = {}

    def head(path: str) -> str:
        while heads.get(path, path) != path:
            path = heads[path]
        return path

    members: Set[str] = set()
    for path in paths:
        try:
            files = reader.load(path).files
        except ConfigError:
            continue  # it is not patched
        for other in (first.get(os.path.realpath(file), path) for file in files):
            if other != path:
                members |= {path, other}
                heads[head(path)] = head(other)
    return {path: head(path) for path in members}


def _lost(path: str, done: Done) -> PatchResult:
    message = f"the process that patched it was ended by {done.ended}"
    hint = "often too little memory; look at the file, and run mmfix again with fewer --jobs"
    return PatchResult(path, path, error=Problem("system", message, path, hint=hint))
