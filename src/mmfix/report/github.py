"""Workflow commands of GitHub: each cause becomes an annotation of its line.

The words and their escapes: docs.github.com, "Workflow commands for GitHub Actions"; ``actions/toolkit``,
``packages/core/src/command.ts: escapeData, escapeProperty``.
"""

from __future__ import annotations

from typing import Dict, Iterator, Optional

from mmfix.report.causes import causes, shown
from mmfix.report.text.check import tail
from mmfix.report.text.page import PAGE
from mmfix.report.text.words import as_text
from mmfix.results.checked import Report
from mmfix.wording import say


def render_report(report: Report) -> str:
    """``::error file=a.py,line=3,col=5,title=MMF101 name::message``, one line a cause; the text's own end."""
    return as_text([*_annotations(report), *tail(report, PAGE)])


def _annotations(report: Report) -> Iterator[str]:
    for config in report.configs:
        if config.status == "unreadable" and config.error is not None:
            path = shown(config.error.path or config.path)
            hint = f" ({config.error.hint})" if config.error.hint else ""
            yield _command("error", path, config.error.line, None, "mmfix", config.error.message + hint)
    for cause in causes(report):
        finding = cause.finding
        level = finding.severity if cause.fails(report) else "notice"
        parts = [
            finding.message,
            say("Known: {confidence}.", confidence=finding.confidence),
            *_cure(cause.where(), finding.code),
        ]
        title = f"{finding.code} {finding.name}"
        yield _command(level, cause.path, cause.line, cause.column, title, "\n".join(filter(None, parts)))


def _cure(where: str, code: str) -> Iterator[str]:
    if where:
        yield say("It is {where}.", where=where)
    yield say("mmfix patch --diff shows the cure, mmfix rule {code} explains.", code=code)


def _command(
    level: str, path: str, line: Optional[int], column: Optional[int], title: str, message: str
) -> str:
    properties: Dict[str, object] = {"file": path, "line": line, "col": column, "title": title}
    given = {name: str(value) for name, value in properties.items() if value is not None}
    told = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in given.items())
    return f"::{level} {told}::{_escaped(message)}"


def _escaped(text: str, more: str = "") -> str:
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
