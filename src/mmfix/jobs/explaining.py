"""Explain a log: read it, find the config of each run, diagnose."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, Callable, List, Optional, Sequence, Tuple

from mmfix.diagnosis.configs import UsedConfig, used_config
from mmfix.diagnosis.diagnose import Known, diagnose, told
from mmfix.diagnosis.kinds import KINDS
from mmfix.diagnosis.log.scan import read_log
from mmfix.diagnosis.together import agreed
from mmfix.diagnosis.types import LogReading, Run, Sighting
from mmfix.diagnosis.unknown import joined
from mmfix.errors import MmfixError
from mmfix.python.disk import FOLDER, NotAFile, open_regular
from mmfix.results.diagnosis import Diagnosis
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.config.document import ConfigDocument

#: A diagnosis, and what is known of its run where that has a config.
_OfRun = Tuple[Diagnosis, Optional[Known]]
#: Where the text of standard input, or of a Python call, is said to be from.
STDIN = "-"


@dataclass(frozen=True)
class ExplainOptions:
    """What the caller of an explanation wants.

    Attributes:
        config: Path of the config; empty: the one in the log.
        document: The config itself, where it is in memory.
        build: Build the model in a rehearsal, to give indices their names. Runs the config and the model.
        seconds: Time limit of that.
        tell: Called with a line on what begins.
    """

    config: str = ""
    document: Optional[ConfigDocument] = None
    build: bool = False
    seconds: float = 120.0
    tell: Callable[[str], None] = lambda line: None


def explain_file(path: str, options: ExplainOptions) -> Diagnosis:
    """Explain a log file.

    Raises:
        MmfixError: It cannot be read, or the config that was given cannot.
    """
    try:
        with open_regular(path) as file:
            return explain_stream(file, path, options)
    except NotAFile as error:
        hint = (
            say("name one file of it")
            if error.what == FOLDER
            else say("`{command}` reads what is piped in", command=STDIN)
        )
        raise MmfixError(say("is {kind}, not a log", kind=error.what), path, hint=hint) from error
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
    reading = read_log(file, KINDS, "" if log == STDIN else log)
    found: List[_OfRun] = []
    for number in range(len(reading.runs)):
        sightings = told(reading, number)
        if sightings or (options.config and number == 0):
            used = _used(reading.runs[number], log, options)
            found += _of_run(reading, sightings, used, log, options)
    if not found and not reading.errors and (options.config or reading.runs[0].config is not None):
        from mmfix.jobs.curing import with_findings

        used = _used(reading.runs[0], log, options)
        return with_findings(joined((), reading), used)
    return joined(_together(found), reading)


def _together(found: Sequence[_OfRun]) -> Tuple[Diagnosis, ...]:
    """All diagnoses of the text, as far as they do not undo each other, with the line to paste."""
    diagnoses = agreed([item for item, _ in found])
    if not any(known is not None for _, known in found):
        return diagnoses
    from mmfix.jobs.curing import with_command

    return tuple(
        item if known is None else with_command(item, known) for item, (_, known) in zip(diagnoses, found)
    )


def _used(run: Run, log: str, options: ExplainOptions) -> UsedConfig:
    if options.document is not None:
        return UsedConfig(options.document, say("the config in memory"))
    return used_config(run, log, options.config)


def _of_run(
    reading: LogReading, sightings: Tuple[Sighting, ...], used: UsedConfig, log: str, options: ExplainOptions
) -> List[_OfRun]:
    if used.document is None:
        if options.build:
            used = replace(
                used, notes=(*used.notes, say("--build needs a config file: name it with --config"))
            )
        found = [diagnose(reading, sighting, Known(used, log=log)) for sighting in sightings]
        return [(item, None) for item in found if item is not None]
    # all that judges configs is loaded only now: a pasted error is explained sooner
    from mmfix.jobs.curing import known_of

    known = known_of(sightings, used, log, options)
    found = [diagnose(reading, sighting, known) for sighting in sightings]
    return [(item, known) for item in found if item is not None]
