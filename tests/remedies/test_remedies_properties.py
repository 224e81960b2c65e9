"""What must hold for every combination of settings, wrappers, checkpoints and facts."""

from __future__ import annotations

import copy
from itertools import product
from typing import Any, Dict

import pytest

from mmfix.config.memory import from_mapping
from mmfix.ddp import Outcome, possible_outcomes
from mmfix.remedies import solve
from mmfix.remedies.graph import outcomes, possible, suspected
from mmfix.rules import judge
from mmfix.training import read

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


def combinations():
    for names in product(BACKBONES, MODELS, WRAPPERS, TOP, IMPORTS, (1, 4)):
        backbone, model, wrapper, top, imports, counts = names
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


def apply(config, overrides):
    config = copy.deepcopy(config)
    for override in overrides:
        node = config
        for part in override.key[:-1]:
            node = node.setdefault(part, {})
        node[override.key[-1]] = copy.deepcopy(override.value)
    return config


def setup_of(config):
    return read(from_mapping(config))


def failing(findings):
    return [finding for finding in findings if finding.severity in ("error", "warning")]


def defaults(findings):
    """What ``mmfix patch`` applies: the first safe remedy that sets something, of each failing finding."""
    chosen = []
    for finding in failing(findings):
        for remedy in finding.remedies:
            if remedy.disposition == "safe" and remedy.overrides:
                chosen.append(remedy)
                break
    return chosen


@pytest.fixture(scope="module")
def all_combinations():
    return list(combinations())


def test_default_cures_agree_with_each_other(all_combinations):
    for names, config in all_combinations:
        values: Dict[Any, Any] = {}
        for remedy in defaults(judge(setup_of(config))):
            for override in remedy.overrides:
                assert values.setdefault(override.key, override.value) == override.value, names


def test_default_cures_cure_and_a_second_run_changes_nothing(all_combinations):
    for names, config in all_combinations:
        findings = judge(setup_of(config))
        chosen = defaults(findings)
        after = apply(config, [override for remedy in chosen for override in remedy.overrides])
        again = judge(setup_of(after))
        assert defaults(again) == [], names
        cured = {f.code for f in failing(findings) if defaults([f])}
        assert not cured & {f.code for f in failing(again)}, names


def test_a_safe_cure_is_fine_on_every_graph(all_combinations):
    for names, config in all_combinations:
        for remedy in solve(setup_of(config)):
            if remedy.disposition == "safe":
                after = setup_of(apply(config, remedy.overrides))
                # an unguarded checkpoint that stays beside a removed entry may stop loudly, as it did before
                loud = {Outcome.UNUSED} if names[3] == "cut off" else set()
                assert outcomes(after.settings, possible(after)) - loud == {Outcome.OK}, (names, remedy.name)


def test_a_review_cure_says_what_it_assumes(all_combinations):
    for names, config in all_combinations:
        for finding in judge(setup_of(config)):
            for remedy in finding.remedies:
                assert (remedy.disposition == "review") == bool(remedy.assumes), (names, remedy)
                assert remedy.cost.endswith("."), (names, remedy)


def test_a_crash_is_found_exactly_where_the_outcome_is_not_ok(all_combinations):
    for names, config in all_combinations:
        setup = setup_of(config)
        predicted = possible_outcomes(setup.settings, suspected(setup))
        crashes = [f for f in failing(judge(setup)) if f.code not in ("MMF106", "MMF107", "MMF108")]
        assert bool(crashes) == (predicted != {Outcome.OK}), names


def test_one_cause_one_finding(all_combinations):
    for names, config in all_combinations:
        codes = {finding.code for finding in judge(setup_of(config))}
        assert not {"MMF101", "MMF104"} <= codes, names
        assert not {"MMF101", "MMF105"} <= codes, names
        assert not {"MMF103", "MMF104"} <= codes, names
        if codes & {"MMF102", "MMF103"}:
            assert "MMF106" not in codes, names


def test_nothing_is_written_where_nobody_reads_it(all_combinations):
    for names, config in all_combinations:
        setup = setup_of(config)
        for remedy in solve(setup):
            for override in remedy.overrides:
                key = override.key
                if setup.era == "mmcv1":
                    assert key[0] in ("model", "find_unused_parameters", "custom_imports"), names
                if key[0] == "find_unused_parameters":
                    assert setup.wrapper_key == (), names
                if key[0] == "model_wrapper_cfg":
                    assert setup.runner == "Runner", names
                if key[0] == "strategy":
                    assert setup.runner == "FlexibleRunner", names
                assert "static_graph" not in key[:1], names
