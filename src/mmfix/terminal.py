"""What a terminal gets: colours, progress, problems in one line each, a quiet end for a broken pipe."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Callable, Dict, Sequence, Tuple

import click

from mmfix import printable
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.report.text.page import Page
    from mmfix.results.checked import Problem

#: Seconds until progress is shown on a terminal, between two drawings of it, and between two lines elsewhere.
_FIRST = 1.0
_REDRAWN = 0.2
_EVERY = 10.0
#: Characters.
_BAR = 24
INTERRUPTED = 130  # what a shell reports for a process ended by SIGINT
BROKEN_PIPE = 141  # what a shell reports for a process ended by SIGPIPE
STYLES: Dict[str, Dict[str, Any]] = {
    "error": {"fg": "red", "bold": True},
    "warning": {"fg": "yellow", "bold": True},
    "note": {"fg": "cyan"},
    "strong": {"bold": True},
    "dim": {"dim": True},
    "added": {"fg": "green"},
    "removed": {"fg": "red"},
}


def paint(stream: Any) -> Callable[[str, str], str]:
    """Colours if they are wanted, else plain text.

    ``--color`` decides; without it NO_COLOR (https://no-color.org) and then FORCE_COLOR; without these
    there are colours on a terminal that can show them.
    """
    context = click.get_current_context(silent=True)
    wanted = None if context is None else context.color
    if wanted is None:
        shows = stream.isatty() and os.environ.get("TERM") != "dumb"
        wanted = not os.environ.get("NO_COLOR") and (bool(os.environ.get("FORCE_COLOR")) or shows)
    return printable.styled if wanted else lambda text, style: text


def page(verbose: bool = False, each: bool = False) -> Page:
    """Standard output: its colours, and as many characters in a line as COLUMNS says, or the terminal has."""
    from mmfix.report.text.page import MOST, WIDTH, Page

    chosen = os.environ.get("COLUMNS", "")
    if chosen.isdigit() and int(chosen):
        width = int(chosen)
    else:
        try:
            width = min(os.get_terminal_size().columns or WIDTH, MOST)
        except OSError:
            width = WIDTH
    return Page(paint(sys.stdout), width, verbose, each)


def write(text: str) -> None:
    """Write to stdout; a reader that left early (``| head``) ends the program quietly."""
    try:
        sys.stdout.write(_coloured(text))
        sys.stdout.flush()
    except BrokenPipeError:
        sys.exit(close_stdout())


def _coloured(text: str) -> str:
    codes = {name: click.style("", reset=False, **style) for name, style in STYLES.items()}
    return printable.painted(text, {**codes, "": "\x1b[0m"})


def close_stdout() -> int:
    """Point stdout at nothing, so that the interpreter's last flush cannot fail either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE


def show_problems(problems: Sequence[Tuple[Problem, str]]) -> None:
    """One line a problem on stderr; a broken base is told once, with the configs it stops."""
    if problems:
        from mmfix.report.text.problems import render_problems

        print(_coloured(render_problems(problems, paint(sys.stderr))), end="", file=sys.stderr)


def remark(text: str) -> None:
    """One line on stderr about what mmfix does, which is no part of the report."""
    print(f"mmfix: {printable.line(text)}", file=sys.stderr)


class Progress:
    """How far a run is, on stderr: on a terminal a line that is drawn anew, else a line every ten seconds.

    Of a run that is over within a second nothing is shown. Used as a context manager, which takes the line
    away.

    Args:
        label: What is done: ``checking``.
        total: To how many configs; 0 where that is not known yet.
    """

    def __init__(self, label: str, total: int = 0) -> None:
        self._label = label
        self._total = total
        self._done = 0
        self._began = time.monotonic()
        self._redraws = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._next = self._began + (_FIRST if self._redraws else _EVERY)
        self._shown = False
        self._lock = threading.Lock()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.pause()

    def expect(self, more: int) -> None:
        """So many more configs are to be done."""
        self._total += more

    def advance(self) -> None:
        """One more is done."""
        self._done += 1
        self.tick()

    def tick(self) -> None:
        """Say how far it is, if it is time for that; called often, from any thread."""
        now = time.monotonic()
        with self._lock:
            if now < self._next:
                return
            self._next = now + (_REDRAWN if self._redraws else _EVERY)
            if self._redraws:
                self._draw(now - self._began)
                return
        seconds = now - self._began
        if self._total:
            remark(
                say(
                    "{what}: {done} of {count} configs after {seconds:.0f} s",
                    what=self._label,
                    done=self._done,
                    count=self._total,
                    seconds=seconds,
                )
            )
        else:
            remark(say("{what}: after {seconds:.0f} s", what=self._label, seconds=seconds))

    def pause(self) -> None:
        """Take the line away: something else is to be written. It comes back with the next tick."""
        with self._lock:
            if self._shown:
                self._shown = False
                sys.stderr.write("\r\x1b[K")
                sys.stderr.flush()

    def _draw(self, seconds: float) -> None:
        import shutil  # loads four compression libraries, for what nearly no run comes to

        told = [self._label]
        if self._total:
            filled = _BAR * self._done // self._total
            told.append(f"[{'#' * filled}{'-' * (_BAR - filled)}] {100 * self._done // self._total}%")
            told.append(say("{done} of {count} configs", done=self._done, count=self._total))
        minutes, rest = divmod(int(seconds), 60)
        text = " ".join((*told, f"{minutes}:{rest:02}"))
        sys.stderr.write(f"\r{text[: shutil.get_terminal_size().columns - 1]}\x1b[K")
        sys.stderr.flush()
        self._shown = True
