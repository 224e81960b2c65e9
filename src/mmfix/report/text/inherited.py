"""Causes that many configs inherit, each told once with the configs that have it."""

from __future__ import annotations

import os
import shlex
from typing import Iterator, Sequence

from mmfix.report.causes import Cause, causes
from mmfix.report.text.cures import asked_for, edit_of_base, first_written
from mmfix.report.text.page import Page
from mmfix.results.checked import Report
from mmfix.wording import say

_MOST_CAUSES = 10


def in_more_configs(report: Report, page: Page) -> Iterator[str]:
    """The causes that stand in several configs, which these are, and how to cure all of them."""
    shared = [cause for cause in causes(report) if len(cause.configs) > 1]
    if not shared:
        return
    head = page(say("told once, but in several configs"), "strong")
    yield f"{head} {say('(--each tells each in full)')}"
    for cause in shared if page.verbose else shared[:_MOST_CAUSES]:
        yield from _cause(cause, page)
    if len(shared) > _MOST_CAUSES and not page.verbose:
        more = say("and {count} causes more (-v shows them)", count=len(shared) - _MOST_CAUSES)
        yield f"  {more}"
    yield ""


def _cause(cause: Cause, page: Page) -> Iterator[str]:
    place = ":".join(str(part) for part in (cause.path, cause.line, cause.column) if part is not None)
    name = f"{place} {cause.finding.code}"
    yield from page.wrapped(f"{name} {cause.where()}", indent=2, strong=name)
    if any(remedy.overrides for remedy in cause.finding.remedies):
        first = first_written(cause.finding)
        named = asked_for(cause.finding, first) if first is not None else ""
        command = f"mmfix patch {shlex.quote(_folder(cause.configs))}{named}"
        edit = edit_of_base("", cause.finding)
        told = command
        if edit:
            told = say("{command}, or set {edit} (--edit-base)", command=command, edit=edit)
        yield from page.wrapped(told, indent=6, strong=command)


def _folder(configs: Sequence[str]) -> str:
    """The folder that holds all of them."""
    try:
        common = os.path.commonpath([os.path.dirname(config) for config in configs])
    except ValueError:  # some are below the working directory, others are not
        common = ""
    return common or "."
