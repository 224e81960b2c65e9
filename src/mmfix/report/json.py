"""Reports as JSON, version 1. Keys are never removed or renamed within a version; new ones may come."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Dict, Iterable, Optional, Sequence, Tuple

from mmfix.config.keypath import format_key
from mmfix.config.origin import MissingBase, Origin, Unknown
from mmfix.config.values import LazyName, LongNumber
from mmfix.findings import Finding, Override, Remedy
from mmfix.report.judged import Judged
from mmfix.report.place import display_path
from mmfix.report.types import ConfigReport, PatchResult, Problem, ProofUsed, Report

VERSION = 1


def render_report(report: Report) -> str:
    """The report of a check as JSON text (see ``docs/json.md``)."""
    return render(
        configs=[_config(config) for config in report.configs],
        summary=report.summary,
        notes=list(report.notes),
        interrupted=_interrupted(report.interrupted),
    )


def _interrupted(interrupted: Optional[Tuple[int, int]]) -> Optional[Dict[str, int]]:
    if interrupted is None:
        return None
    done, planned = interrupted
    return {"looked_at": done, "of": planned}


def render_patches(results: Sequence[PatchResult], interrupted: Optional[Tuple[int, int]] = None) -> str:
    """Patch results as JSON text (see ``docs/json.md``)."""
    statuses = [result.status for result in results]
    return render(
        patches=[patch_json(result) for result in results],
        summary={
            "configs": len(results),
            **{
                status: statuses.count(status)
                for status in ("patched", "clean", "left", "refused", "skipped")
            },
        },
        interrupted=_interrupted(interrupted),
    )


def render(**content: Any) -> str:
    """``content`` behind the two keys every document starts with, ``version`` and ``mmfix``."""
    import mmfix

    return json.dumps({"version": VERSION, "mmfix": mmfix.__version__, **content}, indent=2) + "\n"


def jsonable(value: Any) -> Any:
    """A config value in JSON's own types.

    Tuples become lists, keys become text, what could not be known becomes ``{"unknown": reason}``, and
    anything else JSON has no word for (infinity, bytes, an object) becomes its ``repr``.
    """
    if isinstance(value, Unknown):
        return {"unknown": value.reason}
    if isinstance(value, LazyName):
        return value.text
    if isinstance(value, dict):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return repr(value)
    plain = value is None or isinstance(value, (bool, int, float, str))
    return value if plain and not isinstance(value, LongNumber) else repr(value)


def origin_json(origin: Optional[Origin]) -> Optional[Dict[str, Any]]:
    """An origin as ``{"path", "line", "column"}``; None stays None."""
    if origin is None:
        return None
    return {"path": display_path(origin.path), "line": origin.line, "column": origin.column}


def problem_json(problem: Optional[Problem]) -> Optional[Dict[str, Any]]:
    """A problem as ``{"kind", "message", "path", "line", "hint"}``; None stays None."""
    if problem is None:
        return None
    path = None if problem.path is None else display_path(problem.path)
    return {**asdict(problem), "path": path}


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
        "proof": _proof(config.proof),
        "notes": list(config.notes),
        "judged": None if config.judged is None else _judged(config.judged),
        "missing_bases": [_missing(base) for base in config.missing],
        "taken_back": [finding_json(finding) for finding in config.taken_back],
    }


def _judged(judged: Judged) -> Dict[str, Any]:
    return {"extent": judged.extent, "gaps": [gap._asdict() for gap in judged.gaps]}


def _missing(base: MissingBase) -> Dict[str, Any]:
    return {
        "entry": base.entry,
        "path": display_path(base.path),
        "origin": origin_json(base.origin),
        "read": display_path(base.read) if base.read else None,
        "where": base.where or None,
        "hint": base.hint,
    }


def _proof(proof: Optional[ProofUsed]) -> Optional[Dict[str, Any]]:
    if proof is None:
        return None
    scenarios = [{"name": name, "outcome": outcome} for name, outcome in proof.scenarios]
    told = {"why_stale": proof.why_stale or None, "by": proof.by or None, "file": display_path(proof.file)}
    return {**asdict(proof), **told, "scenarios": scenarios}


def finding_json(finding: Finding) -> Dict[str, Any]:
    """A finding with its remedies, as ``docs/json.md`` has it."""
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "message": finding.message,
        "key": format_key(finding.key),
        "origin": origin_json(finding.origins[0] if finding.origins else None),
        "blame": [origin_json(origin) for origin in finding.origins],
        "evidence": list(finding.evidence),
        "remedies": [remedy_json(remedy) for remedy in finding.remedies],
    }


def remedy_json(remedy: Remedy) -> Dict[str, Any]:
    """A remedy, as ``docs/json.md`` has it."""
    return {
        "name": remedy.name,
        "disposition": remedy.disposition,
        "cost": remedy.cost,
        "assumes": list(remedy.assumes),
        "rehearsed": remedy.rehearsed or None,
        "overrides": _overrides(remedy.overrides),
    }


def _overrides(overrides: Iterable[Override]) -> list[Dict[str, Any]]:
    return [
        {"key": format_key(override.key), "value": jsonable(override.value), "reason": override.reason}
        for override in overrides
    ]


def patch_json(result: PatchResult) -> Dict[str, Any]:
    """A patch result, as ``docs/json.md`` has it."""
    return {
        "path": display_path(result.path),
        "target": display_path(result.target),
        "status": result.status,
        "written": result.written,
        "remedies": list(result.remedies),
        "overrides": _overrides(result.overrides),
        "confirmed_by": result.confirmed_by or None,
        "diff": result.diff(),
        "left": [finding_json(finding) for finding in result.left],
        "error": problem_json(result.error),
        "notes": list(result.notes),
        "judged": None if result.judged is None else _judged(result.judged),
        "proof": _proof(result.proof),
        "taken_back": [finding_json(finding) for finding in result.taken_back],
    }
