"""The settings that hold for a path, as JSON."""

from __future__ import annotations

from mmfix.report.json.parts import render
from mmfix.results.holding import Holding
from mmfix.results.place import display_path


def render_holding(found: Holding) -> str:
    """The settings as JSON text (see ``docs/json.md``)."""
    rows = [
        {
            "key": row.key,
            "value": row.value,
            "source": row.source,
            "path": None if row.path is None else display_path(row.path),
            "line": row.line,
        }
        for row in found.settings
    ]
    file = None if found.file is None else display_path(found.file)
    return render(path=display_path(found.path), file=file, settings=rows, notes=list(found.notes))
