"""What a base that is not here may have set: findings are no surer than that leaves them."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, FrozenSet, Tuple

from mmfix.config.keypath import KeyPath, format_key
from mmfix.config.values import absent
from mmfix.findings import Finding
from mmfix.rules.common import at_most
from mmfix.training.types import Setting, TrainingSetup
from mmfix.wording import say

_SWITCH = "find_unused_parameters"


def unless_set_elsewhere(
    setup: TrainingSetup,
    findings: Tuple[Finding, ...],
    found: Callable[[TrainingSetup], Tuple[Finding, ...]],
) -> Tuple[Finding, ...]:
    """The findings, those that rest on the absence of a key no surer than ``possible``.

    That is so for the key itself, and for ``find_unused_parameters``: what is found whether it is on or off
    stays as sure as it is. What keys of the file itself cause stays, too.

    Args:
        found: What the rules find in a setup.
    """
    if not findings or not setup.document.tree.missing:
        return findings
    held: FrozenSet[Tuple[str, KeyPath]] = frozenset((finding.code, finding.key) for finding in findings)
    if setup.find_unused.key is None and absent(setup.document.tree, _SWITCH) is not None:
        other = replace(setup, find_unused=Setting(setup.find_unused.value is not True, None))
        held &= frozenset((finding.code, finding.key) for finding in found(other))
    return tuple(_weakened(setup, finding, (finding.code, finding.key) in held) for finding in findings)


def _weakened(setup: TrainingSetup, finding: Finding, held: bool) -> Finding:
    key = (_SWITCH,) if not held else _absent_key(setup, finding.key)
    if not key:
        return finding
    bases = setup.document.tree.missing
    where = ", ".join(dict.fromkeys(base.entry for base in bases if not base.why))
    if where:
        line = say("assumed: {key} is not set in {bases} (not here)", key=format_key(key), bases=where)
    else:
        line = say("assumed: {key} is not set elsewhere ({why})", key=format_key(key), why=bases[0].why)
    return replace(at_most(finding, "possible"), evidence=(*finding.evidence, line))


def _absent_key(setup: TrainingSetup, key: KeyPath) -> KeyPath:
    """The part of a key path that only a missing base may have set; empty when the config sets all of it."""
    for depth in range(len(key)):
        if absent(setup.document.get(key[:depth], None), key[depth]) is not None:
            return key[: depth + 1]
    return ()
