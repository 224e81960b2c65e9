"""Options and arguments that several commands take."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import wraps
from typing import Any, Callable, Optional, Sequence, Tuple, TypeVar

import click

from mmfix.report import CHECK_FORMATS, FORMATS
from mmfix.settings import DEFAULT, FAIL_ON, LAUNCHERS, chosen
from mmfix.terminal import remark
from mmfix.wording import say
from mmfix.workers import can_fork, cores, processes

#: Whether a path can be read is said in mmfix's own words, with exit code 2 and without a usage line.
PATH = click.Path(readable=False)

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _format_option(formats: Tuple[str, ...]) -> Callable[[_Command], _Command]:
    choice = click.Choice(formats)
    return click.option(
        "--format", "format_", type=choice, default="text", show_default=True, help=say("Output format.")
    )


format_option, check_format_option = _format_option(FORMATS), _format_option(CHECK_FORMATS)
output_file_option = click.option(
    "--output-file",
    "output_files",
    multiple=True,
    metavar="FORMAT:FILE",
    callback=lambda _, __, given: tuple(map(_format_and_file, given)),
    help=say("Write the report to a file, too: junit:report.xml; repeatable."),
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
    help=say("Colours; auto: on a terminal, or as NO_COLOR and FORCE_COLOR say."),
)
verbose_option = click.option(
    "-v", "--verbose", is_flag=True, help=say("Show all that is known of a finding.")
)
statistics_option = click.option(
    "--statistics", is_flag=True, help=say("Count what each rule finds; with --format text or json.")
)
_in_place_option = click.option(
    "--in-place-value",
    is_flag=True,
    help=say("Change values where they stand in CFG; append only the others."),
)
_edit_base_option = click.option(
    "--edit-base", is_flag=True, help=say("The same in the base that sets them, for all that inherit it.")
)
_all_heirs_option = click.option(
    "--all-heirs", is_flag=True, help=say("With --edit-base: also where that cures nothing in some of them.")
)


def place_options(command: _Command) -> _Command:
    """The options that say where a value is changed."""
    return _in_place_option(_edit_base_option(_all_heirs_option(command)))


verify_option = click.option(
    "--verify", is_flag=True, help=say("With --diff: load it, too. RUNS the config.")
)
no_loader_option = click.option("--no-loader", is_flag=True, help=say("Run nothing; the block says so."))
since_option = click.option(
    "--since",
    metavar="REV",
    help=say("Judge only what differs from a git revision, or has a base or model source that does."),
)
stdin_filename_option = click.option(
    "--stdin-filename",
    type=PATH,
    metavar="FILE",
    help=say("With -: the file that standard input is, or will be."),
)
jobs_option = click.option(
    "--jobs",
    "-j",
    type=click.IntRange(1),
    metavar="N",
    help=say("Processes that work at the same time.  [default: one a processor]"),
)


def _key(name: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """What an option says, looked at like the key of a settings file."""

    def look(_: click.Context, __: click.Parameter, given: Any) -> Any:
        if not given:
            return None
        from mmfix.project.values import Wrong, option_values

        words = [given] if isinstance(given, str) else list(given)
        try:
            return option_values(name, words)
        except Wrong as wrong:
            raise click.BadParameter(
                f"{wrong.message} ({wrong.hint})" if wrong.hint else wrong.message
            ) from wrong

    return look


def _words(key: str, option: str, field: str, metavar: str, about: str) -> Callable[[_Command], _Command]:
    return click.option(option, field, multiple=True, metavar=metavar, callback=_key(key), help=about)


def _least(option: str, field: str, about: str) -> Callable[[_Command], _Command]:
    told = say("{about}  [default: {default}]", about=about, default=getattr(DEFAULT, field))
    return click.option(option, field, type=click.Choice(FAIL_ON), help=told)


def _flag(option: str, about: str) -> Callable[[_Command], _Command]:
    return click.option(option, is_flag=True, help=about)


#: Options that make :class:`mmfix.settings.Settings`, as the help lists them; and those of single commands.
_SETTINGS = (
    _words(
        "select", "--select", "select", "RULES", say("Only these rules: MMF101, MMF1, a name; with commas.")
    ),
    _words("ignore", "--ignore", "ignore", "RULES", say("Not these rules.")),
    _words(
        "per-path-ignores",
        "--per-path-ignore",
        "per_path_ignores",
        "GLOB:RULES",
        say("Not these rules in files like GLOB; repeatable."),
    ),
    _words("exclude", "--exclude", "exclude", "GLOB", say("Leave this out of a folder; repeatable.")),
    _least("--fail-on", "fail_on", say("How sure an error or warning must be for exit code 1.")),
    click.option(
        "--launcher",
        type=click.Choice(LAUNCHERS),
        help=say(
            "The launcher you train with; 'none' (one process) silences DDP findings.  [default: distributed]"
        ),
    ),
    click.option("--gpus", type=click.IntRange(1), help=say("With 1, and no launcher, DDP plays no part.")),
    click.option(
        "--torch",
        metavar="VERSION",
        callback=_key("torch"),
        help=say("The torch you train with.  [default: the one that is installed]"),
    ),
    click.option(
        "--base-dir",
        "base_dirs",
        type=PATH,
        multiple=True,
        metavar="DIR",
        help=say("Look here for bases that are not where a config says; repeatable."),
    ),
    click.option(
        "--source-root",
        "source_roots",
        type=PATH,
        multiple=True,
        metavar="DIR",
        help=say("Look here first for the source of the model; repeatable."),
    ),
    click.option(
        "--reading-seconds",
        type=click.FloatRange(0, min_open=True),
        metavar="SECONDS",
        help=say("CPU time that reading one model's source may take.  [default: 20]"),
    ),
    _flag("--allow-unjudged", say("Exit 0 though a named file is not judged (for pre-commit).")),
    _flag("--no-gitignore", say("Look into what git ignores, too, when a folder is walked.")),
    _flag("--no-proofs", say("Judge as if there was no proof file.")),
    _flag("--no-settings", say("Judge as if there was no settings file (mmfix.toml, pyproject.toml).")),
)
docs_url_option = click.option(
    "--docs-url",
    metavar="URL",
    callback=_key("docs-url"),
    help=say("The site of the documentation; each finding then names its page there."),
)
_FOR_PATCHES = (
    _least(
        "--patch-min-confidence",
        "patch_min_confidence",
        say("How sure an error or warning must be to be cured unasked."),
    ),
    click.option(
        "--default-remedy",
        metavar="NAME",
        help=say("Take this cure where it is offered, else the first safe one."),
    ),
)
baseline_option = click.option(
    "--baseline", type=PATH, metavar="FILE", help=say("Show only what is not accepted in FILE.")
)
write_baseline_option = click.option(
    "--write-baseline",
    type=PATH,
    metavar="FILE",
    help=say("Accept all that is found; with --baseline, only take out what is gone."),
)
add_ignore_option = click.option(
    "--add-ignore", metavar="REASON", help=say("Write comments that ignore what is found, into the files.")
)


def settings_options(command: _Command) -> _Command:
    """The options of a command that judges, handed to it as one ``settings``."""
    return _with_settings(command, _SETTINGS)


def patch_settings_options(command: _Command) -> _Command:
    """The same for a command that cures."""
    return _with_settings(command, (*_SETTINGS[:5], *_FOR_PATCHES, *_SETTINGS[5:]))


def _with_settings(command: _Command, options: Sequence[Callable[[Any], Any]]) -> _Command:
    @wraps(command)
    def run(*, no_gitignore: bool, no_proofs: bool, no_settings: bool, **given: Any) -> Any:
        fields = {name: given.pop(name) for name in tuple(given) if name in vars(DEFAULT)}
        settings = chosen(not no_settings, **fields)
        settings = replace(settings, gitignore=not no_gitignore, proofs=not no_proofs)
        return command(settings=settings, **given)

    decorated: Any = run
    for option in reversed(options):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


def how_many(jobs: Optional[int], items: int) -> int:
    """How many processes work on so many configs; what is asked for in vain is told."""
    if jobs is not None and jobs > 1 and not can_fork():
        remark(say("--jobs needs a system that can fork a process; one process does it all"))
    if os.environ.get("MMFIX_DEBUG"):
        return 1  # a traceback is one of this process
    return processes(cores() if jobs is None else jobs, items)


def no_verify_without_loader(verify: bool, no_loader: bool) -> None:
    """Refuse two options that contradict each other.

    Raises:
        UsageError: Both were given.
    """
    if verify and no_loader:
        raise click.UsageError(say("--verify asks for the loader that --no-loader leaves out"))


def _format_and_file(given: str) -> Tuple[str, str]:
    """``junit:report.xml`` as its two parts.

    Raises:
        BadParameter: There is no such format, or no file.
    """
    format_, _, path = given.partition(":")
    if format_ not in CHECK_FORMATS or not path:
        formats = ", ".join(CHECK_FORMATS)
        raise click.BadParameter(
            say("{given!r} is not FORMAT:FILE, with a FORMAT of {formats}", given=given, formats=formats)
        )
    return format_, path
