"""Patch results as JSON."""

from __future__ import annotations

from typing import Any, Dict, Optional, Sequence, Tuple

from mmfix.report.json.parts import (
    finding_json,
    interrupted_json,
    judged_json,
    overrides_json,
    problem_json,
    proof_used_json,
    render,
)
from mmfix.results.patched import PatchResult
from mmfix.results.place import display_path


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
        interrupted=interrupted_json(interrupted),
    )


def patch_json(result: PatchResult) -> Dict[str, Any]:
    """A patch result, as ``docs/json.md`` has it."""
    return {
        "path": display_path(result.path),
        "target": display_path(result.target),
        "status": result.status,
        "written": result.written,
        "remedies": list(result.remedies),
        "overrides": overrides_json(result.overrides),
        "in_place": [place._asdict() for place in result.places],
        "heirs": [display_path(path) for path in result.heirs],
        "confirmed_by": result.confirmed_by or None,
        "diff": result.diff(),
        "left": [finding_json(finding) for finding in result.left],
        "error": problem_json(result.error),
        "notes": list(result.notes),
        "judged": judged_json(result.judged),
        "proof": proof_used_json(result.proof),
        "taken_back": [finding_json(finding) for finding in result.taken_back],
        "edits": [
            {"path": display_path(edit.path), "lines": list(edit.lines), "diff": edit.diff()}
            for edit in result.edits
        ],
    }
