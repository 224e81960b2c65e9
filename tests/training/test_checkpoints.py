"""Checkpoint switches: every form, defaults that are on, classes that ignore them."""

# ruff: noqa: C408 - configs are written with dict(...)

from __future__ import annotations

import pytest
from training_helpers import mmcv1, mmengine, setup_of, site_keys

from mmfix.config.values import LazyName
from mmfix.training.switches import is_on, is_on_as_text, off_value


@pytest.mark.parametrize(
    ("value", "on"),
    [
        (True, True), (False, False), (None, False), (1, True), (6, True), (0, False), (-1, False),
        ([False, True], True), ([False, False], False), ((0, 0, 1), True), ([], False), ("path.pth", False),
    ],
)  # fmt: skip
def test_is_on(value, on):
    assert is_on(value) is on


@pytest.mark.parametrize(
    ("value", "known", "on"),
    [
        ("False", True, True), ("no", True, True), ("path.pth", True, True), ("", True, False),
        ("False", False, True), ("Yes", False, True), ("path.pth", False, False), (True, True, False),
    ],
)  # fmt: skip
def test_is_on_as_text(value, known, on):
    assert is_on_as_text(value, known) is on


@pytest.mark.parametrize(
    ("value", "default", "off"),
    [
        (True, None, False),
        (True, False, False),
        (True, True, False),
        (6, -1, -1),
        (6, 0, 0),
        (6, None, -1),
        (1, False, False),
        ([True, False, True], None, [False, False, False]),
        ((True, False), False, (False, False)),
        ([1, 0], None, [0, 0]),
        ("False", False, False),
        ("yes", None, False),
    ],
)
def test_off_value(value, default, off):
    result = off_value(value, default)
    assert (result, type(result)) == (off, type(off))


def part(**node):
    return dict(type="SomeDetector", part=node)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        # the plain form, wherever it is
        (mmengine(dict(backbone=dict(type="ResNet", with_cp=True))), {"model.backbone.with_cp": False}),
        (mmcv1(dict(backbone=dict(type="ResNet", with_cp=True))), {"model.backbone.with_cp": False}),
        (mmengine(dict(backbone=dict(type="ResNet", with_cp=False))), {}),
        (mmengine(dict(backbone=dict(type="ResNet"))), {}),
        (
            mmengine(dict(detector=dict(heads=[dict(), dict(x=(dict(type="HRFPN", with_cp=True),))]))),
            {"model.detector.heads[1].x[0].with_cp": False},
        ),
        (
            mmengine(dict(backbone=dict(type=LazyName("mmdet.models.ResNet"), with_cp=True))),
            {"model.backbone.with_cp": False},
        ),
        (mmengine(dict(backbone=dict(type="mmpretrain.DenseNet", memory_efficient=True))),
         {"model.backbone.memory_efficient": False}),
        # other things are called memory_efficient too
        (mmengine(part(type="Attention", memory_efficient=True)), {}),
        # counts
        (mmengine(dict(type="DINO", encoder=dict(num_cp=6))), {"model.encoder.num_cp": -1}),
        (mmengine(dict(type="DINO", encoder=dict(num_cp=-1))), {}),
        (mmcv1(part(type="DetrTransformerEncoder", with_cp=4)), {"model.part.with_cp": -1}),
        (mmcv1(part(type="DetrTransformerEncoder", with_cp=-1)), {}),
        (mmengine(part(type="ResNet", with_cp=1)), {"model.part.with_cp": False}),
        # lists
        (mmengine(part(type="MyNet", with_cp=[True, False])), {"model.part.with_cp": [False, False]}),
        # classes that are not known
        (mmengine(part(type="MyNet", use_act_checkpoint=True)), {"model.part.use_act_checkpoint": False}),
        (mmengine(part(layer_cfg=dict(with_cp=True))), {"model.part.layer_cfg.with_cp": False}),
        (mmengine(part(type="MyNet", checkpoint="net.pth", with_cp=None)), {}),
        # accepted, never used
        (mmengine(dict(type="DABDETR", encoder=dict(num_cp=6))), {}),
        (mmengine(part(type="UpConvBlock", with_cp=True), default_scope="mmseg"), {}),
        (mmengine(dict(bbox_head=dict(type="ATSSVLFusionHead", use_checkpoint=True))), {}),
        (
            mmengine(dict(bbox_head=dict(type="ATSSVLFusionHead", use_checkpoint=True, early_fuse=True))),
            {"model.bbox_head.use_checkpoint": False},
        ),
        # on by class default
        (mmcv1(part(type="PETRTransformerDecoderLayer")), {"model.part.with_cp": False}),
        (mmcv1(part(type="PETRTransformerDecoderLayer", with_cp=False)), {}),
        (mmcv1(dict(type="BEVDet", img_backbone=dict(type="SwinTransformer"))),
         {"model.img_backbone.with_cp": False}),
        # the stock class of that name is off by default
        (mmcv1(dict(type="FasterRCNN", backbone=dict(type="SwinTransformer"))), {}),
        (mmcv1(dict(type="BEVDet", img_backbone=dict(type="mmdet.SwinTransformer"))), {}),
        # always on
        (mmcv1(dict(img_backbone=dict(type="VoVNetCP"))), {"model.img_backbone.type": None}),
        # a guarded call in a part that is frozen as a whole
        (mmengine(dict(backbone=dict(type="ResNet", with_cp=True, frozen_stages=4))), {}),
        (mmengine(dict(backbone=dict(type="SwinTransformer3D", with_cp=True, frozen_stages=4))),
         {"model.backbone.with_cp": False}),
        (mmengine(dict(backbone=dict(type="ResNet", with_cp=True, frozen_stages=3))),
         {"model.backbone.with_cp": False}),
        (mmengine(dict(backbone=dict(type="ResNet", with_cp=True, frozen_stages=3, num_stages=3))), {}),
        (mmcv1(dict(freeze_img=True, img_backbone=dict(type="ResNet", with_cp=True))), {}),
        (mmengine(dict(type="LAD", teacher_backbone=dict(type="ResNet", with_cp=True))), {}),
        # not part of the network
        (mmengine(dict(init_cfg=dict(with_cp=True), test_cfg=dict(use_checkpoint=True))), {}),
        # MMEngine's own switch
        (mmengine(activation_checkpointing="backbone.layer2"), {"activation_checkpointing": []}),
        (mmengine(activation_checkpointing=[]), {}),
        (mmengine(activation_checkpointing=["backbone.layer2"], runner_type="FlexibleRunner"), {}),
        (mmcv1(activation_checkpointing=["backbone.layer2"]), {}),
    ],
)  # fmt: skip
def test_sites(config, expected):
    assert site_keys(setup_of(config)) == expected


def only(config):
    (site,) = setup_of(config).checkpoints
    return site


def test_a_known_class_names_its_source():
    site = only(mmengine(dict(backbone=dict(type="ResNet", with_cp=True))))
    assert (site.type_name, site.value, site.in_config, site.known) == ("ResNet", True, True, True)
    assert (site.reentrant, site.guarded) == (True, True)
    assert site.evidence == "mmdet 3.3.0 mmdet/models/backbones/resnet.py:306"


@pytest.mark.parametrize(
    ("config", "evidence"),
    [
        (mmcv1(part(type="ResNet", with_cp=True)), "mmdet 2.28.2"),
        (mmcv1(dict(type="EncoderDecoder", backbone=dict(type="ResNet", with_cp=True))), "mmseg 0.30.0"),
        (mmcv1(part(type="mmcls.ResNet", with_cp=True)), "mmcls 0.25.0"),
        (mmengine(part(type="mmpretrain.ResNet", with_cp=True)), "mmpretrain 1.2.0"),
        (mmengine(part(type="ResNet", with_cp=True), default_scope="mmseg"), "mmseg 1.2.2"),
        (mmengine(part(type="mmdet.ResNet", with_cp=True), default_scope="mmseg"), "mmdet 3.3.0"),
        # a prefix is for one type; what it builds is looked up in the default scope again
        (
            mmengine(part(type="mmpretrain.Net", x=dict(type="ResNet", with_cp=True)), default_scope="mmseg"),
            "mmseg 1.2.2",
        ),
        # `_scope_`, as MMEngine writes it for bases of another package, is for all of it
        (
            mmengine(part(_scope_="mmpretrain", x=dict(type="ResNet", with_cp=True)), default_scope="mmseg"),
            "mmpretrain 1.2.0",
        ),
    ],
)
def test_scope_and_era_pick_the_package(config, evidence):
    assert only(config).evidence.startswith(evidence + " ")


def test_class_default_is_marked():
    site = only(mmcv1(part(type="PETRTransformerDecoderLayer")))
    assert (site.value, site.in_config, site.off) == (True, False, False)


@pytest.mark.parametrize(
    ("config", "reentrant", "guarded", "known"),
    [
        (mmengine(part(type="SwinTransformer3D", with_cp=True)), True, False, True),
        (mmengine(part(type="BertModel", use_checkpoint=True)), None, False, True),
        (mmengine(part(type="EncoderUNetModel", use_checkpoint=True)), False, False, True),
        (
            mmengine(part(target="ldm.modules.diffusionmodules.openaimodel.UNetModel",
                          params=dict(use_checkpoint=True))),
            False, None, True,
        ),
        (mmengine(part(type="MyNet", with_cp=True)), True, None, False),
        (mmengine(part(type="MyNet", gradient_checkpointing=True)), None, None, False),
        # mmpose and mmdet agree, so no scope is needed
        (mmengine(part(type="HRNet", with_cp=True)), True, True, True),
    ],
)  # fmt: skip
def test_how_it_checkpoints(config, reentrant, guarded, known):
    site = only(config)
    assert (site.reentrant, site.guarded, site.known) == (reentrant, guarded, known)


def test_activation_checkpointing_is_reentrant_and_unguarded_for_each_entry():
    model = dict(type="RetinaNet", backbone=dict(type="ResNet"))
    first, second = setup_of(mmengine(model, activation_checkpointing=["backbone", "neck.convs"])).checkpoints
    assert (first.value, first.type_name, first.reentrant, first.guarded) == (
        "backbone",
        "ResNet",
        True,
        False,
    )
    assert (second.value, second.type_name) == ("neck.convs", "neck.convs")


RESNET = dict(type="ResNet")
RESNET_1 = dict(type="ResNet", frozen_stages=1)


@pytest.mark.parametrize(
    ("entry", "model", "expected"),
    [
        ("backbone", dict(backbone=RESNET), False),
        ("img_backbone", dict(img_backbone=RESNET), False),
        ("student.backbone", {}, False),
        ("generator", dict(generator=dict(type="Net")), False),
        ("backbone.patch_embed", dict(backbone=dict(type="SwinTransformer")), False),
        ("backbone.conv1", dict(backbone=RESNET), False),
        ("backbone.layer1.0.conv1", dict(backbone=RESNET), None),
        ("backbone", dict(voxel_encoder=dict(type="PillarFeatureNet"), backbone=dict(type="SECOND")), None),
        ("neck", dict(backbone=RESNET), None),
        # behind the frozen stages: ResNet only
        ("backbone.layer1", dict(backbone=RESNET), True),
        ("backbone.layer1", dict(backbone=dict(type="ResNet", frozen_stages=0)), False),
        ("backbone.layer2", dict(backbone=RESNET_1), False),
        ("backbone.layer3", dict(backbone=RESNET_1), True),
        ("backbone.layer3", dict(freeze_all=True, backbone=RESNET_1), None),
        ("backbone.layer2", dict(backbone=dict(type="MyNet", frozen_stages=1)), None),
        ("backbone.layer2", {}, None),
        # frozen as a whole: nothing to lose, no site
        ("backbone.layer1", dict(backbone=RESNET_1), "frozen"),
        ("backbone.conv1", dict(backbone=RESNET_1), "frozen"),
        ("backbone", dict(backbone=dict(type="ResNet", frozen_stages=4)), "frozen"),
        ("backbone.layer4", dict(backbone=dict(type="ResNet", frozen_stages=4)), "frozen"),
        ("img_backbone.layer4", dict(freeze_img=True, img_backbone=RESNET), "frozen"),
    ],
)
def test_input_of_an_activation_checkpoint(entry, model, expected):
    sites = setup_of(mmengine(dict(type="Net", **model), activation_checkpointing=[entry])).checkpoints
    assert [site.input_has_grad for site in sites] == ([] if expected == "frozen" else [expected])


@pytest.mark.parametrize(
    ("node", "counts"),
    [
        (dict(type="ResNet", with_cp=2), False),
        (dict(type="DetrTransformerEncoder", num_cp=2), True),
        (dict(type="DetrTransformerEncoder", with_cp=2), True),
        (dict(type="MyNet", with_cp=2), True),
        (dict(type="MyNet", with_cp=True), False),
    ],
)
def test_a_number_counts_layers_only_where_the_class_counts(node, counts):
    assert only(mmengine(part(**node))).counts_layers is counts


def test_typeless_part_is_named_after_the_class_its_owner_builds():
    assert only(mmengine(dict(type="GroundingDINO", encoder=dict(num_cp=6)))).type_name == (
        "GroundingDinoTransformerEncoder"
    )
    assert only(mmengine(dict(type="MyDINO", encoder=dict(num_cp=6)))).type_name == "MyDINO"
