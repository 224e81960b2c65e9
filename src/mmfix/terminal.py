"""What a terminal gets: colours, a progress bar, problems in one line each, a quiet end for a broken pipe."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, Sequence, Tuple, TypeVar

import click

from mmfix import printable

if TYPE_CHECKING:
    from mmfix.report.types import Problem

T = TypeVar("T")

#: A walk over fewer configs than this is over before a progress bar can be read.
PROGRESS_FROM = 100
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
    """Colours on a terminal (https://no-color.org switches them off), else plain text."""
    if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return lambda text, style: text
    return printable.styled


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
        from mmfix.report.text import render_problems

        print(_coloured(render_problems(problems, paint(sys.stderr))), end="", file=sys.stderr)


def say(text: str) -> None:
    """One line on stderr about what mmfix does, which is no part of the report."""
    print(f"mmfix: {printable.line(text)}", file=sys.stderr)


@contextmanager
def progress(items: Sequence[T], label: str) -> Iterator[Any]:
    """``items``, behind a progress bar on stderr when that is a terminal and the walk is long."""
    if len(items) < PROGRESS_FROM or not sys.stderr.isatty():
        yield items
        return
    with click.progressbar(items, label=label, file=sys.stderr) as bar:
        yield bar
