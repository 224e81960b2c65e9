"""The command line: click commands that only call the public functions and print what they return."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Optional, Tuple

import click

from mmfix import __version__
from mmfix.report import FORMATS, render_patches, render_report
from mmfix.terminal import close_stdout, default_path, paint, progress, show_problems, write

if TYPE_CHECKING:
    from mmfix.diagnosis.types import Diagnosis
    from mmfix.report.types import PatchResult

INTERRUPTED = 130  # the same for SIGINT
LAUNCHERS = ("none", "pytorch", "slurm", "mpi")
SCENARIOS = ("normal", "empty", "single", "uneven")
#: Whether a path can be read is said in mmfix's own words, with exit code 2 and without a usage line.
PATH = click.Path(readable=False)

format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="Output format.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def cli() -> None:
    """Find and patch what kills distributed training in OpenMMLab configs.

    \b
    Exit codes:
      0  clean (notes do not count)
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
def check(paths: Tuple[str, ...], format_: str, launcher: Optional[str], dependants: bool) -> int:
    """Say what will crash or silently go wrong. Runs no config, changes no file.

    A directory is walked: configs that can be trained are judged, bases are not. A base given by name is
    judged through the configs that inherit it. Without PATH: configs/, or mmfix's own examples (exit 0).
    """
    from mmfix.jobs.checking import check_files, report_of, select

    examples = False
    if not paths:
        path, examples = default_path()
        paths = (path,)
    selection = select(paths, dependants)
    with progress((*selection.paths, *selection.inherited), "checking") as items:
        report = report_of(selection, check_files(items, selection.reader, launcher))
    show_problems([(config.error, config.path) for config in report.configs if config.error])
    write(render_report(report, format_, paint(sys.stdout)))
    return _of_examples(report.exit_code) if examples else report.exit_code


verify_option = click.option("--verify", is_flag=True, help="With --diff: load it, too. RUNS the config.")
no_loader_option = click.option("--no-loader", is_flag=True, help="Run nothing; the block says so.")


@cli.command(short_help="Patch configs; every patch is verified before it is written.")
@click.argument("configs", nargs=-1, type=PATH, metavar="[CFG]...")
@click.option("--diff", is_flag=True, help="Show what would change; write nothing, run nothing.")
@verify_option
@no_loader_option
@click.option("--output", type=PATH, metavar="FILE", help="Write a patched copy to FILE.")
@click.option("--overlay", is_flag=True, help="Write a new config that inherits CFG: CFG_mmfix.py, or FILE.")
@click.option("--remedy", metavar="NAME", help="Use this cure instead of the first safe one.")
@click.option("--undo", is_flag=True, help="Take the mmfix block out again, byte for byte.")
@click.option("--fail-on-change", is_flag=True, help="Exit 1 when a file was written (for pre-commit).")
@format_option
def patch(
    configs: Tuple[str, ...],
    diff: bool,
    verify: bool,
    no_loader: bool,
    output: Optional[str],
    overlay: bool,
    remedy: Optional[str],
    undo: bool,
    fail_on_change: bool,
    format_: str,
) -> int:
    """Patch configs in place: one marked block at the end, verified before it is written.

    A directory is walked. Without CFG: configs/, or a diff of mmfix's own examples (exit 0).

    Writing RUNS each config that is patched, in a child process: the loader of its own framework (MMEngine,
    mmcv 1.x) must confirm the patch. --diff, --undo and --no-loader run nothing.

    Only cures marked 'safe' are applied without --remedy. Exit 1: findings are left; exit 2: refused.
    """
    if undo and (output or overlay or remedy):
        raise click.UsageError("--undo goes with none of --output, --overlay and --remedy")
    _no_verify_without_loader(verify, no_loader)
    from mmfix.jobs.checking import select
    from mmfix.jobs.patching import Options, patch_files, patch_inherited, refused

    examples = False
    if not configs:
        path, examples = default_path()
        configs, diff = (path,), diff or examples
    selection = select(configs)
    if output and (len(configs) > 1 or len(selection.paths) > 1):
        raise click.UsageError("--output takes one CFG, not several or a folder of them")
    options = Options(remedy, output, overlay, undo, not diff, verify, no_loader)
    results = [refused(config) for config in selection.failed]
    with progress(selection.paths, "patching") as items:
        results.extend(patch_files(items, selection.reader, options))
    results.extend(patch_inherited(selection.inherited, selection.reader))
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


@cli.command(short_help="Rehearse the training step under real DDP, with and without the cures.")
@click.argument("path", type=PATH, metavar="CFG")
@click.option("--all-remedies", is_flag=True, help="Rehearse every cure, with its price.")
@click.option("--remedy", "remedies", multiple=True, metavar="NAME", help="Rehearse this cure; repeatable.")
@click.option("--save", is_flag=True, help="Keep the proof in .mmfix/proofs.json for check and patch.")
@click.option(
    "--scenario", "scenarios", type=click.Choice(SCENARIOS), multiple=True, help="Run this one; repeatable."
)
@click.option("--data", type=click.Choice(("synthetic", "real")), default="synthetic", show_default=True)
@click.option("--size", type=click.IntRange(1), nargs=2, metavar="H W", help="Size of synthetic images.")
@click.option("--iterations", type=click.IntRange(1), default=3, show_default=True, help="Normal steps.")
@click.option("--ranks", type=click.IntRange(2), default=2, show_default=True, help="Without torchrun.")
@click.option("--timeout", type=click.FloatRange(1), default=300.0, show_default=True, help="In seconds.")
@click.option("--memory-limit", type=click.FloatRange(0.1), metavar="GB", help="Memory of each process.")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks and the stacks of ranks that hang.")
@format_option
def prove(
    path: str,
    all_remedies: bool,
    remedies: Tuple[str, ...],
    save: bool,
    scenarios: Tuple[str, ...],
    data: str,
    size: Optional[Tuple[int, int]],
    iterations: int,
    ranks: int,
    timeout: float,
    memory_limit: Optional[float],
    verbose: bool,
    format_: str,
) -> int:
    """Rehearse a config: build its model, run real training steps under real DistributedDataParallel.

    This RUNS the config and the model's code, in processes of its own: two ranks on the CPU, or those of
    torchrun (torchrun --nproc-per-node 8 -m mmfix prove CFG). The data is made up, and no weights are loaded.
    Nothing is written but with --save.

    Exit 0: it runs; 1: it fails; 2: not proved.
    """
    if data == "real" and set(scenarios) - {"normal"}:
        raise click.UsageError("--data real has batches for --scenario normal only")
    from mmfix.jobs.checking import problem_of
    from mmfix.jobs.proving import ProveOptions, follow, keep
    from mmfix.jobs.proving import prove as prove_config
    from mmfix.report import proof as report

    options = ProveOptions(
        remedies=remedies,
        all_remedies=all_remedies,
        world_size=ranks,
        scenarios=scenarios,
        iterations=iterations,
        size=size or None,
        data=data,
        seconds=timeout,
        memory_gb=memory_limit,
    )
    if os.environ.get("RANK", "0") != "0" and "TORCHELASTIC_RUN_ID" in os.environ:
        follow(path, options)
        return 0
    print("mmfix: prove runs the config and its model, in processes of its own", file=sys.stderr)
    tell = _rehearsing if sys.stderr.isatty() else lambda what: None
    try:
        proved = prove_config(path, options, tell)
    except Exception as error:
        if format_ == "json":
            write(report.render_error(path, problem_of(error)))
        raise
    found = proved.proof
    if format_ == "json":
        write(report.render_json(found, proved.remedies))
    else:
        write(report.render_text(found, proved.remedies, paint(sys.stdout), verbose))
    if all_remedies and not found.remedies and found.rehearsal.outcome == "OK":
        print("mmfix: nothing is suspected of this config, so there is no cure to rehearse", file=sys.stderr)
    if save and found.rehearsal.outcome != "NOT_PROVED":
        print(f"mmfix: kept in {keep(proved)}", file=sys.stderr)
    return report.exit_code(found)


@cli.command(short_help="Explain a training log: what failed, which key, which cure.")
@click.argument("log", type=PATH, metavar="LOG")
@click.option("--config", type=PATH, metavar="CFG", help="The config of the run; else that in the log.")
@click.option("--build", is_flag=True, help="Build the model to name parameters. This RUNS the config.")
@click.option("--patch", "patch_", is_flag=True, help="Patch the config: first safe cure, or --remedy.")
@click.option("--remedy", metavar="NAME", help="With --patch: use this cure.")
@click.option("--diff", is_flag=True, help="With --patch: show what would change; write and run nothing.")
@verify_option
@no_loader_option
@format_option
def explain(
    log: str,
    config: Optional[str],
    build: bool,
    patch_: bool,
    remedy: Optional[str],
    diff: bool,
    verify: bool,
    no_loader: bool,
    format_: str,
) -> int:
    """Say what a training log died of, which parameters and config key it was, and what cures it.

    LOG is a file, or - for standard input; a pasted error message will do. Nothing is written without
    --patch, and nothing is run without --build or --patch, which RUNS the config as `mmfix patch` does.

    Exit 0: explained; 1: no known error found; 2: could not read.
    """
    if (remedy or diff or verify or no_loader) and not patch_:
        raise click.UsageError("--remedy, --diff, --verify and --no-loader go with --patch")
    _no_verify_without_loader(verify, no_loader)
    from mmfix.jobs.explaining import ExplainOptions, explain_file, explain_stdin
    from mmfix.report import explanation as report

    tell = _rehearsing if build and sys.stderr.isatty() else lambda what: None
    options = ExplainOptions(config or "", build=build, tell=tell)
    diagnosis: Optional[Diagnosis] = None
    patched: Optional[PatchResult] = None
    try:
        diagnosis = explain_stdin(sys.stdin.buffer, options) if log == "-" else explain_file(log, options)
        if format_ != "json":  # it is told, too, where the patch is refused
            write(report.render_text(diagnosis, paint(sys.stdout), "" if log == "-" else log))
        if patch_:
            from mmfix.jobs.curing import patch_explained  # loads what judges configs
            from mmfix.jobs.patching import Options

            chosen = Options(remedy, write=not diff, verify=verify, no_loader=no_loader)
            patched = patch_explained(diagnosis, chosen)
    except Exception as error:
        if format_ == "json":
            from mmfix.jobs.checking import problem_of

            write(report.render_json(diagnosis, error=problem_of(error, None if log == "-" else log)))
        raise
    if format_ == "json":
        write(report.render_json(diagnosis, patched))
    elif patched is not None:
        write(render_patches([patched], format_, paint(sys.stdout), diff))
    return int(not diagnosis.known)


def _no_verify_without_loader(verify: bool, no_loader: bool) -> None:
    if verify and no_loader:
        raise click.UsageError("--verify asks for the loader that --no-loader leaves out")


def _rehearsing(what: str) -> None:
    print(f"mmfix: rehearsing {what} ...", file=sys.stderr)


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
    try:
        code = cli.main(prog_name="mmfix", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
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


def _of_examples(code: int) -> int:
    """The exit code for mmfix's own examples: their findings are not the user's."""
    return 0 if code == 1 else code
