"""Modules that a switch, a loss or a list leaves out of the loss, and their healthy look-alikes."""

from __future__ import annotations

from typing import Tuple

from mmfix.model.types import NEVER
from planted.case import Case, part

_FUSION = {"type": "FusionFlagSegmentor"}
MODULES: Tuple[Case, ...] = (
    # Case 1 of the project, module by module
    Case(
        "weight-before-forward",
        "weight_before_forward",
        {"type": "WeightBeforeForward"},
        {"idle_head": NEVER},
    ),
    Case(
        "fusion-off",
        "fusion_flag",
        {**_FUSION, "backbone": part("FusionFlagBackbone", use_learnable_fusion=False)},
        {"backbone.fusion_weights": NEVER},
        decided_by={"backbone.fusion_weights": "model.backbone.use_learnable_fusion"},
    ),
    Case(
        "fusion-on",
        "fusion_flag",
        {**_FUSION, "backbone": part("FusionFlagBackbone", use_learnable_fusion=True)},
    ),
    Case("fusion-default", "fusion_flag", {**_FUSION, "backbone": part("FusionFlagBackbone")}),
    Case(
        "sam-distill-off",
        "distill_head_always",
        {"type": "SamDistillSegmentor", "use_sam_distill": False},
        {"sam_distill_head": NEVER},
        decided_by={"sam_distill_head": "model.use_sam_distill"},
    ),
    Case("sam-distill-on", "distill_head_always", {"type": "SamDistillSegmentor", "use_sam_distill": True}),
    Case(
        "resolution-distill-weight-0",
        "resolution_distill",
        {"type": "ResolutionDistillSegmentor", "use_resolution_distill": True, "distill_weight": 0.0},
        {"resolution_distill_module": NEVER},
        decided_by={"resolution_distill_module": "model.distill_weight"},
    ),
    Case(
        "resolution-distill-on",
        "resolution_distill",
        {"type": "ResolutionDistillSegmentor", "use_resolution_distill": True},
        repeated=frozenset({"backbone"}),
    ),
    Case(
        "resolution-distill-off",
        "resolution_distill",
        {"type": "ResolutionDistillSegmentor", "use_resolution_distill": False, "distill_weight": 0.0},
    ),
    # Losses that do not count
    Case("aux-loss-dropped", "aux_head_dropped", {"type": "AuxDroppedClassifier"}, {"aux_head": NEVER}),
    Case(
        "aux-key-without-loss",
        "aux_loss_key",
        {"type": "AuxNamedClassifier", "aux_name": "aux_ce"},
        {"aux_head": NEVER},
        decided_by={"aux_head": "model.aux_name"},
    ),
    Case("aux-key-with-loss", "aux_loss_key", {"type": "AuxNamedClassifier", "aux_name": "aux_loss_ce"}),
    Case(
        "loss-detached",
        "detached_loss",
        {"type": "DetachedLossDetector"},
        {"iou_head": NEVER, "var_head": NEVER},
    ),
    Case("input-detached", "detached_input", {"type": "DetachedInputDetector"}),
    Case(
        "argmax-router",
        "argmax_router",
        {"type": "ArgmaxRouterModel"},
        {"gate": NEVER, "threshold_head": NEVER},
        decided_by={"gate": "model.soft", "threshold_head": "model.soft"},
    ),
    Case("soft-router", "argmax_router", {"type": "ArgmaxRouterModel", "soft": True}),
    Case("no-grad-decorator", "no_grad_decorator", {"type": "NoGradTargetsModel"}, {"assign_embed": NEVER}),
    Case("loss-shapes", "loss_shapes", {"type": "LossShapesModel"}),
    Case("loss-weight-zero", "loss_weight_zero", {"type": "LossWeightZeroModel"}),
    # Teachers
    Case(
        "teacher-trainable",
        "teacher_no_grad",
        {"type": "NoGradTeacherDistiller"},
        {"teacher": NEVER},
        decided_by={"teacher": "model.freeze_teacher"},
    ),
    Case("teacher-frozen", "teacher_no_grad", {"type": "NoGradTeacherDistiller", "freeze_teacher": True}),
    Case(
        "teacher-frozen-and-eval",
        "teacher_eval_frozen",
        {"type": "FrozenTeacherDistiller", "teacher": {"type": "FrozenTeacherNet"}},
    ),
    Case(
        "teacher-frozen-late",
        "teacher_frozen_late",
        {"type": "LateFrozenTeacherDistiller"},
        late_freeze=frozenset({"teacher"}),
    ),
    Case("teacher-hidden", "teacher_hidden", {"type": "HiddenTeacherDistiller"}),
    Case(
        "ema-trainable",
        "ema_encoder",
        {"type": "EmaEncoderMoCo", "freeze_key": False},
        {"encoder_k": NEVER},
        decided_by={"encoder_k": "model.freeze_key"},
    ),
    Case("ema-frozen", "ema_encoder", {"type": "EmaEncoderMoCo"}),
    # Stages, levels, tokens, lists
    Case(
        "out-indices-short",
        "out_indices",
        {"type": "OutIndicesDetector", "backbone": part("OutIndicesBackbone", out_indices=(0, 1))},
        {"backbone.stages.2": NEVER, "backbone.stages.3": NEVER},
        decided_by={
            "backbone.stages.2": "model.backbone.out_indices or model.backbone.num_stages",
            "backbone.stages.3": "model.backbone.out_indices or model.backbone.num_stages",
        },
        repeated=frozenset({"head"}),
    ),
    Case(
        "out-indices-last-only",
        "out_indices",
        {"type": "OutIndicesDetector", "backbone": part("OutIndicesBackbone", out_indices=(3,))},
    ),
    Case(
        "add-module-short",
        "resnet_add_module",
        {"type": "AddModuleDetector", "backbone": part("AddModuleResNet", out_indices=(0, 1))},
        {"backbone.layer3": NEVER},
        decided_by={"backbone.layer3": "model.backbone.out_indices or model.backbone.num_stages"},
    ),
    Case(
        "add-module-full",
        "resnet_add_module",
        {"type": "AddModuleDetector", "backbone": part("AddModuleResNet", out_indices=(0, 2))},
    ),
    Case(
        "fpn-level-unread",
        "fpn_extra_convs",
        {
            "type": "ExtraConvsDetector",
            "neck": {"type": "ExtraConvsFPN", "in_channels": [4, 4], "num_outs": 4},
        },
        {"neck.extra_convs.1": NEVER},
        repeated=frozenset({"head"}),
    ),
    Case(
        "fpn-levels-fit",
        "fpn_extra_convs",
        {
            "type": "ExtraConvsDetector",
            "neck": {"type": "ExtraConvsFPN", "in_channels": [4, 4], "num_outs": 3},
        },
        repeated=frozenset({"head"}),
    ),
    Case(
        "fpn-level-pooled",
        "fpn_extra_convs",
        {
            "type": "ExtraConvsDetector",
            "neck": {"type": "ExtraConvsFPN", "in_channels": [4, 4], "num_outs": 4, "add_extra_convs": False},
        },
        repeated=frozenset({"head"}),
    ),
    Case(
        "last-norm-skipped",
        "last_norm",
        {"type": "LastNormClassifier", "backbone": part("LastNormViT", final_norm=False)},
        {"backbone.norm": NEVER},
        decided_by={"backbone.norm": "model.backbone.final_norm"},
    ),
    Case("last-norm-used", "last_norm", {"type": "LastNormClassifier", "backbone": part("LastNormViT")}),
    Case(
        "cls-token-left-out",
        "cls_token",
        {"type": "ClsTokenClassifier", "backbone": part("ClsTokenViT", with_cls_token=False)},
        {"backbone.cls_token": NEVER},
        decided_by={"backbone.cls_token": "model.backbone.with_cls_token"},
    ),
    Case(
        "cls-token-sliced-off",
        "cls_token",
        {"type": "ClsTokenClassifier", "backbone": part("ClsTokenViT")},
    ),
    Case(
        "cls-token-read",
        "cls_token",
        {"type": "ClsTokenClassifier", "backbone": part("ClsTokenViT", out_type="cls_token")},
    ),
    Case(
        "mask-token-left-over",
        "mask_token",
        {"type": "MaskTokenClassifier", "backbone": part("MaskTokenViT")},
        {"backbone.mask_token": NEVER},
        decided_by={"backbone.mask_token": "model.pretrain"},
    ),
    Case(
        "mask-token-pretrain",
        "mask_token",
        {"type": "MaskTokenClassifier", "backbone": part("MaskTokenViT"), "pretrain": True},
    ),
    Case(
        "decoder-too-long",
        "decoder_layers_range",
        {"type": "RangeDecoderDETR", "decoder": {"type": "RangeDecoder", "num_pred_layers": 4}},
        {"decoder.layers.4": NEVER, "decoder.layers.5": NEVER},
        decided_by={
            "decoder.layers.4": "model.decoder.num_pred_layers or model.decoder.num_layers",
            "decoder.layers.5": "model.decoder.num_pred_layers or model.decoder.num_layers",
        },
        repeated=frozenset({"fc_cls"}),
    ),
    Case(
        "decoder-fits",
        "decoder_layers_range",
        {
            "type": "RangeDecoderDETR",
            "decoder": {"type": "RangeDecoder", "num_layers": 3, "num_pred_layers": 3},
        },
        repeated=frozenset({"fc_cls"}),
    ),
    Case(
        "task-not-trained",
        "moduledict_tasks",
        {"type": "TaskDictModel", "train_tasks": ["seg", "depth"]},
        {"heads.normal": NEVER},
        decided_by={"heads.normal": "model.train_tasks"},
    ),
    Case("all-tasks-trained", "moduledict_tasks", {"type": "TaskDictModel", "tasks": ["seg", "depth"]}),
    Case(
        "adapter-by-number",
        "modulelist_index",
        {"type": "AdapterListModel", "domain_id": 1},
        {"adapters.0": NEVER, "adapters.2": NEVER},
        decided_by={"adapters.0": "model.domain_id", "adapters.2": "model.domain_id"},
    ),
    Case("one-adapter", "modulelist_index", {"type": "AdapterListModel", "num_domains": 1}),
    Case("predict-only", "predict_only", {"type": "PredictOnlySegmentor"}, {"refine": NEVER}),
    Case("neck-bypassed", "extract_feat_only", {"type": "FeatBypassDetector"}, {"neck": NEVER}),
    Case("neck-inherited-loss", "extract_feat_only", {"type": "FeatDetector"}),
    *(
        Case(
            f"own-shelf-{act}",
            "own_shelf",
            {"type": "OwnShelfModel", "stem": part("ShelvedStem", width="w8", act=act)},
            {"stem.spare": NEVER},
        )
        for act in ("relu", "tanh", "gelu")
    ),
)
