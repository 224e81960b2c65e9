"""The command that compares configs, ``diff``."""

from __future__ import annotations

from typing import Optional

import click

from mmfix.cli_options import PATH, color_option, format_option
from mmfix.terminal import page, write
from mmfix.wording import say


@click.command(
    short_help=say("Compare two configs, or one with a git revision."),
    epilog=say("Example: mmfix diff configs/my.py --since main"),
)
@click.argument("a", type=PATH)
@click.argument("b", type=PATH, required=False)
@click.option("--since", metavar="REV", help=say("Take A, with all its bases, as it was in a git revision."))
@format_option
@color_option
def diff(a: str, b: Optional[str], since: Optional[str], format_: str) -> int:
    """Show by key how two resolved configs differ, and the line that set each side. Runs nothing.

    With --since, A is what it was in that revision, and B is what it is now; without B, A itself.

    \b
    Exit codes:
      0  all keys are equal
      1  a key differs, or mmfix cannot tell
      2  a config, or the revision, cannot be read
    """
    from mmfix.jobs.checking import problem_of
    from mmfix.jobs.comparing import compare
    from mmfix.report.json.comparison import render_error, render_json
    from mmfix.report.text.comparison import render_text

    if since is None and b is None:
        raise click.UsageError(say("name two configs, or one and --since REV"))
    other, revision = b or a, since or ""
    try:
        found = compare(a, other, revision)
    except Exception as error:
        if format_ == "json":
            write(render_error(a, other, revision, problem_of(error)))
        raise
    write(render_json(found) if format_ == "json" else render_text(found, page()))
    return found.exit_code
