"""``read`` as a whole: the two cases the project started from, official configs, limits."""

# ruff: noqa: C408 - configs are written with dict(...)

from __future__ import annotations

import time
from collections import Counter

import pytest
from training_helpers import fact_keys, mmcv1, mmengine, setup_of, site_keys
from zoo_helpers import on_one_worker

from mmfix.config.memory import from_mapping
from mmfix.config.reader import Reader
from mmfix.errors import ConfigError
from mmfix.training import is_trainable, read


def test_a_cmt_like_config():
    """mmcv 1.x: a checkpointed image backbone beside find_unused_parameters=True."""
    layer = dict(type="PETRTransformerDecoderLayer", with_cp=False)
    model = dict(
        type="CmtDetector",
        img_backbone=dict(type="ResNet", depth=50, frozen_stages=1, norm_eval=True, with_cp=True),
        pts_bbox_head=dict(type="CmtHead", transformer=dict(decoder=dict(transformerlayers=layer))),
    )
    setup = setup_of(mmcv1(model, find_unused_parameters=True))
    assert (setup.era, setup.runner, setup.wrapper) == ("mmcv1", "mmcv1", "ddp")
    assert setup.find_unused.key == ("find_unused_parameters",)
    assert site_keys(setup) == {"model.img_backbone.with_cp": False}
    assert setup.facts == ()
    assert setup.settings.bypasses_forward


def test_a_rapsam_like_config():
    """MMEngine: modules behind flags of a class that is not here, find_unused_parameters off."""
    model = dict(
        type="FarSAM", use_learnable_fusion=True, use_sam_distill=False, backbone=dict(type="RegNet")
    )
    setup = setup_of(mmengine(model, find_unused_parameters=False, default_scope="mmdet"))
    assert (setup.era, setup.runner, setup.wrapper) == ("mmengine", "Runner", "ddp")
    assert setup.settings.find_unused_parameters is False
    assert fact_keys(setup) == {
        "unused model.use_learnable_fusion": "possible",
        "unused model.use_sam_distill": "possible",
    }
    assert setup.checkpoints == ()
    assert not setup.settings.bypasses_forward


def test_shared_dicts_that_unfold_without_end_are_cut_off():
    node = dict(type="Block")
    for _ in range(15):
        node = dict(a=node, b=node)
    setup = setup_of(mmengine(node))
    assert setup.unknown == ("model: more than 20000 parts; the rest was not read",)


@pytest.mark.zoo
@pytest.mark.parametrize(
    ("name", "switches", "facts"),
    [
        on_one_worker(
            "mmdet-3.3.0",
            {"model.backbone.with_cp": 39, "model.encoder.num_cp": 35, "model.bbox_head.use_checkpoint": 4},
            {"reused model.type": 12, "unused model.backbone.out_indices": 3},
        ),
        on_one_worker("mmdet-2.28.2", {}, {"unused model.backbone.out_indices": 2}),
        on_one_worker(
            "mmsegmentation-1.2.2",
            {"model.backbone.diffusion_cfg.params.unet_config.params.use_checkpoint": 2},
            {},
        ),
        on_one_worker("mmsegmentation-0.30.0", {}, {}),
    ],
)  # fmt: skip
def test_official_zoos(zoo, name, switches, facts):
    """All the switches the zoos turn on, and facts only where the shipped config deals with them.

    ``reused`` is harmless without a checkpoint.
    """
    reader = Reader()
    found_switches, found_facts = Counter(), Counter()
    for path in sorted(zoo(name).glob("*/.mim/configs/**/*.py")):
        if "_base_" in path.parts:
            continue
        try:
            document = reader.load(str(path))
        except ConfigError:
            continue  # files MMEngine cannot load either: the reader's tests list them
        if not is_trainable(document):
            continue
        setup = read(document)
        found_switches.update(site_keys(setup).keys())
        found_facts.update(fact_keys(setup).keys())
        assert setup.find_unused.value or not [fact for fact in setup.facts if fact.kind != "reused"], path
        assert all(site.known for site in setup.checkpoints), path
        assert setup.wrapper == "ddp"
    assert found_switches == switches
    assert found_facts == facts


def test_reading_is_fast():
    model = dict(
        type="FasterRCNN", parts=[dict(type="ResNet", with_cp=True, x=dict(y=dict())) for _ in range(40)]
    )
    document = from_mapping(mmengine(model))
    read(document)
    best = min(_timed(document) for _ in range(5))
    assert best < 0.03  # about 2 ms with the model code remembered; the limit leaves room for a busy machine


def _timed(document):
    start = time.perf_counter()
    read(document)
    return time.perf_counter() - start
