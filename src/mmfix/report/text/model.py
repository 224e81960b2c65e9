"""``mmfix show --model``: the model as a tree."""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

from mmfix.config.keypath import KeyPath, format_key
from mmfix.report.text.page import PAGE, Page
from mmfix.report.text.words import as_text, count
from mmfix.results.model import (
    IN_MODEL,
    NOT_FOLLOWED,
    NOT_FOUND,
    Checkpoint,
    CodeLine,
    ModelPart,
    ModelRow,
    ModelTree,
)
from mmfix.wording import mark, say

_STYLES = {"used": "added", "never used": "error", "used only sometimes": "warning", "cannot tell": "note"}
_NOT_FOUND_CURE = say("searched were the repository around the config and what is installed where mmfix runs")
_MOST_PROBLEMS = 5
_MOST_SHOWN = 3
#: A wider list of marks does not push the places of the other lines to the right.
_MARKS_WIDTH = 32


def render_text(tree: ModelTree, page: Page = PAGE) -> str:
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
        line = f"{page(f'{head:<{label_width}}', 'strong')}  {row.class_name:<{class_width}}"
        line += f"  {page(text, _style(row))}{pad}  {page(place, 'dim')}"
        lines.append(line.rstrip())
        indent = " " * (len(head) - len(head.lstrip()) + 4)
        lines.extend(indent + detail for detail in _details(row, page))
    if any(row.exists == NOT_FOUND for row in tree.rows):
        lines.append(f"{page(NOT_FOUND, 'warning')}: {_NOT_FOUND_CURE}")
    if tree.gave_up:
        lines.append(f"{page(say('no verdicts'), 'warning')}: {tree.gave_up}")
    lines.extend(_problems(tree, page))
    return as_text(lines)


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
        marks.append(say("{frozen} of {count} parameters frozen", frozen=row.frozen, count=row.parameters))
    marks += [
        say("checkpoint ({switch}, {kind})", switch=_switch(item), kind=item.kind) for item in row.checkpoints
    ]
    return ", ".join(dict.fromkeys([*marks, *late]))


def _verdict(row: ModelRow, lost: bool) -> str:
    if row.verdict is None:
        lost_root = lost and len(row.key) == 1
        return "frozen" if row.frozen else say("cannot tell") if lost_root else say("nothing to train")
    whole = not row.parts or any(not part.name for part in row.parts)
    if whole or row.verdict == "used":
        return row.verdict
    worst = sum(part.verdict == row.verdict for part in row.parts)
    return f"{count(worst, 'part')} {row.verdict}"


def _switch(item: Checkpoint) -> str:
    return "always" if item.switch is None else str(item.switch[-1])


def _frozen_when(when: str) -> str:
    if when == "step":
        return say("requires_grad switched while training")
    return say("frozen in {method}() after the wrap", method=when)


def _details(row: ModelRow, page: Page) -> Iterator[str]:
    alike: Dict[ModelPart, List[str]] = {}
    for part in row.parts:
        alike.setdefault(replace(part, name=""), []).append(part.name)
    for part, names in alike.items():
        # of the module itself, the line above has said the verdict
        named = _some([name or "itself" for name in names])
        label = f"{named} ({part.class_name}): {page(part.verdict, _STYLES[part.verdict])}"
        text = ", ".join(filter(None, (label if names != [""] else "", part.why)))
        if text:
            yield f"- {text}"
        if part.created:
            yield f"    {say('made at {place}', place=part.created)}"
        if part.used:
            unused = part.verdict == "never used"
            used = mark("mentioned at {place}") if unused else mark("used at {place}")
            yield f"    {say(used, place=part.used)}"
        if part.decided_by is not None:
            yield f"    {_by(part.decided_by)}"
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
    more, shown = len(items) - _MOST_SHOWN, ", ".join(items[:_MOST_SHOWN])
    return say("{names} and {count} more", names=shown, count=more) if more > 0 else shown


def _evidence(row: ModelRow) -> Dict[str, List[CodeLine]]:
    """What else the code does, with the key that decides -> the lines that do it."""
    found: Dict[str, List[CodeLine]] = {}
    for item in row.checkpoints:
        found.setdefault(say("checkpoint, {switch}", switch=_by(item.switch)), []).append(item.line)
    for freezing in row.freezings:
        if freezing.line is not None:
            what = f"{_frozen_when(freezing.when)}, {_by(freezing.decided_by)}"
            found.setdefault(what, []).append(freezing.line)
    return found


def _by(key: Optional[KeyPath]) -> str:
    return "always" if key is None else say("decided by {key}", key=format_key(key))


def _problems(tree: ModelTree, page: Page) -> Iterator[str]:
    shown = tree.problems[:_MOST_PROBLEMS]
    if shown:
        yield f"{page(say('could not be followed'), 'note')}: {count(len(tree.problems), 'place')}"
    for reason, line in shown:
        yield f"  {reason}" + (f"  {page(str(line), 'dim')}" if line else "")
    if len(tree.problems) > len(shown):
        more = len(tree.problems) - len(shown)
        yield f"  {say('and {count} more; --format json lists them all', count=more)}"
