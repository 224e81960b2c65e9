"""A diagnosis as text, one screen of it."""

from __future__ import annotations

import textwrap
from typing import Dict, Iterator, List

from mmfix.config.keypath import format_key
from mmfix.report.text.cures import remedy_rows
from mmfix.report.text.words import CONFIDENCE_TEXT, Paint, as_text, plain, row
from mmfix.results.diagnosis import Diagnosis, Parameter
from mmfix.results.place import display_path, display_place, source_line

_WIDTH = 110
_MOST_NAMES = 4
_MOST_GROUPS = 3
_MOST_CURES = 4
_MOST_FINDINGS = 2


def render_text(diagnosis: Diagnosis, paint: Paint = plain, log: str = "") -> str:
    """What people read: what happened, why, where, the cures with their prices, and the line to paste."""
    lines: List[str] = []
    for item in (diagnosis, *diagnosis.others):
        lines += [*_one(item, paint, log), ""]
    return as_text(lines[:-1])


def _one(item: Diagnosis, paint: Paint, log: str) -> Iterator[str]:
    place = f"{display_place(log or 'log', item.line)}: " if item.line is not None else ""
    kind = item.outcome or ("unknown" if not item.known else "warning" if item.warns else "error")
    label = paint(f"{kind}[{item.id}]", "warning" if item.warns else "error" if item.known else "note")
    yield f"{paint(place, 'strong')}{label} {item.title}"
    if item.excerpt:
        rank = "" if item.rank is None else f"rank {item.rank}: "
        yield row("log", paint(_cut(f"{rank}{item.excerpt}"), "dim"))
    yield from _wrapped("what", item.explanation)
    yield from _parameters(item.parameters)
    if item.config:
        yield row("config", display_path(item.config))
    for finding in item.findings[:_MOST_FINDINGS]:
        surely = finding.confidence == item.confidence
        yield from _wrapped("why" if surely else "suspect", f"{finding.code} {finding.message}")
        origin = finding.origins[0] if finding.origins else None
        where = "" if origin is None else f"  {display_place(*origin)}  {paint(source_line(origin), 'dim')}"
        yield row("key", f"{format_key(finding.key)}{where}")
    more = item.findings[_MOST_FINDINGS:]
    if more:
        keys = ", ".join(dict.fromkeys(format_key(finding.key) for finding in more))
        yield from _wrapped("", f"and {len(more)} more of this kind: {keys}")
    for key, origin in item.places:
        where = "" if origin is None else f"  {display_place(*origin)}  {paint(source_line(origin), 'dim')}"
        yield row("key", f"{format_key(key)}{where}")
    if item.known:
        yield row("known", f"{item.confidence}: {_how(item)}")
    for line in item.evidence:
        yield row("", line)
    shown = item.remedies[:_MOST_CURES]
    for index, remedy in enumerate(shown):
        yield from remedy_rows(remedy, "" if index else "cures", paint)
    if len(item.remedies) > len(shown):
        yield row("", f"and {', '.join(remedy.name for remedy in item.remedies[_MOST_CURES:])}")
    for index, hint in enumerate(item.hints):
        yield from _wrapped("" if index else "cure", hint)
    if item.command:
        if item.command.startswith("--"):
            yield row("train", f"{paint(item.command, 'strong')}  (add it to your training command)")
        else:
            yield row("patch", paint(item.command, "strong"))
    for note in item.notes:
        yield from _wrapped("note", note)


def _how(item: Diagnosis) -> str:
    if item.confidence == "proven":
        return "the run itself has shown it"
    if item.confidence == "certain" and not item.findings:
        return "the message says it"
    if item.confidence == "possible" and not item.findings:
        return "the message alone does not tell the cause"
    if item.confidence == "likely" and not item.findings and not item.parameters:
        return "the message is not quite clear, and seldom anything else"
    return CONFIDENCE_TEXT[item.confidence]


def _parameters(parameters: tuple[Parameter, ...]) -> Iterator[str]:
    """By config dict: how many, and the first of their names."""
    unnamed = [str(item.index) for item in parameters if item.name is None]
    if unnamed:
        shown = " ".join(unnamed[:12]) + (" ..." if len(unnamed) > 12 else "")
        yield row("params", f"{len(unnamed)} by index: {shown}")
    groups: Dict[str, List[Parameter]] = {}
    for item in parameters:
        if item.name is not None:
            groups.setdefault(format_key(item.key) if item.key else "", []).append(item)
    for place, (key, members) in enumerate(groups.items()):
        if place == _MOST_GROUPS:
            left = sum(len(rest) for rest in list(groups.values())[place:])
            yield row("", f"and {left} more in {len(groups) - place} other parts")
            break
        names = ", ".join(_named(item) for item in members[:_MOST_NAMES])
        more = f", ... {len(members)} in all" if len(members) > _MOST_NAMES else ""
        yield from _wrapped(
            "" if place or unnamed else "params", f"{key}: {names}{more}" if key else f"{names}{more}"
        )


def _named(item: Parameter) -> str:
    return str(item.name) if item.index is None else f"{item.index} {item.name}"


def _wrapped(label: str, text: str) -> Iterator[str]:
    for index, line in enumerate(
        textwrap.wrap(text, _WIDTH - 11, break_long_words=False, break_on_hyphens=False)
    ):
        yield row("" if index else label, line)


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."
