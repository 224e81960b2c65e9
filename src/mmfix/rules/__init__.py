"""The rules: all of them together, and what they find in a setup.

A rule is one file: its docstring is its documentation, ``RULE`` is all that the rest of mmfix asks about it
(:class:`mmfix.rules.rule.Rule`). To add one is to write that file and name it in ``RULES``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, Iterable, Tuple

from mmfix.findings import Finding
from mmfix.remedies import solve, solve_sure
from mmfix.remedies.graph import inside_children
from mmfix.rules import (
    argument_nobody_takes,
    checkpoint_without_input_gradient,
    checkpointed_module_reused,
    conditional_modules_without_find_unused,
    dead_static_graph_key,
    dropped_stages,
    empty_ground_truth,
    find_unused_default_of_the_repository,
    flexible_runner_ignores_ddp_keys,
    freeze_schedule,
    import_of_no_module,
    key_of_the_other_era,
    late_freezing,
    late_freezing_with_checkpoint,
    leftover_delete,
    missing_argument,
    misspelt_top_level_key,
    proven_failure,
    reentrant_checkpoint_with_find_unused,
    set_twice,
    stale_variable,
    static_graph_with_accumulation,
    sync_batchnorm_without_process_group,
    trainable_teacher,
    type_in_no_registry,
    wrapper_shadows_find_unused,
)
from mmfix.rules.common import at_most
from mmfix.rules.elsewhere import unless_set_elsewhere
from mmfix.rules.rule import Case, Rule, Wrappers
from mmfix.training.types import TrainingSetup

__all__ = ["RULES", "Case", "Rule", "judge", "rule_of"]

#: Every rule, by code.
RULES: Tuple[Rule, ...] = (
    reentrant_checkpoint_with_find_unused.RULE,
    conditional_modules_without_find_unused.RULE,
    late_freezing.RULE,
    late_freezing_with_checkpoint.RULE,
    checkpointed_module_reused.RULE,
    wrapper_shadows_find_unused.RULE,
    flexible_runner_ignores_ddp_keys.RULE,
    dead_static_graph_key.RULE,
    static_graph_with_accumulation.RULE,
    checkpoint_without_input_gradient.RULE,
    find_unused_default_of_the_repository.RULE,
    trainable_teacher.RULE,
    dropped_stages.RULE,
    freeze_schedule.RULE,
    empty_ground_truth.RULE,
    proven_failure.RULE,
    sync_batchnorm_without_process_group.RULE,
    misspelt_top_level_key.RULE,
    key_of_the_other_era.RULE,
    stale_variable.RULE,
    leftover_delete.RULE,
    argument_nobody_takes.RULE,
    missing_argument.RULE,
    type_in_no_registry.RULE,
    import_of_no_module.RULE,
    set_twice.RULE,
)
_BY_CODE: Dict[str, Rule] = {rule.code: rule for rule in RULES}
#: How sure a rule about ``find_unused_parameters`` is where something else passes it on to DDP.
_AT_MOST = {"separate-ddp": "likely", "other": "possible"}


def rule_of(finding: Finding) -> Rule:
    """The rule that a finding is of."""
    return _BY_CODE[finding.code]


def judge(setup: TrainingSetup) -> Tuple[Finding, ...]:
    """What every rule finds, each finding with the cures that fit the setup as a whole.

    What is only possible adds nothing to the cures of what is surer: they are applied unasked.

    Most of it is about DDP. Without a wrapper (``launcher='none'``) only rules about such a run, or about
    every run, speak; of FSDP and DeepSpeed only dead keys are sure. One DDP a child
    (``MMSeparateDistributedDataParallel``) fails with a checkpoint under ``find_unused_parameters`` like any
    DDP (``likely``: a child may have none), and with a part that gets no gradient inside of a child that
    does; a wrapper nobody knows may be DDP (``possible``). What rests on a key that a missing base may set is
    ``possible``.
    """
    return unless_set_elsewhere(setup, _found(setup), _found)


def _found(setup: TrainingSetup) -> Tuple[Finding, ...]:
    joint, sure = solve(setup), solve_sure(setup)
    findings = []
    for rule in RULES:
        for finding in _findings(rule, setup):
            if not rule.own_cures:
                cures = joint if finding.confidence == "possible" else sure
                finding = replace(finding, remedies=cures)
            findings.append(finding)
    if setup.decided_elsewhere:
        return tuple(_unless_decided_elsewhere(finding) for finding in findings)
    return tuple(findings)


def _unless_decided_elsewhere(finding: Finding) -> Finding:
    """What rests on DDP's arguments is no surer than possible where the training script handles them."""
    return finding if rule_of(finding).wrappers is Wrappers.ALL else at_most(finding, "possible")


def _findings(rule: Rule, setup: TrainingSetup) -> Iterable[Finding]:
    """What one rule finds under the wrapper of the setup."""
    if rule.wrappers is Wrappers.ALL:
        return rule.check(setup)
    if "none" in (setup.wrapper, rule.wrappers.value):
        return rule.check(setup) if setup.wrapper == rule.wrappers.value else ()
    if rule.wrappers is Wrappers.ANY or setup.wrapper == "ddp":
        return rule.check(setup)
    if rule.wrappers is Wrappers.EACH_CHILD and setup.wrapper == "separate-ddp":
        return rule.check(inside_children(setup))
    most = _AT_MOST.get(setup.wrapper)
    if rule.wrappers is Wrappers.FIND_UNUSED and most and setup.settings.find_unused_parameters:
        return [at_most(finding, most) for finding in rule.check(setup)]
    return ()
