"""Judge configs that were read."""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Iterable, Iterator, List, Optional, Sequence, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.reader import Reader
from mmfix.errors import MmfixError, PatchError, SettingsError
from mmfix.findings import SEVERITIES, Finding
from mmfix.jobs.accounting import Unfit, judged, unfit
from mmfix.jobs.installed import INSTALL, can_change_code, installed_torch
from mmfix.jobs.notes import about_file
from mmfix.kept.verdicts import Reports, recalled
from mmfix.project.held import Held, held, named_roots
from mmfix.python.garbage import put_off
from mmfix.results.checked import ConfigReport, Problem, ProofUsed
from mmfix.results.place import display_path
from mmfix.settings import DEFAULT, Settings
from mmfix.wording import mark, say

if TYPE_CHECKING:
    from mmfix.proofs.store import Kept
    from mmfix.repository.carried import Carried
    from mmfix.training.reading import CodeReading
    from mmfix.training.types import TrainingSetup

MEMORY = "<memory>"
_KINDS = (("patch", PatchError), ("settings", SettingsError))
REPORT_IT = say("please report this with the config; MMFIX_DEBUG=1 shows where it happened")


def check_files(paths: Iterable[str], reader: Reader, settings: Settings = DEFAULT) -> Iterator[ConfigReport]:
    """Judge each config that can be trained; a problem with one is its report, and the next goes on."""
    with put_off():
        for path in paths:
            try:
                holds = held(settings, path)  # a broken file is told before what it is about
                yield from _kept_or_judged(path, reader, holds)
            except Exception as error:
                yield unreadable(path, error)


def kept_reports(path: str, reader: Reader, holds: Held) -> Optional[Reports]:
    """What was said of a config before, and would be said again; None where it is to be judged.

    Args:
        path: The config, absolute.
        reader: Reads it.
        holds: The settings that hold for it.
    """
    return recalled(path, holds, _installed()) if reader.reads_files else None


def _installed() -> Tuple[str, ...]:
    return installed_torch(), str(can_change_code())


def _kept_or_judged(path: str, reader: Reader, holds: Held) -> Iterator[ConfigReport]:
    found = kept_reports(path, reader, holds)
    if found is not None:
        yield from found
        return
    from mmfix.kept.keeping import keep
    from mmfix.training import is_trainable
    from mmfix.training.built import files_of_classes

    document = reader.load(path)
    error = unfit(document)
    if error is not None:
        yield replace(_skipped(document, error), notes=about_file(holds))
        return
    if not is_trainable(document):
        if reader.reads_files:
            keep(document, holds, _installed(), (), (), reader.began)
        return
    report, setup = _judged(document, holds)
    yield report
    if reader.reads_files and not setup.unfinished:
        sources = (*setup.files, *files_of_classes(setup))
        keep(document, holds, _installed(), (report,), sources, reader.began)


def _skipped(document: ConfigDocument, error: Unfit) -> ConfigReport:
    return ConfigReport(
        document.path,
        None,
        document.kind,
        "skipped",
        problem_of(error),
        judged=error.judged,
        missing=document.missing,
    )


def judge_document(document: ConfigDocument, settings: Settings = DEFAULT) -> ConfigReport:
    """Findings for one config, worst first; with its proof, if there is one that still holds.

    Raises:
        SettingsError: The settings file above it cannot be used.
    """
    return _judged(document, held(settings, document.path))[0]


def _judged(document: ConfigDocument, holds: Held) -> Tuple[ConfigReport, TrainingSetup]:
    from mmfix.jobs.hiding import Hidden, hide
    from mmfix.rules import judge
    from mmfix.training import read

    settings = holds.settings
    # the proof is of what is read without named folders: a rehearsal knows none
    setup = read(with_roots(document, settings), settings.launcher, settings.reading_seconds)
    setup = replace(setup, torch=settings.torch or installed_torch())
    wanted = settings.proofs and setup.wrapper != "none"
    kept, notes = kept_proof(document, setup) if wanted else (None, ())
    gone: Tuple[Finding, ...] = ()
    if kept is not None and kept.fresh:
        from mmfix.proofs.judged import judged as with_proof
        from mmfix.proofs.judged import taken_back

        found = with_proof(setup, kept.proof, kept.date)
        gone = taken_back(setup, found)
    else:
        found = judge(setup)
    gone = tuple(sorted(gone, key=_by_severity))
    whole = Hidden(tuple(found))
    if setup.wrapper != "none":  # else nothing is looked for, and no comment can be of use
        whole = hide(document, found, gone, holds)
    fitting, left_out = _for_torch(whole.left, settings.torch)
    findings = sorted(map(_with_needs, fitting), key=_by_severity)
    report = ConfigReport(
        document.path or MEMORY,
        setup.era,
        document.kind,
        "ok",
        None,
        tuple(findings),
        tuple(setup.unknown),
        setup.unread,
        None if kept is None else _proof_used(kept),
        (*notes, *left_out, *map(_about_carried, setup.carried), *about_file(holds)),
        judged(setup),
        document.missing,
        gone,
        whole.suppressed,
        whole.ignores,
        settings.docs_url,
    )
    return report, setup


def with_roots(document: ConfigDocument, settings: Settings) -> ConfigDocument:
    """The config, whose code is looked for first where its settings say."""
    roots = named_roots(settings)
    return replace(document, roots=roots) if roots else document


def code_of(document: ConfigDocument, settings: Settings) -> Optional[CodeReading]:
    """What the source of a config's model says, read as its settings want; None without a model.

    Raises:
        SettingsError: The settings file above it cannot be used.
    """
    from mmfix.training.era import era
    from mmfix.training.reading import code_reading
    from mmfix.training.wrapping import runner_kind

    holds = held(settings, document.path).settings
    document = with_roots(document, holds)
    kind = era(document)
    return code_reading(document, kind, runner_kind(document, kind, []), holds.reading_seconds)


def _by_severity(finding: Finding) -> int:
    return SEVERITIES.index(finding.severity)


def _for_torch(found: Sequence[Finding], trained_with: str) -> Tuple[List[Finding], Tuple[str, ...]]:
    """The findings without cures that torch is too old for, and a word why.

    Args:
        found: The findings.
        trained_with: The version; empty: the one beside mmfix.
    """
    if not any(finding.remedies for finding in found):
        return list(found), ()
    from mmfix.remedies.releases import for_torch, too_old

    torch = trained_with or installed_torch()
    cured = [(finding, *for_torch(finding.remedies, torch)) for finding in found]
    names = dict.fromkeys(name for _, _, gone in cured if gone for name in gone.split(", "))
    note = (say("{what}: left out of the cures", what=too_old(torch, ", ".join(names))),) if names else ()
    return [replace(finding, remedies=kept) for finding, kept, _ in cured], note


def _with_needs(finding: Finding) -> Finding:
    """The finding, whose cures in code say what is missing for them here."""
    if not any(remedy.code for remedy in finding.remedies) or can_change_code():
        return finding
    cures = (replace(cure, needs=INSTALL if cure.code else "") for cure in finding.remedies)
    return replace(finding, remedies=tuple(cures))


def _about_carried(carried: Carried) -> str:
    package = f"{carried.package} {carried.version}" if carried.version else carried.package
    folder = f"{display_path(carried.folder)}{os.sep}"
    return say("this repository carries {package} in {folder}", package=package, folder=folder)


def kept_proof(document: ConfigDocument, setup: TrainingSetup) -> Tuple[Optional[Kept], Tuple[str, ...]]:
    """The proof of a config, if any, and what is wrong with it: stale, impossible, or its file broken."""
    from mmfix.proofs.place import has_proofs

    if not has_proofs(document):
        return None, ()
    from mmfix.proofs.store import load

    try:
        kept = load(document)
    except MmfixError as error:
        return None, (f"{display_path(error.path or '')} {error.message}; {error.hint}",)
    if kept is None:
        return None, ()
    template, why = mark("{config}: the proof in {file} is from an older config ({why})"), kept.why_stale
    if kept.fresh:
        from mmfix.proofs.claims import impossible

        why = impossible(setup, kept.proof.rehearsal)
        if not why:
            return kept, ()
        template = mark("{config}: the proof in {file} is refused: {why}")
        kept = replace(kept, fresh=False, why_stale=why)
    config = display_path(document.path)
    note = say(template, config=config, file=display_path(kept.file), why=why)
    again = say("run `mmfix prove {config} --save` again", config=shlex.quote(config))
    return kept, (f"{note}; {again}",)


def _proof_used(kept: Kept) -> ProofUsed:
    from mmfix.proofs.measured import rehearsed_when

    rehearsal = kept.proof.rehearsal
    scenarios = tuple((item.name, item.outcome) for item in rehearsal.scenarios)
    when = rehearsed_when(rehearsal, kept.date)
    return ProofUsed(
        kept.fresh, kept.why_stale, kept.date, rehearsal.outcome, scenarios, kept.by, kept.file, when
    )


def unreadable(path: str, error: BaseException) -> ConfigReport:
    """The report of a config that could not be judged."""
    return ConfigReport(os.path.abspath(path), None, None, "unreadable", problem_of(error, path))


def problem_of(error: BaseException, path: Optional[str] = None) -> Problem:
    """Any exception as the one line people see, about ``path`` unless it names a file itself.

    With ``MMFIX_DEBUG=1`` an exception nobody expected is raised again, for its traceback.
    """
    path = None if path is None else os.path.abspath(path)
    if isinstance(error, MmfixError):
        kind = next((kind for kind, what in _KINDS if isinstance(error, what)), "config")
        return Problem(kind, error.message, error.path or path, error.line, error.hint)
    if isinstance(error, OSError):
        reason = (error.strerror or type(error).__name__).lower()
        return Problem("system", reason, path if error.filename is None else os.fspath(error.filename))
    if os.environ.get("MMFIX_DEBUG"):
        raise error
    return Problem(
        "internal",
        say("internal error: {kind}: {why}", kind=type(error).__name__, why=error),
        path,
        hint=REPORT_IT,
    )
