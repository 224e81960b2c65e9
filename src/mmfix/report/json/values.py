"""``mmfix show`` as JSON."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import format_key
from mmfix.report.json.parts import jsonable, origin_json, problem_json, render
from mmfix.report.leaves import find, leaves
from mmfix.results.checked import Problem
from mmfix.results.place import display_path


def render_json(document: ConfigDocument, key: Optional[str]) -> str:
    """The values as JSON: ``values`` is a list of ``{"key", "value", "origin", "blame"}``, ``error`` is None.

    Raises:
        MmfixError: The config has no such key, or ``key`` is not a key path.
    """
    path = find(document, key)
    values: List[Dict[str, Any]] = []
    for leaf, item in leaves(document.get(path), path):
        blame = document.blame(leaf)
        chain = () if blame is None else blame.chain()
        values.append(
            {
                "key": format_key(leaf),
                "value": jsonable(item),
                "origin": origin_json(chain[0] if chain else None),
                "blame": [origin_json(origin) for origin in chain],
            }
        )
    return render(path=display_path(document.path), kind=document.kind, values=values, error=None)


def render_error(path: str, problem: Problem) -> str:
    """The JSON document for a config or a key that could not be shown."""
    return render(path=display_path(path), kind=None, values=[], error=problem_json(problem))
