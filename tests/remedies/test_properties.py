"""What must hold for every combination of settings, wrappers, checkpoints and facts."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from itertools import product
from typing import Any, Dict, Iterable, Iterator, List, Sequence, Tuple

import pytest

from mmfix.config.memory import from_mapping
from mmfix.ddp import Outcome, possible_outcomes
from mmfix.findings import Finding, Override, Remedy
from mmfix.remedies import solve
from mmfix.remedies.graph import outcomes, possible, suspected
from mmfix.rules import judge
from mmfix.training import TrainingSetup, read

pytestmark = pytest.mark.slow

BACKBONES = {
    "resnet": {"type": "mmdet.ResNet", "depth": 50},
    "resnet checkpointed": {"type": "mmdet.ResNet", "depth": 50, "with_cp": True},
    "resnet frozen": {"type": "mmdet.ResNet", "depth": 50, "with_cp": True, "frozen_stages": 4},
    "swin late": {"type": "mmdet.SwinTransformer", "frozen_stages": 2},
    "swin late checkpointed": {"type": "mmdet.SwinTransformer", "frozen_stages": 2, "with_cp": True},
    "hornet unguarded": {"type": "mmpretrain.HorNet", "with_cp": True},
    "unknown": {"type": "MyNet", "with_cp": True},
    "vovnet, no switch": {"type": "VoVNetCP"},
    "resnet, stage dropped": {"type": "mmdet.ResNet", "out_indices": (0, 1), "with_cp": True},
    "fairscale": {"type": "mmdet.DeformableDetrTransformerEncoder", "num_cp": 6},
}
MODELS = {
    "detector": {"type": "FCOS"},
    "flag": {"type": "FCOS", "use_learnable_fusion": True},
    "teacher": {"type": "mmdet.SoftTeacher", "semi_train_cfg": {"freeze_teacher": False}},
    "reused": {"type": "mmdet.SoftTeacher"},
    "schedule": {"type": "BasicVSR", "train_cfg": {"fix_iter": 5}},
}
DDP = {"type": "MMDistributedDataParallel", "broadcast_buffers": False}
WRAPPERS: Dict[str, Dict[str, Any]] = {
    "none": {},
    "wrapper": {"model_wrapper_cfg": DDP},
    "wrapper F": {"model_wrapper_cfg": {**DDP, "find_unused_parameters": True}},
    "wrapper S": {"model_wrapper_cfg": {**DDP, "static_graph": True}},
    "flexible": {"runner_type": "FlexibleRunner"},
    "flexible S": {
        "runner_type": "FlexibleRunner",
        "strategy": {"type": "DDPStrategy", "model_wrapper": {**DDP, "static_graph": True}},
    },
    "flexible, dead wrapper": {
        "runner_type": "FlexibleRunner",
        "model_wrapper_cfg": {**DDP, "find_unused_parameters": True},
    },
    "lone strategy": {
        "strategy": {"type": "DDPStrategy", "model_wrapper": {**DDP, "find_unused_parameters": True}}
    },
    "mmcv1": {
        "data": {"train": {"type": "CocoDataset"}},
        "optimizer": {"type": "SGD"},
        "runner": {"type": "EpochBasedRunner", "max_epochs": 12},
    },
}
TOP: Dict[str, Dict[str, Any]] = {
    "absent": {},
    "F": {"find_unused_parameters": True},
    "not F": {"find_unused_parameters": False},
    "cut off": {"activation_checkpointing": ["backbone"]},
    "F, cut off": {"activation_checkpointing": ["backbone"], "find_unused_parameters": True},
}
IMPORTS = {"": {}, "flipped": {"custom_imports": {"imports": "mmfix.nonreentrant_checkpoint"}}}


def combinations(backbone: str) -> Iterator[Tuple[Tuple[Any, ...], Dict[str, Any]]]:
    for names in product(MODELS, WRAPPERS, TOP, IMPORTS, (1, 4)):
        model, wrapper, top, imports, counts = names
        config: Dict[str, Any] = {
            "model": {**MODELS[model], "backbone": BACKBONES[backbone]},
            **WRAPPERS[wrapper],
            **TOP[top],
            **IMPORTS[imports],
        }
        if wrapper != "mmcv1":
            config["train_dataloader"] = {"batch_size": 2}
            config["optim_wrapper"] = {"type": "OptimWrapper", "accumulative_counts": counts}
        elif counts > 1:
            continue
        yield names, copy.deepcopy(config)


def apply(config: Dict[str, Any], overrides: Iterable[Override]) -> Dict[str, Any]:
    config = copy.deepcopy(config)
    for override in overrides:
        node = config
        for part in override.key[:-1]:
            node = node.setdefault(part, {})
        node[override.key[-1]] = copy.deepcopy(override.value)
    return config


def setup_of(config: Dict[str, Any]) -> TrainingSetup:
    return read(from_mapping(config))


def failing(findings: Iterable[Finding]) -> List[Finding]:
    return [finding for finding in findings if finding.severity in ("error", "warning")]


def defaults(findings: Iterable[Finding]) -> List[Remedy]:
    """What ``mmfix patch`` applies: the first safe remedy that sets something, of each failing finding."""
    chosen = []
    for finding in failing(findings):
        for remedy in finding.remedies:
            if remedy.disposition == "safe" and remedy.overrides:
                chosen.append(remedy)
                break
    return chosen


@dataclass(frozen=True)
class Case:
    """A combination, read and judged once for all properties."""

    top: str
    config: Dict[str, Any]
    setup: TrainingSetup
    findings: Sequence[Finding]
    solved: Sequence[Remedy]


def default_cures_agree_with_each_other(case: Case) -> None:
    values: Dict[Any, Any] = {}
    for remedy in defaults(case.findings):
        for override in remedy.overrides:
            assert values.setdefault(override.key, override.value) == override.value


def default_cures_cure_and_a_second_run_changes_nothing(case: Case) -> None:
    chosen = defaults(case.findings)
    if not chosen:
        return
    after = apply(case.config, [override for remedy in chosen for override in remedy.overrides])
    again = judge(setup_of(after))
    assert defaults(again) == []
    cured = {f.code for f in failing(case.findings) if defaults([f])}
    assert not cured & {f.code for f in failing(again)}


def a_safe_cure_is_fine_on_every_graph(case: Case) -> None:
    for remedy in case.solved:
        if remedy.disposition == "safe":
            after = setup_of(apply(case.config, remedy.overrides))
            # an unguarded checkpoint that stays beside a removed entry may stop loudly, as it did before
            loud = {Outcome.UNUSED} if case.top == "cut off" else set()
            assert outcomes(after.settings, possible(after)) - loud == {Outcome.OK}, remedy.name


def a_review_cure_says_what_it_assumes(case: Case) -> None:
    for finding in case.findings:
        for remedy in finding.remedies:
            assert (remedy.disposition == "review") == bool(remedy.assumes), remedy
            assert remedy.cost.endswith("."), remedy


def a_crash_is_found_exactly_where_the_outcome_is_not_ok(case: Case) -> None:
    predicted = possible_outcomes(case.setup.settings, suspected(case.setup))
    crashes = [f for f in failing(case.findings) if f.code not in ("MMF106", "MMF107", "MMF108")]
    assert bool(crashes) == (predicted != {Outcome.OK})


def one_cause_has_one_finding(case: Case) -> None:
    codes = {finding.code for finding in case.findings}
    assert not {"MMF101", "MMF104"} <= codes
    assert not {"MMF101", "MMF105"} <= codes
    assert not {"MMF103", "MMF104"} <= codes
    if codes & {"MMF102", "MMF103"}:
        assert "MMF106" not in codes


def nothing_is_written_where_nobody_reads_it(case: Case) -> None:
    for remedy in case.solved:
        for override in remedy.overrides:
            key = override.key
            if case.setup.era == "mmcv1":
                assert key[0] in ("model", "find_unused_parameters", "custom_imports")
            if key[0] == "find_unused_parameters":
                assert case.setup.wrapper_key == ()
            if key[0] == "model_wrapper_cfg":
                assert case.setup.runner == "Runner"
            if key[0] == "strategy":
                assert case.setup.runner == "FlexibleRunner"
            assert "static_graph" not in key[:1]


@pytest.mark.parametrize("backbone", BACKBONES)
def test_what_holds_for_every_combination(backbone: str) -> None:
    tested = 0
    for names, config in combinations(backbone):
        setup = setup_of(config)
        case = Case(names[2], config, setup, judge(setup), solve(setup))
        try:
            default_cures_agree_with_each_other(case)
            default_cures_cure_and_a_second_run_changes_nothing(case)
            a_safe_cure_is_fine_on_every_graph(case)
            a_review_cure_says_what_it_assumes(case)
            a_crash_is_found_exactly_where_the_outcome_is_not_ok(case)
            one_cause_has_one_finding(case)
            nothing_is_written_where_nobody_reads_it(case)
        except AssertionError as error:
            raise AssertionError(f"{backbone}, {names}: {error}") from error
        tested += 1
    assert tested == 850
