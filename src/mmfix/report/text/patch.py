"""Patch results as people read them."""

from __future__ import annotations

from typing import Iterator, List, Optional, Sequence, Tuple

from mmfix import printable
from mmfix.findings import Finding
from mmfix.report.text.cures import interrupted_line, is_possible, override_line, standing, word_of
from mmfix.report.text.judged import account
from mmfix.report.text.words import TAB, Paint, as_text, count, plain
from mmfix.results.patched import PatchResult
from mmfix.results.place import display_path

_UNCONFIRMED = "not verified by loading"
_UNASKED = (
    "what is only possible is not cured unasked: --possible takes its safe cure, --remedy NAME one of these"
)


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
    lines.extend(interrupted_line(interrupted, paint))
    return text + as_text(lines)


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
            yield f"    {override_line(override)}  {paint('# ' + override.reason, 'dim')}"
    elif result.remedies:
        yield f"{name}: already patched with {', '.join(result.remedies)}"
    for finding in result.left:
        label = paint(f"{finding.severity}[{finding.code}]", finding.severity)
        yield f"{name}: {'only possible' if is_possible(finding) else 'left'}: {label} {finding.message}"
        yield from _choices(finding)
    if any(is_possible(finding) and finding.remedies for finding in result.left):
        yield f"{name}: {_UNASKED}"
    for finding in result.taken_back:
        label = paint(f"{finding.severity}[{finding.code}]", finding.severity)
        yield f"{name}: taken back: {label} {finding.message}"
    if result.taken_back:
        yield f"    proof: {word_of(result.proof)}"
    for note in result.notes:
        yield f"{name}: {note}"


def _choices(finding: Finding) -> Iterator[str]:
    """The cures to choose from by hand."""
    for remedy in finding.remedies:
        how = f"{'--remedy' if remedy.overrides else 'by hand:'} {remedy.name}"
        yield f"    {how} ({standing(remedy)}): {remedy.cost}"
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
