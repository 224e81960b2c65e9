"""What JSON documents are made of, version 1.

Keys are never removed or renamed within a version; new ones may come.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Dict, Iterable, List, Optional, Tuple

from mmfix.config.keypath import format_key
from mmfix.config.origin import Origin, Unknown
from mmfix.config.values import LazyName, LongNumber
from mmfix.findings import Finding, Override, Remedy
from mmfix.results.checked import Problem, ProofUsed
from mmfix.results.judged import Judged
from mmfix.results.place import display_path

VERSION = 1


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
        "overrides": overrides_json(remedy.overrides),
        "code": [{"path": display_path(spot.path), "line": spot.line} for spot in remedy.code],
        "needs": remedy.needs or None,
    }


def overrides_json(overrides: Iterable[Override]) -> List[Dict[str, Any]]:
    """Overrides as ``[{"key", "value", "reason"}]``."""
    return [
        {"key": format_key(override.key), "value": jsonable(override.value), "reason": override.reason}
        for override in overrides
    ]


def judged_json(judged: Optional[Judged]) -> Optional[Dict[str, Any]]:
    """How much was judged, as ``{"extent", "gaps"}``; None stays None."""
    if judged is None:
        return None
    return {"extent": judged.extent, "gaps": [gap._asdict() for gap in judged.gaps]}


def proof_used_json(proof: Optional[ProofUsed]) -> Optional[Dict[str, Any]]:
    """The proof that was believed or was not; None stays None."""
    if proof is None:
        return None
    scenarios = [{"name": name, "outcome": outcome} for name, outcome in proof.scenarios]
    told = {"why_stale": proof.why_stale or None, "by": proof.by or None, "file": display_path(proof.file)}
    return {**asdict(proof), **told, "scenarios": scenarios}


def interrupted_json(interrupted: Optional[Tuple[int, int]]) -> Optional[Dict[str, int]]:
    """How far a run came that was ended, as ``{"looked_at", "of"}``; None stays None."""
    if interrupted is None:
        return None
    done, planned = interrupted
    return {"looked_at": done, "of": planned}
