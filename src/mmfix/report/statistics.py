"""What each rule has found in a run, in numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Dict, List

from mmfix.report.causes import causes
from mmfix.report.text.check import tail
from mmfix.report.text.page import PAGE, Page
from mmfix.report.text.words import as_text, count
from mmfix.results.checked import Report


@dataclass(frozen=True)
class RuleCount:
    """One rule that has found something.

    Attributes:
        code, name: Of the rule.
        causes: Lines, or configs where no line is to blame, that are wrong.
        findings: Findings of all configs.
        configs: Configs that have one.
    """

    code: str
    name: str
    causes: int
    findings: int
    configs: int


def statistics(report: Report) -> List[RuleCount]:
    """The rules that have found something, that with the most findings first."""
    wrong: Dict[str, int] = {}
    for cause in causes(report):
        wrong[cause.finding.code] = wrong.get(cause.finding.code, 0) + 1
    names: Dict[str, str] = {}
    found: Dict[str, int] = {}
    configs: Dict[str, int] = {}
    for config in report.configs:
        for finding in config.findings:
            names[finding.code] = finding.name
            found[finding.code] = found.get(finding.code, 0) + 1
        for code in {finding.code for finding in config.findings}:
            configs[code] = configs.get(code, 0) + 1
    rows = [RuleCount(code, names[code], wrong[code], found[code], configs[code]) for code in names]
    return sorted(rows, key=lambda row: (-row.findings, row.code))


def statistics_json(report: Report) -> List[Dict[str, Any]]:
    """The same in JSON's types."""
    return [asdict(row) for row in statistics(report)]


def render_report(report: Report, page: Page = PAGE) -> str:
    """A line a rule, and the text's own end."""
    rows = statistics(report)
    width = max((len(row.name) for row in rows), default=0)
    lines = []
    for row in rows:
        told = ", ".join(
            (count(row.findings, "finding"), count(row.causes, "cause"), count(row.configs, "config"))
        )
        lines.append(f"{page(row.code, 'strong')}  {row.name:<{width}}  {told}")
    return as_text([*lines, *tail(report, page)])
