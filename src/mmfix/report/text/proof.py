"""A proof as text."""

from __future__ import annotations

import re
import shlex
from typing import Dict, Iterable, Iterator, Optional, Sequence

from mmfix.findings import Remedy
from mmfix.proofs.price import price
from mmfix.proofs.types import HANG, NOT_PROVED, ParameterGroup, Proof, Rehearsal, Scenario
from mmfix.report.text.page import PAGE, Page
from mmfix.report.text.words import as_text
from mmfix.results.place import display_path

#: What each outcome means, in a few words.
MEANING = {
    "OK": "every step ran, and all ranks have the same parameters",
    "UNUSED": "DDP waits for a gradient that never comes",
    "READY_TWICE": "DDP gets a gradient it had already accounted for",
    "UNTRAINED": "it runs, but some parameters are silently never trained",
    "NO_SYNC_ASSERT": "a static graph does not go with gradient accumulation",
    "DIVERGED": "it runs, but the ranks no longer have the same parameters",
    "HANG": "the ranks wait for each other for ever",
    NOT_PROVED: "not every step could be done, so nothing can be said",
}
_FREEZERS = {"train": "train()", "init_weights": "init_weights()", "hook": "a hook", "step": "a step"}
_MOST_GROUPS, _MOST_NAMES = 12, 3
#: Characters of a name and an outcome.
_BEFORE = 26
#: torch ``reducer.cpp`` names the rank that it runs on.
_RANK = re.compile(r"\brank:? *\d+")


def render_text(
    proof: Proof,
    remedies: Sequence[Remedy] = (),
    page: Page = PAGE,
    look_for: str = "",
) -> str:
    """The proof as people read it.

    Args:
        proof: What was found.
        remedies: The cures that were rehearsed, for what they assume.
        page: Where it goes; a verbose one has tracebacks and stacks.
        look_for: What shows in the log of a run that passes.
    """
    lines = [*_lines(proof, remedies, page)]
    lines += _row(page, "look for", look_for) if look_for else ()
    return as_text([*lines, f"{proof.seconds:.0f} s"])


def _lines(proof: Proof, remedies: Sequence[Remedy], page: Page) -> Iterator[str]:
    found = proof.rehearsal
    path = page(display_path(proof.config), "strong")
    yield f"{path}: {_outcome(found.outcome, page)}  {MEANING[found.outcome]}"
    for scenario in found.scenarios:
        yield from _scenario(scenario, found, page)
    yield from _parameters(found, page)
    for error in _errors(found):
        yield from _row(page, "error", error)
    if found.outcome in (NOT_PROVED, HANG, "DIVERGED"):
        yield from _row(
            page, "reason", found.reason + ("" if page.verbose or not found.detail else "  (-v shows more)")
        )
    cost = price(found.activation_bytes, found.step_seconds, found)
    if cost:
        yield from _row(page, "cost", cost)
    yield from _remedies(proof, remedies, page)
    for line in found.replaced:
        yield from _row(page, "replaced", line)
    if found.world_size:
        versions = ", ".join(f"{name} {version}" for name, version in found.versions.items())
        scenarios = ", ".join(item.name for item in found.scenarios if item.outcome != NOT_PROVED) or "none"
        ranks = f"{found.world_size} {found.backend} ranks"
        yield from _row(page, "ran", f"with {ranks}, {versions}; scenarios: {scenarios}")
    if found.left:
        yield from _row(
            page, "not run", ", ".join(found.left) + (f": {found.why_left}" if found.why_left else "")
        )
    if page.verbose and found.detail:
        yield ""
        yield from (f"  {line}".rstrip() for line in found.detail.splitlines())


def _scenario(scenario: Scenario, found: Rehearsal, page: Page) -> Iterator[str]:
    yield f"  {scenario.name:<9} {_outcome(scenario.outcome, page)}  {_short(scenario.error, page)}".rstrip()
    if scenario.disagreement:
        yield f"            {page('the two instruments disagree', 'warning')}: {scenario.disagreement}"


def _parameters(found: Rehearsal, page: Page) -> Iterator[str]:
    if not found.trainable:
        if found.parameters:
            count, listed = len(found.parameters), "--format json has their order"
            yield from _row(
                page,
                "params",
                f"{count} require a gradient when DDP wraps the model; {listed}",
            )
        return
    yield from _row(page, "params", f"{found.trainable} require a gradient when DDP wraps the model")
    for group in found.groups[:_MOST_GROUPS]:
        yield from _row(page, "", _group(group))
    more = len(found.groups) - _MOST_GROUPS
    if more > 0:
        yield from _row(page, "", f"... and {more} groups more (--format json has all)")


def _group(group: ParameterGroup) -> str:
    names = ", ".join(group.names[:_MOST_NAMES])
    more = f", ... {len(group.names)} in all" if len(group.names) > _MOST_NAMES else ""
    by = _FREEZERS.get(group.frozen_by, group.frozen_by)
    frozen = f", frozen by {by} after the wrap" if by else ""
    where = f"{group.module} ({group.class_name})" if group.module else group.class_name
    return f"{group.status}{frozen}: {where}, key {group.key}: {names}{more}"


def _remedies(proof: Proof, remedies: Sequence[Remedy], page: Page) -> Iterator[str]:
    if not proof.remedies:
        if proof.rehearsal.outcome not in ("OK", NOT_PROVED):
            yield from _row(page, "cures", "none that a config can hold")
        return
    before, known = proof.rehearsal, {remedy.name: remedy for remedy in remedies}
    names = [_with_standing(result.name, known.get(result.name)) for result in proof.remedies]
    width = max(len(name) for name in names)
    for index, (name, result) in enumerate(zip(names, proof.remedies)):
        said = _short(result.reason, page)
        if result.outcome == "OK":
            said = price(result.activation_bytes, result.step_seconds, before)
        label = f"{name:<{width}}  {_outcome(result.outcome, page)}  {said}"
        yield f"  {'cures' if index == 0 else '':<8} {label}".rstrip()
        if result.outcome == "OK" and result.name in known:
            for line in known[result.name].assumes:
                yield from _row(page, "", f"only if: {line}", "    ")
    best = next((result for result in proof.remedies if result.outcome == "OK"), None)
    if best is not None and before.outcome != "OK":
        config = shlex.quote(display_path(proof.config))
        yield from _row(page, "patch", f"mmfix patch {config} --remedy {best.name}")


def _with_standing(name: str, remedy: Optional[Remedy]) -> str:
    return name if remedy is None else f"{name} ({remedy.disposition})"


def _errors(found: Rehearsal) -> Iterable[str]:
    """Each error once; the same one of two ranks is one."""
    told: Dict[str, str] = {}
    for scenario in found.scenarios:
        if scenario.error:
            told.setdefault(_RANK.sub("rank", scenario.error), scenario.error)
    return told.values()


def _row(page: Page, label: str, text: str, indent: str = "") -> Iterator[str]:
    """``text`` behind its label; a traceback keeps its lines."""
    for index, line in enumerate(text.splitlines()):
        yield from page.wrapped(f"{indent}{line}", "" if index else label)


def _short(text: str, page: Page) -> str:
    """The first line, cut to what fits behind a name and an outcome."""
    first = text.splitlines()[0] if text else ""
    room = page.width - _BEFORE
    return first if len(first) <= room else f"{first[: room - 3]}..."


def _outcome(outcome: str, page: Page) -> str:
    style = {"OK": "added", NOT_PROVED: "warning"}.get(outcome, "error")
    return page(outcome, style)
