"""``mmfix diff`` as JSON."""

from __future__ import annotations

from typing import Any, Dict, Optional

from mmfix.config.keypath import format_key
from mmfix.report.json.parts import jsonable, origin_json, problem_json, render
from mmfix.results.checked import Problem
from mmfix.results.comparison import Comparison, Side
from mmfix.results.place import display_path


def render_json(found: Comparison) -> str:
    """The keys that differ, as ``docs/json.md`` has it."""
    changes = [
        {
            "key": format_key(change.key),
            "kind": change.kind,
            "before": _side(change.before),
            "after": _side(change.after),
            "why": change.why or None,
        }
        for change in found.changes
    ]
    paths = {"before": display_path(found.before), "after": display_path(found.after)}
    return render(
        **paths, revision=found.revision or None, changes=changes, notes=list(found.notes), error=None
    )


def render_error(before: str, after: str, revision: str, problem: Problem) -> str:
    """The JSON document for configs that could not be compared."""
    paths = {"before": display_path(before), "after": display_path(after)}
    return render(**paths, revision=revision or None, changes=[], notes=[], error=problem_json(problem))


def _side(side: Optional[Side]) -> Optional[Dict[str, Any]]:
    if side is None:
        return None
    return {"value": jsonable(side.value), "origin": origin_json(side.origin), "text": side.text}
