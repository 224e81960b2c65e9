"""A proof as text and as JSON."""

from __future__ import annotations

import json
import textwrap
from typing import Any, Dict, Iterator, List, Optional

from mmfix.proofs.codec import as_plain
from mmfix.proofs.types import HANG, NOT_PROVED, ParameterGroup, Proof, Rehearsal, Scenario
from mmfix.report.place import display_path
from mmfix.report.text import Paint, plain

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
EXIT_CODES = {"OK": 0, NOT_PROVED: 2}
#: Keys of the report that the proof file calls something else.
_KEYS = {"groups": "parameters", "left": "not_run"}
_FREEZERS = {"train": "train()", "init_weights": "init_weights()", "hook": "a hook", "step": "a step"}
_MOST_GROUPS, _MOST_NAMES = 12, 3
_WIDTH = 110


def exit_code(proof: Proof) -> int:
    """0: it runs; 1: it fails; 2: not proved."""
    return EXIT_CODES.get(proof.rehearsal.outcome, 1)


def render_json(proof: Proof) -> str:
    """The proof as JSON, version 1 (docs/json.md)."""
    return json.dumps(as_dict(proof), indent=2) + "\n"


def as_dict(proof: Proof) -> Dict[str, Any]:
    """The proof as plain data, version 1."""
    found = {_KEYS.get(key, key): value for key, value in as_plain(proof).items()}
    return {"version": 1, "config": proof.config, **found, "seconds": round(proof.seconds, 1)}


def render_text(proof: Proof, paint: Paint = plain, verbose: bool = False) -> str:
    """The proof as people read it, what to do last."""
    return "\n".join(_lines(proof, paint, verbose)) + "\n"


def _lines(proof: Proof, paint: Paint, verbose: bool) -> Iterator[str]:
    found = proof.rehearsal
    path = paint(display_path(proof.config), "strong")
    yield f"{path}: {_outcome(found.outcome, paint)}  {MEANING[found.outcome]}"
    for scenario in found.scenarios:
        yield from _scenario(scenario, found, paint)
    yield from _parameters(found, paint)
    errors = dict.fromkeys(scenario.error for scenario in found.scenarios if scenario.error)
    for error in errors:
        yield from _row("error", error)
    if found.outcome in (NOT_PROVED, HANG):
        yield from _row("reason", found.reason + ("" if verbose or not found.detail else "  (-v shows more)"))
    if found.activation_bytes is not None and found.step_seconds is not None:
        cost = f"activations {_size(found.activation_bytes)}, step {found.step_seconds:.2f} s"
        yield from _row("cost", cost)
    yield from _remedies(proof, paint)
    for line in found.replaced:
        yield from _row("replaced", line)
    if found.world_size:
        versions = ", ".join(f"{name} {version}" for name, version in found.versions.items())
        scenarios = ", ".join(item.name for item in found.scenarios if item.outcome != NOT_PROVED) or "none"
        ranks = f"{found.world_size} {found.backend} ranks"
        yield from _row("ran", f"with {ranks}, {versions}; scenarios: {scenarios}")
    if found.left:
        yield from _row("not run", ", ".join(found.left) + (f": {found.why_left}" if found.why_left else ""))
    if verbose and found.detail:
        yield ""
        yield found.detail.rstrip()
    yield f"{proof.seconds:.0f} s"


def _scenario(scenario: Scenario, found: Rehearsal, paint: Paint) -> Iterator[str]:
    first = scenario.error.splitlines()[0] if scenario.error else ""
    short = first if len(first) <= 80 else f"{first[:77]}..."
    yield f"  {scenario.name:<9} {_outcome(scenario.outcome, paint)}  {short}".rstrip()
    if scenario.disagreement:
        yield f"            {paint('the two instruments disagree', 'warning')}: {scenario.disagreement}"


def _parameters(found: Rehearsal, paint: Paint) -> Iterator[str]:
    if not found.trainable:
        return
    yield from _row("params", f"{found.trainable} require a gradient when DDP wraps the model")
    for group in found.groups[:_MOST_GROUPS]:
        yield from _row("", _group(group))
    more = len(found.groups) - _MOST_GROUPS
    if more > 0:
        yield from _row("", f"... and {more} groups more (--format json has all)")


def _group(group: ParameterGroup) -> str:
    names = ", ".join(group.names[:_MOST_NAMES])
    more = f", ... {len(group.names)} in all" if len(group.names) > _MOST_NAMES else ""
    by = _FREEZERS.get(group.frozen_by, group.frozen_by)
    frozen = f", frozen by {by} after the wrap" if by else ""
    where = f"{group.module} ({group.class_name})" if group.module else group.class_name
    return f"{group.status}{frozen}: {where}, key {group.key}: {names}{more}"


def _remedies(proof: Proof, paint: Paint) -> Iterator[str]:
    if not proof.remedies:
        return
    before = proof.rehearsal
    width = max(len(remedy.name) for remedy in proof.remedies)
    for index, remedy in enumerate(proof.remedies):
        costs: List[str] = []
        if remedy.activation_bytes is not None:
            ratio = _ratio(remedy.activation_bytes, before.activation_bytes)
            costs.append(f"activations {_size(remedy.activation_bytes)}{ratio}")
        if remedy.step_seconds is not None:
            ratio = _ratio(remedy.step_seconds, before.step_seconds)
            costs.append(f"step {remedy.step_seconds:.2f} s{ratio}")
        said = ", ".join(costs) if remedy.outcome == "OK" else remedy.reason
        label = f"{remedy.name:<{width}}  {_outcome(remedy.outcome, paint)}  {said}"
        yield f"  {'cures' if index == 0 else '':<8} {label}".rstrip()
    best = next((remedy for remedy in proof.remedies if remedy.outcome == "OK"), None)
    if best is not None and before.outcome != "OK":
        yield from _row("patch", f"mmfix patch {display_path(proof.config)} --remedy {best.name}")


def _row(label: str, text: str) -> Iterator[str]:
    lines = [part for line in text.splitlines() for part in textwrap.wrap(line, _WIDTH) or [""]]
    for index, line in enumerate(lines):
        yield f"  {label if index == 0 else '':<8} {line}".rstrip()


def _outcome(outcome: str, paint: Paint) -> str:
    style = {"OK": "added", NOT_PROVED: "warning"}.get(outcome, "error")
    return paint(outcome, style)


def _size(count: int) -> str:
    for unit in ("B", "KB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count = count / 1000  # type: ignore[assignment]
    return f"{count:.2f} GB"


def _ratio(after: float, before: Optional[float]) -> str:
    return f" ({after / before:.2f} times)" if before else ""
