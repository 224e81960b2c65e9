"""``mmfix show --model``: the model as a tree, as text and JSON, and the plain data both are made from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from mmfix.config.keypath import KeyPath, format_key
from mmfix.report.place import display_path
from mmfix.report.text import Paint, as_text, count, plain
from mmfix.report.types import Problem

#: What is known of the module of a config dict: it is in the model; its class is there, and the model holds
#: no module made from this dict; no class of that name was found; the code was not followed that far.
IN_MODEL = "in the model"
NOT_IN_MODEL = "not in the model"
NOT_FOUND = "not found in source"
NOT_FOLLOWED = "cannot tell"

_STYLES = {"used": "added", "never used": "error", "used only sometimes": "warning", "cannot tell": "note"}
_NOT_FOUND_CURE = "searched were the repository around the config and what is installed where mmfix runs"
_MOST_PROBLEMS = 5
_MOST_SHOWN = 3
#: A wider list of marks does not push the places of the other lines to the right.
_MARKS_WIDTH = 32


@dataclass(frozen=True)
class CodeLine:
    """A line of source code, the file as people see it: from the directory its package lies in."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True)
class ModelPart:
    """A part of a module that is not simply used.

    Attributes:
        name: From the module: ``fusion.conv``; empty for the module itself.
        class_name: ``Conv2d``; ``Parameter`` for a bare parameter.
        verdict: ``never used``, ``used only sometimes`` or ``cannot tell``.
        why: One clause; may be empty.
        created: The line that makes it.
        used: The line of a use that counts, or would count under another condition.
        decided_by: The config key that decides, when one does.
    """

    name: str
    class_name: str
    verdict: str
    why: str
    created: Optional[CodeLine]
    used: Optional[CodeLine]
    decided_by: Optional[KeyPath]


@dataclass(frozen=True)
class Checkpoint:
    """A gradient checkpoint that the training step runs.

    Attributes:
        kind: ``reentrant``, ``non-reentrant`` or ``fairscale``.
        switch: The config key that switches it; None: it is always on.
        line: The call.
    """

    kind: str
    switch: Optional[KeyPath]
    line: CodeLine


@dataclass(frozen=True)
class Freezing:
    """``requires_grad`` set after DDP has wrapped the model.

    Attributes:
        when: ``train``, ``init_weights``, or ``step`` for a switch in the training step.
        line: The line that sets it, if known.
        decided_by: The config key that decides, when one does.
    """

    when: str
    line: Optional[CodeLine]
    decided_by: Optional[KeyPath]


@dataclass(frozen=True)
class ModelRow:
    """A config dict that makes a module.

    Attributes:
        key: Its key path.
        class_name: The class behind its ``type``.
        defined: Where the class is; None for a class of a library that is not read.
        exists: One of the four constants above.
        verdict: The worst of the module and what it holds, deeper config dicts aside: ``used``, ``never
            used``, ``used only sometimes``, ``cannot tell``; None where there is nothing to train.
        parameters: How many it holds, deeper config dicts aside.
        frozen: How many of them are frozen when the first step begins.
        parts: What of it is not simply used.
        checkpoints, freezings: What else its code does.
    """

    key: KeyPath
    class_name: str
    defined: Optional[CodeLine]
    exists: str
    verdict: Optional[str] = None
    parameters: int = 0
    frozen: int = 0
    parts: Tuple[ModelPart, ...] = ()
    checkpoints: Tuple[Checkpoint, ...] = ()
    freezings: Tuple[Freezing, ...] = ()


@dataclass(frozen=True)
class ModelTree:
    """What ``mmfix show --model`` shows.

    Attributes:
        path: The config.
        kind: ``classic``, ``lazy``, ``json`` or ``yaml``.
        era: ``mmcv1`` or ``mmengine``.
        rows: In the order of the config, outer dicts first.
        problems: What could not be followed: (clause, line if known), each once.
        gave_up: Why there are no verdicts; empty when there are.
    """

    path: str
    kind: str
    era: str
    rows: Tuple[ModelRow, ...]
    problems: Tuple[Tuple[str, Optional[CodeLine]], ...]
    gave_up: str


def render_text(tree: ModelTree, paint: Paint = plain) -> str:
    """The tree, one line a config dict, with the lines of code that decide below it."""
    heads = list(_heads(tree.rows))
    marks = [_marks(row, bool(tree.problems)) for row in tree.rows]
    label_width = max((len(head) for head in heads), default=0)
    class_width = max((len(row.class_name) for row in tree.rows), default=0)
    marks_width = min(max((len(text) for text in marks), default=0), _MARKS_WIDTH)
    lines: List[str] = []
    for head, row, text in zip(heads, tree.rows, marks):
        place = str(row.defined or "")
        pad = " " * (marks_width - len(text)) if place else ""
        line = f"{paint(f'{head:<{label_width}}', 'strong')}  {row.class_name:<{class_width}}"
        line += f"  {paint(text, _style(row))}{pad}  {paint(place, 'dim')}"
        lines.append(line.rstrip())
        indent = " " * (len(head) - len(head.lstrip()) + 4)
        lines.extend(indent + detail for detail in _details(row, paint))
    if any(row.exists == NOT_FOUND for row in tree.rows):
        lines.append(f"{paint(NOT_FOUND, 'warning')}: {_NOT_FOUND_CURE}")
    if tree.gave_up:
        lines.append(f"{paint('no verdicts', 'warning')}: {tree.gave_up}")
    lines.extend(_problems(tree, paint))
    return as_text(lines)


def render_json(tree: ModelTree) -> str:
    """The same as JSON (see ``docs/json.md``)."""
    from mmfix.report.json import render

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
    from mmfix.report.json import problem_json, render

    return render(
        path=display_path(path),
        kind=None,
        era=None,
        model=[],
        problems=[],
        gave_up="",
        error=problem_json(problem),
    )


def _heads(rows: Tuple[ModelRow, ...]) -> Iterator[str]:
    """Key paths from the nearest row above, indented."""
    above: List[KeyPath] = []
    for row in rows:
        while above and row.key[: len(above[-1])] != above[-1]:
            above.pop()
        rest = row.key[len(above[-1]) :] if above else row.key
        yield "  " * len(above) + format_key(rest)
        above.append(row.key)


def _style(row: ModelRow) -> str:
    if row.exists == IN_MODEL:
        if row.verdict in (None, "used"):
            return "warning" if row.freezings else "dim" if row.verdict is None else "added"
        return _STYLES[row.verdict]
    return "note" if row.exists == NOT_FOLLOWED else "warning"


def _marks(row: ModelRow, lost: bool) -> str:
    if row.exists != IN_MODEL:
        return row.exists
    late = [_frozen_when(item.when) for item in row.freezings]
    marks = [] if late and row.frozen and row.verdict is None else [_verdict(row, lost)]
    if 0 < row.frozen < row.parameters:
        marks.append(f"{row.frozen} of {row.parameters} parameters frozen")
    marks += [f"checkpoint ({_switch(item)}, {item.kind})" for item in row.checkpoints]
    return ", ".join(dict.fromkeys([*marks, *late]))


def _verdict(row: ModelRow, lost: bool) -> str:
    if row.verdict is None:
        lost_root = lost and len(row.key) == 1
        return "frozen" if row.frozen else "cannot tell" if lost_root else "nothing to train"
    whole = not row.parts or any(not part.name for part in row.parts)
    if whole or row.verdict == "used":
        return row.verdict
    worst = sum(part.verdict == row.verdict for part in row.parts)
    return f"{count(worst, 'part')} {row.verdict}"


def _switch(item: Checkpoint) -> str:
    return "always" if item.switch is None else str(item.switch[-1])


def _frozen_when(when: str) -> str:
    if when == "step":
        return "requires_grad switched while training"
    return f"frozen in {when}() after the wrap"


def _details(row: ModelRow, paint: Paint) -> Iterator[str]:
    alike: Dict[ModelPart, List[str]] = {}
    for part in row.parts:
        alike.setdefault(replace(part, name=""), []).append(part.name)
    for part, names in alike.items():
        # of the module itself, the line above has said the verdict
        named = _some([name or "itself" for name in names])
        label = f"{named} ({part.class_name}): {paint(part.verdict, _STYLES[part.verdict])}"
        text = ", ".join(filter(None, (label if names != [""] else "", part.why)))
        if text:
            yield f"- {text}"
        use = "mentioned at" if part.verdict == "never used" else "used at"
        decided = "" if part.decided_by is None else format_key(part.decided_by)
        for what, value in (("made at", part.created), (use, part.used), ("decided by", decided)):
            if value:
                yield f"    {what} {value}"
    for what, lines in _evidence(row).items():
        yield f"- {what}: {_some(_lines(lines))}"


def _lines(lines: Sequence[CodeLine]) -> List[str]:
    """Places in order; the file is said with its first line."""
    found: List[str] = []
    last = ""
    for line in sorted(set(lines), key=lambda line: (line.path, line.line)):
        found.append(str(line.line) if line.path == last else str(line))
        last = line.path
    return found


def _some(items: Sequence[str]) -> str:
    more = len(items) - _MOST_SHOWN
    return ", ".join(items[:_MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _evidence(row: ModelRow) -> Dict[str, List[CodeLine]]:
    """What else the code does, with the key that decides -> the lines that do it."""
    found: Dict[str, List[CodeLine]] = {}
    for item in row.checkpoints:
        found.setdefault(f"checkpoint, {_by(item.switch)}", []).append(item.line)
    for freezing in row.freezings:
        if freezing.line is not None:
            what = f"{_frozen_when(freezing.when)}, {_by(freezing.decided_by)}"
            found.setdefault(what, []).append(freezing.line)
    return found


def _by(key: Optional[KeyPath]) -> str:
    return "always" if key is None else f"decided by {format_key(key)}"


def _problems(tree: ModelTree, paint: Paint) -> Iterator[str]:
    shown = tree.problems[:_MOST_PROBLEMS]
    if shown:
        yield f"{paint('could not be followed', 'note')}: {count(len(tree.problems), 'place')}"
    for reason, line in shown:
        yield f"  {reason}" + (f"  {paint(str(line), 'dim')}" if line else "")
    if len(tree.problems) > len(shown):
        yield f"  and {len(tree.problems) - len(shown)} more; --format json lists them all"


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
