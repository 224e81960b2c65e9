"""The command line: click commands that only call the public functions and print what they return."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import Optional, Tuple

import click

from mmfix import __version__, printable
from mmfix.cli_options import (
    PATH,
    allow_unjudged_option,
    base_dir_option,
    fail_on_option,
    format_option,
    no_gitignore_option,
    no_loader_option,
    no_proofs_option,
    no_verify_without_loader,
    reading_seconds_option,
    verify_option,
)
from mmfix.cli_runs import explain, prove
from mmfix.report import render_patches, render_report
from mmfix.settings import Settings
from mmfix.terminal import close_stdout, paint, progress, say, show_problems, write

INTERRUPTED = 130  # the same for SIGINT
LAUNCHERS = ("none", "pytorch", "slurm", "mpi")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def cli() -> None:
    """Find and patch what kills distributed training in OpenMMLab configs.

    \b
    Exit codes:
      0  clean (notes do not count, nor what is only possible)
      1  findings are left
      2  could not do the job; other files were still done
    """


@cli.command()
@click.argument("paths", nargs=-1, type=PATH, metavar="[PATH]...")
@format_option
@click.option(
    "--launcher",
    type=click.Choice(LAUNCHERS),
    help="The launcher you train with; 'none' (one process) silences DDP findings.  [default: distributed]",
)
@click.option("--dependants", is_flag=True, help="Judge the configs that inherit a named config, too.")
@fail_on_option
@base_dir_option
@allow_unjudged_option
@no_gitignore_option
@no_proofs_option
@reading_seconds_option
def check(
    paths: Tuple[str, ...],
    format_: str,
    launcher: Optional[str],
    dependants: bool,
    fail_on: str,
    base_dirs: Tuple[str, ...],
    allow_unjudged: bool,
    no_gitignore: bool,
    no_proofs: bool,
    reading_seconds: Optional[float],
) -> int:
    """Say what will crash or silently go wrong. Runs no config, changes no file.

    A directory is walked: configs that can be trained are judged, bases are not. A base given by name is
    judged through the configs that inherit it. Without PATH: configs/, or mmfix's own examples (exit 0).
    """
    gc.disable()  # loading modules leaves no garbage, and looking for some is a tenth of a short run
    from mmfix.jobs.checking import check_files
    from mmfix.jobs.selecting import report_of, select

    settings = Settings(
        launcher=launcher,
        fail_on=fail_on,
        reading_seconds=reading_seconds,
        base_dirs=base_dirs,
        allow_unjudged=allow_unjudged,
        proofs=not no_proofs,
        gitignore=not no_gitignore,
    )
    examples = False
    if not paths:
        path, examples = _default_path()
        paths = (path,)
    selection = select(paths, dependants, settings)
    with progress((*selection.paths, *selection.inherited), "checking") as items:
        report = report_of(selection, check_files(items, selection.reader, settings), settings)
    failed = (config for config in report.configs if config.status == "unreadable")
    show_problems([(config.error, config.path) for config in failed if config.error])
    write(render_report(report, format_, paint(sys.stdout)))
    return _of_examples(report.exit_code) if examples else report.exit_code


@cli.command(short_help="Patch configs; every patch is verified before it is written.")
@click.argument("configs", nargs=-1, type=PATH, metavar="[CFG]...")
@click.option("--diff", is_flag=True, help="Show what would change; write nothing, run nothing.")
@verify_option
@no_loader_option
@click.option("--output", type=PATH, metavar="FILE", help="Write a patched copy to FILE.")
@click.option("--overlay", is_flag=True, help="Write a new config that inherits CFG: CFG_mmfix.py, or FILE.")
@click.option("--remedy", metavar="NAME", help="Use this cure instead of the first safe one.")
@click.option("--possible", is_flag=True, help="Cure what is only possible, too.")
@click.option("--undo", is_flag=True, help="Take the mmfix block out again, byte for byte.")
@click.option("--fail-on-change", is_flag=True, help="Exit 1 when a file was written (for pre-commit).")
@fail_on_option
@allow_unjudged_option
@no_gitignore_option
@no_proofs_option
@reading_seconds_option
@format_option
def patch(
    configs: Tuple[str, ...],
    diff: bool,
    verify: bool,
    no_loader: bool,
    output: Optional[str],
    overlay: bool,
    remedy: Optional[str],
    possible: bool,
    undo: bool,
    fail_on_change: bool,
    fail_on: str,
    allow_unjudged: bool,
    no_gitignore: bool,
    no_proofs: bool,
    reading_seconds: Optional[float],
    format_: str,
) -> int:
    """Patch configs in place: one marked block at the end, verified before it is written.

    A directory is walked. Without CFG: configs/, or a diff of mmfix's own examples (exit 0).

    Writing RUNS each config that is patched, in a child process: the loader of its own framework (MMEngine,
    mmcv 1.x) must confirm the patch. --diff, --undo and --no-loader run nothing.

    Without --remedy, only cures marked 'safe' are applied, and only to what is at least likely; --possible
    takes in what is only possible. Exit 1: findings are left; exit 2: refused.
    """
    if undo and (output or overlay or remedy or possible):
        raise click.UsageError("--undo goes with none of --output, --overlay, --remedy and --possible")
    if remedy and possible:
        raise click.UsageError("--remedy NAME cures what is only possible, too: leave --possible away")
    no_verify_without_loader(verify, no_loader)
    from mmfix.jobs.patching import Options, patch_files, patch_inherited, refused
    from mmfix.jobs.selecting import select

    examples = False
    if not configs:
        path, examples = _default_path()
        configs, diff = (path,), diff or examples
    settings = Settings(
        fail_on=fail_on,
        possible=possible,
        reading_seconds=reading_seconds,
        allow_unjudged=allow_unjudged,
        proofs=not no_proofs,
        gitignore=not no_gitignore,
    )
    selection = select(configs, settings=settings)
    if output and (len(configs) > 1 or len(selection.paths) > 1):
        raise click.UsageError("--output takes one CFG, not several or a folder of them")
    options = Options(remedy, output, overlay, undo, not diff, verify, no_loader, settings)
    results = [refused(config) for config in selection.failed]
    with progress(selection.paths, "patching") as items:
        results.extend(patch_files(items, selection.reader, options, selection.must_be_judged))
    results.extend(patch_inherited(selection.inherited, selection.reader, settings))
    for note in selection.notes:
        say(f"note: {note}")
    show_problems([(result.error, result.path) for result in results if result.error])
    write(render_patches(results, format_, paint(sys.stdout), diff))
    code = max((result.exit_code for result in results), default=0)
    code = _of_examples(code) if examples else code
    return max(code, int(fail_on_change and any(result.written for result in results)))


@cli.command(short_help="Show resolved values and the line that set each.")
@click.argument("path", type=PATH)
@click.argument("key", required=False)
@click.option("--model", is_flag=True, help="Show the model as a tree: what is used, checkpointed, frozen.")
@format_option
def show(path: str, key: Optional[str], model: bool, format_: str) -> int:
    """Show resolved values and the line that set each of them.

    With KEY (model.backbone.with_cp) its whole blame chain; without, every value of the config.

    With --model, what the model's source says, read without importing it: for each config dict the class it
    makes, and whether the loss reaches it in every training step.
    """
    from mmfix.api import load
    from mmfix.jobs.checking import problem_of
    from mmfix.report import tree

    if model:
        if key is not None:
            raise click.UsageError("--model goes with no KEY")
        return _show_model(path, format_)
    try:
        document = load(path)
        if format_ == "json":
            text = tree.render_json(document, key)
        else:
            text = tree.render_text(document, key, paint(sys.stdout))
    except Exception as error:
        if format_ == "json":
            write(tree.render_error(path, problem_of(error)))
        raise
    write(text)
    return 0


def _show_model(path: str, format_: str) -> int:
    from mmfix.api import load
    from mmfix.jobs.checking import problem_of
    from mmfix.jobs.showing import model_tree
    from mmfix.report import model

    try:
        tree = model_tree(load(path))
    except Exception as error:
        if format_ == "json":
            write(model.render_error(path, problem_of(error)))
        raise
    write(model.render_json(tree) if format_ == "json" else model.render_text(tree, paint(sys.stdout)))
    return 0


cli.add_command(prove)
cli.add_command(explain)


@cli.command()
def rules() -> int:
    """List all rules."""
    from mmfix.rules import RULES

    strong = paint(sys.stdout)
    width = max(len(rule.NAME) for rule in RULES)
    for rule in RULES:
        write(f"{strong(rule.CODE, 'strong')}  {rule.NAME:<{width}}  {rule.SUMMARY}\n")
    return 0


@cli.command()
@click.argument("code")
def rule(code: str) -> int:
    """Print a rule's documentation; CODE is its code or its name."""
    import inspect

    from mmfix.rules import RULES

    for module in RULES:
        if code.upper() == module.CODE or code.lower() == module.NAME:
            title = paint(sys.stdout)(f"{module.CODE} {module.NAME}", "strong")
            write(f"{title}\n\n{inspect.cleandoc(module.__doc__ or module.SUMMARY)}\n")
            return 0
    raise click.BadParameter(f"no rule {code!r}; 'mmfix rules' lists them", param_hint="CODE")


def main() -> None:
    """Entry point: run the command, turn every failure into one line and an exit code."""
    # Python has None for a stream that its parent closed (`>&-`); nobody reads what goes there
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
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


def _default_path() -> Tuple[str, bool]:
    """What is meant where no path was typed; True with it: mmfix's own examples, not the user's files."""
    from mmfix.jobs.examples import default_path

    path, examples = default_path()
    where = f"no path given and no configs/ here, using the examples in {path}" if examples else ""
    say(where or "no path given, using configs/")
    return path, examples


def _of_examples(code: int) -> int:
    """The exit code for mmfix's own examples: their findings are not the user's."""
    return 0 if code == 1 else code
