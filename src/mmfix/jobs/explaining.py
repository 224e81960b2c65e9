"""Explain a log: read it, find the config of each run, diagnose, and say which command cures it."""

from __future__ import annotations

import io
import os
import shlex
from dataclasses import dataclass, replace
from typing import BinaryIO, Callable, List, Optional, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.reader import Reader
from mmfix.diagnosis.configs import UsedConfig, options_text, used_config
from mmfix.diagnosis.diagnose import Known, diagnose, joined, told
from mmfix.diagnosis.kinds import KINDS
from mmfix.diagnosis.log.scan import read_log
from mmfix.diagnosis.parameters import Order
from mmfix.diagnosis.types import Diagnosis, LogReading, Run, Sighting
from mmfix.errors import ConfigError, MmfixError, PatchError
from mmfix.findings import Remedy
from mmfix.jobs.checking import judge_document, kept_proof
from mmfix.jobs.patching import Choice, Options, apply_cures
from mmfix.patches import Verifier, before_block
from mmfix.report.place import display_path
from mmfix.report.types import PatchResult
from mmfix.training import is_trainable
from mmfix.training.parameters import parameter_order

#: Where the text of standard input, or of a Python call, is said to be from.
STDIN = "-"


@dataclass(frozen=True)
class ExplainOptions:
    """What the caller of an explanation wants.

    Attributes:
        config: Path of the config; empty: the one in the log.
        document: The config itself, where it is in memory.
        build: Build the model in a rehearsal, to give indices their names. Runs the config and the model.
        tell: Called with a line on what begins.
    """

    config: str = ""
    document: Optional[ConfigDocument] = None
    build: bool = False
    tell: Callable[[str], None] = lambda line: None


def explain_file(path: str, options: ExplainOptions) -> Diagnosis:
    """Explain a log file.

    Raises:
        MmfixError: It cannot be read, or the config that was given cannot.
    """
    if os.path.isdir(path):
        raise MmfixError("is a folder, not a log", path, hint="name one file of it")
    try:
        with open(path, "rb", buffering=0) as file:
            return explain_stream(file, path, options)
    except OSError as error:
        raise MmfixError((error.strerror or str(error)).lower(), path) from error


def explain_text(text: str, options: ExplainOptions) -> Diagnosis:
    """Explain the text of a log, or of an exception."""
    return explain_stream(io.BytesIO(text.encode("utf-8", "replace")), STDIN, options)


def explain_stdin(file: BinaryIO, options: ExplainOptions) -> Diagnosis:
    """Explain what comes on standard input."""
    return explain_stream(file, STDIN, options)


def explain_stream(file: BinaryIO, log: str, options: ExplainOptions) -> Diagnosis:
    """Explain what a stream holds; ``log`` is its path, or :data:`STDIN`.

    Raises:
        ConfigError: The config that was given cannot be read.
    """
    reading = read_log(file, KINDS)
    found: List[Diagnosis] = []
    for number in range(len(reading.runs)):
        sightings = told(reading, number)
        if sightings or (options.config and number == 0):
            used = _used(reading.runs[number], log, options)
            found += _of_run(reading, sightings, used, log, options)
    return joined(found, reading)


def _used(run: Run, log: str, options: ExplainOptions) -> UsedConfig:
    if options.document is not None:
        return UsedConfig(options.document, "the config in memory")
    return used_config(run, log, options.config)


def _of_run(
    reading: LogReading, sightings: Tuple[Sighting, ...], used: UsedConfig, log: str, options: ExplainOptions
) -> List[Diagnosis]:
    if used.document is not None and not is_trainable(used.document):
        if options.config:
            raise ConfigError(
                "nothing can train this config by itself", used.shown, hint="give the one that was trained"
            )
        used = UsedConfig(notes=(*used.notes, f"{used.shown} cannot be trained by itself"))
    known = _known(sightings, used, log, options)
    found = [diagnose(reading, sighting, known) for sighting in sightings]
    return [
        _with_command(item, sighting, known) for item, sighting in zip(found, sightings) if item is not None
    ]


def _known(sightings: Tuple[Sighting, ...], used: UsedConfig, log: str, options: ExplainOptions) -> Known:
    document = used.document
    if document is None:
        return Known(used, log=log)
    orders: List[Order] = []
    kept, notes = kept_proof(document)
    used = replace(used, notes=(*used.notes, *notes))
    if kept is not None and kept.fresh and kept.proof.rehearsal.parameters:
        names = kept.proof.rehearsal.parameters
        orders.append(Order(names, f"the rehearsal of {kept.date} in {display_path(kept.file)}", "proven"))
    if any(item.indices for sighting in sightings for item in sighting.listed):
        if options.build and used.path:
            orders += _built(used.path, options.tell)
        if not orders:
            names_read = parameter_order(document)
            if names_read is not None:
                orders.append(Order(names_read, "the source of the model", "likely"))
    tried = kept.proof.remedies if kept is not None and kept.fresh else ()
    return Known(used, tuple(orders), tried, log)


def _built(path: str, tell: Callable[[str], None]) -> List[Order]:
    from mmfix.jobs.proving import order_by_building

    rehearsal = order_by_building(path, tell)
    if not rehearsal.parameters:
        tell(f"the model could not be built: {rehearsal.reason}")
        return []
    return [Order(rehearsal.parameters, "the model, built now", "proven")]


def _with_command(diagnosis: Diagnosis, sighting: Sighting, known: Known) -> Diagnosis:
    """The diagnosis with the line to paste for its first cure."""
    remedy = next((item for item in diagnosis.remedies if item.overrides), None)
    if remedy is None:
        return diagnosis
    used = known.used
    if not used.path:
        return replace(diagnosis, command=options_text([(item.key, item.value) for item in remedy.overrides]))
    shown = shlex.quote(display_path(used.path))
    if _is_offered(remedy, used.path):
        return replace(diagnosis, command=f"mmfix patch {shown} --remedy {remedy.name}")
    log = shlex.quote(display_path(known.log))
    return replace(diagnosis, command=f"mmfix explain {log} --config {shown} --patch --remedy {remedy.name}")


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


def patch_explained(diagnosis: Diagnosis, name: Optional[str], write: bool) -> PatchResult:
    """Apply a cure of a diagnosis to its config: the one called ``name``, else the first safe one.

    Raises:
        PatchError: There is no such cure, no file to write it into, or the patch was refused.
    """
    cures = [remedy for remedy in diagnosis.remedies if remedy.overrides]
    if not cures:
        raise PatchError(
            "this diagnosis has no cure that a config can hold", hint=" ".join(diagnosis.hints[:1])
        )
    if not diagnosis.path:
        raise PatchError("no config file is known to write the cure into", hint="name it with --config")
    if name is None:
        chosen = next((remedy for remedy in cures if remedy.disposition == "safe"), None)
        hint = f"choose one with --remedy: {', '.join(remedy.name for remedy in cures)}"
        if chosen is None:
            raise PatchError("no cure is safe without a look at what it assumes", diagnosis.path, hint=hint)
    else:
        chosen = next((remedy for remedy in cures if remedy.name == name), None)
        if chosen is None:
            names = ", ".join(remedy.name for remedy in cures)
            raise PatchError(f"no cure is called {name}", diagnosis.path, hint=f"there is {names}")
    reader = Reader()
    document = before_block(reader.load(diagnosis.path), reader)
    with Verifier() as verifier:
        return apply_cures(
            document, Choice((chosen.name,), chosen.overrides), reader, Options(write=write), verifier
        )
