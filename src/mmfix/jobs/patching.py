"""Patch files: judge, choose the cures, plan the text, verify it, write it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import MISSING, KeyPath, format_key
from mmfix.config.reader import Reader
from mmfix.config.source import BOUNDS, read_text
from mmfix.errors import ConfigError, PatchError, SettingsError
from mmfix.findings import Finding, KeyMove, Override, Remedy
from mmfix.jobs.accounting import unfit
from mmfix.jobs.checking import check_files, judge_document
from mmfix.jobs.places import about_elsewhere, about_left, places_of
from mmfix.patches import (
    Planned,
    Verifier,
    before_block,
    block_overrides,
    is_unconfirmed,
    is_untouched,
    plan_copy,
    plan_overlay,
    planned,
    reread,
    take_out,
    undo,
    write_atomically,
)
from mmfix.project.held import held
from mmfix.python.disk import NotAFile, read_whole
from mmfix.python.source import too_large
from mmfix.remedies.in_code import CODE_CURES
from mmfix.remedies.next import what_to_look_for
from mmfix.report.text.hidden import not_cured
from mmfix.results.checked import ConfigReport, failing
from mmfix.results.patched import PatchResult
from mmfix.settings import DEFAULT, Settings
from mmfix.traces import clean
from mmfix.training import era, is_trainable
from mmfix.wording import say

#: ``configs/a.py`` gets the overlay ``configs/a_mmfix.py``: a name a lazy config can import, too.
OVERLAY_SUFFIX = "_mmfix"


@dataclass(frozen=True)
class Options:
    """What the caller of a patch wants.

    Attributes:
        remedy: Name of the cure; None: of each finding that is acted on unasked the default one of the
            settings where it is offered, else the first ``safe`` one.
        output: Write a patched copy to this file.
        overlay: Write a new config that inherits the file: to ``output``, or beside it.
        undo: Take the block of an earlier patch out.
        write: Write, once the loader of the config's era has confirmed the patch; otherwise only plan.
        verify: Without ``write``, too, have that loader run the config and confirm the patch.
        no_loader: Run nothing, and write on mmfix's own reading alone; the file then says so.
        settings: What is acted on unasked, and what of the rest fails.
        in_place: Change values where they stand in the file, as far as that changes nothing else.
        all_heirs: Change a base also where that cures nothing in some configs that inherit it.
        allow_dirty: Change code that has changes which are not committed, too.
    """

    remedy: Optional[str] = None
    output: Optional[str] = None
    overlay: bool = False
    undo: bool = False
    write: bool = False
    verify: bool = False
    no_loader: bool = False
    settings: Settings = DEFAULT
    in_place: bool = False
    all_heirs: bool = False
    allow_dirty: bool = False

    @property
    def loads(self) -> bool:
        """Whether the config is run."""
        return (self.write or self.verify) and not self.no_loader


@dataclass(frozen=True)
class Choice:
    """The cures to apply: their names, all their overrides, and the keys that are renamed or go."""

    remedies: Tuple[str, ...] = ()
    overrides: Tuple[Override, ...] = ()
    moves: Tuple[KeyMove, ...] = ()


def choose(
    findings: Sequence[Finding],
    name: Optional[str] = None,
    settings: Settings = DEFAULT,
    in_place: bool = False,
) -> Choice:
    """The cure of each finding that is acted on: the one called ``name``, else the first ``safe`` one.

    Unasked, errors and warnings as sure as the settings want are acted on, and the default cure of the
    settings goes before a safe one; with ``name`` also notes. A finding without such a cure gets none. Where
    values are changed ``in_place``, a key may also just go.

    Raises:
        PatchError: No finding has a cure called ``name``, or two cures set one key to different values.
    """
    chosen: List[Remedy] = []
    for finding in findings:
        if name is None and not failing((finding,), settings.patch_min_confidence):
            continue
        names = (settings.default_remedy, None) if name is None and settings.default_remedy else (name,)
        wanted = (remedy for each in names for remedy in finding.remedies if _wanted(remedy, each, in_place))
        remedy = next(wanted, None)
        if remedy is not None and remedy not in chosen:
            chosen.append(remedy)
    if name is not None and findings and not chosen:
        raise no_such_cure(findings, name)
    overrides: Dict[KeyPath, Override] = {}
    for remedy in chosen:
        for override in remedy.overrides:
            other = overrides.setdefault(override.key, override)
            if other.value != override.value:
                message = say(
                    "two cures disagree about {key}: {one!r} and {other!r}",
                    key=format_key(override.key),
                    one=other.value,
                    other=override.value,
                )
                raise PatchError(message, hint=say("choose one with --remedy"))
    moves = tuple(dict.fromkeys(move for remedy in chosen for move in remedy.moves))
    return Choice(tuple(dict.fromkeys(remedy.name for remedy in chosen)), tuple(overrides.values()), moves)


def no_such_cure(findings: Sequence[Finding], name: str) -> PatchError:
    """That no finding has a cure of that name, or none that can be written."""
    known = {remedy.name: remedy for finding in findings for remedy in finding.remedies}
    if name in known:
        if name in CODE_CURES:
            what = say("{cure} is not done by mmfix here", cure=name)
        else:
            what = say("{cure} cannot be written into this config", cure=name)
        return PatchError(what, hint=known[name].cost)
    there = say("there is {names}", names=", ".join(sorted(known))) if known else ""
    if name in CODE_CURES:
        hint = say(
            "it is for lines that were followed into this repository: no package, submodule or link; "
            "docs/code_cures.md says more"
        )
        return PatchError(
            say("{cure} is not offered for what is found here", cure=name),
            hint=f"{hint}; {there}" if there else hint,
        )
    return PatchError(say("no cure is called {cure}", cure=name), hint=there)


def _wanted(remedy: Remedy, name: Optional[str], in_place: bool) -> bool:
    if not remedy.overrides and not (in_place and remedy.moves):
        return False
    return remedy.disposition == "safe" if name is None else remedy.name == name


def patch_inherited(
    paths: Iterable[str], reader: Reader, settings: Settings = DEFAULT
) -> Iterator[PatchResult]:
    """Configs that were not named, only a base of theirs: judged, and never written."""
    for report in check_files(paths, reader, settings):
        note = say("inherits a base you named; name this config itself to patch it")
        left = failing(report.findings)
        notes = (*report.notes, note) if left else report.notes
        yield PatchResult(
            report.path,
            report.path,
            left=left,
            error=report.error,
            notes=(*notes, *not_cured(report.suppressed)),
            fail_on=_fail_on(report.path, settings),
            proof=report.proof,
            taken_back=report.taken_back,
        )


def _fail_on(path: str, settings: Settings) -> str:
    try:
        return held(settings, path).settings.fail_on
    except SettingsError:
        return settings.fail_on  # it was not judged


def refused(report: ConfigReport) -> PatchResult:
    """The result for a path that could not be used."""
    return PatchResult(report.path, report.path, error=report.error)


def patch_file(path: str, reader: Reader, options: Options, verifier: Verifier) -> PatchResult:
    """Plan the patch of one config, verify it, and write it when ``options.write`` is set.

    Raises:
        ConfigError: The config cannot be read.
        PatchError: The patch was refused or could not be written; no file was changed.
    """
    path = os.path.abspath(path)
    if options.undo:
        return _undo(path, reader, options.write)
    options = replace(options, settings=held(options.settings, path).settings)
    document = _to_patch(path, reader, options)
    error = unfit(document)
    if error is not None:
        raise error
    if not is_trainable(document):
        raise PatchError(
            say("nothing can train this config by itself"), path, hint=say("patch a config that inherits it")
        )
    settings = options.settings
    report = judge_document(document, settings)
    choice = choose(report.findings, options.remedy, settings, options.in_place)
    notes = (*report.notes, *not_cured(report.suppressed), *_about_default(choice, options))
    same_file = _target(path, options) == path
    if not (choice.overrides or choice.moves) and not (
        same_file and not options.no_loader and is_unconfirmed(document)
    ):
        left = failing(report.findings)
        plain = PatchResult(path, path, left=left, notes=notes, fail_on=settings.fail_on)
        return replace(plain, proof=report.proof, taken_back=report.taken_back)
    for base in document.missing:
        raise ConfigError(
            say("this base is not here, so no loader can confirm a patch"),
            base.path,
            hint=say("put it where the config says; until then, nothing is written"),
        )
    result = apply_cures(document, choice, reader, options, verifier)
    known = {(finding.code, finding.key) for finding in report.taken_back}
    more = tuple(item for item in result.taken_back if (item.code, item.key) not in known)
    proof, gone = report.proof or result.proof, (*report.taken_back, *more)
    return replace(result, notes=(*notes, *result.notes), proof=proof, taken_back=gone)


def _about_default(choice: Choice, options: Options) -> Tuple[str, ...]:
    """A word where the default cure of the settings is offered nowhere, and others were taken."""
    default = options.settings.default_remedy
    if default is None or options.remedy is not None or not choice.remedies or default in choice.remedies:
        return ()
    taken = ", ".join(choice.remedies)
    return (
        say("the default remedy {cure} is not offered here, so {taken} was taken", cure=default, taken=taken),
    )


def apply_cures(
    document: ConfigDocument, choice: Choice, reader: Reader, options: Options, verifier: Verifier
) -> PatchResult:
    """Plan the patch that makes the overrides of ``choice``, verify it, and write it when asked.

    What an earlier block sets that no loader has confirmed is part of the patch.

    Raises:
        PatchError: The patch was refused or could not be written; no file was changed.
    """
    path = document.path
    target = _target(path, options)
    if options.write:
        _clean(os.path.dirname(target))
    before = _bytes(target)
    if target == path and before != reader.load(path).text.encode("utf-8"):
        raise PatchError(say("was changed by somebody else meanwhile"), path, hint=say("run mmfix again"))
    made = _planned(document, choice, target, reader, options, confirmed=True)
    if options.no_loader and made.data != before:
        made = _planned(document, choice, target, reader, options, confirmed=False)
    after = made.data
    chosen = (*choice.overrides, *(Override(key, MISSING, say("nothing reads it")) for key in made.gone))
    overrides, confirmed_by = chosen, ""
    if after != before:
        if before is not None and target != path:
            _check_ours(before, after, target)
        elsewhere = None if target == path else target
        original = document
        if not options.overlay and is_unconfirmed(document):
            original = before_block(document, reader)
            overrides = (*block_overrides(document, original), *chosen)
        if options.loads:
            confirmed_by = verifier.verify(original, after, overrides, reader, elsewhere, era(document))
        else:
            reread(original, after, overrides, reader, elsewhere)
        if options.write:
            write_atomically(target, after, before, new=before is None)
    patched = reader.load(target, text=after.decode("utf-8"))
    now = judge_document(patched, options.settings)
    return PatchResult(
        path,
        target,
        before,
        after,
        written=options.write and after != before,
        remedies=choice.remedies,
        overrides=choice.overrides or (() if choice.moves else overrides),
        confirmed_by=confirmed_by,
        left=failing(now.findings),
        fail_on=options.settings.fail_on,
        proof=now.proof,
        taken_back=now.taken_back,
        look_for=what_to_look_for(patched, choice.remedies),
        places=places_of(made.places, made.gone),
        notes=about_elsewhere(document, made),
    )


def _planned(
    document: ConfigDocument, choice: Choice, target: str, reader: Reader, options: Options, confirmed: bool
) -> Planned:
    """What is to stand in the target; ``confirmed``: a loader will have confirmed it before it is written."""
    if target == document.path:
        return planned(document, choice.overrides, reader, confirmed, options.in_place, choice.moves)
    if options.overlay:
        return Planned(plan_overlay(document, choice.overrides, target, confirmed))
    return plan_copy(document, choice.overrides, target, reader, confirmed, options.in_place)


def _undo(path: str, reader: Reader, write: bool) -> PatchResult:
    before = read_text(path).encode("utf-8")
    found = take_out(before, path, reader)
    if found is None:
        return PatchResult(path, path)
    if write:
        written(path, found.data, before)
    return PatchResult(path, path, before, found.data, write, notes=about_left(found.left))


def _to_patch(path: str, reader: Reader, options: Options) -> ConfigDocument:
    """The config as it is; if a cure is named, as it was before an earlier patch, which is then replaced."""
    document = reader.load(path)
    return before_block(document, reader) if options.remedy else document


def _check_ours(before: bytes, after: bytes, target: str) -> None:
    """Refuse to overwrite what mmfix did not write.

    It may replace an overlay nobody changed since, and a copy that differs in nothing but mmfix's block.
    """
    if is_untouched(before):
        return
    plain = undo(before, target)
    if plain is None or plain != (undo(after, target) or after):
        raise PatchError(
            say("is there already, and holds something that mmfix did not write"),
            target,
            hint=say("choose another name with --output, or delete it first"),
        )


def _target(path: str, options: Options) -> str:
    if options.output is not None:
        target = os.path.abspath(options.output)
        if os.path.exists(target) and os.path.samefile(target, path):
            raise PatchError(
                say("is the config itself"), options.output, hint=say("leave --output away to patch in place")
            )
        return target
    if options.overlay:
        stem, suffix = os.path.splitext(path)
        return f"{stem}{OVERLAY_SUFFIX}{suffix}"
    return path


def written(path: str, data: bytes, before: bytes) -> None:
    """Write a file that still has the bytes that it had.

    Raises:
        PatchError: It has others by now, or cannot be written.
    """
    _clean(os.path.dirname(path))
    write_atomically(path, data, before)


@lru_cache(maxsize=None)
def _clean(folder: str) -> None:
    """Take away what earlier runs have left in a folder that is written to; once a run is enough."""
    clean(folder)


def _bytes(path: str) -> Optional[bytes]:
    """What is in a file that is to be written; None where there is none.

    Raises:
        OSError: It cannot be read.
        PatchError: It is no file, or larger than any config.
    """
    try:
        data = read_whole(path, BOUNDS.bytes)
    except FileNotFoundError:
        return None
    except NotAFile as error:
        raise PatchError(say("cannot be written: it is {kind}, not a file", kind=error.what), path) from error
    if data is None:
        raise PatchError(say("is {what}", what=too_large(BOUNDS)), path)
    return data
