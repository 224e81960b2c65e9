"""The command line: click commands that only call the public functions and print what they return."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import List, Optional

import click

from mmfix import printable
from mmfix.cli_about import version_option
from mmfix.terminal import INTERRUPTED, close_stdout, show_problems
from mmfix.wording import say

#: The commands as ``mmfix --help`` lists them.
_SECTIONS = {
    say("A config"): ("check", "patch", "show", "diff"),
    say("A run"): ("explain", "prove"),
    say("About mmfix"): ("settings", "rules", "rule", "completion"),
}


def _loaded(name: str) -> Optional[click.Command]:
    """The command of that name; what the others need is not loaded, since people wait for `check`."""
    command: click.Command
    if name == "check":
        from mmfix.cli_judging import check as command
    elif name == "patch":
        from mmfix.cli_patching import patch as command
    elif name == "show":
        from mmfix.cli_showing import show as command
    elif name == "diff":
        from mmfix.cli_comparing import diff as command
    elif name == "explain":
        from mmfix.cli_runs import explain as command
    elif name == "prove":
        from mmfix.cli_runs import prove as command
    elif name == "settings":
        from mmfix.cli_project import settings as command
    elif name == "rules":
        from mmfix.cli_about import rules as command
    elif name == "rule":
        from mmfix.cli_about import rule as command
    elif name == "completion":
        from mmfix.cli_about import completion as command
    else:
        return None
    return command


class _Grouped(click.Group):
    """Commands by what they are about, and not by the alphabet, each loaded when it is asked for."""

    def list_commands(self, ctx: click.Context) -> List[str]:
        return [name for names in _SECTIONS.values() for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> Optional[click.Command]:
        command = _loaded(cmd_name)
        if command is None:  # for "Did you mean": click proposes the commands that it holds
            every = ((name, _loaded(name)) for name in self.list_commands(ctx))
            self.commands = {name: each for name, each in every if each is not None}
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, names in _SECTIONS.items():
            with formatter.section(title):
                widest = max(map(len, self.list_commands(ctx)))
                rows = [
                    (name, command.get_short_help_str(formatter.width - 6 - widest))
                    for name in names
                    for command in [_loaded(name)]
                    if command is not None
                ]
                formatter.write_dl(rows, col_spacing=widest + 2 - max(map(len, names)))


@click.group(cls=_Grouped, context_settings={"help_option_names": ["-h", "--help"]})
@version_option
def cli() -> None:
    """Find and patch what kills distributed training in OpenMMLab configs. Start with: mmfix check configs/

    \b
    Exit codes:
      0  clean (notes do not count, nor what is only possible)
      1  findings are left
      2  could not do the job; other files were still done
    130  ended by Ctrl-C; what there was is written
    """


def main() -> None:
    """Entry point: run the command, turn every failure into one line and an exit code."""
    # Python has None for a stream that its parent closed (`>&-`); nobody reads what goes there
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a path that the terminal's encoding cannot show is still shown
            stream.reconfigure(errors="backslashreplace")
    _end_in_order()
    try:
        code = cli.main(prog_name="mmfix", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        vars(error)["message"] = printable.line(error.message)  # it may quote what was typed
        error.show()
        code = 2
    except (click.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except BrokenPipeError:
        code = close_stdout()
    except Exception as error:
        from mmfix.jobs.checking import problem_of

        show_problems([(problem_of(error), "")])
        code = 2
    gc.freeze()  # what is left goes with the process; looking for garbage in it takes time
    sys.exit(code)


def _end_in_order() -> None:
    """What is told to end (`kill`, `timeout`, a terminal that closes) takes its temporary files along."""

    def leave(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_IGN)  # once is enough
        raise SystemExit(128 + number)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:  # else nohup ignores it
            signal.signal(number, leave)
