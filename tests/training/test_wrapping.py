"""Runner, wrapper and DDP arguments: which key decides."""

# ruff: noqa: C408 - configs are written with dict(...)

from __future__ import annotations

import pytest
from training_helpers import mmcv1, mmengine, setup_of

from mmfix.config.origin import Unknown
from mmfix.config.values import LazyName

TOP = ("find_unused_parameters",)
WRAPPER = ("model_wrapper_cfg",)
STRATEGY = ("strategy", "model_wrapper")


def flexible(**top):
    return mmengine(runner_type="FlexibleRunner", **top)


@pytest.mark.parametrize(
    ("config", "runner", "wrapper", "place", "unused", "static"),
    [
        # mmcv 1.x: the top-level key, and no way to a static graph
        (mmcv1(), "mmcv1", "ddp", (), (False, None), (False, None)),
        (mmcv1(find_unused_parameters=True), "mmcv1", "ddp", (), (True, TOP), (False, None)),
        (mmcv1(use_static_graph=True, static_graph=True), "mmcv1", "ddp", (), (False, None), (False, None)),
        (mmcv1(model_wrapper_cfg=dict(static_graph=True)), "mmcv1", "ddp", (), (False, None), (False, None)),
        (mmcv1(dict(type="VoxFormer")), "mmcv1", "ddp", (), (True, None), (False, None)),
        # mmgen 0.7.3: one DDP for each part
        (
            mmcv1(use_ddp_wrapper=True, find_unused_parameters=False),
            "mmcv1", "separate-ddp", (), (False, TOP), (False, None),
        ),
        # Runner
        (mmengine(), "Runner", "ddp", (), (False, None), (False, None)),
        (mmengine(find_unused_parameters=True), "Runner", "ddp", (), (True, TOP), (False, None)),
        (mmengine(find_unused_parameters=1), "Runner", "ddp", (), (True, TOP), (False, None)),
        (mmengine(find_unused_parameters=None), "Runner", "ddp", (), (False, TOP), (False, None)),
        (mmengine(static_graph=True), "Runner", "ddp", (), (False, None), (False, None)),
        (
            mmengine(model_wrapper_cfg=None, find_unused_parameters=True),
            "Runner", "ddp", (), (True, TOP), (False, None),
        ),
        # the wrapper shadows the top level, even when empty
        (
            mmengine(model_wrapper_cfg=dict(), find_unused_parameters=True),
            "Runner", "ddp", WRAPPER, (False, None), (False, None),
        ),
        (
            mmengine(
                model_wrapper_cfg=dict(type="MMDistributedDataParallel", static_graph=True),
                find_unused_parameters=True,
            ),
            "Runner", "ddp", WRAPPER, (False, None), (True, (*WRAPPER, "static_graph")),
        ),
        (
            mmengine(model_wrapper_cfg=dict(find_unused_parameters=True)),
            "Runner", "ddp", WRAPPER, (True, (*WRAPPER, *TOP)), (False, None),
        ),
        (
            mmengine(model_wrapper_cfg=dict(type="MMSeparateDistributedDataParallel", static_graph=True)),
            "Runner", "separate-ddp", WRAPPER, (False, None), (True, (*WRAPPER, "static_graph")),
        ),
        # find_unused_parameters is no argument of FSDP
        (
            mmengine(model_wrapper_cfg=dict(type="MMFullyShardedDataParallel", find_unused_parameters=True)),
            "Runner", "fsdp", WRAPPER, (False, None), (False, None),
        ),
        (
            mmengine(model_wrapper_cfg=dict(type="MMDeepSpeedEngineWrapper")),
            "Runner", "deepspeed", WRAPPER, (False, None), (False, None),
        ),
        # lazy configs: imported names and dotted text
        (
            mmengine(model_wrapper_cfg=dict(type=LazyName("mmengine.model.MMDistributedDataParallel"))),
            "Runner", "ddp", WRAPPER, (False, None), (False, None),
        ),
        (
            mmengine(model_wrapper_cfg=dict(type="mmengine.model.MMFullyShardedDataParallel")),
            "Runner", "fsdp", WRAPPER, (False, None), (False, None),
        ),
        # a strategy without FlexibleRunner is ignored
        (
            mmengine(strategy=dict(type="FSDPStrategy"), find_unused_parameters=True),
            "Runner", "ddp", (), (True, TOP), (False, None),
        ),
        # mmpose's tools/train.py always builds the plain Runner
        (
            flexible(default_scope="mmpose", find_unused_parameters=True),
            "Runner", "ddp", (), (True, TOP), (False, None),
        ),
        # FlexibleRunner
        (
            flexible(find_unused_parameters=True),
            "FlexibleRunner", "ddp", STRATEGY, (False, None), (False, None),
        ),
        (
            flexible(model_wrapper_cfg=dict(static_graph=True)),
            "FlexibleRunner", "ddp", STRATEGY, (False, None), (False, None),
        ),
        (
            flexible(strategy=dict(type="DDPStrategy", model_wrapper=dict(find_unused_parameters=True))),
            "FlexibleRunner", "ddp", STRATEGY, (True, (*STRATEGY, *TOP)), (False, None),
        ),
        (
            flexible(strategy=dict(type="DDPStrategy", model_wrapper=dict(static_graph=True))),
            "FlexibleRunner", "ddp", STRATEGY, (False, None), (True, (*STRATEGY, "static_graph")),
        ),
        (
            flexible(strategy=dict(type="FSDPStrategy")),
            "FlexibleRunner", "fsdp", STRATEGY, (False, None), (False, None),
        ),
        (
            flexible(strategy=dict(type=LazyName("mmengine._strategy.DeepSpeedStrategy"))),
            "FlexibleRunner", "deepspeed", STRATEGY, (False, None), (False, None),
        ),
        (
            flexible(strategy=dict(type="ColossalAIStrategy", model_wrapper=dict(x=1))),
            "FlexibleRunner", "other", STRATEGY, (False, None), (False, None),
        ),
        (
            flexible(strategy=dict(type="SingleDeviceStrategy")),
            "FlexibleRunner", "none", STRATEGY, (False, None), (False, None),
        ),
    ],
)  # fmt: skip
def test_wrapping(config, runner, wrapper, place, unused, static):
    setup = setup_of(config)
    assert (setup.runner, setup.wrapper, setup.wrapper_key) == (runner, wrapper, place)
    assert (setup.find_unused.value, setup.find_unused.key) == unused
    assert (setup.static_graph.value, setup.static_graph.key) == static
    assert setup.unknown == ()


def test_a_wrapper_nobody_knows_is_read_like_ddp_and_named():
    setup = setup_of(mmengine(model_wrapper_cfg=dict(type="MyWrapper", find_unused_parameters=True)))
    assert (setup.wrapper, setup.wrapper_key) == ("other", WRAPPER)
    assert setup.find_unused.value is True
    (line,) = setup.unknown
    assert line.startswith("model_wrapper_cfg.type: MyWrapper is not a wrapper")


@pytest.mark.parametrize("config", [mmcv1(), mmengine(), flexible()])
def test_launcher_none_means_no_wrapper(config):
    assert setup_of(config, launcher="none").wrapper == "none"
    assert setup_of(config, launcher="pytorch").wrapper == "ddp"
    # tools/train.py overwrites the config's own launcher
    assert setup_of(dict(config, launcher="none")).wrapper == "ddp"


def test_mmpose_0x_takes_an_absent_key_for_true():
    setup = setup_of(mmcv1(dict(type="TopDown")))
    assert (setup.find_unused.value, setup.find_unused.key) == (True, None)
    assert "Write the key" in setup.unknown[0]
    written = setup_of(mmcv1(dict(type="TopDown"), find_unused_parameters=False))
    assert (written.find_unused.value, written.unknown) == (False, ())


def optim(**wrapper):
    return mmengine(optim_wrapper=dict(optimizer=dict(type="SGD"), **wrapper))


@pytest.mark.parametrize(
    ("config", "value", "key"),
    [
        (optim(), 1, None),
        (optim(accumulative_counts=1), 1, None),
        (optim(accumulative_counts=4), 4, ("optim_wrapper", "accumulative_counts")),
        (optim(type="AmpOptimWrapper", accumulative_counts=2), 2, ("optim_wrapper", "accumulative_counts")),
        (
            mmengine(optim_wrapper=dict(
                constructor="MultiOptimWrapperConstructor",
                generator=dict(optimizer=dict(type="Adam"), accumulative_counts=2),
                discriminator=dict(optimizer=dict(type="Adam"), accumulative_counts=8),
            )),
            8, ("optim_wrapper", "discriminator", "accumulative_counts"),
        ),
        # DeepSpeed counts for itself; no DDP, no no_sync()
        (
            flexible(strategy=dict(type="DeepSpeedStrategy"), optim_wrapper=dict(accumulative_counts=4)),
            1, None,
        ),
        # mmcv 1.x has no no_sync() anywhere
        (
            mmcv1(optimizer_config=dict(type="GradientCumulativeOptimizerHook", cumulative_iters=4)),
            1, None,
        ),
    ],
)  # fmt: skip
def test_accumulation(config, value, key):
    setup = setup_of(config)
    assert (setup.accumulation.value, setup.accumulation.key) == (value, key)
    assert setup.settings.accumulation == value


HIDDEN = Unknown("a call to get_value()")


@pytest.mark.parametrize(
    ("config", "key"),
    [
        (mmcv1(find_unused_parameters=HIDDEN), "find_unused_parameters"),
        (mmengine(find_unused_parameters=HIDDEN), "find_unused_parameters"),
        (mmengine(model_wrapper_cfg=HIDDEN), "model_wrapper_cfg"),
        (mmengine(model_wrapper_cfg=dict(type=HIDDEN)), "model_wrapper_cfg.type"),
        (mmengine(model_wrapper_cfg=dict(static_graph=HIDDEN)), "model_wrapper_cfg.static_graph"),
        (mmengine(runner_type=HIDDEN), "runner_type"),
        (flexible(strategy=HIDDEN), "strategy"),
        (flexible(strategy=dict(type="DDPStrategy", model_wrapper=HIDDEN)), "strategy.model_wrapper"),
        (mmengine(optim_wrapper=HIDDEN), "optim_wrapper"),
        (optim(accumulative_counts=HIDDEN), "optim_wrapper.accumulative_counts"),
        (mmengine(activation_checkpointing=HIDDEN), "activation_checkpointing"),
        (mmengine(model=HIDDEN), "model"),
        (mmengine(dict(type="RetinaNet", backbone=HIDDEN)), "model.backbone"),
        (mmengine(dict(type="RetinaNet", neck=[dict(type=HIDDEN)])), "model.neck[0].type"),
        (mmengine(dict(backbone=dict(type="ResNet", with_cp=HIDDEN))), "model.backbone.with_cp"),
        (mmengine(dict(backbone=dict(type="HorNet", with_cp=[HIDDEN]))), "model.backbone.with_cp[0]"),
        (
            mmengine(dict(backbone=dict(type="SwinTransformer", frozen_stages=HIDDEN))),
            "model.backbone.frozen_stages",
        ),
    ],
)  # fmt: skip
def test_unknown_values_are_named_and_decide_nothing(config, key):
    setup = setup_of(config)
    assert setup.unknown == (f"{key}: a call to get_value()",)
    assert setup.settings.find_unused_parameters is False
    assert setup.settings.static_graph is False
    assert setup.checkpoints == ()
    assert setup.facts == ()


def test_unknown_values_that_do_not_matter_are_left_out():
    config = mmengine(
        dict(
            type="RetinaNet",
            backbone=dict(type="ResNet", init_cfg=dict(checkpoint=HIDDEN), checkpoint=HIDDEN),
        ),
        work_dir=HIDDEN,
        model_wrapper_cfg=dict(broadcast_buffers=HIDDEN),
    )
    assert setup_of(config).unknown == ()
