"""Patch results as people read them."""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, Iterator, List, Optional, Sequence, Set, Tuple

from mmfix import printable
from mmfix.findings import Finding
from mmfix.report.text.cures import interrupted_line, is_possible, override_line, standing, word_of
from mmfix.report.text.judged import account
from mmfix.report.text.page import PAGE, Page
from mmfix.report.text.words import TAB, as_text, count
from mmfix.results.change import FileEdit
from mmfix.results.patched import PatchResult
from mmfix.results.place import display_path
from mmfix.wording import mark, say

#: Configs of which the same is said; --verbose names all.
_MOST_NAMED = 3
#: Of a literal that is changed in place.
_WIDEST = 40
_UNCONFIRMED = say("not verified by loading")
_UNASKED = say(
    "what is only possible is not cured unasked: --possible takes its safe cure, --remedy NAME one of these"
)


def render_patches(
    results: Sequence[PatchResult],
    page: Page = PAGE,
    diff: bool = False,
    interrupted: Optional[Tuple[int, int]] = None,
) -> str:
    """Patch results as people read them, summary line last; ``diff``: nothing was written, show the changes.

    A config with nothing to say about is only counted; those of which the same is said are told together.
    """
    text = ""
    lines: List[str] = []
    edited: Set[FileEdit] = set()
    for alike in _alike(results, page, diff):
        if diff:
            # a tab is what it is, and a diff is there to be applied
            changes = _diffs([result for result, _ in alike], page, edited)
            shown = "".join(f"{printable.line(line, keep=TAB)}\n" for each in changes for line in each)
            text, lines = text + as_text(lines) + shown, []
        lines.extend(_told([result for result, _ in alike], alike[0][1], page))
    for line in account(result.judged for result in results if result.judged is not None):
        lines.extend(page.paragraph(line))
    made = (result.look_for for result in results if result.written or result.config is not None)
    for line in dict.fromkeys(made):
        lines.extend(page.paragraph(line, say("look for"), "strong") if line else ())
    lines.append(_patch_summary(results, page, diff))
    if interrupted is not None and not diff:
        unsaid = say(
            "files that were being written then are old or patched as a whole; git status names them"
        )
        lines += page.paragraph(unsaid, "note")
    lines.extend(interrupted_line(interrupted, page))
    return text + as_text(lines)


def _alike(
    results: Sequence[PatchResult], page: Page, diff: bool
) -> List[List[Tuple[PatchResult, List[str]]]]:
    """Results with what is said of each; those of which the same is said stand together."""
    found: Dict[Tuple[str, ...], List[Tuple[PatchResult, List[str]]]] = {}
    for result in results:
        said = list(_patch(result, page, diff))
        found.setdefault(tuple(said), []).append((result, said))
    return list(found.values())


def _told(results: Sequence[PatchResult], said: Sequence[str], page: Page) -> Iterator[str]:
    """What is said of one config, or of several, behind their names."""
    if not said:
        return
    names = [display_path(result.path) for result in results]
    shown = names if page.verbose else names[:_MOST_NAMED]
    head = page(", ".join(shown), "strong")
    if len(names) > len(shown):
        head = say("{names} and {count} more (-v names them)", names=head, count=len(names) - len(shown))
    head += ": "
    first, *rest = said
    if not first.startswith(" "):
        yield head + first
        yield from rest
    else:
        yield head.rstrip()
        yield from said


def _diffs(results: Sequence[PatchResult], page: Page, edited: Set[FileEdit]) -> Iterator[Iterator[str]]:
    """The diff of each; a file of code that several configs use is shown once."""
    for result in results:
        yield _diff(replace(result, edits=()).diff(), page)
        for edit in result.edits:
            if edit not in edited:
                edited.add(edit)
                yield _diff(edit.diff(), page)


def _diff(text: str, page: Page) -> Iterator[str]:
    for line in text.split("\n")[:-1]:
        line = line[:-1] if line.endswith("\r") else line
        style = {"+": "added", "-": "removed", "@": "dim"}.get(line[:1])
        yield page(line, style) if style else line


def _patch(result: PatchResult, page: Page, diff: bool) -> Iterator[str]:
    """What is said of a config, its name left out."""
    if result.changed or result.config is not None:
        if result.overrides or result.changed:
            yield _deed(result, diff)
        for edit in result.edits:
            yield f"    {display_path(edit.path)}:{', '.join(map(str, edit.lines))}"
        for override in result.overrides:
            yield f"    {override_line(override)}  {page('# ' + override.reason, 'dim')}"
        for place in result.places:
            was, now = _on_one_line(place.was), _on_one_line(place.now) if place.now else ""
            change = (
                mark("in line {line}: {was} -> {now}") if now else mark("in line {line}: {was} is taken out")
            )
            yield f"    {say(change, line=place.line, was=was, now=now)}"
    elif result.remedies:
        yield say("already patched with {cures}", cures=", ".join(result.remedies))
    if result.heirs:
        changed = mark("changed with it, {configs}: {names}")
        template = changed if result.written else mark("would change with it, {configs}: {names}")
        configs, names = count(len(result.heirs), "config"), ", ".join(map(display_path, result.heirs))
        yield from page.wrapped(say(template, configs=configs, names=names), indent=4)
    for finding in result.left:
        label = page(f"{finding.severity}[{finding.code}]", finding.severity)
        yield f"  {say('only possible') if is_possible(finding) else say('left')}: {label} {finding.name}"
        yield from page.wrapped(finding.message, indent=4)
        yield from _choices(finding, page)
    if any(is_possible(finding) and finding.remedies for finding in result.left):
        yield from page.wrapped(_UNASKED, indent=4)
    for finding in result.taken_back:
        label = page(f"{finding.severity}[{finding.code}]", finding.severity)
        yield f"  {say('taken back:')} {label} {finding.name}"
        yield from page.wrapped(finding.message, indent=4)
    if result.taken_back:
        yield from page.wrapped(say("proof: {what}", what=word_of(result.proof)), indent=4)
    for note in result.notes:
        yield from page.wrapped(say("note: {what}", what=note), indent=2)


def _on_one_line(literal: str) -> str:
    text = " ".join(literal.split())
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 3]}..."


def _choices(finding: Finding, page: Page) -> Iterator[str]:
    """The cures to choose from by hand."""
    for remedy in finding.remedies:
        how = f"{'--remedy' if remedy.can_be_written else say('by hand:')} {remedy.name}"
        yield from page.wrapped(f"{how} ({standing(remedy)}): {remedy.cost}", indent=4, strong=how)
        for line in remedy.assumes:
            yield from page.wrapped(say("only if: {what}", what=line), indent=8)


def _deed(result: PatchResult, diff: bool) -> str:
    """What was (or would be) done, in a few words."""
    if result.edits:
        if not result.remedies:
            return say("would take a cure out of your code") if diff else say("took a cure out of your code")
        template = (
            mark("would change your code with {cure}") if diff else mark("changed your code with {cure}")
        )
        return say(template, cure=result.remedies[0])
    if not result.overrides and not result.places:
        return say("would take the mmfix block out") if diff else say("took the mmfix block out")
    if result.config is not None:
        return say("a copy is patched with {cures}", cures=", ".join(result.remedies))
    done = _patched(result, diff)
    if result.confirmed_by:
        return say("{change} (confirmed by {loader})", change=done, loader=result.confirmed_by)
    return done if diff else f"{done} ({_UNCONFIRMED})"


def _patched(result: PatchResult, diff: bool) -> str:
    if not result.remedies:
        return say("would verify what --no-loader wrote") if diff else say("verified what --no-loader wrote")
    cures = ", ".join(result.remedies)
    if result.target == result.path:
        return (
            say("would patch with {cures}", cures=cures) if diff else say("patched with {cures}", cures=cures)
        )
    template = (
        mark("would patch with {cures} into {file}") if diff else mark("patched with {cures} into {file}")
    )
    return say(template, cures=cures, file=display_path(result.target))


def _patch_summary(results: Sequence[PatchResult], page: Page, diff: bool) -> str:
    changed = sum(result.status == "patched" or result.changed for result in results)
    parts = [(changed, mark("{count} would change") if diff else mark("{count} changed"))]
    parts += [
        (sum(result.status == status for result in results), template)
        for status, template in (
            ("left", mark("{count} with findings left")),
            ("refused", mark("{count} refused")),
            ("skipped", mark("{count} not judged")),
        )
    ]
    possible = sum(bool(item.left) and item.status != "left" for item in results)
    parts.append((possible, mark("{count} with possible ones")))
    parts.append((sum(len(item.taken_back) for item in results), mark("{count} taken back by a proof")))
    told = ", ".join(say(template, count=number) for number, template in parts if number)
    left = any(result.exit_code for result in results)
    style = "warning" if left else "strong"
    guessed = diff and any(item.changed and item.overrides and not item.confirmed_by for item in results)
    summary = f"{count(len(results), 'config')}: {page(told or say('nothing to patch'), style)}"
    if not guessed:
        return summary
    return say("{summary}; not verified by loading (--verify does that)", summary=summary)
