"""Late freezing, unused and reused parts."""

# ruff: noqa: C408 - configs are written with dict(...)

from __future__ import annotations

import pytest
from training_helpers import fact_keys, mmcv1, mmengine, setup_of

import mmfix


def backbone(type_, **node):
    return dict(type="SomeModel", backbone=dict(type=type_, **node))


STAGES = "late-freeze model.backbone.frozen_stages"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (mmengine(backbone("SwinTransformer", frozen_stages=0)), {STAGES: "certain"}),
        (mmcv1(backbone("SwinTransformer", frozen_stages=2)), {STAGES: "certain"}),
        (mmengine(backbone("SwinTransformer", frozen_stages=-1)), {}),
        (mmengine(backbone("SwinTransformer")), {}),
        (mmengine(backbone("mmpretrain.SwinTransformer", frozen_stages=1)), {STAGES: "certain"}),
        # frozen in the constructor
        (mmengine(backbone("ResNet", frozen_stages=1), default_scope="mmdet"), {}),
        (mmcv1(backbone("ResNet", frozen_stages=1)), {}),
        (mmengine(backbone("mmpretrain.ConvNeXt", frozen_stages=1)), {}),
        # the same name freezes late in mmaction
        (mmengine(backbone("ResNet", frozen_stages=1), default_scope="mmaction"), {STAGES: "certain"}),
        (mmengine(backbone("mmdet.ResNet", frozen_stages=1), default_scope="mmaction"), {}),
        (
            mmcv1(dict(type="Recognizer3D", backbone=dict(type="ResNet", frozen_stages=0))),
            {STAGES: "certain"},
        ),
        # early in mmaction, not to be told apart without a scope
        (mmengine(backbone("ResNet", frozen_stages=1)), {}),
        # range(self.frozen_stages): 0 freezes nothing
        (mmengine(backbone("EfficientNet", frozen_stages=0)), {}),
        (mmengine(backbone("EfficientNet", frozen_stages=1)), {STAGES: "certain"}),
        (mmengine(backbone("Darknet", frozen_stages=0)), {}),
        (mmengine(backbone("Darknet", frozen_stages=1)), {STAGES: "certain"}),
        (mmengine(backbone("MobileNetV3", frozen_stages=0)), {STAGES: "certain"}),
        # not a class of this package as far as is known, or of a fork
        (mmengine(backbone("CSPNeXt", frozen_stages=1), default_scope="myproject"), {STAGES: "likely"}),
        (mmcv1(backbone("VoVNet", frozen_stages=0)), {STAGES: "likely"}),
        (
            mmcv1(dict(type="BEVDet", backbone=dict(type="SwinTransformer", frozen_stages=2, with_cp=False))),
            {},
        ),
        (mmengine(backbone("MyNet", frozen_stages=2)), {}),
        # flags
        (
            mmengine(dict(neck=dict(type="YOLOv5PAFPN", freeze_all=True))),
            {"late-freeze model.neck.freeze_all": "certain"},
        ),
        (mmengine(dict(neck=dict(type="YOLOv5PAFPN", freeze_all=False))), {}),
        (
            mmengine(backbone("ResNet3dCSN", bn_frozen=True)),
            {"late-freeze model.backbone.bn_frozen": "certain"},
        ),
    ],
)  # fmt: skip
def test_late_freezing(config, expected):
    assert fact_keys(setup_of(config)) == expected


def test_late_freeze_says_where_and_why():
    (fact,) = setup_of(mmengine(backbone("SwinTransformer", frozen_stages=2))).facts
    assert fact.scope == ("model", "backbone")
    assert fact.evidence == ("mmdet 3.3.0 mmdet/models/backbones/swin.py:468",)
    assert "frozen_stages=2" in fact.why
    assert "train()" in fact.why


SEMI = "unused model.semi_train_cfg.freeze_teacher"
OUT = "unused model.backbone.out_indices"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        # flags that name a module
        (
            mmengine(dict(use_learnable_fusion=True, use_resolution_distill=True, use_sam_distill=False)),
            {
                "unused model.use_learnable_fusion": "possible",
                "unused model.use_resolution_distill": "possible",
                "unused model.use_sam_distill": "possible",
            },
        ),
        (mmengine(dict(head=dict(type="MyHead", with_auxiliary_branch=True))),
         {"unused model.head.with_auxiliary_branch": "possible"}),
        (mmengine(dict(use_sigmoid=True, with_cp=False, use_aux_loss=True, use_abs_pos_embed=True)), {}),
        (mmengine(dict(use_fusion="late", distill=True, misuse_fusion=True)), {}),
        # types
        (mmengine(dict(type="PartA2")), {"unused model.type": "possible"}),
        (mmengine(dict(type="RetinaNet")), {}),
        # a teacher inside DDP
        (mmengine(dict(type="SemiNet", semi_train_cfg=dict(freeze_teacher=False))), {SEMI: "likely"}),
        (mmengine(dict(type="SemiNet", semi_train_cfg=dict(freeze_teacher=True))), {}),
        (mmengine(dict(type="SemiNet", semi_train_cfg=dict())), {}),
        # stages that run and return nothing
        (mmengine(backbone("ResNet", out_indices=(0, 1, 2))), {OUT: "likely"}),
        (mmengine(backbone("ResNet", out_indices=(0, 1, 2), num_stages=3)), {}),
        (mmengine(backbone("ResNet", out_indices=(0, 1, 2), frozen_stages=4)), {}),
        (mmengine(backbone("ResNet", out_indices=(0, 1, 2, 3))), {}),
        (mmengine(backbone("ResNet", out_indices=[-1])), {}),
        (mmengine(dict(shared_head=dict(type="ResNet", out_indices=(0,)))), {}),
        (mmcv1(backbone("MobileNetV2", out_indices=(2, 4, 6))), {OUT: "likely"}),
        (mmcv1(backbone("MobileNetV2", out_indices=(1, 2, 4, 7))), {}),
        (mmcv1(dict(type="EncoderDecoder", backbone=dict(type="MobileNetV2", out_indices=(1, 2, 4, 6)))), {}),
        (mmengine(backbone("SwinTransformer", out_indices=(0, 1, 2))), {}),
    ],
)  # fmt: skip
def test_unused(config, expected):
    assert fact_keys(setup_of(config)) == expected


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (mmengine(dict(type="QDTrack")), {"reused model.type": "likely"}),
        (mmengine(dict(type="QDTrack", freeze_detector=True)), {}),
        (mmengine(dict(type="SoftTeacher")), {"reused model.type": "likely"}),
        (mmengine(dict(type="BYOL")), {"reused model.type": "likely"}),
        (mmcv1(dict(type="Petr3D", num_frame_head_grads=2)), {"reused model.num_frame_head_grads": "likely"}),
        (mmcv1(dict(type="Petr3D", num_frame_head_grads=1)), {}),
        # a frame without losses passes nothing back: the memory between frames is detached
        (mmcv1(dict(type="Petr3D", num_frame_head_grads=2, num_frame_losses=1)), {}),
        # the encoder decides, not the type: 1 of its 13 published configs needs find_unused_parameters
        (mmcv1(dict(type="MapTR")), {}),
        # one checkpointed call holds all branches; history frames run under no_grad()
        (mmengine(backbone("TridentResNet")), {}),
        (mmcv1(dict(type="BEVDet4D")), {}),
        (mmengine(dict(type="FasterRCNN")), {}),
    ],
)
def test_reused(config, expected):
    assert fact_keys(setup_of(config)) == expected


def test_streampetr_reuses_the_head_only():
    (fact,) = setup_of(mmcv1(dict(type="Petr3D", num_frame_head_grads=2))).facts
    assert fact.scope == ("model", "pts_bbox_head")


def test_mspetr3d_reuses_what_sees_the_images():
    """One pass of the backbone and the neck for each scale; the head, which is checkpointed, runs once."""
    decoder = dict(transformerlayers=dict(type="PETRTransformerDecoderLayer", with_cp=True))
    config = mmcv1(
        dict(type="MSPetr3D", img_backbone=dict(type="VoVNet"), pts_bbox_head=dict(decoder=decoder))
    )
    facts = setup_of(config).facts
    assert [fact.scope for fact in facts] == [("model", "img_backbone"), ("model", "img_neck")]
    assert mmfix.check(config).findings == ()
    config["model"]["img_backbone"] = dict(type="ResNet", depth=50, with_cp=True)
    assert [(item.code, item.confidence) for item in mmfix.check(config).findings] == [("MMF105", "likely")]
