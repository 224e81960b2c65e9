"""The sorts of registries, told by the names that OpenMMLab packages give them."""

from __future__ import annotations

#: What no part of a model comes from (``mmengine/registry/root.py`` and the mmcv 1.x packages' builders).
_NOT_MODELS = frozenset(
    [
        "DATASETS",
        "DATA_SAMPLERS",
        "SAMPLERS",
        "TRANSFORMS",
        "PIPELINES",
        "COLLATE_FUNCTIONS",
        "FUNCTIONS",
        "HOOKS",
        "RUNNERS",
        "RUNNER_BUILDERS",
        "RUNNER_CONSTRUCTORS",
        "LOOPS",
        "STRATEGIES",
        "INFERENCERS",
        "LOG_PROCESSORS",
        "METRICS",
        "EVALUATOR",
        "EVALUATORS",
        "VISBACKENDS",
        "VISUALIZERS",
        "OPTIMIZERS",
        "OPTIMIZER_BUILDERS",
        "OPTIM_WRAPPERS",
        "OPTIM_WRAPPER_CONSTRUCTORS",
        "PARAM_SCHEDULERS",
        "WEIGHT_INITIALIZERS",
        "MODEL_WRAPPERS",
        "MODULE_WRAPPERS",
        "FSDP_CONFIGS",
        "MIXED_PRECISIONS",
        "PLUGINS",
    ]
)

#: Helpers that a model is built with: they rank behind its modules.
_HELPERS = frozenset(
    [
        "TASK_UTILS",
        "PRIOR_GENERATORS",
        "ANCHOR_GENERATORS",
        "BBOX_ASSIGNERS",
        "ASSIGNERS",
        "BBOX_SAMPLERS",
        "BBOX_CODERS",
        "MATCH_COST",
        "MATCH_COSTS",
        "IOU_CALCULATORS",
        "PIXEL_SAMPLERS",
        "KEYPOINT_CODECS",
        "VOXEL_GENERATORS",
        "DIFFUSION_SCHEDULERS",
        "CAMERAS",
        "TOKENIZER",
        "BATCH_AUGMENTS",
    ]
)


def builds_models(registry: str) -> bool:
    """True when parts of a model, or helpers they are built with, may come from a registry of this name."""
    return registry not in _NOT_MODELS


def is_helper(registry: str) -> bool:
    """True for coders, assigners, prior generators and the like."""
    return registry in _HELPERS
