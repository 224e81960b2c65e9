"""Reports as compact text: one head line a finding, what set the key, how it is known, and the cures."""

from __future__ import annotations

import os
import re
import shlex
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from mmfix import printable
from mmfix.config.keypath import format_key
from mmfix.config.values import LazyName
from mmfix.findings import SEVERITIES, Finding, Override, Remedy
from mmfix.report.judged import KEYS, account
from mmfix.report.missing import missing_bases
from mmfix.report.place import display_path, display_place, source_line
from mmfix.report.types import ConfigReport, PatchResult, Problem, ProofUsed, Report, failing

#: Puts colour around a text: ``paint(text, style)`` with a style of :data:`STYLES`.
Paint = Callable[[str, str], str]
STYLES = ("error", "warning", "note", "strong", "dim", "added", "removed")

TAB = "\t"

#: Kinds that can seldom or never be patched in place.
DATA_KINDS = ("json", "yaml")

#: What each confidence means, as ``DESIGN`` and ``mmfix rule`` say it.
CONFIDENCE_TEXT = {
    "proven": "seen in a rehearsal",
    "certain": "follows from the config and the framework's code",
    "likely": "read from model code",
    "possible": "a known pattern; this config was not proven wrong",
}

#: Evidence that was read here, ``nets/model.py:12 makes fusion``; and of a table, ``mmdet 3.3.0 mmdet/...``.
_READ_HERE = re.compile(r"\S+\.py:\d+\b(?!: )")
_OF_A_TABLE = re.compile(r"mm\w+ \d[\w.]* |[\w-]+/[\w-]+ \w|mmrotate ")

_UNCONFIRMED = "not verified by loading"
_UNASKED = (
    "what is only possible is not cured unasked: --possible takes its safe cure, --remedy NAME one of these"
)


def plain(text: str, style: str) -> str:
    """The :data:`Paint` that adds nothing."""
    return text


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
    lines.extend(_interrupted(report.interrupted, paint))
    return as_text(lines)


def _interrupted(interrupted: Optional[Tuple[int, int]], paint: Paint) -> Iterator[str]:
    if interrupted is not None:
        done, planned = interrupted
        yield f"{paint('interrupted', 'warning')}: {done} of {count(planned, 'file')} looked at"


def as_text(lines: Iterable[str]) -> str:
    """The lines of a report as text, each of them on one line whatever is in it."""
    return "".join(f"{printable.line(line)}\n" for line in lines)


def render_problems(problems: Sequence[Tuple[Problem, str]], paint: Paint = plain) -> str:
    """Problems, each with the path of the config it stopped, one line each.

    ``configs/a.py:3: error: message (hint)``. A problem of a base is told once for all configs it stops.
    """
    stopped: Dict[Problem, List[str]] = {}
    for problem, config in problems:
        stopped.setdefault(problem, []).append(config)
    return as_text(_problem(problem, configs, paint) for problem, configs in stopped.items())


def _problem(problem: Problem, configs: Sequence[str], paint: Paint) -> str:
    place = "" if problem.path is None else display_place(problem.path, problem.line) + ": "
    hint = f" ({problem.hint})" if problem.hint else ""
    # a refused patch may be about the file it would have written, which reads nothing
    base = os.path.abspath(problem.path) if problem.path and problem.kind != "patch" else ""
    heirs = [config for config in configs if base and config and os.path.abspath(config) != base]
    more = f" and {len(heirs) - 1} more" if len(heirs) > 1 else ""
    read_by = f" [read by {display_path(heirs[0])}{more}]" if heirs else ""
    return " ".join(f"{place}{paint('error', 'error')}: {problem.message}{hint}{read_by}".split())


def render_patches(
    results: Sequence[PatchResult],
    paint: Paint = plain,
    diff: bool = False,
    interrupted: Optional[Tuple[int, int]] = None,
) -> str:
    """Patch results as people read them, summary line last; ``diff``: nothing was written, show the changes.

    A config with nothing to say about is only counted.
    """
    text = ""
    lines: List[str] = []
    for result in results:
        if diff:
            # a tab is what it is, and a diff is there to be applied
            shown = "".join(f"{printable.line(line, keep=TAB)}\n" for line in _diff(result, paint))
            text, lines = text + as_text(lines) + shown, []
        lines.extend(_patch(result, paint, diff))
    lines.extend(account(result.judged for result in results if result.judged is not None))
    made = (result.look_for for result in results if result.written or result.config is not None)
    lines.extend(f"look for: {line}" for line in dict.fromkeys(made) if line)
    lines.append(_patch_summary(results, paint, diff))
    lines.extend(_interrupted(interrupted, paint))
    return text + as_text(lines)


def render_value(value: Any, width: int = 100) -> str:
    """A config value on one line, cut to ``width``."""
    text = value.text if isinstance(value, LazyName) else repr(value)
    return text if len(text) <= width else f"{text[: width - 3]}..."


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
        yield row("proof", _word_of(config.proof))
        yield ""
    for line in config.unknown:
        yield f"{display_path(config.path)}: {paint('cannot tell', 'note')}: {line}"


def _word_of(proof: Optional[ProofUsed]) -> str:
    """Who says that a finding does not hold, and when: a proof file is text that anybody can write."""
    if proof is None:
        return ""
    who = f"by {proof.by}" if proof.by else "by nobody it names"
    return f"{display_path(proof.file)}, {who}: {proof.says}; --no-proofs judges without it"


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


def remedy_rows(remedy: Remedy, label: str, paint: Paint) -> Iterator[str]:
    """A cure, its price, what it assumes and what it sets."""
    yield row(label, f"{paint(remedy.name, 'strong')} ({_standing(remedy)}): {remedy.cost}")
    for line in remedy.assumes:
        yield row("", f"    assumes: {line}")
    for override in remedy.overrides:
        yield row("", f"    {_override(override)}")


def _standing(remedy: Remedy) -> str:
    """``safe``, ``review; rehearsed: OK, step 0.82 s``."""
    return f"{remedy.disposition}; rehearsed: {remedy.rehearsed}" if remedy.rehearsed else remedy.disposition


def _command(config: ConfigReport, finding: Finding) -> str:
    """The line to paste; empty when no cure can be written into this config."""
    names = [remedy.name for remedy in finding.remedies if remedy.overrides]
    if not names or config.kind == "memory" or not os.path.exists(config.path):
        return ""
    overlay = " --overlay" if config.kind in DATA_KINDS else ""
    return f"mmfix patch {shlex.quote(display_path(config.path))}{overlay} --remedy {names[0]}"


def _override(override: Override) -> str:
    return f"{format_key(override.key)} = {override.value!r}"


def row(label: str, text: str) -> str:
    """A line of a report behind its label."""
    return f"  {label:<9}{text}"


def _is_possible(finding: Finding) -> bool:
    return finding.confidence == "possible"


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
    guessed = [item for item in failing(report.findings) if item.severity == severity and _is_possible(item)]
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


def count(number: int, noun: str) -> str:
    """``1 config``, ``2 configs``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _diff(result: PatchResult, paint: Paint) -> Iterator[str]:
    for line in result.diff().split("\n")[:-1]:
        line = line[:-1] if line.endswith("\r") else line
        style = {"+": "added", "-": "removed", "@": "dim"}.get(line[:1])
        yield paint(line, style) if style else line


def _patch(result: PatchResult, paint: Paint, diff: bool) -> Iterator[str]:
    name = paint(display_path(result.path), "strong")
    if result.changed or result.config is not None:
        if result.overrides or result.changed:
            yield f"{name}: {_deed(result, diff)}"
        for override in result.overrides:
            yield f"    {_override(override)}  {paint('# ' + override.reason, 'dim')}"
    elif result.remedies:
        yield f"{name}: already patched with {', '.join(result.remedies)}"
    for finding in result.left:
        label = paint(f"{finding.severity}[{finding.code}]", finding.severity)
        yield f"{name}: {'only possible' if _is_possible(finding) else 'left'}: {label} {finding.message}"
        yield from _choices(finding)
    if any(_is_possible(finding) and finding.remedies for finding in result.left):
        yield f"{name}: {_UNASKED}"
    for finding in result.taken_back:
        label = paint(f"{finding.severity}[{finding.code}]", finding.severity)
        yield f"{name}: taken back: {label} {finding.message}"
    if result.taken_back:
        yield f"    proof: {_word_of(result.proof)}"
    for note in result.notes:
        yield f"{name}: {note}"


def _choices(finding: Finding) -> Iterator[str]:
    """The cures to choose from by hand."""
    for remedy in finding.remedies:
        how = f"{'--remedy' if remedy.overrides else 'by hand:'} {remedy.name}"
        yield f"    {how} ({_standing(remedy)}): {remedy.cost}"
        for line in remedy.assumes:
            yield f"        assumes: {line}"


def _deed(result: PatchResult, diff: bool) -> str:
    """What was (or would be) done, in a few words."""
    if not result.overrides:
        return "would take the mmfix block out" if diff else "took the mmfix block out"
    if result.config is not None:
        return f"a copy is patched with {', '.join(result.remedies)}"
    where = "" if result.target == result.path else f" into {display_path(result.target)}"
    how = f" (confirmed by {result.confirmed_by})" if result.confirmed_by else ""
    if not how and not diff:
        how = f" ({_UNCONFIRMED})"
    if not result.remedies:
        return f"{'would verify' if diff else 'verified'} what --no-loader wrote{how}"
    return f"{'would patch' if diff else 'patched'} with {', '.join(result.remedies)}{where}{how}"


def _patch_summary(results: Sequence[PatchResult], paint: Paint, diff: bool) -> str:
    changed = sum(result.status == "patched" or result.changed for result in results)
    parts = [(changed, "would change" if diff else "changed")]
    parts += [
        (sum(result.status == status for result in results), words)
        for status, words in (
            ("left", "with findings left"),
            ("refused", "refused"),
            ("skipped", "not judged"),
        )
    ]
    parts.append((sum(bool(item.left) and item.status != "left" for item in results), "with possible ones"))
    parts.append((sum(len(item.taken_back) for item in results), "taken back by a proof"))
    told = ", ".join(f"{number} {words}" for number, words in parts if number)
    left = any(result.exit_code for result in results)
    style = "warning" if left else "strong"
    guessed = diff and any(item.changed and item.overrides and not item.confirmed_by for item in results)
    how = f"; {_UNCONFIRMED} (--verify does that)" if guessed else ""
    return f"{count(len(results), 'config')}: {paint(told or 'nothing to patch', style)}{how}"
