"""A diagnosis as text, one screen of it."""

from __future__ import annotations

from typing import Dict, Iterator, List, Optional, Tuple

from mmfix.config.keypath import KeyPath, format_key
from mmfix.config.origin import Origin
from mmfix.report.text.cures import remedy_rows
from mmfix.report.text.excerpt import excerpt
from mmfix.report.text.page import INDENT, PAGE, Page
from mmfix.report.text.words import CONFIDENCE_TEXT, as_text, row
from mmfix.results.diagnosis import Diagnosis, Parameter
from mmfix.results.place import display_path, display_place
from mmfix.wording import say

_MOST_NAMES = 4
_MOST_GROUPS = 3
_MOST_CURES = 4
_MOST_FINDINGS = 2


def render_text(diagnosis: Diagnosis, page: Page = PAGE, log: str = "") -> str:
    """What people read: what happened, why, where, the cures with their prices, and the line to paste."""
    lines: List[str] = []
    for item in (diagnosis, *diagnosis.others):
        lines += [*_one(item, page, log), ""]
    return as_text(lines[:-1])


def _one(item: Diagnosis, page: Page, log: str) -> Iterator[str]:
    place = f"{display_place(log or 'log', item.line)}: " if item.line is not None else ""
    kind = item.outcome or ("unknown" if not item.known else "warning" if item.warns else "error")
    label = page(f"{kind}[{item.id}]", "warning" if item.warns else "error" if item.known else "note")
    yield f"{page(place, 'strong')}{label} {item.title}"
    if item.excerpt:
        rank = "" if item.rank is None else say("rank {number}:", number=item.rank) + " "
        yield row("log", page(_cut(f"{rank}{item.excerpt}", page.width - INDENT), "dim"))
    yield from page.wrapped(item.explanation, "what")
    yield from _parameters(item.parameters, page)
    if item.config:
        yield from page.wrapped(display_path(item.config), "config")
    for finding in item.findings[:_MOST_FINDINGS]:
        surely = finding.confidence == item.confidence
        yield from page.wrapped(f"{finding.code} {finding.message}", "why" if surely else "suspect")
        yield from _where(finding.key, next(iter(finding.origins), None), page)
    more = item.findings[_MOST_FINDINGS:]
    if more:
        keys = ", ".join(dict.fromkeys(format_key(finding.key) for finding in more))
        yield from page.wrapped(say("and {count} more of this kind: {keys}", count=len(more), keys=keys))
    for key, origin in item.places:
        yield from _where(key, origin, page)
    if item.command.startswith("--"):
        yield row("train", f"{page(item.command, 'strong')}  {say('(add it to your training command)')}")
    elif item.command:
        yield row("patch", page(item.command, "strong"))
    shown = item.remedies if page.verbose else item.remedies[:_MOST_CURES]
    for index, remedy in enumerate(shown):
        yield from remedy_rows(remedy, "" if index else "cures", page, sets=page.verbose or not index)
    if len(item.remedies) > len(shown):
        yield from page.wrapped(
            say("and {names}", names=", ".join(remedy.name for remedy in item.remedies[_MOST_CURES:]))
        )
    for index, hint in enumerate(item.hints):
        yield from page.wrapped(hint, "" if index else "cure")
    if item.known:
        yield from page.wrapped(f"{item.confidence}: {_how(item)}", "known")
    for line in item.evidence:
        yield from page.wrapped(line)
    for note in item.notes:
        yield from page.wrapped(note, "note")


def _where(key: KeyPath, origin: Optional[Origin], page: Page) -> Iterator[str]:
    """A key, the place that sets it, and its line."""
    yield from page.wrapped(
        format_key(key) + ("" if origin is None else f"  {display_place(*origin)}"), "key"
    )
    if origin is not None:
        yield from excerpt(origin, page)


def _how(item: Diagnosis) -> str:
    if item.confidence == "proven":
        return say("the run itself has shown it")
    if item.confidence == "certain" and not item.findings:
        return say("the message says it")
    if item.confidence == "possible" and not item.findings:
        return say("the message alone does not tell the cause")
    if item.confidence == "likely" and not item.findings and not item.parameters:
        return say("the message is not quite clear, and seldom anything else")
    return CONFIDENCE_TEXT[item.confidence]


def _parameters(parameters: Tuple[Parameter, ...], page: Page) -> Iterator[str]:
    """By config dict: how many, and the first of their names."""
    unnamed = [str(item.index) for item in parameters if item.name is None]
    if unnamed:
        shown = " ".join(unnamed[:12]) + (" ..." if len(unnamed) > 12 else "")
        yield row("params", say("{count} by index: {numbers}", count=len(unnamed), numbers=shown))
    groups: Dict[str, List[Parameter]] = {}
    for item in parameters:
        if item.name is not None:
            groups.setdefault(format_key(item.key) if item.key else "", []).append(item)
    for place, (key, members) in enumerate(groups.items()):
        if place == _MOST_GROUPS:
            left = sum(len(rest) for rest in list(groups.values())[place:])
            yield row(
                "", say("and {count} more in {parts} other parts", count=left, parts=len(groups) - place)
            )
            break
        names = ", ".join(_named(item) for item in members[:_MOST_NAMES])
        if len(members) > _MOST_NAMES:
            names = say("{names}, ... {count} in all", names=names, count=len(members))
        label = "" if place or unnamed else "params"
        yield from page.wrapped(f"{key}: {names}" if key else names, label)


def _named(item: Parameter) -> str:
    return str(item.name) if item.index is None else f"{item.index} {item.name}"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."
