"""Uses that depend on data, chance or time, and all ways to reach a module."""

from __future__ import annotations

from typing import Any, Dict, Tuple

from mmfix.model.types import CANNOT_TELL, NEVER, SOMETIMES, USED
from planted.case import Case, part


def _two_stage(**roi_head: Any) -> Dict[str, Any]:
    return {
        "type": "TwoStagePlanted",
        "backbone": {"type": "PlantedConv2d", "in_channels": 3, "out_channels": 8, "kernel_size": 3},
        "neck": {"type": "PlantedConv2d", "in_channels": 8, "out_channels": 8, "kernel_size": 1},
        "rpn_head": {"type": "TwoStageRPN"},
        "roi_head": {
            "type": "TwoStageRoIHead",
            "bbox_head": {"type": "PlantedLinear", "in_features": 8, "out_features": 4},
            **roi_head,
        },
    }


PATHS: Tuple[Case, ...] = (
    # Data, chance and time
    Case("no-positives", "mask_positives", {"type": "MaskPositivesDetector"}, {"mask_head": SOMETIMES}),
    Case(
        "no-positives-zero-of-params",
        "mask_positives",
        {"type": "MaskPositivesDetector", "on_empty": "params"},
    ),
    Case(
        "no-positives-zero-of-feats",
        "mask_positives",
        {"type": "MaskPositivesDetector", "on_empty": "feats"},
        {"mask_head": SOMETIMES},
    ),
    Case("empty-index", "empty_index", {"type": "EmptyIndexDetector"}),
    Case(
        "denoising-unguarded",
        "denoising_query",
        {"type": "DenoisingDETR", "guard_empty": False},
        {"label_embedding": SOMETIMES},
    ),
    Case("denoising-guarded", "denoising_query", {"type": "DenoisingDETR"}),
    Case(
        "layer-drop",
        "random_layer_drop",
        {"type": "LayerDropModel"},
        {"layers": SOMETIMES},
        left_to={"layers": "chance"},
    ),
    Case("layer-drop-zero", "random_layer_drop", {"type": "LayerDropModel", "layerdrop": 0.0}),
    Case("drop-path", "drop_path", {"type": "DropPathModel"}),
    Case(
        "after-some-iterations",
        "iteration_counter",
        {"type": "IterationCounterSegmentor"},
        {"contrast_head": SOMETIMES},
        left_to={"contrast_head": "count"},
    ),
    *(
        Case(
            f"chance-gate-{how}",
            "chance_gate",
            {"type": "ChanceGateModel", "how": how},
            {"audio": SOMETIMES},
            left_to={"audio": "chance"},
        )
        for how in ("random", "uniform", "numpy", "dice", "torch", "torch scalar")
    ),
    Case("chance-gate-never", "chance_gate", {"type": "ChanceGateModel", "keep": 0.0}, {"audio": NEVER}),
    Case("chance-gate-always", "chance_gate", {"type": "ChanceGateModel", "keep": 1}),
    *(
        Case(
            f"every-second-step-{counter}",
            "chance_gate",
            {"type": "ChanceGateModel", "keep": 1, "every": 2, "counter": counter},
            {"parity": SOMETIMES},
            left_to={"parity": "count"},
        )
        for counter in ("attribute", "buffer")
    ),
    *(
        Case(
            f"correlated-{form}".replace(" ", "-"),
            "correlated_tests",
            {"type": "CorrelatedModel", "form": form},
        )
        for form in ("attribute", "argument", "prompt is None", "two flags", "entries")
    ),
    Case(
        "correlated-another-test",
        "correlated_tests",
        {"type": "CorrelatedModel", "form": "another test"},
        {"prompt": SOMETIMES, "plain": SOMETIMES},
    ),
    *(
        Case(f"prediction-{form}", "prediction_numel", {"type": "NumelModel", "form": form})
        for form in ("numel", "length", "shape")
    ),
    Case(
        "prediction-picked",
        "prediction_numel",
        {"type": "NumelModel", "form": "picked"},
        {"fc_cls": SOMETIMES},
    ),
    *(
        Case(f"nan-guard-{form}", "nan_guard", {"type": "NanGuardModel", "form": form})
        for form in ("isnan", "method", "any", "finite", "itself", "either")
    ),
    Case("nan-guard-picked", "nan_guard", {"type": "NanGuardModel", "form": "picked"}, {"fc_cls": SOMETIMES}),
    Case("chosen-mode", "chosen_mode", {"type": "ChosenModeModel"}),
    Case(
        "chosen-mode-three", "chosen_mode", {"type": "ChosenModeModel", "modes": ["mixup", "plain", "cutmix"]}
    ),
    Case(
        "chosen-mode-odd",
        "chosen_mode",
        {"type": "ChosenModeModel", "modes": ["mixup", "odd"]},
        {"spare": SOMETIMES},
    ),
    Case("sliced-batch", "sliced_batch", {"type": "SlicedBatchDetector"}, era="mmcv1"),
    # Ways to reach a module
    Case("super-chain", "super_chain", {"type": "ChainEdge"}, repeated=frozenset({"backbone"})),
    Case("super-cut", "super_chain", {"type": "ChainCut"}, {"auxiliary_head": NEVER}),
    Case("helper-on", "helper_function", {"type": "HelperFunctionModel"}),
    Case(
        "helper-off",
        "helper_function",
        {"type": "HelperFunctionModel", "with_aux": False},
        {"aux_head": NEVER},
        decided_by={"aux_head": "model.with_aux"},
    ),
    Case(
        "multi-apply",
        "multi_apply",
        {"type": "MultiApplyDetector", "bbox_head": {"type": "MultiApplyHead"}},
        repeated=frozenset(
            {"bbox_head.cls_convs.0", "bbox_head.cls_convs.1", "bbox_head.conv_cls", "bbox_head.conv_reg"}
        ),
    ),
    Case("sequential-star", "sequential_star", {"type": "SequentialStarModel"}),
    Case(
        "getattr-by-data",
        "getattr_data",
        {"type": "DataGetattrModel"},
        {"expert_0": CANNOT_TELL, "expert_1": CANNOT_TELL, "expert_2": CANNOT_TELL},
        measured={"expert_0": SOMETIMES, "expert_1": SOMETIMES, "expert_2": SOMETIMES},
    ),
    Case(
        "foreign-object",
        "foreign_object",
        {"type": "ForeignObjectModel"},
        {"side_head": CANNOT_TELL},
        measured={"side_head": USED},
    ),
    Case(
        "plugin",
        "plugin_module",
        {"type": "PluginModel"},
        {"plugin_head": CANNOT_TELL},
        measured={"plugin_head": USED},
    ),
    Case("star-args", "star_args", {"type": "StarArgsModel"}),
    *(
        Case(f"star-shape-{form}", "star_shape", {"type": "StarShapeModel", "form": form})
        for form in ("method", "lengths", "function", "repeated")
    ),
    Case("property", "property_module", {"type": "PropertyModel"}),
    Case("shared-module", "shared_module", {"type": "SharedModuleDETR"}),
    Case("tied-weights", "tied_weights", {"type": "TiedWeightsModel"}),
    Case("python-list", "python_list", {"type": "PythonListModel"}),
    Case(
        "python-list-registered",
        "python_list",
        {"type": "PythonListModel", "register": True},
        {"experts": NEVER},
        decided_by={"experts": "model.register"},
    ),
    Case("conditional-class", "conditional_class", {"type": "ConditionalClassModel"}),
    Case(
        "builder-sum",
        "builder_function",
        {
            "type": "BuilderModel",
            "neck": {"type": "BuilderNeck", "fusion": {"name": "gated", "channels": 8, "mode": "sum"}},
        },
        {"neck.fusion.gate": NEVER},
        decided_by={"neck.fusion.gate": "model.neck.fusion.mode"},
    ),
    Case(
        "builder-gate",
        "builder_function",
        {"type": "BuilderModel", "neck": {"type": "BuilderNeck", "fusion": {"name": "gated", "channels": 8}}},
    ),
    Case(
        "defaults-disagree",
        "default_decides",
        {"type": "DefaultDecidesModel"},
        {"aux_head": NEVER},
        decided_by={"aux_head": "model.aux_loss"},
    ),
    Case("defaults-overridden", "default_decides", {"type": "DefaultDecidesModel", "aux_loss": True}),
    Case("neither-default", "default_decides", {"type": "DefaultDecidesModel", "aux_head": False}),
    Case("replaced-modules", "replaced_module", {"type": "ReplacedModuleModel"}),
    Case(
        "replaced-but-kept",
        "replaced_module",
        {"type": "ReplacedModuleModel", "keep_parent": True},
        {"classifier": NEVER},
        decided_by={"classifier": "model.keep_parent"},
    ),
    Case("two-stage", "two_stage", _two_stage()),
    Case(
        "two-stage-shared-head",
        "two_stage",
        _two_stage(
            shared_head={"type": "PlantedConv2d", "in_channels": 8, "out_channels": 8, "kernel_size": 1}
        ),
        {"roi_head.shared_head": NEVER},
        decided_by={"roi_head.shared_head": "model.roi_head.shared_head"},
    ),
    # More of both kinds
    Case(
        "norm-of-a-skipped-level",
        "swin_norm_level",
        {
            "type": "NormLevelDetector",
            "backbone": part("NormLevelSwin"),
            "neck": {"type": "NormLevelFPN", "in_channels": [4, 4, 4], "start_level": 1},
        },
        {"backbone.norm0": NEVER},
    ),
    Case(
        "norms-of-read-levels",
        "swin_norm_level",
        {
            "type": "NormLevelDetector",
            "backbone": part("NormLevelSwin", out_indices=(1, 2)),
            "neck": {"type": "NormLevelFPN", "in_channels": [4, 4]},
        },
    ),
    Case(
        "scale-without-level",
        "scales_zip",
        {"type": "ScalesZipDetector", "strides": [8, 16, 32]},
        {"scales.2": NEVER},
        decided_by={"scales.2": "model.strides"},
        repeated=frozenset({"conv_reg"}),
    ),
    Case("scales-fit", "scales_zip", {"type": "ScalesZipDetector"}, repeated=frozenset({"conv_reg"})),
    Case("norm-name", "norm_name", {"type": "NormNameModel", "norm_cfg": {"type": "BN"}}),
    Case(
        "norm-name-frozen",
        "norm_name",
        {"type": "NormNameModel", "norm_cfg": {"type": "GN", "requires_grad": False}},
    ),
    Case("norm-name-none", "norm_name", {"type": "NormNameModel"}),
    Case("library-layers", "library_layers", {"type": "LibraryLayersModel"}, repeated=frozenset({"cell"})),
    Case("early-return", "early_return", {"type": "EarlyReturnDetector"}, {"conv_reg": SOMETIMES}),
    Case(
        "loop-over-images",
        "loop_images",
        {"type": "LoopImagesDetector"},
        repeated=frozenset({"cls_head", "reg_head"}),
    ),
    Case(
        "loop-over-objects",
        "loop_objects",
        {"type": "LoopObjectsDetector"},
        {"object_embed": SOMETIMES},
        repeated=frozenset({"object_embed"}),
    ),
    Case(
        "dispatch-conv",
        "dispatch_table",
        {"type": "DispatchTableModel"},
        {"attn_branch": NEVER},
        decided_by={"attn_branch": "model.kind or model.kinds"},
    ),
    Case(
        "dispatch-attn",
        "dispatch_table",
        {"type": "DispatchTableModel", "kind": "attn"},
        {"conv_branch": NEVER},
        decided_by={"conv_branch": "model.kind or model.kinds"},
    ),
    Case(
        "dispatch-only-one",
        "dispatch_table",
        {"type": "DispatchTableModel", "kind": "attn", "kinds": ["attn"]},
    ),
    Case(
        "random-branch",
        "random_branch",
        {"type": "RandomBranchModel"},
        {"branches": SOMETIMES},
        left_to={"branches": "chance"},
    ),
    Case("random-size", "random_branch", {"type": "RandomBranchModel", "draw": "size"}),
    Case("masked-where", "masked_where", {"type": "MaskedWhereModel"}),
    Case(
        "hook-features",
        "hook_features",
        {"type": "HookFeaturesModel"},
        {"network.2": NEVER},
    ),
    Case(
        "deep-supervision-on", "deep_supervision", {"type": "DeepSupervisionModel", "deep_supervision": True}
    ),
    Case(
        "deep-supervision-boundary",
        "deep_supervision",
        {"type": "DeepSupervisionModel", "deep_supervision": True, "train_cfg": {"boundary": True}},
    ),
    Case("deep-supervision-off", "deep_supervision", {"type": "DeepSupervisionModel"}),
    Case(
        "log-var-without-task",
        "bare_parameters",
        {"type": "BareParametersModel", "num_tasks": 3},
        {"log_vars.2": NEVER},
        decided_by={"log_vars.2": "model.num_tasks"},
    ),
    Case("log-vars-fit", "bare_parameters", {"type": "BareParametersModel"}),
    Case("closures", "closure_modules", {"type": "ClosureModel"}),
)
