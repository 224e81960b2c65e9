"""Findings and patch results in every output format. A format is imported when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Sequence

if TYPE_CHECKING:
    from mmfix.report.text import Paint
    from mmfix.report.types import ConfigReport, PatchResult, Report

#: Names for ``--format``. A new one gets a module here and a branch in the functions below.
FORMATS = ("text", "json")


def render_config(config: ConfigReport, format_: str, paint: Paint) -> str:
    """What can be written of a config before the others are known; nothing where the format is one whole."""
    if format_ == "json":
        return ""
    from mmfix.report import text

    return text.render_config(config, paint)


def render_end(report: Report, format_: str, paint: Paint) -> str:
    """What is written after that: the rest of the report."""
    if format_ == "json":
        from mmfix.report import json

        return json.render_report(report)
    from mmfix.report import text

    return text.render_end(report, paint)


def render_patches(results: Sequence[PatchResult], format_: str, paint: Paint, diff: bool) -> str:
    """Patch results in one of :data:`FORMATS`; ``diff``: nothing was written, text shows the changes."""
    if format_ == "json":
        from mmfix.report import json

        return json.render_patches(results)
    from mmfix.report import text

    return text.render_patches(results, paint, diff)
