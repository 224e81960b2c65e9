"""Reports as compact text: one head line a finding, what set the key, how it is known, and the cures."""

from __future__ import annotations

import os
import re
import shlex
from typing import Iterator

from mmfix.config.keypath import format_key
from mmfix.findings import SEVERITIES, Finding
from mmfix.report.text.cures import interrupted_line, is_possible, remedy_rows, word_of
from mmfix.report.text.judged import account
from mmfix.report.text.missing import missing_bases
from mmfix.report.text.words import CONFIDENCE_TEXT, Paint, as_text, count, plain, row
from mmfix.results.checked import ConfigReport, Report, failing
from mmfix.results.judged import KEYS
from mmfix.results.place import display_path, display_place, source_line

#: Kinds that can seldom or never be patched in place.
DATA_KINDS = ("json", "yaml")

#: Evidence that was read here, ``nets/model.py:12 makes fusion``; and of a table, ``mmdet 3.3.0 mmdet/...``.
_READ_HERE = re.compile(r"\S+\.py:\d+\b(?!: )")
_OF_A_TABLE = re.compile(r"mm\w+ \d[\w.]* |[\w-]+/[\w-]+ \w|mmrotate ")


def render_report(report: Report, paint: Paint = plain) -> str:
    """The report of a check as people read it, summary line last."""
    return "".join(render_config(config, paint) for config in report.configs) + render_end(report, paint)


def render_config(config: ConfigReport, paint: Paint = plain) -> str:
    """What a report says of one config."""
    return as_text(_config(config, paint))


def render_end(report: Report, paint: Paint = plain) -> str:
    """What a report says after the configs, of all of them."""
    notes = dict.fromkeys([*report.notes, *(note for config in report.configs for note in config.notes)])
    lines = [f"{paint('note', 'note')}: {note}" for note in notes]
    lines.extend(
        f"{paint('note', 'note')}: {line}"
        for line in missing_bases([config.missing for config in report.configs])
    )
    unproven = (item for item in report.configs if not (item.proof and item.proof.fresh))
    lines.extend(account(item.judged for item in unproven if item.judged is not None))
    lines.append(summary(report, paint))
    lines.extend(interrupted_line(report.interrupted, paint))
    return as_text(lines)


def _config(config: ConfigReport, paint: Paint) -> Iterator[str]:
    followers = (*config.findings[1:], None)
    for finding, follower in zip(config.findings, followers):
        yield from _finding(config, finding, paint)
        if follower is not None and finding.remedies and follower.remedies == finding.remedies:
            yield row("cures", "the same as for the next finding")
        else:
            yield from _cures(config, finding, paint)
        yield ""
    for finding in config.taken_back:
        yield from _head(config, finding, paint, "taken back: ")
        yield row("proof", word_of(config.proof))
        yield ""
    for line in config.unknown:
        yield f"{display_path(config.path)}: {paint('cannot tell', 'note')}: {line}"


def _head(config: ConfigReport, finding: Finding, paint: Paint, what: str = "") -> Iterator[str]:
    origin = finding.origins[0] if finding.origins else None
    place = display_path(config.path) if origin is None else display_place(*origin)
    label = paint(f"{finding.severity}[{finding.code}]", finding.severity)
    yield f"{paint(place, 'strong')}: {what}{label} {finding.message}"


def _finding(config: ConfigReport, finding: Finding, paint: Paint) -> Iterator[str]:
    origin = finding.origins[0] if finding.origins else None
    yield from _head(config, finding, paint)
    if origin is not None and origin.path != config.path:
        yield row("config", display_path(config.path))
    yield row("key", format_key(finding.key) + ("" if origin else "  (not set in a file)"))
    for index, step in enumerate(finding.origins):
        text = paint(source_line(step), "dim")
        yield row("earlier" if index else "set at", f"{display_place(*step)}  {text}".rstrip())
    yield row("known", f"{finding.confidence}: {_known(finding)}")
    for line in finding.evidence:
        yield row("", line)


def _known(finding: Finding) -> str:
    """What the confidence rests on; a table of known classes is no reading of the model at hand."""
    read_here = any(_READ_HERE.match(line) for line in finding.evidence)
    of_a_table = any(_OF_A_TABLE.match(line) for line in finding.evidence)
    if finding.confidence == "likely" and of_a_table and not read_here:
        return "known of this class from the code named here; its own source was not read"
    if finding.confidence == "possible" and read_here:
        return "read from model code, which leaves open whether it happens"
    return CONFIDENCE_TEXT[finding.confidence]


def _cures(config: ConfigReport, finding: Finding, paint: Paint) -> Iterator[str]:
    for index, remedy in enumerate(finding.remedies):
        yield from remedy_rows(remedy, "" if index else "cures", paint)
    command = _command(config, finding)
    if command:
        yield row("patch", paint(command, "strong"))


def _command(config: ConfigReport, finding: Finding) -> str:
    """The line to paste; empty when no cure can be written into this config."""
    names = [remedy.name for remedy in finding.remedies if remedy.overrides]
    if not names or config.kind == "memory" or not os.path.exists(config.path):
        return ""
    overlay = " --overlay" if config.kind in DATA_KINDS else ""
    return f"mmfix patch {shlex.quote(display_path(config.path))}{overlay} --remedy {names[0]}"


def summary(report: Report, paint: Paint = plain) -> str:
    """The last line: how many configs were checked, and what was found."""
    counts = report.summary
    checked = count(counts["configs"], "config")
    found = [
        count(counts[severity], severity) + _only_possible(report, severity)
        for severity in SEVERITIES
        if counts[severity]
    ]
    if counts["unreadable"]:
        found.append(f"{counts['unreadable']} not readable")
    if counts["skipped"]:
        found.append(f"{counts['skipped']} not judged")
    unsure = sum(bool(config.unknown) for config in report.configs)
    if unsure:
        found.append(f"{unsure} only partly readable")
    proven = sum(config.proof is not None and config.proof.fresh for config in report.configs)
    told = ", ".join(found) or _clean(report)
    if counts["taken_back"]:
        told += f", {counts['taken_back']} taken back by a proof"
    worst = next((name for name in SEVERITIES if counts[name]), "error" if counts["unreadable"] else "strong")
    return f"{checked} checked{f' ({proven} with a proof)' if proven else ''}: {paint(told, worst)}"


def _only_possible(report: Report, severity: str) -> str:
    """How many of the findings of a severity fail nothing, because they are only possible."""
    guessed = [item for item in failing(report.findings) if item.severity == severity and is_possible(item)]
    if not guessed or report.fail_on == "possible":
        return ""
    count_of_all = report.summary[severity]
    return " (only possible)" if len(guessed) == count_of_all else f" ({len(guessed)} only possible)"


def _clean(report: Report) -> str:
    """``nothing found``, unless no source was followed: then little was looked at; or nothing was."""
    if not report.configs:
        return "nothing to judge"
    read = [item.judged for item in report.configs if not (item.proof and item.proof.fresh)]
    alone = bool(read) and all(judged is not None and judged.extent == KEYS for judged in read)
    return "nothing found by keys alone" if alone else "nothing found"
