"""The report of a check as JSON."""

from __future__ import annotations

from typing import Any, Dict

from mmfix.config.origin import MissingBase
from mmfix.findings import Finding
from mmfix.report.json.parts import (
    finding_json,
    interrupted_json,
    judged_json,
    origin_json,
    problem_json,
    proof_used_json,
    render,
)
from mmfix.report.statistics import statistics_json
from mmfix.results.checked import ConfigReport, Report
from mmfix.results.pages import rule_address
from mmfix.results.place import display_path
from mmfix.results.suppressed import Suppressed


def render_report(report: Report) -> str:
    """The report of a check as JSON text (see ``docs/json.md``)."""
    return render(
        configs=[_config(config) for config in report.configs],
        summary=report.summary,
        statistics=statistics_json(report),
        notes=list(report.notes),
        interrupted=interrupted_json(report.interrupted),
    )


def _config(config: ConfigReport) -> Dict[str, Any]:
    return {
        "path": display_path(config.path),
        "era": config.era,
        "kind": config.kind,
        "status": config.status,
        "error": problem_json(config.error),
        "findings": [_finding(finding, config) for finding in config.findings],
        "unknown": list(config.unknown),
        "model_code": config.unread or None,
        "proof": proof_used_json(config.proof),
        "notes": list(config.notes),
        "judged": judged_json(config.judged),
        "missing_bases": [_missing(base) for base in config.missing],
        "taken_back": [finding_json(finding) for finding in config.taken_back],
        "suppressed": [_suppressed(item, config) for item in config.suppressed],
    }


def _finding(finding: Finding, config: ConfigReport) -> Dict[str, Any]:
    page = rule_address(config.docs_url, finding.code)
    return {**finding_json(finding), "part": finding.part or None, "page": page or None}


def _suppressed(item: Suppressed, config: ConfigReport) -> Dict[str, Any]:
    place = {"path": display_path(item.path), "line": item.line}
    return {**_finding(item.finding, config), "by": item.by, "reason": item.reason, "place": place}


def _missing(base: MissingBase) -> Dict[str, Any]:
    return {
        "entry": base.entry,
        "path": display_path(base.path),
        "origin": origin_json(base.origin),
        "read": display_path(base.read) if base.read else None,
        "where": base.where or None,
        "hint": base.hint,
    }
