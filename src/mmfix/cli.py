"""The command line: click commands that only call the public functions and print what they return."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Dict, Optional

import click

from mmfix import printable
from mmfix.cli_about import completion, rule, rules, version_option
from mmfix.cli_judging import INTERRUPTED, check
from mmfix.cli_options import PATH, color_option, format_option, stdin_filename_option
from mmfix.cli_patching import patch
from mmfix.cli_project import settings
from mmfix.cli_runs import explain, prove
from mmfix.terminal import close_stdout, page, show_problems, write

if TYPE_CHECKING:
    from mmfix.config.document import ConfigDocument


#: The commands as ``mmfix --help`` lists them.
_SECTIONS = {
    "A config": ("check", "patch", "show"),
    "A run": ("explain", "prove"),
    "About mmfix": ("settings", "rules", "rule", "completion"),
}


class _Grouped(click.Group):
    """Commands by what they are about, and not by the alphabet."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, names in _SECTIONS.items():
            with formatter.section(title):
                limit = formatter.width - 6 - max(map(len, self.commands))
                rows = [(name, self.commands[name].get_short_help_str(limit)) for name in names]
                formatter.write_dl(rows, col_spacing=max(map(len, self.commands)) + 2 - max(map(len, names)))


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


@cli.command(
    short_help="Show resolved values and the line that set each.",
    epilog="Example: mmfix show configs/my.py model.backbone.with_cp",
)
@click.argument("path", type=PATH)
@click.argument("key", required=False)
@click.option("--model", is_flag=True, help="Show the model as a tree: what is used, checkpointed, frozen.")
@stdin_filename_option
@format_option
@color_option
def show(path: str, key: Optional[str], model: bool, stdin_filename: Optional[str], format_: str) -> int:
    """Show resolved values and the line that set each of them. PATH may be - for standard input.

    With KEY (model.backbone.with_cp) its whole blame chain; without, every value of the config.

    With --model, what the model's source says, read without importing it: for each config dict the class it
    makes, and whether the loss reaches it in every training step.
    """
    from mmfix.config.reader import Reader
    from mmfix.jobs.checking import problem_of
    from mmfix.jobs.selecting import STDIN, from_stdin

    if model and key is not None:
        raise click.UsageError("--model goes with no KEY")
    if stdin_filename is not None and path != STDIN:
        raise click.UsageError("--stdin-filename goes with - for PATH")
    try:
        texts: Dict[str, str] = {}
        if path == STDIN:
            path, text = from_stdin(sys.stdin.buffer, stdin_filename)
            texts = {path: text}
        document = Reader(texts=texts).load(path)
        shown = _shown_model(document, format_) if model else _shown(document, key, format_)
    except Exception as error:
        if format_ == "json":
            from mmfix.report.json import model as model_json
            from mmfix.report.json import values as values_json

            render_error = model_json.render_error if model else values_json.render_error
            write(render_error(path, problem_of(error)))
        raise
    write(shown)
    return 0


def _shown(document: ConfigDocument, key: Optional[str], format_: str) -> str:
    from mmfix.report.json.values import render_json
    from mmfix.report.text.values import render_text

    if format_ == "json":
        return render_json(document, key)
    return render_text(document, key, page())


def _shown_model(document: ConfigDocument, format_: str) -> str:
    from mmfix.jobs.showing import model_tree
    from mmfix.report.json.model import render_json
    from mmfix.report.text.model import render_text

    tree = model_tree(document)
    return render_json(tree) if format_ == "json" else render_text(tree, page())


cli.add_command(check)
cli.add_command(patch)
cli.add_command(prove)
cli.add_command(explain)
for _command in (settings, rules, rule, completion):
    cli.add_command(_command)


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
