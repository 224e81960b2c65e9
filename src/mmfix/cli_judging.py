"""The command that judges configs, ``check``."""

from __future__ import annotations

import gc
import sys
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Dict, List, Optional, Sequence, Tuple

import click

from mmfix.cli_options import (
    PATH,
    add_ignore_option,
    baseline_option,
    check_format_option,
    color_option,
    docs_url_option,
    how_many,
    jobs_option,
    output_file_option,
    settings_options,
    since_option,
    statistics_option,
    stdin_filename_option,
    verbose_option,
    write_baseline_option,
)
from mmfix.report import FORMATS, render_report
from mmfix.settings import Settings
from mmfix.terminal import INTERRUPTED, Progress, page, remark, show_problems, write
from mmfix.wording import say
from mmfix.workers import InOrder, ticking

if TYPE_CHECKING:
    from mmfix.jobs.baselining import Baseline
    from mmfix.jobs.selecting import Selection
    from mmfix.jobs.since import Since
    from mmfix.report.text.page import Page
    from mmfix.results.change import Plan
    from mmfix.results.checked import ConfigReport, Problem, Report


@click.command(epilog=say("Example: mmfix check configs/"))
@click.argument("paths", nargs=-1, type=PATH, metavar="[PATH]...")
@check_format_option
@output_file_option
@verbose_option
@click.option("--each", is_flag=True, help=say("Tell each config in full, also what was told of another."))
@color_option
@statistics_option
@click.option("--dependants", is_flag=True, help=say("Judge the configs that inherit a named config, too."))
@jobs_option
@since_option
@stdin_filename_option
@baseline_option
@write_baseline_option
@add_ignore_option
@docs_url_option
@settings_options
def check(
    paths: Tuple[str, ...],
    format_: str,
    output_files: Tuple[Tuple[str, str], ...],
    verbose: bool,
    each: bool,
    statistics: bool,
    dependants: bool,
    jobs: Optional[int],
    since: Optional[str],
    stdin_filename: Optional[str],
    baseline: Optional[str],
    write_baseline: Optional[str],
    add_ignore: Optional[str],
    settings: Settings,
) -> int:
    """Say what will crash or silently go wrong. Runs no config, changes no file (but see --add-ignore).

    A directory is walked: configs that can be trained are judged, bases are not. A base given by name is
    judged through the configs that inherit it. PATH may be - for standard input. Without PATH: configs/, or
    mmfix's own examples (exit 0).
    """
    if statistics and format_ not in FORMATS:
        raise click.UsageError(
            say("--statistics goes with --format text or json, not {format}", format=format_)
        )
    if statistics and format_ == "text":
        format_ = "statistics"  # JSON has them always
    gc.disable()  # loading modules leaves no garbage, and looking for some is a tenth of a short run
    from mmfix.jobs.selecting import STDIN, from_stdin, narrowed, reader_for, select

    examples = False
    if not paths:
        path, examples = default_path_told()
        paths = (path,)
    texts: Dict[str, str] = {}
    if STDIN in paths:
        if since is not None:
            raise click.UsageError(say("--since goes with files, not with -"))
        path, text = from_stdin(sys.stdin.buffer, stdin_filename)
        texts, paths = {path: text}, tuple(path if each == STDIN else each for each in paths)
    elif stdin_filename is not None:
        raise click.UsageError(say("--stdin-filename goes with - for PATH"))
    if add_ignore is not None:
        _may_add(add_ignore, examples or bool(texts) or write_baseline is not None)
    accepted = _accepted(baseline, write_baseline)
    with Progress(say("looking for configs")) as looking, ticking(looking.tick):
        changes = None if since is None else _changes(paths, since)
        selection = select(paths, dependants, settings, texts)
    if changes is not None and since is not None:
        selection = narrowed(selection, changes, since)
    look = page(verbose, each)
    refused: List[Problem] = []
    if add_ignore is not None:
        report = _judged(selection, settings, jobs, None, changes, accepted)
        if report.interrupted is None:
            refused = _added(report, add_ignore, settings)
            accepted = _accepted(baseline, write_baseline)
            selection = replace(selection, reader=reader_for(settings))
    report = _judged(selection, settings, jobs, look if format_ == "text" else None, changes, accepted)
    if accepted is not None:
        report = replace(report, notes=(*report.notes, *accepted.notes()))
        refused += _baseline_written(accepted, report)
    failed = (config for config in report.configs if config.status == "unreadable")
    show_problems([(config.error, config.path) for config in failed if config.error])
    plan = _planner(selection, [format_, *(name for name, _ in output_files)])
    if format_ == "text":
        from mmfix.report.text.check import render_end

        write(render_end(report, look))
    else:
        write(render_report(report, format_, look, plan))
    problems = [*refused, *(_written(report, output_files, plan) if output_files else [])]
    if report.interrupted is not None:
        return INTERRUPTED
    code = of_examples(report.exit_code) if examples else report.exit_code
    return 2 if problems else code


def _planner(selection: Selection, formats: Sequence[str]) -> Optional[Plan]:
    """What makes the cures for formats that hold them."""
    if "sarif" not in formats:
        return None
    from mmfix.jobs.fixing import Planner  # which loads the patch writer

    return Planner(selection.reader)


def _written(report: Report, files: Sequence[Tuple[str, str]], plan: Optional[Plan]) -> List[Problem]:
    from mmfix.jobs.writing import write_reports

    problems = write_reports(report, files, plan)
    show_problems([(problem, "") for problem in problems])
    return problems


def _may_add(reason: str, elsewhere: bool) -> None:
    """Refuse a reason that is none, and what is no file of the user's.

    Raises:
        UsageError: It is so.
    """
    if not reason.strip() or not reason.isprintable():
        raise click.UsageError(say("--add-ignore takes a reason, on one line"))
    if elsewhere:
        raise click.UsageError(say("--add-ignore goes with files of yours, and not with --write-baseline"))


def _added(report: Report, reason: str, settings: Settings) -> List[Problem]:
    from mmfix.jobs.adding import add_ignores
    from mmfix.jobs.selecting import reader_for

    added = add_ignores(report.configs, reason.strip(), reader_for(settings))
    show_problems([(problem, "") for problem in added.problems])
    files, comments = len({path for path, _ in added.places}), len(added.places)
    if comments == 1:
        remark(say("wrote 1 comment into 1 file"))
    elif files == 1:
        remark(say("wrote {comments} comments into 1 file", comments=comments))
    else:
        remark(say("wrote {comments} comments into {files} files", comments=comments, files=files))
    return list(added.problems)


def _accepted(baseline: Optional[str], new: Optional[str]) -> Optional[Baseline]:
    """What is accepted in this run; None without a baseline."""
    if baseline is None and new is None:
        return None
    from mmfix.jobs.baselining import Baseline

    return Baseline(baseline, new)


def _baseline_written(accepted: Baseline, report: Report) -> List[Problem]:
    if report.interrupted is not None:
        return []  # half a baseline would show the rest as new
    problem = accepted.write()
    show_problems([(problem, "")] if problem else [])
    return [problem] if problem else []


def _changes(paths: Sequence[str], revision: str) -> Since:
    from mmfix.jobs.since import since  # which runs git

    return since(paths, revision)


def _judged(
    selection: Selection,
    settings: Settings,
    jobs: Optional[int],
    look: Optional[Page],
    since: Optional[Since],
    accepted: Optional[Baseline],
) -> Report:
    """Judge what was selected; Ctrl-C ends it, and keeps what there is.

    Args:
        selection: What to judge.
        settings: How.
        jobs: In how many processes.
        look: Where what is found is written at once; None: nowhere, the format is one whole.
        since: What is left out.
    """
    from mmfix.jobs.checking_many import judge_many
    from mmfix.jobs.selecting import report_of
    from mmfix.report.text.check import Told, render_config

    paths = (*selection.paths, *selection.inherited)
    reports: List[ConfigReport] = []
    order: InOrder[ConfigReport] = InOrder()
    interrupted = None
    told: Told = set()

    def take(found: Sequence[ConfigReport]) -> None:
        if accepted is not None:
            found = [accepted.apply(report) for report in found]
        reports.extend(found)
        text = "" if look is None else "".join(render_config(report, look, told) for report in found)
        if text:
            progress.pause()
            write(text)

    with Progress(say("checking"), len(paths)) as progress:
        processes = how_many(jobs, len(paths))
        results = judge_many(paths, selection.reader, settings, processes, progress.tick, since)
        try:
            with closing(results):
                for index, found in results:
                    take(order.add(index, found))
                    progress.advance()
        except KeyboardInterrupt:
            interrupted = order.done, len(paths)
            take(order.rest())
    return report_of(selection, reports, settings, interrupted)


def default_path_told() -> Tuple[str, bool]:
    """What is meant where no path was typed; True with it: mmfix's own examples, not the user's files."""
    from mmfix.jobs.examples import default_path

    path, examples = default_path()
    if examples:
        remark(say("no path given and no configs/ here, using the examples in {folder}", folder=path))
    else:
        remark(say("no path given, using configs/"))
    return path, examples


def of_examples(code: int) -> int:
    """The exit code for mmfix's own examples: their findings are not the user's."""
    return 0 if code == 1 else code
