"""Reports as people read them: what will happen, where, the line to paste, the cures, and how it is known.

What many configs inherit from one line is told once, and in which configs it is, at the end.
"""

from __future__ import annotations

import os
import re
import shlex
from typing import Dict, Iterable, Iterator, List, Sequence, Set, Tuple

from mmfix.config.keypath import format_key
from mmfix.findings import Finding, Remedy
from mmfix.report.text.cures import (
    asked_for,
    edit_of_base,
    first_written,
    interrupted_line,
    remedy_rows,
    standing,
    word_of,
)
from mmfix.report.text.excerpt import excerpt
from mmfix.report.text.judged import account
from mmfix.report.text.missing import missing_bases
from mmfix.report.text.page import INDENT, PAGE, Page
from mmfix.report.text.summary import summary
from mmfix.report.text.words import CONFIDENCE_TEXT, as_text
from mmfix.results.checked import ConfigReport, Report
from mmfix.results.pages import rule_address
from mmfix.results.place import display_path, display_place, source_line
from mmfix.wording import say

#: Kinds that can seldom or never be patched in place.
DATA_KINDS = ("json", "yaml")

#: Evidence that was read here, ``nets/model.py:12 makes fusion``; and of a table, ``mmdet 3.3.0 mmdet/...``.
_READ_HERE = re.compile(r"\S+\.py:\d+\b(?!: )")
_OF_A_TABLE = re.compile(r"mm\w+ \d[\w.]* |[\w-]+/[\w-]+ \w|mmrotate ")
#: Of one kind in one config, and lines of evidence; --verbose shows all.
_MOST_FINDINGS = 3
_MOST_EVIDENCE = 4

#: What has been told: a cause, or a line about something unknown.
Told = Set[Tuple[object, ...]]


def render_report(report: Report, page: Page = PAGE) -> str:
    """The report of a check as people read it, summary line last."""
    told: Told = set()
    return "".join(render_config(config, page, told) for config in report.configs) + render_end(report, page)


def render_config(config: ConfigReport, page: Page, told: Told) -> str:
    """What a report says of one config.

    Args:
        config: The config.
        page: Where it goes.
        told: What has been told of configs before it; what is told now is added.
    """
    return as_text(_config(config, page, told))


def render_end(report: Report, page: Page = PAGE) -> str:
    """What a report says after the configs, of all of them."""
    shared: Iterable[str] = ()
    if len(report.configs) > 1 and not page.each:
        from mmfix.report.text.inherited import in_more_configs

        shared = in_more_configs(report, page)
    return as_text([*shared, *tail(report, page)])


def tail(report: Report, page: Page) -> Iterator[str]:
    """Notes, what was judged, and the summary line: what every format for people ends with."""
    notes = dict.fromkeys([*report.notes, *(note for config in report.configs for note in config.notes)])
    for note in (*notes, *missing_bases([config.missing for config in report.configs])):
        yield from page.paragraph(note, "note", "note")
    unproven = (item for item in report.configs if not (item.proof and item.proof.fresh))
    for line in account(item.judged for item in unproven if item.judged is not None):
        yield from page.paragraph(line)
    yield summary(report, page)
    yield from interrupted_line(report.interrupted, page)


def _config(config: ConfigReport, page: Page, told: Told) -> Iterator[str]:
    for findings in _alike(config.findings):
        new = [item for item in findings if page.each or _untold(_cause(config, item), told)]
        if new:
            yield from _block(config, new, page, told)
            yield ""
    for finding in config.taken_back:
        yield _head(config, finding, page, say("taken back:") + " ")
        yield from page.wrapped(finding.message, indent=2)
        yield from page.wrapped(word_of(config.proof), "proof")
        yield ""
    for line in config.unknown:
        if page.each or _untold(("unknown", line), told):
            yield from page.paragraph(
                say("cannot tell: {what}", what=line), display_path(config.path), "strong"
            )


def _alike(findings: Sequence[Finding]) -> List[List[Finding]]:
    """Findings of one rule that are as sure as each other and have the same cures, together."""
    found: Dict[Tuple[object, ...], List[Finding]] = {}
    for item in findings:
        cures = str(item.remedies)  # a value that one sets may be a list
        found.setdefault((item.code, item.severity, item.confidence, cures), []).append(item)
    return list(found.values())


def _cause(config: ConfigReport, finding: Finding) -> Tuple[object, ...]:
    from mmfix.report.causes import cause_of  # needed only where something was found

    return cause_of(finding, config.path)


def _untold(what: Tuple[object, ...], told: Told) -> bool:
    new = what not in told
    told.add(what)
    return new


def _block(config: ConfigReport, findings: Sequence[Finding], page: Page, told: Told) -> Iterator[str]:
    shown = findings if page.verbose else findings[:_MOST_FINDINGS]
    first = findings[0]
    yield _head(config, first, page)
    for finding in shown:
        yield from page.wrapped(finding.message, indent=2)
        yield from _where(finding, page)
    rest = findings[len(shown) :]
    if rest:
        keys = ", ".join(dict.fromkeys(format_key(item.key) for item in rest))
        yield from page.wrapped(
            say("and {count} more of this kind (-v shows them): {keys}", count=len(rest), keys=keys), indent=2
        )
    if any(item.origins and item.origins[0].path != config.path for item in findings):
        yield from page.wrapped(display_path(config.path), "config")
    yield from _patch(config, first, page)
    yield from _cures(first.remedies, page, told)
    yield from _known(shown, page)
    address = rule_address(config.docs_url, first.code)
    if address:
        yield from page.wrapped(address, "rule")


def _head(config: ConfigReport, finding: Finding, page: Page, what: str = "") -> str:
    origin = finding.origins[0] if finding.origins else None
    place = display_path(config.path) if origin is None else display_place(*origin)
    label = page(f"{finding.severity}[{finding.code}]", finding.severity)
    return f"{page(place, 'strong')}: {what}{label} {finding.name}"


def _where(finding: Finding, page: Page) -> Iterator[str]:
    """The line that set it, and its key; with --verbose what the value overrode, or was read from."""
    origin = finding.origins[0] if finding.origins else None
    if origin is not None:
        yield from excerpt(origin, page)
    key = format_key(finding.key)
    yield from page.wrapped(key if origin else f"{key}  {say('(not set in a file)')}", "key")
    for step in finding.origins[1:] if page.verbose else ():
        yield from page.wrapped(f"{display_place(*step)}  {source_line(step)}", "earlier")


def _known(findings: Sequence[Finding], page: Page) -> Iterator[str]:
    lines = list(dict.fromkeys(line for item in findings for line in item.evidence))
    yield from page.wrapped(f"{findings[0].confidence}: {_how_known(findings[0])}", "known")
    shown = lines if page.verbose or len(lines) == _MOST_EVIDENCE + 1 else lines[:_MOST_EVIDENCE]
    for line in shown:
        yield from page.wrapped(line)
    if len(lines) > len(shown):
        yield from page.wrapped(say("and {count} more (-v shows them)", count=len(lines) - len(shown)))


def _how_known(finding: Finding) -> str:
    """What the confidence rests on; a table of known classes is no reading of the model at hand."""
    if finding.known and finding.confidence == "likely":
        return finding.known
    read_here = any(_READ_HERE.match(line) for line in finding.evidence)
    of_a_table = any(_OF_A_TABLE.match(line) for line in finding.evidence)
    if finding.confidence == "likely" and of_a_table and not read_here:
        return say("known of this class from the code named here; its own source was not read")
    if finding.confidence == "possible" and read_here:
        return say("read from model code, which leaves open whether it happens")
    return CONFIDENCE_TEXT[finding.confidence]


def _patch(config: ConfigReport, finding: Finding, page: Page) -> Iterator[str]:
    """The line to paste, and the line of a base that could be changed instead."""
    command = _command(config, finding)
    if command:
        yield f"  {'patch':<{INDENT - 2}}{page(command, 'strong')}"
    edit = edit_of_base(config.path, finding)
    if edit:
        if not command:
            told = say("set {edit}: that changes every config that inherits it", edit=edit)
        elif config.missing:
            told = say("or set {edit}: that changes every config that inherits it", edit=edit)
        else:
            told = say("or set {edit} (--edit-base): that changes every config that inherits it", edit=edit)
        yield from page.wrapped(told, "" if command else "patch")


def _cures(remedies: Sequence[Remedy], page: Page, told: Told) -> Iterator[str]:
    """The cures with their prices; of those that were told of another finding, the names."""
    what = (
        "cures",
        *((each.name, standing(each), each.cost, each.assumes, each.code) for each in remedies),
    )
    if remedies and not _untold(what, told) and not (page.each or page.verbose):
        names = ", ".join(f"{remedy.name} ({standing(remedy)})" for remedy in remedies)
        yield from page.wrapped(say("{names}: as above", names=names), "cures")
        return
    for index, remedy in enumerate(remedies):
        yield from remedy_rows(remedy, "" if index else "cures", page, sets=page.verbose or not index)


def _command(config: ConfigReport, finding: Finding) -> str:
    """The line to paste; empty when no cure can be written into this config."""
    first = first_written(finding)
    if first is None or config.kind == "memory" or not os.path.exists(config.path):
        return ""
    overlay = " --overlay" if config.kind in DATA_KINDS and first.overrides else ""
    return f"mmfix patch {shlex.quote(display_path(config.path))}{overlay}{asked_for(finding, first)}"
