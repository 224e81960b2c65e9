"""``mmfix show``: resolved values with the place that set each of them, as text and JSON."""

from __future__ import annotations

import difflib
from typing import Any, Dict, Iterator, List, Optional, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import MISSING, KeyPath, format_key, parse_key
from mmfix.config.origin import Blame, Unknown
from mmfix.config.values import absent
from mmfix.errors import MmfixError
from mmfix.report.place import display_path, display_place, source_line
from mmfix.report.text import Paint, as_text, plain, render_value
from mmfix.report.types import Problem


def render_text(document: ConfigDocument, key: Optional[str], paint: Paint = plain) -> str:
    """The value at ``key`` with its blame chain, or every value of the config with its place.

    Raises:
        MmfixError: The config has no such key, or ``key`` is not a key path.
    """
    path = _find(document, key)
    value = document.get(path)
    if key is not None and not _is_container(value):
        lines = [f"{paint(format_key(path), 'strong')} = {render_value(value)}"]
        lines.extend(f"  {label:<9}  {place}" for label, place in _blame_lines(document.blame(path)))
        if len(lines) == 1:
            lines.append("  set by no line of a file")
        return as_text(lines)
    if not path and not value:
        return as_text(["this config sets nothing"])
    rows = [
        (f"{format_key(leaf)} = {render_value(item)}", document.origin(leaf))
        for leaf, item in _leaves(value, path)
    ]
    return as_text(
        text + ("" if origin is None else "  " + paint(display_place(origin.path, origin.line), "dim"))
        for text, origin in rows
    )


def render_json(document: ConfigDocument, key: Optional[str]) -> str:
    """The same as JSON: ``values`` is a list of ``{"key", "value", "origin", "blame"}``, ``error`` is None.

    Raises:
        MmfixError: The config has no such key, or ``key`` is not a key path.
    """
    from mmfix.report.json import jsonable, origin_json, render

    path = _find(document, key)
    values: List[Dict[str, Any]] = []
    for leaf, item in _leaves(document.get(path), path):
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
    from mmfix.report.json import problem_json, render

    return render(path=display_path(path), kind=None, values=[], error=problem_json(problem))


def _find(document: ConfigDocument, key: Optional[str]) -> KeyPath:
    if key is None:
        return ()
    try:
        path = parse_key(key)
    except ValueError as error:
        raise MmfixError(str(error)) from error
    if document.get(path) is not MISSING:
        return path
    known = [format_key(leaf) for leaf, _ in _leaves(document.tree, ())]
    near = difflib.get_close_matches(key, known, n=3)
    last = format_key(path[-1:])
    near = [name for name in known if name.rpartition(".")[2] == last][:3] or near
    for depth, part in enumerate(path):
        above = document.get(path[:depth], None)
        if isinstance(above, Unknown):
            reason = f"{format_key(path[:depth])} is not known without running the config: {above.reason}"
            raise MmfixError(f"cannot tell whether there is a key {key}: {reason}", document.path)
        elsewhere = absent(above, part)
        if elsewhere is not None:
            raise MmfixError(f"no key {key} in the files that are here: {elsewhere.reason}", document.path)
    raise MmfixError(
        f"no key {key}", document.path, hint=f"did you mean {' or '.join(near)}?" if near else ""
    )


def _leaves(value: Any, path: KeyPath) -> Iterator[Tuple[KeyPath, Any]]:
    """Every value that is shown on a line of its own: scalars, flat lists, empty containers."""
    if not _is_container(value):
        yield path, value
        return
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for part, item in items:
        yield from _leaves(item, (*path, part))


def _is_container(value: Any) -> bool:
    """True for what is shown item by item: a filled dict, or a list that holds one."""
    if isinstance(value, dict):
        return bool(value)
    return isinstance(value, (list, tuple)) and any(isinstance(item, (dict, list, tuple)) for item in value)


def _blame_lines(blame: Optional[Blame], label: str = "set at") -> Iterator[Tuple[str, str]]:
    stack = [(blame, label)]
    told = set()  # the same place may be reached on very many ways
    while stack:
        step, label = stack.pop()
        if step is None or (step.origin, label) in told:
            continue
        told.add((step.origin, label))
        yield label, f"{display_place(*step.origin)}  {source_line(step.origin)}".rstrip()
        stack += [(step.previous, "overrides"), (step.via, "read from")]
