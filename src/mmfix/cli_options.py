"""Options and arguments that several commands take."""

from __future__ import annotations

import os
from typing import Any, Callable, Optional, Tuple, TypeVar

import click

from mmfix.report import CHECK_FORMATS, FORMATS
from mmfix.settings import DEFAULT, FAIL_ON
from mmfix.terminal import say
from mmfix.workers import can_fork, cores, processes

#: Whether a path can be read is said in mmfix's own words, with exit code 2 and without a usage line.
PATH = click.Path(readable=False)

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _format_option(formats: Tuple[str, ...]) -> Callable[[_Command], _Command]:
    choice = click.Choice(formats)
    return click.option(
        "--format", "format_", type=choice, default="text", show_default=True, help="Output format."
    )


format_option, check_format_option = _format_option(FORMATS), _format_option(CHECK_FORMATS)
output_file_option = click.option(
    "--output-file",
    "output_files",
    multiple=True,
    metavar="FORMAT:FILE",
    callback=lambda _, __, given: tuple(map(_format_and_file, given)),
    help="Write the report to a file, too: junit:report.xml; repeatable.",
)
fail_on_option = click.option(
    "--fail-on",
    type=click.Choice(FAIL_ON),
    default=DEFAULT.fail_on,
    show_default=True,
    help="How sure an error or warning must be for exit code 1.",
)


def _choose_colour(context: click.Context, _: click.Parameter, when: str) -> None:
    context.color = {"auto": context.color, "always": True, "never": False}[when]


color_option = click.option(
    "--color",
    type=click.Choice(("auto", "always", "never")),
    default="auto",
    show_default=True,
    expose_value=False,
    callback=_choose_colour,
    help="Colours; auto: on a terminal, or as NO_COLOR and FORCE_COLOR say.",
)
verbose_option = click.option("-v", "--verbose", is_flag=True, help="Show all that is known of a finding.")
statistics_option = click.option(
    "--statistics", is_flag=True, help="Count what each rule finds; with --format text or json."
)
verify_option = click.option("--verify", is_flag=True, help="With --diff: load it, too. RUNS the config.")
no_loader_option = click.option("--no-loader", is_flag=True, help="Run nothing; the block says so.")
base_dir_option = click.option(
    "--base-dir",
    "base_dirs",
    type=PATH,
    multiple=True,
    metavar="DIR",
    help="Look here for bases that are not where a config says; repeatable.",
)
allow_unjudged_option = click.option(
    "--allow-unjudged", is_flag=True, help="Exit 0 though a named file is not judged (for pre-commit)."
)
no_gitignore_option = click.option(
    "--no-gitignore", is_flag=True, help="Look into what git ignores, too, when a folder is walked."
)
no_proofs_option = click.option("--no-proofs", is_flag=True, help="Judge as if there was no proof file.")
reading_seconds_option = click.option(
    "--reading-seconds",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    help="CPU time that reading one model's source may take.  [default: 20]",
)
since_option = click.option(
    "--since",
    metavar="REV",
    help="Judge only what differs from a git revision, or has a base or model source that does.",
)
stdin_filename_option = click.option(
    "--stdin-filename", type=PATH, metavar="FILE", help="With -: the file that standard input is, or will be."
)
jobs_option = click.option(
    "--jobs",
    "-j",
    type=click.IntRange(1),
    metavar="N",
    help="Processes that work at the same time.  [default: one a processor]",
)


def how_many(jobs: Optional[int], items: int) -> int:
    """How many processes work on so many configs; what is asked for in vain is told."""
    if jobs is not None and jobs > 1 and not can_fork():
        say("--jobs needs a system that can fork a process; one process does it all")
    if os.environ.get("MMFIX_DEBUG"):
        return 1  # a traceback is one of this process
    return processes(cores() if jobs is None else jobs, items)


def no_verify_without_loader(verify: bool, no_loader: bool) -> None:
    """Refuse two options that contradict each other.

    Raises:
        UsageError: Both were given.
    """
    if verify and no_loader:
        raise click.UsageError("--verify asks for the loader that --no-loader leaves out")


def _format_and_file(given: str) -> Tuple[str, str]:
    """``junit:report.xml`` as its two parts.

    Raises:
        BadParameter: There is no such format, or no file.
    """
    format_, _, path = given.partition(":")
    if format_ not in CHECK_FORMATS or not path:
        formats = ", ".join(CHECK_FORMATS)
        raise click.BadParameter(f"{given!r} is not FORMAT:FILE, with a FORMAT of {formats}")
    return format_, path
