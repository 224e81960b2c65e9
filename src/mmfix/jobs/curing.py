"""What a config adds to an explanation: names of parameters, the line to paste, the patch."""

from __future__ import annotations

import os.path as osp
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, List, Tuple

from mmfix.config.keypath import format_key
from mmfix.config.reader import Reader
from mmfix.diagnosis.configs import UsedConfig, options_text
from mmfix.diagnosis.diagnose import Known
from mmfix.diagnosis.parameters import Order
from mmfix.diagnosis.types import Sighting
from mmfix.errors import ConfigError, MmfixError, PatchError
from mmfix.findings import Remedy
from mmfix.jobs.checking import judge_document, kept_proof
from mmfix.jobs.patching import Choice, Options, apply_cures
from mmfix.patches import Verifier, before_block
from mmfix.results.checked import failing
from mmfix.results.diagnosis import Diagnosis
from mmfix.results.patched import PatchResult
from mmfix.results.place import display_path
from mmfix.training import is_trainable, read
from mmfix.training.parameters import parameter_order
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.jobs.explaining import ExplainOptions


def known_of(sightings: Tuple[Sighting, ...], used: UsedConfig, log: str, options: ExplainOptions) -> Known:
    """What the config of a run adds to its log.

    Raises:
        ConfigError: A config was given that nothing can train.
    """
    document = used.document
    if document is None or not (is_trainable(document) or used.pasted):
        if options.config:
            hint = say("give the one that was trained")
            raise ConfigError(say("nothing can train this config by itself"), used.shown, hint=hint)
        return Known(
            UsedConfig(notes=(*used.notes, say("{config} cannot be trained by itself", config=used.shown))),
            log=log,
        )
    orders: List[Order] = []
    setup = read(document)
    kept, notes = kept_proof(document, setup)
    if kept is not None and kept.fresh and kept.proof.rehearsal.parameters:
        names = kept.proof.rehearsal.parameters
        orders.append(
            Order(
                names,
                say("the rehearsal of {date} in {file}", date=kept.date, file=display_path(kept.file)),
                "proven",
            )
        )
    if options.build:
        built, why_not = _built(used.path, options)
        orders += built
        notes = (*notes, *why_not)
    if not orders and any(item.indices for sighting in sightings for item in sighting.listed):
        names_read = parameter_order(document)
        if names_read is not None:
            orders.append(Order(names_read, say("the source of the model"), "likely"))
    holds = kept.proof if kept is not None and kept.fresh else None
    tried = () if holds is None else holds.remedies
    groups = () if holds is None else holds.rehearsal.groups
    unused = tuple(part for group in groups for part in ((group.module,) if group.count else group.names))
    used = replace(used, notes=(*used.notes, *notes))
    return Known(used, setup, tuple(orders), tried, log, options.build, unused)


def _built(path: str, options: ExplainOptions) -> Tuple[List[Order], Tuple[str, ...]]:
    """The order of the model, built and wrapped now; or why there is none."""
    from mmfix.jobs.proving import order_by_building, require_torch

    if not path:
        return [], (say("--build needs a config file: name it with --config"),)
    try:
        require_torch()
    except MmfixError as error:
        return [], (say("--build could not name the parameters: {why}", why=error.message),)
    built = order_by_building(path, options.tell, options.seconds)
    if not built.parameters:
        return [], (say("--build could not name the parameters: {why}", why=built.reason),)
    return [Order(built.parameters, say("the model, built now"), "proven")], ()


def with_findings(diagnosis: Diagnosis, used: UsedConfig) -> Diagnosis:
    """A diagnosis that knows no error, with what ``check`` finds in the config of the run."""
    if used.document is None or not is_trainable(used.document):
        return diagnosis
    report = judge_document(used.document)
    findings = failing(report.findings)
    if not findings:
        if not report.taken_back or report.proof is None:
            return diagnosis
        gone = say(
            "{file} takes {count} of what check finds in the config back; check --no-proofs shows it",
            file=display_path(report.proof.file),
            count=len(report.taken_back),
        )
        return replace(diagnosis, notes=(*diagnosis.notes, *used.notes, gone))
    note = say("what stands above is what check finds in the config; the log does not show that it happened")
    return replace(
        diagnosis, findings=findings, config=used.shown, notes=(*diagnosis.notes, *used.notes, note)
    )


def with_command(diagnosis: Diagnosis, known: Known) -> Diagnosis:
    """The diagnosis with the line to paste for its first cure."""
    remedy = next((item for item in diagnosis.remedies if item.overrides), None)
    if remedy is None:
        return diagnosis
    path = diagnosis.path
    if not path or typed_over(diagnosis, remedy):
        return replace(diagnosis, command=options_text([(item.key, item.value) for item in remedy.overrides]))
    shown = shlex.quote(display_path(path))
    if _is_offered(remedy, path):
        return replace(diagnosis, command=f"mmfix patch {shown} --remedy {remedy.name}")
    log = shlex.quote(display_path(known.log))
    return replace(diagnosis, command=f"mmfix explain {log} --config {shown} --patch --remedy {remedy.name}")


def typed_over(diagnosis: Diagnosis, remedy: Remedy) -> str:
    """The key of the command line that wins over what a cure would write into the file; empty without one."""
    for override in remedy.overrides:
        for key in diagnosis.typed:
            shared = min(len(key), len(override.key))
            if [str(part) for part in key[:shared]] == [str(part) for part in override.key[:shared]]:
                return format_key(key)
    return ""


def _is_offered(remedy: Remedy, path: str) -> bool:
    """Whether ``mmfix patch`` offers the same cure without the log."""
    try:
        findings = judge_document(Reader().load(path)).findings
    except MmfixError:
        return False
    return any(
        item.name == remedy.name and item.overrides == remedy.overrides
        for finding in findings
        for item in finding.remedies
    )


def patch_explained(diagnosis: Diagnosis, options: Options) -> PatchResult:
    """Apply a cure of a diagnosis to its config: the one called ``options.remedy``, else the first safe one.

    Raises:
        PatchError: There is no such cure, no file to write it into, or the patch was refused.
    """
    cures = [remedy for remedy in diagnosis.remedies if remedy.overrides]
    if not cures and diagnosis.path and not diagnosis.fits:
        note = say("this config cannot fail this way: there is nothing to patch")
        return PatchResult(diagnosis.path, diagnosis.path, notes=(note,))
    if not cures:
        raise PatchError(
            say("this diagnosis has no cure that a config can hold"), hint=" ".join(diagnosis.hints[:1])
        )
    if not diagnosis.path and osp.isfile(diagnosis.config):
        hint = say("if it is, train with {command}", command=diagnosis.command)
        raise PatchError(say("not written: the log may not be of this config"), diagnosis.config, hint=hint)
    if not diagnosis.path:
        raise PatchError(
            say("no config file is known to write the cure into"), hint=say("name it with --config")
        )
    name = options.remedy
    if name is None:
        chosen = next((remedy for remedy in cures if remedy.disposition == "safe"), None)
        hint = say("choose one with --remedy: {cures}", cures=", ".join(remedy.name for remedy in cures))
        if chosen is None:
            raise PatchError(
                say("no cure is safe without a look at what it assumes"), diagnosis.path, hint=hint
            )
    else:
        chosen = next((remedy for remedy in cures if remedy.name == name), None)
        if chosen is None:
            names = ", ".join(remedy.name for remedy in cures)
            raise PatchError(
                say("no cure is called {cure}", cure=name),
                diagnosis.path,
                hint=say("there is {names}", names=names),
            )
    typed = typed_over(diagnosis, chosen)
    if typed:
        hint = say("take it out of that command, or add the line of `train` to it")
        raise PatchError(
            say("the command line of the log sets {key}, which wins over the file", key=typed), hint=hint
        )
    reader = Reader()
    document = before_block(reader.load(diagnosis.path), reader)
    with Verifier() as verifier:
        return apply_cures(document, Choice((chosen.name,), chosen.overrides), reader, options, verifier)
