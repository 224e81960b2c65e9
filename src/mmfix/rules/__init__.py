"""The rules: what each one knows, and all of them together.

A rule is a module: its docstring is its documentation, ``CASES`` are its tests, ``check`` finds. Rules about
the graph share the cures solved for the whole setup; rules about a dead key bring their own.
"""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Tuple

from mmfix.findings import Finding
from mmfix.remedies import solve, solve_sure
from mmfix.remedies.graph import inside_children
from mmfix.rules import (
    checkpoint_without_input_gradient,
    checkpointed_module_reused,
    conditional_modules_without_find_unused,
    dead_static_graph_key,
    dropped_stages,
    empty_ground_truth,
    find_unused_default_of_the_repository,
    flexible_runner_ignores_ddp_keys,
    freeze_schedule,
    late_freezing,
    late_freezing_with_checkpoint,
    proven_failure,
    reentrant_checkpoint_with_find_unused,
    static_graph_with_accumulation,
    trainable_teacher,
    wrapper_shadows_find_unused,
)
from mmfix.rules.common import Case, at_most
from mmfix.rules.elsewhere import unless_set_elsewhere
from mmfix.training.types import TrainingSetup

__all__ = ["RULES", "Case", "judge"]

#: Every rule, by code.
RULES: Tuple[ModuleType, ...] = (
    reentrant_checkpoint_with_find_unused,
    conditional_modules_without_find_unused,
    late_freezing,
    late_freezing_with_checkpoint,
    checkpointed_module_reused,
    wrapper_shadows_find_unused,
    flexible_runner_ignores_ddp_keys,
    dead_static_graph_key,
    static_graph_with_accumulation,
    checkpoint_without_input_gradient,
    find_unused_default_of_the_repository,
    trainable_teacher,
    dropped_stages,
    freeze_schedule,
    empty_ground_truth,
    proven_failure,
)

#: Rules that look at the wrapper themselves and attach their cures themselves.
_KEY_RULES = (
    wrapper_shadows_find_unused,
    flexible_runner_ignores_ddp_keys,
    dead_static_graph_key,
    find_unused_default_of_the_repository,
    empty_ground_truth,
)

#: Rules that hold for whatever passes ``find_unused_parameters`` on to DDP, and how sure they are there.
_FIND_UNUSED_RULES = (
    reentrant_checkpoint_with_find_unused,
    late_freezing_with_checkpoint,
    checkpoint_without_input_gradient,
)
#: Rules about parts that the loss does not reach.
_UNUSED_RULES = (conditional_modules_without_find_unused, dropped_stages)
_AT_MOST = {"separate-ddp": "likely", "other": "possible"}


def judge(setup: TrainingSetup) -> Tuple[Finding, ...]:
    """What every rule finds, each finding with the cures that fit the setup as a whole.

    What is only possible adds nothing to the cures of what is surer: they are applied unasked.

    All of it is about DDP: without a wrapper (``launcher='none'``) there is nothing to say, and of FSDP and
    DeepSpeed only dead keys are sure. One DDP a child (``MMSeparateDistributedDataParallel``) fails with a
    checkpoint under ``find_unused_parameters`` like any DDP (``likely``: a child may have none), and with a
    part that gets no gradient inside of a child that does; a wrapper nobody knows may be DDP (``possible``).
    What rests on a key that a missing base may set is ``possible``.
    """
    if setup.wrapper == "none":
        return ()
    return unless_set_elsewhere(setup, _found(setup), _found)


def _found(setup: TrainingSetup) -> Tuple[Finding, ...]:
    joint, sure = solve(setup), solve_sure(setup)

    def cured(finding: Finding) -> Finding:
        return replace(finding, remedies=joint if finding.confidence == "possible" else sure)

    findings = []
    for rule in RULES:
        if rule in _KEY_RULES:
            findings += rule.check(setup)
        elif setup.wrapper == "ddp" or rule is proven_failure:
            findings += [cured(finding) for finding in rule.check(setup)]
        elif rule in _UNUSED_RULES and setup.wrapper == "separate-ddp":
            findings += [cured(finding) for finding in rule.check(inside_children(setup))]
        elif rule in _FIND_UNUSED_RULES and setup.settings.find_unused_parameters:
            most = _AT_MOST.get(setup.wrapper)
            found = rule.check(setup) if most else ()
            findings += [cured(at_most(finding, most or "")) for finding in found]
    if setup.decided_elsewhere:
        return tuple(at_most(finding, "possible") for finding in findings)
    return tuple(findings)
