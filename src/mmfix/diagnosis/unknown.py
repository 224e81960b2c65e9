"""What to say of a log in which no known error stands."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Sequence, Tuple

from mmfix.diagnosis.types import LogReading
from mmfix.results.diagnosis import UNKNOWN, Diagnosis
from mmfix.wording import say

#: What a traceback without its message may be about, by the file of its last frame.
_ENDS = (
    (
        re.compile(r"autograd/func|utils/checkpoint\.py|autograd/__init__\.py"),
        say(
            "It ends in a backward pass; with a gradient checkpoint, 'Expected to mark a variable ready "
            "only once' is raised there."
        ),
    ),
    (
        re.compile(r"parallel/distributed\.py|wrappers/distributed\.py"),
        say(
            "It ends in the wrapper of DDP; 'Expected to have finished reduction' is raised there, from "
            "the second iteration on."
        ),
    ),
)
#: The last frame of a launcher: its traceback is not that of the run.
_LAUNCHER = re.compile(
    r"torch[/\\]distributed[/\\](launch|run|elastic)|torchrun|accelerate[/\\]commands|runpy\.py"
)
#: What ends a process from outside, by the exit code that a launcher reports.
_EXITS = {
    -9: say("it was killed, most often because the memory of the host ran out (dmesg says so)"),
    -7: say("a bus error, most often because shared memory is full (docker run --shm-size)"),
    -11: say("native code crashed, most often an extension that was built for another torch or CUDA"),
    -6: say("native code gave up; its reason stands above, without a traceback"),
    -15: say("something stopped it from outside"),
}


_NO_KNOWN = say("no error that mmfix knows")
NAN_HINT = say(
    "A lower learning rate or a longer warmup, clipped gradients (optim_wrapper.clip_grad, "
    "optimizer_config.grad_clip), a look at the annotations; in mixed precision, float32 for what "
    "overflows."
)


def unknown(reading: LogReading) -> Diagnosis:
    """No known error: what the log has instead."""
    if reading.errors:
        first = reading.errors[0]
        return Diagnosis(
            UNKNOWN,
            _NO_KNOWN,
            None,
            "certain",
            say("The first error in this text is one that mmfix has no explanation for."),
            first.line,
            first.rank,
            first.text[:200],
            hints=(
                say("It is most likely not about DDP or the config; read the traceback above that line."),
            ),
        )
    if reading.follows and (not reading.cut_short or _LAUNCHER.search(reading.last_frame)):
        return _only_follows(reading)
    if reading.cut_short:
        text = say("The text ends within a traceback, before the error message.")
        text += next((f" {line}" for frame, line in _ENDS if frame.search(reading.last_frame)), "")
        hints: Tuple[str, ...] = (
            say("Give the text up to its last line: the message stands behind the traceback."),
        )
    elif reading.is_empty:
        text, hints = say("The text is empty."), ()
    elif any(run.config is not None and not run.config.pasted for run in reading.runs):
        text = say(
            "There is no error in this log. MMEngine and mmcv write no traceback into their log files."
        )
        hints = (
            say("Give what the terminal, nohup or slurm has printed, or torchrun's own logs (--log-dir)."),
        )
    else:
        text = say("There is no error in these {count} lines.", count=reading.lines)
        hints = (say("If the run stood still: look at the logs of the other ranks (torchrun --log-dir)."),)
    return Diagnosis(UNKNOWN, _NO_KNOWN, None, "certain", text, hints=hints)


def _with_nan(diagnosis: Diagnosis, reading: LogReading) -> Diagnosis:
    """What nobody knows the error of, with the line from which on the loss is NaN."""
    line = next((run.nan for run in reading.runs if run.nan), 0)
    if not line:
        return diagnosis
    return replace(
        diagnosis,
        explanation=f"{diagnosis.explanation} {nan_text(line)}",
        hints=(NAN_HINT, *(() if diagnosis.line is None else diagnosis.hints)),
    )


def nan_text(line: int) -> str:
    """A sentence on a loss that is NaN."""
    return say(
        "The loss is NaN in line {line}: so are the weights from there on, unless such steps are skipped.",
        line=line,
    )


def _only_follows(reading: LogReading) -> Diagnosis:
    """Of a text that has only what launchers and other ranks say when a process has died."""
    first = reading.follows[0]
    codes = [re.search(r"exitcode\s*: *(-?\d{1,9})", item.text) for item in reading.follows]
    code = next((int(match.group(1)) for match in codes if match is not None), 0)
    text = say("A process of this run has died, and its own message is not in this text.")
    if code in _EXITS:
        why = _EXITS[code]
        text = say("{message} Its exit code {code}: {why}.", message=text, code=code, why=why)
    hint = say("Look further up, or at the logs of the other ranks (torchrun --log-dir DIR --tee 3).")
    return Diagnosis(
        UNKNOWN, _NO_KNOWN, None, "certain", text, first.line, first.rank, first.text[:200], hints=(hint,)
    )


def joined(diagnoses: Sequence[Diagnosis], reading: LogReading) -> Diagnosis:
    """The first diagnosis with the others in it.

    :func:`unknown` if there are none, and before warnings that did not end the run.
    """
    died = bool(reading.errors or reading.follows or reading.cut_short)
    if not diagnoses or (died and all(item.warns for item in diagnoses)):
        return replace(_with_nan(unknown(reading), reading), others=tuple(diagnoses))
    return replace(diagnoses[0], others=tuple(diagnoses[1:]))
