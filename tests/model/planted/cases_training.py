"""Checkpoints, freezing, repeated use, and the mmcv 1.x era."""

from __future__ import annotations

from typing import Any, Dict, Tuple

from mmfix.model.types import CANNOT_TELL, NEVER, USED
from planted.case import Case, Checkpoint, part


def _old_segmentor(frozen_stages: int = -1, **arguments: Any) -> Dict[str, Any]:
    return {
        "type": "PlantedOldSegmentor",
        "backbone": {"type": "PlantedOldBackbone", "frozen_stages": frozen_stages},
        "decode_head": {"type": "PlantedOldHead"},
        "auxiliary_head": {"type": "PlantedOldHead", "loss_name": "loss_aux"},
        **arguments,
    }


_GUARDED = Checkpoint("with_cp", guarded=True)

TRAINING: Tuple[Case, ...] = (
    # Checkpoints
    Case(
        "cp-default-on",
        "with_cp_default",
        {"type": "DefaultCpModel", "layer": {"type": "DefaultCpDecoderLayer"}},
        checkpoint=Checkpoint("with_cp"),
    ),
    Case(
        "cp-default-off",
        "with_cp_default",
        {"type": "DefaultCpModel", "layer": {"type": "DefaultCpDecoderLayer", "with_cp": False}},
    ),
    Case(
        "cp-integer",
        "with_cp_integer",
        {"type": "IntegerCpModel", "encoder": {"type": "IntegerCpEncoder", "with_cp": 2}},
        checkpoint=Checkpoint("with_cp"),
    ),
    Case(
        "cp-integer-off",
        "with_cp_integer",
        {"type": "IntegerCpModel", "encoder": {"type": "IntegerCpEncoder"}},
    ),
    Case(
        "cp-nonreentrant",
        "checkpoint_nonreentrant",
        {"type": "NonReentrantModel"},
        checkpoint=Checkpoint("gradient_checkpointing", reentrant=False),
        repeated=frozenset({"block"}),
    ),
    Case(
        "cp-nested",
        "checkpoint_nested",
        {"type": "NestedModel"},
        checkpoint=Checkpoint("with_cp"),
    ),
    *(
        Case(
            f"cp-once-{form}".replace(",", "").replace(" ", "-"),
            "checkpoint_in_a_statement",
            {"type": "StatementModel", "form": form},
            checkpoint=Checkpoint("with_cp"),
        )
        for form in (
            *("plain", "chained", "chained, no argument", "in place", "deque", "entry"),
            "argument by name",
        )
    ),
    Case(
        "cp-guarded-after-frozen",
        "checkpoint_guarded",
        {"type": "GuardedModel", "backbone": part("GuardedBackbone", frozen_stages=0, with_cp=True)},
        checkpoint=_GUARDED,
    ),
    Case(
        "cp-unguarded-after-frozen",
        "checkpoint_after_frozen",
        {
            "type": "UnguardedModel",
            "backbone": part("UnguardedBackbone", freeze_stem=True, use_checkpoint=True),
        },
        {"backbone.blocks": NEVER},
        decided_by={"backbone.blocks": "model.backbone.use_checkpoint"},
        checkpoint=Checkpoint("use_checkpoint"),
    ),
    Case(
        "cp-unguarded",
        "checkpoint_after_frozen",
        {"type": "UnguardedModel", "backbone": part("UnguardedBackbone", use_checkpoint=True)},
        checkpoint=Checkpoint("use_checkpoint"),
    ),
    Case(
        "frozen-stem",
        "checkpoint_after_frozen",
        {"type": "UnguardedModel", "backbone": part("UnguardedBackbone", freeze_stem=True)},
    ),
    Case(
        "cp-sequential",
        "checkpoint_sequential",
        {"type": "CheckpointSequentialModel", "num_segments": 2},
        checkpoint=Checkpoint("num_segments", guarded=True),
    ),
    Case("cp-sequential-off", "checkpoint_sequential", {"type": "CheckpointSequentialModel"}),
    *(
        Case(
            f"cp-passes-{way}".replace(",", "").replace(" ", "-"),
            "checkpoint_passes",
            {"type": "PassesModel", "way": way},
            checkpoint=Checkpoint("with_cp"),
            repeated=repeated,
            beside=frozenset({"head"}),
        )
        for way, repeated in (
            *((way, frozenset()) for way in ("arms", "early", "tests", "one of a list", "summed, detached")),
            ("detached", frozenset({"head"})),
            ("split, detached", frozenset({"head"})),
            ("split, attached", frozenset({"stem", "encoder", "head"})),
            ("an argument", frozenset({"head"})),
            ("attached", frozenset({"stem", "encoder", "head"})),
        )
    ),
    *(
        Case(
            f"cp-passes-{way}".replace(" ", "-"),
            "checkpoint_passes",
            {"type": "PassesModel", "way": way},
            checkpoint=Checkpoint("with_cp"),
            repeated=frozenset({"stem", "encoder", "head"}),
            may_repeat=True,
        )
        for way in ("behind a test", "images")
    ),
    Case(
        "cp-passes-pieces-detached",
        "checkpoint_passes",
        {"type": "PassesModel", "way": "pieces, detached"},
        checkpoint=Checkpoint("with_cp"),
        repeated=frozenset({"head"}),
        beside=frozenset({"head"}),
        may_repeat=True,  # how many pieces there are is not known
    ),
    *(
        Case(
            f"cp-frames-{form}",
            "frames_with_gradient",
            {"type": "FramesModel", "layer": {"type": "FramesLayer"}, "form": form},
            checkpoint=Checkpoint("with_cp"),
        )
        for form in ("last", "first", "equal")
    ),
    Case(
        "cp-frames-two",
        "frames_with_gradient",
        {"type": "FramesModel", "layer": {"type": "FramesLayer"}, "num_grads": 2},
        checkpoint=Checkpoint("with_cp"),
        repeated=frozenset({"stem", "head"}),
        may_repeat=True,
    ),
    # Freezing
    Case(
        "late-freeze-off",
        "late_freeze_train",
        {"type": "LateFreezeModel", "backbone": part("LateFreezeSwin")},
        repeated=frozenset({"head"}),
    ),
    Case(
        "late-freeze-0",
        "late_freeze_train",
        {"type": "LateFreezeModel", "backbone": part("LateFreezeSwin", frozen_stages=0)},
        late_freeze=frozenset({"backbone.patch_embed"}),
        repeated=frozenset({"head"}),
    ),
    Case(
        "late-freeze-1",
        "late_freeze_train",
        {"type": "LateFreezeModel", "backbone": part("LateFreezeSwin", frozen_stages=1)},
        late_freeze=frozenset({"backbone.patch_embed", "backbone.stages.0", "backbone.norm0"}),
        repeated=frozenset({"head"}),
    ),
    Case(
        "late-freeze-range-0",
        "late_freeze_range",
        {"type": "RangeFreezeModel", "backbone": part("RangeFreezeNet", frozen_stages=0)},
    ),
    Case(
        "late-freeze-range-1",
        "late_freeze_range",
        {"type": "RangeFreezeModel", "backbone": part("RangeFreezeNet", frozen_stages=1)},
        late_freeze=frozenset({"backbone.layers.0"}),
    ),
    Case(
        "freeze-twice",
        "freeze_twice",
        {"type": "FreezeTwiceModel", "backbone": part("FreezeTwiceResNet")},
    ),
    Case(
        "bn-frozen",
        "bn_frozen",
        {"type": "BnFrozenModel", "backbone": part("BnFrozenNet", bn_frozen=True, norm_eval=True)},
        late_freeze=frozenset({"backbone.bn1", "backbone.bn2"}),
    ),
    Case(
        "bn-eval",
        "bn_frozen",
        {"type": "BnFrozenModel", "backbone": part("BnFrozenNet", norm_eval=True)},
    ),
    Case(
        "fix-iter",
        "fix_iter",
        {"type": "FixIterRestorer", "train_cfg": {"fix_iter": 3}},
        toggled=frozenset({"spynet"}),
    ),
    Case("fix-iter-off", "fix_iter", {"type": "FixIterRestorer"}),
    Case(
        "fix-iter-buffer",
        "fix_iter",
        {"type": "FixIterRestorer", "train_cfg": {"fix_iter": 3}, "buffer": True},
        toggled=frozenset({"spynet"}),
    ),
    Case(
        "fix-iter-buffer-off",
        "fix_iter",
        {"type": "FixIterRestorer", "train_cfg": {"fix_iter": -1}, "buffer": True},
    ),
    # Several runs in one step
    Case(
        "two-views",
        "two_views",
        {"type": "TwoViewsModel", "backbone": part("TwoViewsBackbone")},
        repeated=frozenset({"backbone"}),
    ),
    Case(
        "two-views-cp",
        "two_views",
        {"type": "TwoViewsModel", "backbone": part("TwoViewsBackbone", with_cp=True)},
        checkpoint=_GUARDED,
        repeated=frozenset({"backbone"}),
    ),
    Case(
        "two-views-one-no-grad",
        "two_views",
        {
            "type": "TwoViewsModel",
            "backbone": part("TwoViewsBackbone", with_cp=True),
            "second_no_grad": True,
        },
        checkpoint=_GUARDED,
    ),
    Case(
        "repeated-layer-cp",
        "repeated_layer",
        {"type": "RepeatedLayerModel", "with_cp": True},
        checkpoint=_GUARDED,
        repeated=frozenset({"update_block"}),
    ),
    Case(
        "repeated-layer-once",
        "repeated_layer",
        {"type": "RepeatedLayerModel", "with_cp": True, "num_steps": 1},
        checkpoint=_GUARDED,
    ),
    Case(
        "semi-teacher-trainable",
        "semi_supervised",
        {
            "type": "SemiPlantedBase",
            "detector": {"type": "SemiPlantedDetector"},
            "semi_train_cfg": {"freeze_teacher": False},
        },
        {"teacher": NEVER},
        decided_by={"teacher": "model.semi_train_cfg.freeze_teacher"},
        repeated=frozenset({"student.backbone", "student.bbox_head"}),
        views=("sup", "unsup_teacher", "unsup_student"),
    ),
    Case(
        "semi-teacher-frozen",
        "semi_supervised",
        {
            "type": "SemiPlantedBase",
            "detector": {"type": "SemiPlantedDetector"},
            "semi_train_cfg": {"freeze_teacher": True},
        },
        repeated=frozenset({"student.backbone", "student.bbox_head"}),
        views=("sup", "unsup_teacher", "unsup_student"),
    ),
    # The mmcv 1.x era
    Case(
        "gt-masks-collected",
        "mmcv1_gt_masks",
        {"type": "GtMasksDetector"},
        {"mask_head": CANNOT_TELL},
        measured={"mask_head": USED},
        era="mmcv1",
        masks=True,
    ),
    Case(
        "gt-masks-absent",
        "mmcv1_gt_masks",
        {"type": "GtMasksDetector"},
        {"mask_head": CANNOT_TELL},
        measured={"mask_head": NEVER},
        era="mmcv1",
    ),
    Case("old-auxiliary-on", "mmcv1_auxiliary", _old_segmentor(), era="mmcv1"),
    Case(
        "old-auxiliary-off",
        "mmcv1_auxiliary",
        _old_segmentor(with_auxiliary_loss=False),
        {"auxiliary_head": NEVER},
        decided_by={"auxiliary_head": "model.with_auxiliary_loss or model.auxiliary_head"},
        era="mmcv1",
    ),
    Case(
        "old-late-freeze",
        "mmcv1_auxiliary",
        _old_segmentor(frozen_stages=0),
        late_freeze=frozenset({"backbone.conv1"}),
        era="mmcv1",
    ),
    Case("old-init-weights-freeze", "mmcv1_init_weights", {"type": "OldTeacherDetector"}, era="mmcv1"),
    Case(
        "old-train-step-off",
        "mmcv1_train_step",
        {"type": "OldTrainStepModel"},
        {"perceptual": NEVER},
        decided_by={"perceptual": "model.w_perceptual"},
        era="mmcv1",
    ),
    Case(
        "old-forward-stub-off",
        "mmcv1_forward_stub",
        {"type": "OldStepEstimator"},
        {"shape": NEVER},
        decided_by={"shape": "model.regress"},
        era="mmcv1",
    ),
    Case(
        "old-forward-stub-on",
        "mmcv1_forward_stub",
        {"type": "OldStepEstimator", "regress": True},
        era="mmcv1",
    ),
    Case(
        "old-train-step-on",
        "mmcv1_train_step",
        {"type": "OldTrainStepModel", "w_perceptual": 0.5},
        era="mmcv1",
    ),
)
