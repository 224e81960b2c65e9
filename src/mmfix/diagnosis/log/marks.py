"""What a run says of itself in its log: its config, its command, how far it came, how it ended."""

from __future__ import annotations

import ast
import re
import shlex
from dataclasses import dataclass, field
from typing import Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple, TypeVar

from mmfix.diagnosis.log.lines import Line, Stream
from mmfix.diagnosis.log.pasted import pasted_configs
from mmfix.diagnosis.types import Command, ConfigInLog, LoggedError, Run

_T = TypeVar("_T")

#: The heading of the config (``mmengine/runner/runner.py: Runner.__init__``, training scripts of mmcv 1.x).
_CONFIG = re.compile(r"(?:^|[\s\]-])Config:\s*$")
#: A line of MMEngine's or mmcv's logger; the terminal leaves the year out.
_STAMP = re.compile(r"(?:\d{4}[-/])?\d{2}[-/]\d{2} \d{2}:\d{2}:\d{2}")
#: What other loggers and Python write right behind a config; a blank line ends it, too.
_AFTER_CONFIG = re.compile(r"Traceback \(most recent|/?[\w./-]+\.py:\d+: \w*Warning|\[rank\d+\]")
_TORCH = re.compile(r"\s*PyTorch: (\d[\w.+]*)")
#: ``Epoch(train) [3][ 50/1000]`` (MMEngine), ``Epoch [3][50/1000]`` (mmcv 1.x).
_EPOCH = re.compile(r"Epoch(?:\(train\))?\s+\[(\d{1,9})\]\[\s*(\d{1,9})/\d+\]")
#: ``Iter(train) [   50/80000]``, ``Iter [50/80000]``.
_ITERATION = re.compile(r"Iter(?:\(train\))?\s+\[\s*(\d{1,9})/\d+\]")
#: Of the sum of the losses: a single one may be NaN by design, and grad_norm is in mixed precision.
_NAN = re.compile(r"\bloss: nan\b")
_SAVED = re.compile(r"Saving checkpoint at (\d{1,9}) (?:epochs?|iterations?)")
_RESUMED = re.compile(r"resumed (?:from )?epoch|Resumed? (?:checkpoint )?from|resumed from", re.I)
_SCRIPT = re.compile(r"train\w*\.(?:py|sh)$")
_IS_CONFIG = re.compile(r"[\w./~+-]+\.(?:py|json|ya?ml)$")
_REENTRANT = re.compile(r'torch[/\\]utils[/\\]checkpoint\.py", line \d+, in backward')
_FRAME = re.compile(r'\s*File "([^"]*)", line \d+')
_INSTALLED = re.compile(r"[/\\](site|dist)-packages[/\\]|[/\\]lib[/\\]python|^<")
_ERROR = re.compile(r"((?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Interrupt|Exit))(?:: .*|:?\s*)$")
#: What launchers and waiting ranks raise: never the first cause.
_FOLLOWS = frozenset({
    "ChildFailedError", "CalledProcessError", "ProcessExitedException", "ProcessRaisedException",
    "SignalException", "SystemExit", "DistBackendError", "DistNetworkError", "BrokenPipeError",
    "ConnectionResetError", "DistStoreError", "RendezvousConnectionError", "RendezvousTimeoutError",
    "RendezvousClosedError",
})  # fmt: skip
#: But NCCL may have failed on this rank: ``DistBackendError: NCCL error in: NCCLUtils.hpp:268, invalid
#: usage``.
_OF_ITS_OWN = re.compile(r"NCCL error in: [^,]*, (?!remote process exited)")
#: How a launcher reports that a process has ended (``torch/distributed/elastic/multiprocessing``).
_EXIT = re.compile(r"failed \(exitcode: -?\d+\)|\s*exitcode\s+: -?\d+")
#: No more lines are read as a config; with more marks of a kind, only some of each further region are kept.
_MOST_LINES = 20_000
_SOME = 200
#: Only the first of each run and rank is told.
_MOST_ERRORS = 5_000
_MOST_OF_A_LINE = 1_000
_MOST_FILES = 20
#: What is kept by line of the log.
_BY_LINE = (
    "configs", "pasted", "commands", "torch", "progress", "saved", "resumed", "reentrant", "files", "nan",
)  # fmt: skip


class Progress(NamedTuple):
    """A line of progress: iterations since the epoch began, or since the run did."""

    line: int
    made: int
    of_epoch: bool


@dataclass
class Marks:
    """Everything found so far, by line of the log."""

    configs: Dict[int, ConfigInLog] = field(default_factory=dict)
    pasted: Dict[int, ConfigInLog] = field(default_factory=dict)
    commands: Dict[int, Command] = field(default_factory=dict)
    torch: Dict[int, str] = field(default_factory=dict)
    progress: Dict[int, Progress] = field(default_factory=dict)
    saved: Dict[int, int] = field(default_factory=dict)
    resumed: Dict[int, bool] = field(default_factory=dict)
    reentrant: Dict[int, bool] = field(default_factory=dict)
    files: Dict[int, str] = field(default_factory=dict)
    nan: Dict[int, bool] = field(default_factory=dict)
    errors: Dict[Tuple[int, Optional[int]], LoggedError] = field(default_factory=dict)
    follows: Dict[Tuple[int, Optional[int]], LoggedError] = field(default_factory=dict)
    cut_short: bool = False
    last_frame: str = ""

    def add(self, other: Marks) -> None:
        """Take over the marks of another part of the log."""
        for name in _BY_LINE:
            known: Dict[int, object] = getattr(self, name)
            known.update(_thinned(getattr(other, name)) if len(known) > _MOST_LINES else getattr(other, name))
        for mine, others in ((self.errors, other.errors), (self.follows, other.follows)):
            for place, error in others.items():
                if len(mine) < _MOST_ERRORS:
                    mine.setdefault(place, error)
        self.cut_short, self.last_frame = other.cut_short, other.last_frame or self.last_frame

    def run(self, start: int, end: int, stop: int) -> Run:
        """What the run of the lines ``start`` to ``end`` says, up to its first error at line ``stop``."""

        def within(marks: Mapping[int, _T]) -> List[_T]:
            return [marks[line] for line in sorted(marks) if start <= line < end]

        resumed = any(within(self.resumed))
        steps = [step for step in within(self.progress) if step.line < stop]
        saved = [number for line, number in sorted(self.saved.items()) if start <= line < min(end, stop)]
        return Run(
            config=next(iter((*within(self.configs), *within(self.pasted))), None),
            command=next(iter(within(self.commands)), None),
            iterations=max([_made(steps, resumed), *saved]),
            torch=next(iter(within(self.torch)), ""),
            reentrant=any(within(self.reentrant)),
            resumed=resumed,
            files=tuple(dict.fromkeys(within(self.files)))[:_MOST_FILES],
            nan=next((line for line in sorted(self.nan) if start <= line < end), 0),
        )


def _thinned(marks: Mapping[int, _T]) -> Dict[int, _T]:
    """Some marks of a region, evenly: the log of a run that fails all the time must not fill the memory."""
    lines = sorted(marks)
    return {line: marks[line] for line in lines[:: len(lines) // _SOME + 1]}


def _made(steps: Sequence[Progress], resumed: bool) -> int:
    """Iterations that the lines of progress prove for this process."""
    of_epoch = [step.made for step in steps if step.of_epoch]
    others = [step.made for step in steps if not step.of_epoch]
    since = max(others) - (min(others) if resumed else 0) if others else 0
    return max([*of_epoch, since, len({step.line for step in steps})], default=0)


def marks_of(stream: Stream) -> Marks:
    """The marks of one stream of one region."""
    marks = Marks()
    frame = error = -1
    for index, (number, text) in enumerate(stream.lines):
        if "pytorch:" in text[:40].lower():
            match = _TORCH.match(text)
            if match:
                marks.torch[number] = match.group(1)
        if "poch" in text or "Iter" in text or "iterations" in text:
            _progress(marks, number, text)
        if "esume" in text and _RESUMED.search(text):
            marks.resumed[number] = True
        if text.rstrip().endswith("Config:") and _CONFIG.search(text):
            config = "\n".join(_config_lines(stream.lines[index + 1 :]))
            if "=" in config:
                marks.configs[number] = ConfigInLog(number + 1, config)
        if "train" in text and number not in marks.commands:
            command = command_of(text)
            if command is not None:
                marks.commands[number] = Command(number, *command)
        match = _FRAME.match(text) if "File" in text else None
        if match is not None:
            frame, marks.last_frame = index, text.strip()
            if not _INSTALLED.search(match.group(1)):
                marks.files[number] = match.group(1)
            if _REENTRANT.search(text):
                marks.reentrant[number] = True
        elif "Error" in text or "Exception" in text or "Interrupt" in text:
            match = _ERROR.match(text)
            if match is not None:
                error = index
                name = match.group(1).rpartition(".")[2]
                follows = name in _FOLLOWS and not _OF_ITS_OWN.search(text)
                _note(marks.follows if follows else marks.errors, number, stream.rank, text)
        elif "exitcode" in text and _EXIT.search(text):
            _note(marks.follows, number, stream.rank, text)
    printed = {
        config.line + line for config in marks.configs.values() for line in range(config.text.count("\n") + 1)
    }
    marks.pasted.update((config.line, config) for config in pasted_configs(stream.lines, printed))
    marks.cut_short = frame > error and not any(_is_outside(line) for line in stream.lines[frame + 2 :])
    return marks


def _note(
    found: Dict[Tuple[int, Optional[int]], LoggedError], number: int, rank: Optional[int], text: str
) -> None:
    """Keep an error, as long as there are not too many."""
    if len(found) < _MOST_ERRORS:
        found.setdefault((number, rank), LoggedError(number, rank, text.strip()[:_MOST_OF_A_LINE]))


def _is_outside(line: Line) -> bool:
    """Whether a line after a frame is no code of it: a message, or anything else that a program writes."""
    return bool(line.text.strip()) and not line.text.startswith((" ", "\t", "["))


def _progress(marks: Marks, number: int, text: str) -> None:
    if "nan" in text and _NAN.search(text):
        marks.nan[number] = True
    match = _EPOCH.search(text)
    if match is not None:
        marks.progress[number] = Progress(number, int(match.group(2)), True)
        return
    match = _ITERATION.search(text)
    if match is not None:
        marks.progress[number] = Progress(number, int(match.group(1)), False)
        return
    match = _SAVED.search(text)
    if match is not None:
        marks.saved[number] = int(match.group(1))


def _config_lines(lines: Sequence[Line]) -> Iterator[str]:
    for _, text in lines[:_MOST_LINES]:
        if not text.strip() or _STAMP.match(text) or _AFTER_CONFIG.match(text):
            return
        yield text


def command_of(text: str) -> Optional[Tuple[str, Tuple[str, ...], str]]:
    """Config, ``--cfg-options`` and script of a command line that trains; None for any other text.

    Reads what a shell shows, ``bash tools/dist_train.sh CFG 8``, and the list that a launcher prints when it
    fails, ``Command '['python', 'tools/train.py', 'CFG']' returned non-zero exit status 1``.
    """
    if _FRAME.match(text) or _STAMP.match(text):
        return None
    words = _words(text)
    script = next((place for place, word in enumerate(words) if _SCRIPT.search(word)), None)
    if script is None:
        return None
    rest = words[script + 1 :]
    config = next((word for word in rest if _IS_CONFIG.match(word)), None)
    if config is None:
        return None
    return config, tuple(_options(rest)), words[script]


def _words(text: str) -> List[str]:
    start, end = text.find("['"), text.rfind("']")
    if 0 <= start < end:
        try:
            found = ast.literal_eval(text[start : end + 2])
            return [word for word in found if isinstance(word, str)]
        except (ValueError, SyntaxError):
            pass
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _options(words: Sequence[str]) -> Iterator[str]:
    taking = False
    for word in words:
        if word.startswith("--"):
            taking = word in ("--cfg-options", "--options")
        elif taking and "=" in word:
            yield word
