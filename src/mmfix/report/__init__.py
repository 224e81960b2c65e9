"""Findings and patch results in every output format. A format is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Optional, Sequence, Tuple

if TYPE_CHECKING:
    from mmfix.report.text.page import Page
    from mmfix.results.change import Plan
    from mmfix.results.checked import Report
    from mmfix.results.patched import PatchResult

#: Names for ``--format``.
FORMATS = ("text", "json")
#: Of a check, what CI servers and editors read, too. A new one gets a module here, and a row below.
CHECK_FORMATS = (*FORMATS, "concise", "github", "gitlab", "junit", "sarif")


def render_report(report: Report, format_: str, page: Page, plan: Optional[Plan] = None) -> str:
    """A whole report in one of :data:`CHECK_FORMATS`, or its ``statistics``.

    Args:
        report: The report.
        format_: The format.
        page: Where text goes.
        plan: Makes the cures, for formats that hold them; without it they have none.
    """
    module = import_module(f"mmfix.report.{format_}{'.check' if format_ in FORMATS else ''}")
    if format_ in ("text", "concise", "statistics"):
        return str(module.render_report(report, page))
    if format_ == "sarif":
        return str(module.render_report(report, plan))
    return str(module.render_report(report))


def render_patches(
    results: Sequence[PatchResult],
    format_: str,
    page: Page,
    diff: bool,
    interrupted: Optional[Tuple[int, int]] = None,
) -> str:
    """Patch results in one of :data:`FORMATS`.

    Args:
        results: Of the configs, in their order.
        format_: The format.
        page: Where text goes.
        diff: Nothing was written, text shows the changes.
        interrupted: As in :class:`mmfix.results.checked.Report`.
    """
    if format_ == "json":
        from mmfix.report.json.patch import render_patches as as_json

        return as_json(results, interrupted)
    from mmfix.report.text.patch import render_patches as as_text

    return as_text(results, page, diff, interrupted)
