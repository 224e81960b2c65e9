"""Cure people's own code: what a cure changes, held to its promise; all of it is written or nothing."""

from __future__ import annotations

import os.path as osp
from dataclasses import replace
from typing import Container, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from mmfix.codemods.journal import finish, write_cure
from mmfix.codemods.place import from_top, is_interrupted, project_of
from mmfix.codemods.record import Cure, recorded
from mmfix.config.document import ConfigDocument
from mmfix.config.reader import Reader
from mmfix.errors import PatchError
from mmfix.findings import CodeSpot
from mmfix.git.ask import GitError
from mmfix.git.changed import is_uncommitted
from mmfix.jobs.accounting import unfit
from mmfix.jobs.checking import judge_document, problem_of
from mmfix.jobs.code_promise import Kept, check_promise
from mmfix.jobs.installed import INSTALL
from mmfix.jobs.patching import Options, no_such_cure
from mmfix.jobs.watching import UNWATCHED, Watch
from mmfix.model.remembered import look_again
from mmfix.project.held import held
from mmfix.remedies.in_code import CODE_CURES
from mmfix.report.text.hidden import not_cured
from mmfix.results.change import FileEdit
from mmfix.results.checked import ConfigReport, failing
from mmfix.results.patched import PatchResult
from mmfix.results.place import display_path, display_place
from mmfix.training import is_trainable
from mmfix.wording import mark, say
from mmfix.workers import ticking


class _Wanted(NamedTuple):
    """A config with findings that a cure in code is for.

    Attributes:
        document: The config.
        report: What was found in it.
        spots: The lines that the cure is about.
    """

    document: ConfigDocument
    report: ConfigReport
    spots: Tuple[CodeSpot, ...]

    @property
    def top(self) -> str:
        """The repository around it."""
        return project_of(self.document.path)


def is_code_cure(remedy: Optional[str]) -> bool:
    """Whether a remedy of that name changes code."""
    return remedy in CODE_CURES


def finish_interrupted(paths: Iterable[str]) -> Iterator[str]:
    """Finish what earlier runs have begun to write around some paths; one line each.

    Raises:
        PatchError: It can neither be finished nor taken back.
    """
    for top in dict.fromkeys(map(project_of, paths)):
        if is_interrupted(top):
            told = finish(top)
            look_again()
            if told:
                yield told


def cure_code(
    paths: Sequence[str],
    reader: Reader,
    options: Options,
    must_be_judged: Container[str] = (),
    jobs: int = 1,
    watch: Watch = UNWATCHED,
) -> List[PatchResult]:
    """Plan the cure in code called ``options.remedy``, hold it to its promise, and write it when asked.

    What the configs of one repository need is one cure, which is written as a whole or not at all.

    Args:
        paths: The configs.
        reader: Reads them.
        options: What is wanted.
        must_be_judged: Those of them for which it is a failure that they cannot be judged.
        jobs: How many processes may share the work.
        watch: Is told how far it is.
    """
    results: Dict[str, PatchResult] = {}
    groups: Dict[str, List[_Wanted]] = {}
    watch.expect(len(paths))
    with ticking(watch.tick):
        for path in map(osp.abspath, paths):
            try:
                wanted = _wanted(path, reader, options, path in must_be_judged, results)
            except Exception as error:
                results[path] = PatchResult(path, path, error=problem_of(error, path))
                wanted = None
            if wanted is not None:
                groups.setdefault(wanted.top, []).append(wanted)
            watch.advance()
    for top, group in groups.items():
        try:
            made = _cured(top, group, reader, options, jobs, watch)
        except Exception as error:
            problem, more = problem_of(error), _others(error)
            made = [
                PatchResult(item.document.path, item.document.path, error=problem, notes=more)
                for item in group
            ]
        results.update((result.path, result) for result in made)
    return [results[path] for path in map(osp.abspath, paths) if path in results]


def cure_file(path: str, reader: Reader, options: Options) -> PatchResult:
    """The same for one config, whose failure is raised.

    Raises:
        ConfigError: The config cannot be read.
        PatchError: The cure was refused or could not be written; no file was changed.
    """
    path = osp.abspath(path)
    results: Dict[str, PatchResult] = {}
    if options.write:
        list(finish_interrupted([path]))
    wanted = _wanted(path, reader, options, True, results)
    if wanted is not None:
        return _cured(wanted.top, [wanted], reader, options, 1, UNWATCHED)[0]
    if path not in results:
        raise PatchError(
            say("nothing can train this config by itself"), path, hint=say("name a config that inherits it")
        )
    return results[path]


def _wanted(
    path: str, reader: Reader, options: Options, must: bool, results: Dict[str, PatchResult]
) -> Optional[_Wanted]:
    """What a config needs; None where it needs nothing, and then its result, if it has one."""
    document = reader.load(path)
    error = unfit(document)
    if error is not None:
        if must:
            raise error
        results[path] = PatchResult(path, path, judged=error.judged)
        return None
    if not is_trainable(document):
        return None
    report = judge_document(document, options.settings)
    cures = [
        remedy
        for finding in report.findings
        for remedy in finding.remedies
        if remedy.name == options.remedy and remedy.code
    ]
    if cures:
        spots = dict.fromkeys(spot for remedy in cures for spot in remedy.code)
        return _Wanted(document, report, tuple(spots))
    if report.findings and options.remedy is not None:
        raise no_such_cure(report.findings, options.remedy)
    fail_on = held(options.settings, path).settings.fail_on
    results[path] = PatchResult(path, path, notes=tuple(not_cured(report.suppressed)), fail_on=fail_on)
    return None


def _cured(
    top: str, group: List[_Wanted], reader: Reader, options: Options, jobs: int, watch: Watch
) -> List[PatchResult]:
    """The results of a cure for configs of one repository.

    Raises:
        PatchError: It was refused, or cannot be written; no file was changed.
    """
    remedy = str(options.remedy)
    with ticking(watch.tick):
        edits = planned(remedy, [spot for item in group for spot in item.spots], top)
    kept = Kept(0, 0, {item.document.path: item.report.findings for item in group})
    if edits:
        named = [(item.document, item.report.findings) for item in group]
        kept = check_promise(remedy, edits, named, top, reader, options.settings, jobs, watch)
    if options.write and edits:
        if not options.allow_dirty:
            _check_committed(edits)
        configs = tuple(from_top(top, item.document.path) for item in group)
        cure = Cure(remedy, configs, edits)
        write_cure(top, cure, [*recorded(top), cure])
        look_again()
    results = [_result(item, edits, kept, options) for item in group]
    if not options.write and not options.allow_dirty:
        results[0] = replace(results[0], notes=(*results[0].notes, *_would_be_refused(edits)))
    return results


def _result(item: _Wanted, edits: Tuple[FileEdit, ...], kept: Kept, options: Options) -> PatchResult:
    path = item.document.path
    files = {spot.path for spot in item.spots}
    files |= {osp.realpath(place.path) for spot in item.spots for place in spot.called}
    own = tuple(edit for edit in edits if edit.path in files)
    notes = [*item.report.notes, *not_cured(item.report.suppressed)]
    if own:
        notes.append(_read_again(kept))
    return PatchResult(
        path,
        path,
        written=options.write and bool(own),
        remedies=(str(options.remedy),),
        edits=own,
        left=failing(kept.after[path]),
        notes=tuple(notes),
        fail_on=held(options.settings, path).settings.fail_on,
        proof=item.report.proof,
        taken_back=item.report.taken_back,
    )


def _read_again(kept: Kept) -> str:
    template = mark(
        "read again with the cure ({count} configs use it): the finding is gone, nothing else has changed"
    )
    if kept.users == 1:
        template = mark(
            "read again with the cure (1 config uses it): the finding is gone, nothing else has changed"
        )
    told = say(template, count=kept.users)
    if not kept.in_part:
        return told
    return say(
        "{told}; of {count} the model could not be read to its end, and only the findings were compared "
        "(--reading-seconds gives it more time)",
        told=told,
        count=kept.in_part,
    )


def planned(remedy: str, spots: Sequence[CodeSpot], top: str) -> Tuple[FileEdit, ...]:
    """The files that a cure changes, each of which compiles and is what it was beside the edit.

    Raises:
        PatchError: LibCST is not installed, or a line cannot be changed exactly.
    """
    try:
        from mmfix.codemods.all import CODEMODS
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "libcst":
            raise
        raise PatchError(
            say("{cure} needs LibCST, which is not installed", cure=remedy), hint=INSTALL
        ) from error
    from mmfix.codemods.apply import edited
    from mmfix.remedies.own_code import Refused

    try:
        return edited(CODEMODS[remedy], list(dict.fromkeys(spots)), top)
    except Refused as error:
        raise PatchError(
            say("not changed: {why}", why=error.why), error.path, error.line or None, hint=error.hint
        ) from error


def _others(error: BaseException) -> Tuple[str, ...]:
    """Further lines that were refused."""
    refused = getattr(error.__cause__, "others", ())
    return tuple(
        say("{place} not changed: {why}", place=display_place(item.path, item.line or None), why=item.why)
        for item in refused
    )


def _check_committed(edits: Sequence[FileEdit]) -> None:
    for edit in edits:
        try:
            dirty = is_uncommitted(edit.path)
        except GitError as error:
            what = say("cannot be compared with the last commit: {why}", why=error.reason)
            raise PatchError(what, edit.path, hint=say("--allow-dirty writes all the same")) from error
        if dirty:
            hint = say("commit it first, so that the cure is a change of its own; or use --allow-dirty")
            raise PatchError(say("has changes that are not committed"), edit.path, hint=hint)


def _would_be_refused(edits: Sequence[FileEdit]) -> Tuple[str, ...]:
    """Why a cure that is only shown would not be written as it is."""
    try:
        _check_committed(edits)
    except PatchError as error:
        where = display_path(error.path or "")
        return (
            say(
                "{file} {why}, so this would not be written: {cure}",
                file=where,
                why=error.message,
                cure=error.hint,
            ),
        )
    return ()


def without_idle(results: Sequence[PatchResult]) -> List[PatchResult]:
    """The results, without those that say nothing of a config whose code was changed."""
    changed = {result.path for result in results if result.edits}
    return [item for item in results if item.path not in changed or item.edits or item.status != "clean"]
