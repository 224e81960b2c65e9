"""``mmfix show``: resolved values with the place that set each of them."""

from __future__ import annotations

from typing import Iterator, Optional, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import format_key
from mmfix.config.origin import Blame
from mmfix.report.leaves import find, is_container, leaves
from mmfix.report.text.page import PAGE, Page
from mmfix.report.text.words import as_text, render_value
from mmfix.results.place import display_place, source_line
from mmfix.wording import say


def render_text(document: ConfigDocument, key: Optional[str], page: Page = PAGE) -> str:
    """The value at ``key`` with its blame chain, or every value of the config with its place.

    Raises:
        MmfixError: The config has no such key, or ``key`` is not a key path.
    """
    path = find(document, key)
    value = document.get(path)
    if key is not None and not is_container(value):
        lines = [f"{page(format_key(path), 'strong')} = {render_value(value)}"]
        lines.extend(f"  {label:<9}  {place}" for label, place in _blame_lines(document.blame(path)))
        if len(lines) == 1:
            lines.append(f"  {say('set by no line of a file')}")
        return as_text(lines)
    if not path and not value:
        return as_text([say("this config sets nothing")])
    rows = [
        (f"{format_key(leaf)} = {render_value(item)}", document.origin(leaf))
        for leaf, item in leaves(value, path)
    ]
    return as_text(
        text + ("" if origin is None else "  " + page(display_place(origin.path, origin.line), "dim"))
        for text, origin in rows
    )


def _blame_lines(blame: Optional[Blame], label: str = say("set at")) -> Iterator[Tuple[str, str]]:
    stack = [(blame, label)]
    told = set()  # the same place may be reached on very many ways
    while stack:
        step, label = stack.pop()
        if step is None or (step.origin, label) in told:
            continue
        told.add((step.origin, label))
        yield label, f"{display_place(*step.origin)}  {source_line(step.origin)}".rstrip()
        stack += [(step.previous, "overrides"), (step.via, say("read from"))]
