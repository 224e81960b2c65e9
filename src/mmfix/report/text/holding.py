"""The settings that hold for a path, as text."""

from __future__ import annotations

from mmfix.report.text.words import Paint, as_text, plain
from mmfix.results.holding import Holding, SettingShown
from mmfix.results.place import display_path, display_place
from mmfix.wording import say


def render_holding(found: Holding, paint: Paint = plain) -> str:
    """``ignore  ['MMF101']  (mmfix.toml:3)``, one line a key; what the file asks for in vain after it."""
    where = (
        say("no settings file above it")
        if found.file is None
        else say("settings file {file}", file=display_path(found.file))
    )
    lines = [f"{paint(display_path(found.path), 'strong')}: {where}"]
    width = max(len(row.key) for row in found.settings)
    for row in found.settings:
        style = "dim" if row.source == "default" else "strong"
        lines.append(f"  {paint(row.key.ljust(width), style)}  {_value(row)}  {paint(_source(row), 'dim')}")
    lines += [f"{paint('note', 'note')}: {note}" for note in found.notes]
    return as_text(lines)


def _value(row: SettingShown) -> str:
    return "-" if row.value in (None, [], {}) else str(row.value)


def _source(row: SettingShown) -> str:
    if row.source == "default" or row.path is None:
        return say("(default)")
    place = display_place(row.path, row.line) if row.source != "option" else row.path
    return f"({place}: gpus = 1)" if row.source == "gpus" else f"({place})"
