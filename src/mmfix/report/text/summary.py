"""The last line of a check."""

from __future__ import annotations

from mmfix.findings import SEVERITIES
from mmfix.report.text.cures import is_possible
from mmfix.report.text.hidden import NOTHING, NOTHING_BY_KEYS, with_hidden
from mmfix.report.text.page import Page
from mmfix.report.text.words import count
from mmfix.results.checked import Report, failing
from mmfix.results.judged import KEYS
from mmfix.wording import say


def summary(report: Report, page: Page) -> str:
    """The last line: how many configs were checked, and what was found."""
    counts = report.summary
    checked = count(counts["configs"], "config")
    found = [_found(report, severity) for severity in SEVERITIES if counts[severity]]
    if counts["findings"] > 1:
        from mmfix.report.causes import causes

        alike = len(causes(report))
        if alike < counts["findings"]:
            found = [say("{findings} from {causes}", findings=", ".join(found), causes=count(alike, "cause"))]
    if counts["unreadable"]:
        found.append(say("{count} not readable", count=counts["unreadable"]))
    if counts["skipped"]:
        found.append(say("{count} not judged", count=counts["skipped"]))
    unsure = sum(bool(config.unknown) for config in report.configs)
    if unsure:
        found.append(say("{count} only partly readable", count=unsure))
    proven = sum(config.proof is not None and config.proof.fresh for config in report.configs)
    told = with_hidden(", ".join(found) or _clean(report), report.suppressed)
    if counts["taken_back"]:
        told += ", " + say("{count} taken back by a proof", count=counts["taken_back"])
    worst = next((name for name in SEVERITIES if counts[name]), "error" if counts["unreadable"] else "strong")
    if proven:
        checked = say("{configs} checked ({count} with a proof)", configs=checked, count=proven)
    else:
        checked = say("{configs} checked", configs=checked)
    return f"{checked}: {page(told, worst)}"


def _found(report: Report, severity: str) -> str:
    """How many findings of a severity there are, and how many fail nothing, being only possible."""
    guessed = [item for item in failing(report.findings) if item.severity == severity and is_possible(item)]
    count_of_all = report.summary[severity]
    found = count(count_of_all, severity)
    if not guessed or report.fail_on == "possible":
        return found
    if len(guessed) == count_of_all:
        return say("{findings} (only possible)", findings=found)
    return say("{findings} ({count} only possible)", findings=found, count=len(guessed))


def _clean(report: Report) -> str:
    """``nothing found``, unless no source was followed: then little was looked at; or nothing was."""
    if not report.configs:
        return say("nothing to judge")
    read = [item.judged for item in report.configs if not (item.proof and item.proof.fresh)]
    alone = bool(read) and all(judged is not None and judged.extent == KEYS for judged in read)
    return NOTHING_BY_KEYS if alone else NOTHING
