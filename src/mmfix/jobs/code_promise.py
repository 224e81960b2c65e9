"""What a cure in code must keep: the finding goes, none comes, and all else that is read stays as it was."""

from __future__ import annotations

import os.path as osp
from contextlib import closing
from dataclasses import replace
from typing import (
    Any,
    Callable,
    Dict,
    FrozenSet,
    Generator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from mmfix.codemods.moved import moved_lines
from mmfix.codemods.same_reading import Moved, differs
from mmfix.config.document import ConfigDocument
from mmfix.config.family import walk
from mmfix.config.keypath import KeyPath, format_key
from mmfix.config.reader import Reader
from mmfix.errors import MmfixError, PatchError
from mmfix.findings import Finding
from mmfix.jobs.accounting import unfit
from mmfix.jobs.checking import code_of, judge_document
from mmfix.jobs.watching import Watch
from mmfix.model.types import ModelReading
from mmfix.python.disk import instead
from mmfix.python.garbage import put_off
from mmfix.results.change import FileEdit
from mmfix.results.place import display_path
from mmfix.settings import Settings
from mmfix.training import is_trainable
from mmfix.training.script import script_files
from mmfix.wording import say
from mmfix.workers import InOrder, each, processes

Named = Sequence[Tuple[ConfigDocument, Sequence[Finding]]]
_Cause = Tuple[str, KeyPath]
#: Seconds.
_NO_TIME = 1e-3


class _State(NamedTuple):
    """A config that uses the changed files, as it is without the change."""

    path: str
    findings: Tuple[Finding, ...]
    reading: ModelReading


class _Again(NamedTuple):
    """The same with the change: what is found then, and what of the promise is broken; empty if nothing.

    Attributes:
        path: The config.
        findings: What is found.
        broken: What of the promise is broken.
        hint: What to do about it.
        in_part: The time was up before its model was read to the end, so that only findings were compared.
    """

    path: str
    findings: Tuple[Finding, ...]
    broken: str = ""
    hint: str = ""
    in_part: bool = False


class Kept(NamedTuple):
    """A promise that is kept.

    Attributes:
        users: How many configs use the changed files.
        in_part: Of how many of them only the findings were compared.
        after: What is then found in the named configs.
    """

    users: int
    in_part: int
    after: Dict[str, Tuple[Finding, ...]]


def check_promise(
    remedy: str,
    edits: Sequence[FileEdit],
    named: Named,
    top: str,
    reader: Reader,
    settings: Settings,
    jobs: int,
    watch: Watch,
) -> Kept:
    """Read every config again that uses the changed files, with these files as they would be.

    Args:
        remedy: The name of the cure.
        edits: The files.
        named: The configs that it is for, with their findings.
        top: The repository, of which all configs are looked at.
        reader: Reads configs.
        settings: Of the run.
        jobs: How many processes may share the work.
        watch: Is told how far it is.

    Returns:
        How many configs use the files, and what is then found in the named ones.

    Raises:
        PatchError: The promise is not kept; nothing was written.
    """
    cured = {
        document.path: frozenset(
            _cause(item) for item in found if any(cure.name == remedy for cure in item.remedies)
        )
        for document, found in named
    }
    # a rehearsal was of the code as it was: what its proof took back comes again
    settings = replace(settings, proofs=False)
    paths = list(dict.fromkeys([*cured, *walk(top)]))
    as_it_is = _AsItIs(reader, settings, frozenset(edit.path for edit in edits), frozenset(cured))
    states: List[_State] = []
    with put_off(), closing(_in_turn(paths, as_it_is, osp.dirname, jobs, watch)) as found:
        states += [state for state in found if state is not None]
    moved: Moved = {edit.path: moved_lines(edit.before, edit.after) for edit in edits}
    changed = _WithCure(reader, settings, moved, cured)
    after: Dict[str, Tuple[Finding, ...]] = {}
    in_part = 0
    texts = {edit.path: edit.after for edit in edits}
    with put_off(), instead(texts), closing(_in_turn(states, changed, _folder, jobs, watch)) as again:
        for item in again:
            if item.broken:
                hint = item.hint or say("change the code by hand, or choose another cure")
                raise PatchError(say("not changed: {why}", why=item.broken), hint=hint)
            after[item.path] = item.findings
            in_part += item.in_part
    for path in cured:
        if path not in after:
            raise PatchError(say("not changed: the config cannot be read any more"), path)
    return Kept(len(states), in_part, after)


class _AsItIs:
    """Judges a config that uses the files; None of one that does not, or cannot be judged.

    Args:
        reader: Reads configs.
        settings: Of the run.
        changed: The files.
        named: Configs that are known to use them.
    """

    def __init__(
        self, reader: Reader, settings: Settings, changed: FrozenSet[str], named: FrozenSet[str]
    ) -> None:
        self._reader = reader
        self._settings = settings
        self._changed = changed
        self._named = named

    def __call__(self, path: str) -> Optional[_State]:
        """The state of one config."""
        try:
            document = self._reader.load(path)
            if unfit(document) is not None or not is_trainable(document):
                return None
            reading = model_reading(document, self._settings)
            files = map(osp.realpath, (*reading.files, *script_files(document)))
            if path not in self._named and self._changed.isdisjoint(files):
                return None
            return _State(path, judge_document(document, self._settings).findings, reading)
        except MmfixError:
            return None


class _WithCure:
    """Judges a config again, with the files as they would be.

    Args:
        reader: Reads configs.
        settings: Of the run.
        moved: Where the lines of the files go.
        cured: By config, what the cure is for.
    """

    def __init__(
        self,
        reader: Reader,
        settings: Settings,
        moved: Moved,
        cured: Mapping[str, FrozenSet[_Cause]],
    ) -> None:
        self._reader = reader
        self._settings = settings
        self._moved = moved
        self._cured = cured

    def __call__(self, state: _State) -> _Again:
        """What becomes of one config."""
        try:
            document = self._reader.load(state.path)
            settings = self._settings_for(state)
            now = judge_document(document, settings).findings
            reading = model_reading(document, settings)
            finished = not state.reading.unfinished and not reading.unfinished
            if not finished and (self._is_part_of(state.reading) or self._is_part_of(reading)):
                return self._in_part(state, now)
            broken = self._broken(state, now)
            if not broken and finished:
                broken = self._differs(state, reading)
            return _Again(state.path, now, broken)
        except MmfixError as error:
            name = display_path(state.path)
            why = say("with it, {config} cannot be judged: {why}", config=name, why=error)
            return _Again(state.path, (), why)

    def _settings_for(self, state: _State) -> Settings:
        """Of a model of which nothing was read in all the time it has, nothing would be read again."""
        if state.path in self._cured or not state.reading.unfinished or state.reading.built:
            return self._settings
        return replace(self._settings, reading_seconds=_NO_TIME)

    def _is_part_of(self, reading: ModelReading) -> bool:
        """Whether one of the changed files was read for a model."""
        return not self._moved.keys().isdisjoint(map(osp.realpath, reading.files))

    def _in_part(self, state: _State, now: Tuple[Finding, ...]) -> _Again:
        """What becomes of a config whose model is not read to its end, before or after.

        How far that comes is chance. A finding of it may be gone because it did not come that far.
        """
        if state.path not in self._cured:
            return _Again(state.path, now, self._broken(state, now), in_part=True)
        name = display_path(state.path)
        why = say("the model of {config} could not be read to its end in the time it is given", config=name)
        return _Again(state.path, (), why, say("--reading-seconds gives it more"))

    def _broken(self, state: _State, now: Sequence[Finding]) -> str:
        name = display_path(state.path)
        left = self._cured.get(state.path, frozenset()) & set(map(_cause, now))
        if left:
            code, key = min(left, key=str)
            return say(
                "with it, {rule} of {key} would still be found in {config}",
                rule=code,
                key=format_key(key),
                config=name,
            )
        known = set(map(_cause, state.findings))
        new = next((item for item in now if _cause(item) not in known), None)
        if new is not None:
            return say(
                "with it, {rule} of {key} would be found in {config}",
                rule=new.code,
                key=format_key(new.key),
                config=name,
            )
        return ""

    def _differs(self, state: _State, reading: ModelReading) -> str:
        changed = differs(state.reading, reading, self._moved)
        if not changed:
            return ""
        name = display_path(state.path)
        return say("it would change more of the model of {config}: {change}", config=name, change=changed)


def _in_turn(
    items: Sequence[Any], work: Callable[[Any], Any], group: Callable[[Any], str], jobs: int, watch: Watch
) -> Generator[Any, None, None]:
    """What comes of each item, in their order.

    Raises:
        PatchError: Nothing came of one of them.
    """
    order: InOrder[Any] = InOrder()
    watch.expect(len(items))
    with closing(each(items, work, processes(jobs, len(items)), group, watch.tick)) as results:
        for done in results:
            if done.lost:
                what = say(
                    "not changed: a process that read configs again was ended by {signal}, twice",
                    signal=done.ended,
                )
                raise PatchError(what, hint=say("often too little memory; fewer --jobs take less"))
            watch.advance()
            yield from order.add(done.number, (done.value,))


def _folder(state: _State) -> str:
    return osp.dirname(state.path)


def _cause(finding: Finding) -> _Cause:
    return finding.code, finding.key


def model_reading(document: ConfigDocument, settings: Settings) -> ModelReading:
    """What was read of the model of a config that can be trained."""
    code = code_of(document, settings)
    return ModelReading((), (), (), (), (), ()) if code is None else code.reading
