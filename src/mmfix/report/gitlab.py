"""A Code Quality report of GitLab (docs.gitlab.com, "Code Quality": ``description`` to ``location``)."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Dict

from mmfix.report.causes import Cause, causes, distinct, shown
from mmfix.results.checked import ConfigReport, Report
from mmfix.wording import say

#: What GitLab calls a finding that fails the run, by its severity; what does not fail is ``info``.
_SEVERITY = {"error": "critical", "warning": "major"}


def render_report(report: Report) -> str:
    """A JSON array, one object a cause and one a config that cannot be read."""
    rows = [_unreadable(config) for config in report.configs if config.status == "unreadable"]
    rows += [_row(cause, report) for cause in causes(report)]
    for row, fingerprint in zip(rows, distinct([row["fingerprint"] for row in rows])):
        row["fingerprint"] = fingerprint
    return json.dumps(rows, indent=2) + "\n"


def _row(cause: Cause, report: Report) -> Dict[str, Any]:
    finding, where = cause.finding, cause.where()
    severity = _SEVERITY.get(finding.severity, "info") if cause.fails(report) else "info"
    told = f"{finding.message} ({where})" if where else finding.message
    return _object(
        told, f"{finding.code} {finding.name}", cause.fingerprint, severity, cause.path, cause.line or 1
    )


def _unreadable(config: ConfigReport) -> Dict[str, Any]:
    error = config.error
    path = shown((error.path if error else None) or config.path)
    message = error.message if error else say("cannot be read")
    fingerprint = hashlib.sha256(f"unreadable\0{path}".encode("utf-8", "surrogatepass")).hexdigest()
    line = (error.line if error else None) or 1
    return _object(message, say("mmfix cannot read it"), fingerprint, "blocker", path, line)


def _object(
    description: str, name: str, fingerprint: str, severity: str, path: str, line: int
) -> Dict[str, Any]:
    location: Dict[str, Any] = {"path": path, "lines": {"begin": line}}
    return {
        "description": description,
        "check_name": name,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": location,
    }
