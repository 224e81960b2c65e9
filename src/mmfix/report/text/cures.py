"""Cures with their prices, and what else checks and patches say alike."""

from __future__ import annotations

from typing import Dict, Iterable, Iterator, List, Optional, Tuple

from mmfix.config.keypath import format_key
from mmfix.findings import CodeSpot, Finding, Override, Remedy
from mmfix.report.text.page import INDENT, Page
from mmfix.report.text.words import count, render_value
from mmfix.results.checked import FAILING, ProofUsed
from mmfix.results.place import display_path, display_place
from mmfix.wording import say


def remedy_rows(remedy: Remedy, label: str, page: Page, sets: bool = True) -> Iterator[str]:
    """A cure, its price, what it assumes, and what it sets where that is wanted."""
    yield from page.wrapped(f"{remedy.name} ({standing(remedy)}): {remedy.cost}", label, strong=remedy.name)
    for line in remedy.assumes:
        yield from page.wrapped(say("only if: {what}", what=line), indent=INDENT + 4)
    for override in remedy.overrides if sets else ():
        yield from page.wrapped(override_line(override), indent=INDENT + 4)
    if remedy.code:
        yield from page.wrapped(say("changes {lines}", lines=code_lines(remedy.code)), indent=INDENT + 4)
    if remedy.needs:
        yield from page.wrapped(say("first: {what}", what=remedy.needs), indent=INDENT + 4)


def code_lines(spots: Iterable[CodeSpot]) -> str:
    """``models/net.py:41, 57; models/head.py:12``."""
    lines: Dict[str, List[str]] = {}
    for spot in spots:
        lines.setdefault(display_path(spot.path), []).append(str(spot.line))
    return "; ".join(f"{path}:{', '.join(numbers)}" for path, numbers in lines.items())


def edit_of_base(config: str, finding: Finding) -> str:
    """``with_cp = False in base.py:20``: the best cure, at the line of another file that set the value."""
    cure = next(iter(finding.remedies), None)
    origin = next(iter(finding.origins), None)
    if cure is None or origin is None or origin.path == config:
        return ""
    if [override.key for override in cure.overrides] != [finding.key]:
        return ""
    override = cure.overrides[0]
    place = display_place(origin.path, origin.line)
    return say(
        "{key} = {value} in {place}",
        key=format_key(override.key[-1:]),
        value=render_value(override.value),
        place=place,
    )


def first_written(finding: Finding) -> Optional[Remedy]:
    """The first cure that ``mmfix patch`` can write; those that change code come last."""
    cures = sorted(finding.remedies, key=lambda remedy: not remedy.overrides)
    return next((remedy for remedy in cures if remedy.can_be_written), None)


def asked_for(finding: Finding, remedy: Remedy) -> str:
    """`` --remedy NAME`` where ``mmfix patch`` writes that cure only by its name; else empty."""
    sure = finding.severity in FAILING and finding.confidence != "possible"
    return "" if sure and remedy.disposition == "safe" else f" --remedy {remedy.name}"


def standing(remedy: Remedy) -> str:
    """``safe``, ``review; rehearsed: OK, step 0.82 s``."""
    return (
        say("{standing}; rehearsed: {result}", standing=remedy.disposition, result=remedy.rehearsed)
        if remedy.rehearsed
        else remedy.disposition
    )


def override_line(override: Override) -> str:
    """``model.backbone.with_cp = False``; of a long value, the beginning."""
    return f"{format_key(override.key)} = {render_value(override.value)}"


def word_of(proof: Optional[ProofUsed]) -> str:
    """Who says that a finding does not hold, and when: a proof file is text that anybody can write."""
    if proof is None:
        return ""
    file = display_path(proof.file)
    if not proof.by:
        return say(
            "{file}, by nobody it names: {verdict}; --no-proofs judges without it",
            file=file,
            verdict=proof.says,
        )
    return say(
        "{file}, by {author}: {verdict}; --no-proofs judges without it",
        file=file,
        author=proof.by,
        verdict=proof.says,
    )


def interrupted_line(interrupted: Optional[Tuple[int, int]], page: Page) -> Iterator[str]:
    """That the run was ended, and how far it came; nothing for one that came to its end."""
    if interrupted is not None:
        done, planned = interrupted
        told = say("{done} of {files} looked at", done=done, files=count(planned, "file"))
        yield f"{page(say('interrupted'), 'warning')}: {told}"


def is_possible(finding: Finding) -> bool:
    """Whether it is no more than possible."""
    return finding.confidence == "possible"
