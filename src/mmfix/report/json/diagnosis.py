"""A diagnosis as JSON."""

from __future__ import annotations

from typing import Any, Dict, Optional

from mmfix.config.keypath import format_key
from mmfix.report.json.parts import finding_json, origin_json, problem_json, remedy_json, render
from mmfix.report.json.patch import patch_json
from mmfix.results.checked import Problem
from mmfix.results.diagnosis import Diagnosis
from mmfix.results.patched import PatchResult
from mmfix.results.place import display_path


def render_json(
    diagnosis: Optional[Diagnosis], patched: Optional[PatchResult] = None, error: Optional[Problem] = None
) -> str:
    """As ``docs/json.md`` has it; ``diagnoses`` is empty when nothing is known.

    Args:
        diagnosis: The first, with the others in it; None when the log could not be read.
        patched: What ``--patch`` did.
        error: Why the log or the config could not be read, or the patch was refused.
    """
    told = [] if diagnosis is None else [diagnosis, *diagnosis.others]
    strange = next((item for item in told if not item.known), None)
    return render(
        diagnoses=[_json(item) for item in told if item.known],
        unknown=None if strange is None else _json(strange),
        patch=None if patched is None else patch_json(patched),
        error=problem_json(error),
    )


def _json(item: Diagnosis) -> Dict[str, Any]:
    return {
        "id": item.id,
        "title": item.title,
        "outcome": item.outcome,
        "confidence": item.confidence,
        "explanation": item.explanation,
        "line": item.line,
        "rank": item.rank,
        "excerpt": item.excerpt,
        "parameters": [
            {
                "index": each.index,
                "name": each.name,
                "key": None if each.key is None else format_key(each.key),
            }
            for each in item.parameters
        ],
        "evidence": list(item.evidence),
        "places": [{"key": format_key(key), "origin": origin_json(origin)} for key, origin in item.places],
        "findings": [finding_json(finding) for finding in item.findings],
        "remedies": [remedy_json(remedy) for remedy in item.remedies],
        "hints": list(item.hints),
        "config": display_path(item.config) if item.config else None,
        "command": item.command or None,
        "notes": list(item.notes),
    }
