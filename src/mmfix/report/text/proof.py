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
from mmfix.wording import say

#: What each outcome means, in a few words.
MEANING = {
    "OK": say("every step ran, and all ranks have the same parameters"),
    "UNUSED": say("DDP waits for a gradient that never comes"),
    "READY_TWICE": say("DDP gets a gradient it had already accounted for"),
    "UNTRAINED": say("it runs, but some parameters are silently never trained"),
    "NO_SYNC_ASSERT": say("a static graph does not go with gradient accumulation"),
    "DIVERGED": say("it runs, but the ranks no longer have the same parameters"),
    "HANG": say("the ranks wait for each other for ever"),
    NOT_PROVED: say("not every step could be done, so nothing can be said"),
}
_FREEZERS = {
    "train": "train()",
    "init_weights": "init_weights()",
    "hook": say("a hook"),
    "step": say("a step"),
}
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
    lines += _row(page, say("look for"), look_for) if look_for else ()
    return as_text([*lines, say("{seconds:.0f} s", seconds=proof.seconds)])


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
            page,
            "reason",
            found.reason if page.verbose or not found.detail else f"{found.reason}  {say('(-v shows more)')}",
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
        ran = say(
            "with {count} {backend} ranks, {versions}; scenarios: {scenarios}",
            count=found.world_size,
            backend=found.backend,
            versions=versions,
            scenarios=scenarios,
        )
        yield from _row(page, "ran", ran)
    if found.left:
        yield from _row(
            page, say("not run"), ", ".join(found.left) + (f": {found.why_left}" if found.why_left else "")
        )
    if page.verbose and found.detail:
        yield ""
        yield from (f"  {line}".rstrip() for line in found.detail.splitlines())


def _scenario(scenario: Scenario, found: Rehearsal, page: Page) -> Iterator[str]:
    yield f"  {scenario.name:<9} {_outcome(scenario.outcome, page)}  {_short(scenario.error, page)}".rstrip()
    if scenario.disagreement:
        yield f"            {page(say('the two instruments disagree'), 'warning')}: {scenario.disagreement}"


def _parameters(found: Rehearsal, page: Page) -> Iterator[str]:
    if not found.trainable:
        if found.parameters:
            order = say(
                "{count} require a gradient when DDP wraps the model; --format json has their order",
                count=len(found.parameters),
            )
            yield from _row(page, "params", order)
        return
    yield from _row(
        page, "params", say("{count} require a gradient when DDP wraps the model", count=found.trainable)
    )
    for group in found.groups[:_MOST_GROUPS]:
        yield from _row(page, "", _group(group))
    more = len(found.groups) - _MOST_GROUPS
    if more > 0:
        yield from _row(page, "", say("... and {count} groups more (--format json has all)", count=more))


def _group(group: ParameterGroup) -> str:
    names = ", ".join(group.names[:_MOST_NAMES])
    if len(group.names) > _MOST_NAMES:
        names = say("{names}, ... {count} in all", names=names, count=len(group.names))
    by = _FREEZERS.get(group.frozen_by, group.frozen_by)
    state = (
        say("{state}, frozen by {what} after the wrap", state=group.status, what=by) if by else group.status
    )
    where = f"{group.module} ({group.class_name})" if group.module else group.class_name
    return say("{state}: {part}, key {key}: {names}", state=state, part=where, key=group.key, names=names)


def _remedies(proof: Proof, remedies: Sequence[Remedy], page: Page) -> Iterator[str]:
    if not proof.remedies:
        if proof.rehearsal.outcome not in ("OK", NOT_PROVED):
            yield from _row(page, "cures", say("none that a config can hold"))
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
                yield from _row(page, "", say("only if: {what}", what=line), "    ")
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
