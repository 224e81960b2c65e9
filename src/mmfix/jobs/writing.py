"""Reports that go to files."""

from __future__ import annotations

from typing import List, Optional, Sequence, Tuple

from mmfix.errors import PatchError
from mmfix.jobs.checking import problem_of
from mmfix.patches.write import write_atomically
from mmfix.report import render_report
from mmfix.report.text.page import PAGE
from mmfix.results.change import Plan
from mmfix.results.checked import Problem, Report


def write_reports(
    report: Report, files: Sequence[Tuple[str, str]], plan: Optional[Plan] = None
) -> List[Problem]:
    """Write a report in each of these formats to each of these files; why that could not be done.

    Args:
        report: The report.
        files: Format and path.
        plan: Makes the cures, for the formats that hold them.
    """
    problems = []
    for format_, path in files:
        text = render_report(report, format_, PAGE, plan)
        try:
            write_atomically(path, text.encode("utf-8", "backslashreplace"))
        except PatchError as error:
            problems.append(problem_of(error))
    return problems
