"""The commands about a run: rehearse one, explain the log of one."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Optional, Tuple

import click

from mmfix.cli_options import (
    PATH,
    color_option,
    format_option,
    no_loader_option,
    no_verify_without_loader,
    verbose_option,
    verify_option,
)
from mmfix.report import render_patches
from mmfix.terminal import page, remark, write
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.results.diagnosis import Diagnosis
    from mmfix.results.patched import PatchResult

SCENARIOS = ("normal", "empty", "single", "uneven")


@click.command(
    short_help=say("Rehearse the training step under real DDP, with and without the cures."),
    epilog=say("Example: mmfix prove configs/my.py --save"),
)
@click.argument("path", type=PATH, metavar="CFG")
@click.option("--all-remedies", is_flag=True, help=say("Rehearse every cure, with its price."))
@click.option(
    "--remedy", "remedies", multiple=True, metavar="NAME", help=say("Rehearse this cure; repeatable.")
)
@click.option("--save", is_flag=True, help=say("Keep the proof in .mmfix/proofs.json for check and patch."))
@click.option(
    "--scenario",
    "scenarios",
    type=click.Choice(SCENARIOS),
    multiple=True,
    help=say("Run this one; repeatable."),
)
@click.option("--data", type=click.Choice(("synthetic", "real")), default="synthetic", show_default=True)
@click.option("--size", type=click.IntRange(1), nargs=2, metavar="H W", help=say("Size of synthetic images."))
@click.option("--iterations", type=click.IntRange(1), default=3, show_default=True, help=say("Normal steps."))
@click.option("--ranks", type=click.IntRange(2), default=2, show_default=True, help=say("Without torchrun."))
@click.option(
    "--timeout", type=click.FloatRange(1), default=300.0, show_default=True, help=say("In seconds.")
)
@click.option("--memory-limit", type=click.FloatRange(0.1), metavar="GB", help=say("Memory of each process."))
@click.option("-v", "--verbose", is_flag=True, help=say("Show tracebacks and the stacks of ranks that hang."))
@format_option
@color_option
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
        raise click.UsageError(say("--data real has batches for --scenario normal only"))
    from mmfix.jobs.checking import problem_of
    from mmfix.jobs.proving import ProveOptions, follow, keep
    from mmfix.jobs.proving import prove as prove_config

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
    remark(say("prove runs the config and its model, in processes of its own"))
    tell = _rehearsing if sys.stderr.isatty() else lambda what: None
    try:
        proved = prove_config(path, options, tell)
    except Exception as error:
        if format_ == "json":
            from mmfix.report.json.proof import render_error

            write(render_error(path, problem_of(error)))
        raise
    found = proved.proof
    if format_ == "json":
        from mmfix.report.json.proof import render_json

        write(render_json(found, proved.remedies))
    else:
        from mmfix.report.text.proof import render_text

        write(render_text(found, proved.remedies, page(verbose), proved.look_for))
    if all_remedies and not found.remedies and found.rehearsal.outcome == "OK":
        remark(say("nothing is suspected of this config, so there is no cure to rehearse"))
    if save and found.rehearsal.outcome != "NOT_PROVED":
        remark(say("kept in {file}", file=keep(proved)))
    return found.exit_code


@click.command(
    short_help=say("Explain a training log: what failed, which key, which cure."),
    epilog=say("Example: mmfix explain work_dirs/my/train.log --config configs/my.py"),
)
@click.argument("log", type=PATH, metavar="LOG")
@click.option("--config", type=PATH, metavar="CFG", help=say("The config of the run; else that in the log."))
@click.option("--build", is_flag=True, help=say("Build the model to name parameters. This RUNS the config."))
@click.option(
    "--timeout",
    type=click.FloatRange(1),
    default=120.0,
    show_default=True,
    help=say("With --build: in seconds."),
)
@click.option("--patch", "patch_", is_flag=True, help=say("Patch the config: first safe cure, or --remedy."))
@click.option("--remedy", metavar="NAME", help=say("With --patch: use this cure."))
@click.option(
    "--diff", is_flag=True, help=say("With --patch: show what would change; write and run nothing.")
)
@verify_option
@no_loader_option
@format_option
@verbose_option
@color_option
def explain(
    log: str,
    config: Optional[str],
    build: bool,
    timeout: float,
    patch_: bool,
    remedy: Optional[str],
    diff: bool,
    verify: bool,
    no_loader: bool,
    format_: str,
    verbose: bool,
) -> int:
    """Say what a training log died of, which parameters and config key it was, and what cures it.

    LOG is a file, or - for standard input; a pasted error message will do. Nothing is written without
    --patch, and nothing is run without --build or --patch, which RUNS the config as `mmfix patch` does.

    Exit 0: explained; 1: no known error found; 2: could not read.
    """
    if (remedy or diff or verify or no_loader) and not patch_:
        raise click.UsageError(say("--remedy, --diff, --verify and --no-loader go with --patch"))
    no_verify_without_loader(verify, no_loader)
    from mmfix.jobs.explaining import ExplainOptions, explain_file, explain_stdin
    from mmfix.report.json.diagnosis import render_json
    from mmfix.report.text.diagnosis import render_text

    tell = _rehearsing if build and sys.stderr.isatty() else lambda what: None
    options = ExplainOptions(config or "", build=build, seconds=timeout, tell=tell)
    diagnosis: Optional[Diagnosis] = None
    patched: Optional[PatchResult] = None
    try:
        diagnosis = explain_stdin(sys.stdin.buffer, options) if log == "-" else explain_file(log, options)
        if format_ != "json":  # it is told, too, where the patch is refused
            write(render_text(diagnosis, page(verbose), "" if log == "-" else log))
        if patch_:
            from mmfix.jobs.curing import patch_explained  # loads what judges configs
            from mmfix.jobs.patching import Options

            chosen = Options(remedy, write=not diff, verify=verify, no_loader=no_loader)
            patched = patch_explained(diagnosis, chosen)
    except Exception as error:
        if format_ == "json":
            from mmfix.jobs.checking import problem_of

            write(render_json(diagnosis, error=problem_of(error, None if log == "-" else log)))
        raise
    if format_ == "json":
        write(render_json(diagnosis, patched))
    elif patched is not None:
        write(render_patches([patched], format_, page(verbose), diff))
    return int(not diagnosis.known)


def _rehearsing(what: str) -> None:
    remark(say("rehearsing {what} ...", what=what))
