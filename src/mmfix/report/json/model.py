"""``mmfix show --model`` as JSON."""

from __future__ import annotations

from typing import Any, Dict, Optional

from mmfix.config.keypath import KeyPath, format_key
from mmfix.report.json.parts import problem_json, render
from mmfix.results.checked import Problem
from mmfix.results.model import CodeLine, ModelRow, ModelTree
from mmfix.results.place import display_path


def render_json(tree: ModelTree) -> str:
    """The tree as JSON (see ``docs/json.md``)."""
    return render(
        path=display_path(tree.path),
        kind=tree.kind,
        era=tree.era,
        model=[_row_json(row) for row in tree.rows],
        problems=[{"reason": reason, "place": _line_json(line)} for reason, line in tree.problems],
        gave_up=tree.gave_up,
        error=None,
    )


def render_error(path: str, problem: Problem) -> str:
    """The JSON document for a config whose model could not be shown."""
    return render(
        path=display_path(path),
        kind=None,
        era=None,
        model=[],
        problems=[],
        gave_up="",
        error=problem_json(problem),
    )


def _row_json(row: ModelRow) -> Dict[str, Any]:
    return {
        "key": format_key(row.key),
        "class": row.class_name,
        "place": _line_json(row.defined),
        "exists": row.exists,
        "verdict": row.verdict,
        "parameters": row.parameters,
        "frozen": row.frozen,
        "parts": [
            {
                "name": part.name,
                "class": part.class_name,
                "verdict": part.verdict,
                "why": part.why,
                "created": _line_json(part.created),
                "used": _line_json(part.used),
                "decided_by": _key_json(part.decided_by),
            }
            for part in row.parts
        ],
        "checkpoints": [
            {"kind": item.kind, "switch": _key_json(item.switch), "place": _line_json(item.line)}
            for item in row.checkpoints
        ],
        "freezings": [
            {"when": item.when, "decided_by": _key_json(item.decided_by), "place": _line_json(item.line)}
            for item in row.freezings
        ],
    }


def _line_json(line: Optional[CodeLine]) -> Optional[Dict[str, Any]]:
    return None if line is None else {"path": line.path, "line": line.line}


def _key_json(key: Optional[KeyPath]) -> Optional[str]:
    return None if key is None else format_key(key)
