"""The report of a check as JSON."""

from __future__ import annotations

from typing import Any, Dict

from mmfix.config.origin import MissingBase
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
from mmfix.results.place import display_path


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
        "findings": [finding_json(finding) for finding in config.findings],
        "unknown": list(config.unknown),
        "model_code": config.unread or None,
        "proof": proof_used_json(config.proof),
        "notes": list(config.notes),
        "judged": judged_json(config.judged),
        "missing_bases": [_missing(base) for base in config.missing],
        "taken_back": [finding_json(finding) for finding in config.taken_back],
    }


def _missing(base: MissingBase) -> Dict[str, Any]:
    return {
        "entry": base.entry,
        "path": display_path(base.path),
        "origin": origin_json(base.origin),
        "read": display_path(base.read) if base.read else None,
        "where": base.where or None,
        "hint": base.hint,
    }
