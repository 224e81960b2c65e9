"""The command about what a repository says to mmfix: ``settings``."""

from __future__ import annotations

import sys

import click

from mmfix.cli_options import PATH, docs_url_option, format_option, patch_settings_options
from mmfix.settings import Settings
from mmfix.terminal import paint, write
from mmfix.wording import say


@click.command(
    short_help=say("Print the settings that hold for a path, and who says so."),
    epilog=say("Example: mmfix settings configs/my.py"),
)
@click.argument("path", type=PATH, default=".")
@format_option
@docs_url_option
@patch_settings_options
def settings(path: str, format_: str, settings: Settings) -> int:
    """Print the settings that hold for PATH, and where each comes from.

    They stand in the nearest mmfix.toml above a config, or in [tool.mmfix] of a pyproject.toml; options win.
    """
    from mmfix.jobs.holding import holding

    found = holding(path, settings)
    if format_ == "json":
        from mmfix.report.json.holding import render_holding as as_json

        write(as_json(found))
    else:
        from mmfix.report.text.holding import render_holding as as_text

        write(as_text(found, paint(sys.stdout)))
    return 0
