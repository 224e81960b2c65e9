"""The command that cures configs, ``patch``."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Optional, Tuple

import click

from mmfix.cli_judging import default_path_told, of_examples
from mmfix.cli_options import (
    PATH,
    color_option,
    format_option,
    how_many,
    jobs_option,
    no_loader_option,
    no_verify_without_loader,
    patch_settings_options,
    place_options,
    verbose_option,
    verify_option,
)
from mmfix.report import render_patches
from mmfix.settings import Settings
from mmfix.terminal import INTERRUPTED, Progress, page, remark, show_problems, write
from mmfix.wording import say
from mmfix.workers import InOrder, can_fork

if TYPE_CHECKING:
    from mmfix.results.patched import PatchResult


@click.command(
    short_help=say("Patch configs; every patch is verified before it is written."),
    epilog=say("Example: mmfix patch --diff configs/, or mmfix patch --diff --in-place-value configs/my.py"),
)
@click.argument("configs", nargs=-1, type=PATH, metavar="[CFG]...")
@click.option("--diff", is_flag=True, help=say("Show what would change; write nothing, run nothing."))
@verify_option
@no_loader_option
@click.option("--output", type=PATH, metavar="FILE", help=say("Write a patched copy to FILE."))
@click.option(
    "--overlay", is_flag=True, help=say("Write a new config that inherits CFG: CFG_mmfix.py, or FILE.")
)
@place_options
@click.option("--remedy", metavar="NAME", help=say("Use this cure instead of the first safe one."))
@click.option("--possible", is_flag=True, help=say("Cure what is only possible, too."))
@click.option("--allow-dirty", is_flag=True, help=say("Change code that has uncommitted changes, too."))
@click.option("--undo", is_flag=True, help=say("Take the mmfix block out again, byte for byte."))
@click.option("--fail-on-change", is_flag=True, help=say("Exit 1 when a file was written (for pre-commit)."))
@jobs_option
@patch_settings_options
@format_option
@verbose_option
@color_option
def patch(
    configs: Tuple[str, ...],
    diff: bool,
    verify: bool,
    no_loader: bool,
    output: Optional[str],
    overlay: bool,
    in_place_value: bool,
    edit_base: bool,
    all_heirs: bool,
    remedy: Optional[str],
    possible: bool,
    allow_dirty: bool,
    undo: bool,
    fail_on_change: bool,
    jobs: Optional[int],
    settings: Settings,
    format_: str,
    verbose: bool,
) -> int:
    """Patch configs in place: one marked block at the end, verified before it is written.

    A directory is walked. Without CFG: configs/, or a diff of mmfix's own examples (exit 0).

    Writing RUNS each config that is patched, in a child process: the loader of its own framework (MMEngine,
    mmcv 1.x) must confirm the patch. --diff, --undo and --no-loader run nothing.

    Without --remedy, only cures marked 'safe' are applied, and only to what is at least likely; --possible
    takes in what is only possible. Cures in your own code need their name (--remedy non-reentrant-in-code);
    they run nothing, and show their diff with --diff. Exit 1: findings are left; exit 2: refused.
    """
    in_place = in_place_value or edit_base
    if undo and (output or overlay or remedy or possible or in_place):
        raise click.UsageError(say("--undo goes with none of the options that say what to write, and where"))
    if (overlay and in_place) or (output and edit_base):
        raise click.UsageError(say("--overlay and --output leave alone what these options change in place"))
    if all_heirs and not edit_base:
        raise click.UsageError(say("--all-heirs goes with --edit-base"))
    if remedy and possible:
        raise click.UsageError(say("--remedy NAME cures what is only possible, too: leave --possible away"))
    if possible:
        given = settings.given | {"patch_min_confidence"}
        settings = replace(settings, patch_min_confidence="possible", given=given)
    no_verify_without_loader(verify, no_loader)
    from mmfix.jobs.code_cures import (
        cure_code,
        finish_interrupted,
        is_code_cure,
        without_idle,
    )
    from mmfix.jobs.patching import Options, patch_inherited, refused
    from mmfix.jobs.patching_many import patch_many
    from mmfix.jobs.selecting import select, to_undo
    from mmfix.jobs.undoing_code import cures_of_others, undo_code

    examples = False
    if not configs:
        path, examples = default_path_told()
        configs, diff = (path,), diff or examples
    in_code = is_code_cure(remedy)
    if in_code and (output or overlay or verify or in_place):
        raise click.UsageError(
            say("{cure} changes code: it goes with no option that says where a patch goes", cure=remedy)
        )
    for note in () if diff else finish_interrupted(configs):
        remark(say("note: {what}", what=note))
    selection = select(configs, settings=settings)
    selection = to_undo(selection) if undo else selection
    if output and (len(configs) > 1 or len(selection.paths) > 1):
        raise click.UsageError(say("--output takes one CFG, not several or a folder of them"))
    options = Options(
        remedy=remedy,
        output=output,
        overlay=overlay,
        undo=undo,
        write=not diff,
        verify=verify,
        no_loader=no_loader,
        settings=settings,
        in_place=in_place,
        all_heirs=all_heirs,
        allow_dirty=allow_dirty,
    )
    if options.loads and not in_code and not can_fork():
        remark(
            say(
                "no fork here: configs are loaded in one process, where one may change what the next "
                "one finds"
            )
        )
    results = [refused(config) for config in selection.failed]
    order: InOrder[PatchResult] = InOrder()
    interrupted = None
    named = selection.must_be_judged
    if in_code:
        processes = how_many(jobs, sys.maxsize)
        with Progress(say("reading all configs of the repository")) as progress:
            results += cure_code(selection.paths, selection.reader, options, named, processes, progress)
    elif undo:
        for note in cures_of_others(selection.paths):
            remark(say("note: {what}", what=note))
        results += undo_code(selection.paths, options.write)
    blocks = () if in_code else selection.paths
    with Progress(say("patching"), len(blocks)) as progress:
        processes = how_many(jobs, len(blocks))
        if edit_base:
            from mmfix.jobs.editing_bases import edit_bases

            selection, done = edit_bases(selection, options, processes, progress.tick)
            results.extend(done)
            named, blocks = selection.must_be_judged, selection.paths
        patched = patch_many(blocks, selection.reader, options, named, processes, progress.tick)
        try:
            with closing(patched):
                for index, found in patched:
                    results.extend(order.add(index, found))
                    progress.advance()
            for target in (result.target for result in results if result.written):
                selection.reader.forget(target)
            results.extend(patch_inherited(selection.inherited, selection.reader, settings))
        except KeyboardInterrupt:
            results.extend(order.rest())
            interrupted = order.done, len(selection.paths)
    results = without_idle(results)
    for note in selection.notes:
        remark(say("note: {what}", what=note))
    show_problems([(result.error, result.path) for result in results if result.error])
    write(render_patches(results, format_, page(verbose), diff, interrupted))
    if interrupted is not None:
        return INTERRUPTED
    code = max((result.exit_code for result in results), default=0)
    code = of_examples(code) if examples else code
    return max(code, int(fail_on_change and any(result.written for result in results)))
