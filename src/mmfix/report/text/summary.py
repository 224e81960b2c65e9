"""The last line of a check."""

from __future__ import annotations

from mmfix.findings import SEVERITIES
from mmfix.report.text.cures import is_possible
from mmfix.report.text.hidden import with_hidden
from mmfix.report.text.page import Page
from mmfix.report.text.words import count
from mmfix.results.checked import Report, failing
from mmfix.results.judged import KEYS


def summary(report: Report, page: Page) -> str:
    """The last line: how many configs were checked, and what was found."""
    counts = report.summary
    checked = count(counts["configs"], "config")
    found = [
        count(counts[severity], severity) + _only_possible(report, severity)
        for severity in SEVERITIES
        if counts[severity]
    ]
    if counts["findings"] > 1:
        from mmfix.report.causes import causes

        alike = len(causes(report))
        if alike < counts["findings"]:
            found = [f"{', '.join(found)} from {count(alike, 'cause')}"]
    if counts["unreadable"]:
        found.append(f"{counts['unreadable']} not readable")
    if counts["skipped"]:
        found.append(f"{counts['skipped']} not judged")
    unsure = sum(bool(config.unknown) for config in report.configs)
    if unsure:
        found.append(f"{unsure} only partly readable")
    proven = sum(config.proof is not None and config.proof.fresh for config in report.configs)
    told = with_hidden(", ".join(found) or _clean(report), report.suppressed)
    if counts["taken_back"]:
        told += f", {counts['taken_back']} taken back by a proof"
    worst = next((name for name in SEVERITIES if counts[name]), "error" if counts["unreadable"] else "strong")
    return f"{checked} checked{f' ({proven} with a proof)' if proven else ''}: {page(told, worst)}"


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
