"""What fails because of a key in the config, before or beside DDP."""

from __future__ import annotations

from typing import Tuple

from reproductions.playing import needs_of, printed
from reproductions.types import Reproduction

NOT_IN = "is not in the mmengine::model registry. Please check whether the value of"
NO_TYPE = '`cfg` or `default_args` must contain the key "type", but got'
MISSING = "missing 1 required positional argument"
UNEXPECTED = "got an unexpected keyword argument"
DUPLICATE = "Duplicate key is not allowed among bases. Duplicate keys: {'find_unused_parameters'}"
EITHER = "should be either all None or not None, but got"

#: (group, scene, diagnosis, what it says)
ROWS: Tuple[Tuple[str, str, str, str], ...] = (
    ("plain", "type_misspelt", "type-not-registered", f"KeyError: 'Backbonne {NOT_IN}"),
    ("plain", "type_not_imported", "type-not-registered", f"KeyError: 'FasterRCNN {NOT_IN}"),
    ("plain", "type_of_missing_package", "type-not-registered", f"KeyError: 'mmdet3d.CenterPoint {NOT_IN}"),
    ("openmmlab", "mmdet_type_misspelt", "type-not-registered", "KeyError: 'FNP is not in the mmdet::model registry."),
    ("mmcv1", "mmcv1_type_misspelt", "type-not-registered", "KeyError: 'FasterRCN is not in the models registry'"),
    ("mmcv1", "mmcv1_inner_type_misspelt", "type-not-registered", "KeyError: \"Toy: 'ToyBackbonne is not in the models registry'\""),
    ("mmcv1", "mmcv1_type_not_imported", "type-not-registered", "KeyError: 'NuScenesDataset is not in the dataset registry'"),
    ("mmcv1", "mmcv1_hook_misspelt", "type-not-registered", "KeyError: 'GradientCumulativeOptimzerHook is not in the hook registry'"),
    ("plain", "type_without_its_package", "type-not-registered", f"KeyError: 'mmpretrian.ConvNeXt {NOT_IN}"),
    ("plain", "hook_type_misspelt", "type-not-registered", "KeyError: 'EMAHok is not in the mmengine::hook registry."),
    ("plain", "default_hook_misspelt", "no-type", f"KeyError: '{NO_TYPE} {{\\'interval\\': 1}}"),
    ("plain", "default_hook_taken_back", "no-type", "in register_default_hooks assert hook is not None"),
    ("mmcv1", "mmcv1_no_type", "no-type", NO_TYPE),
    ("plain", "argument_misspelt", "leftover-argument", f"TypeError: Backbone.__init__() {UNEXPECTED} 'with_pc'"),
    ("mmcv1", "mmcv1_argument_misspelt", "leftover-argument", f"ToyBackbone.__init__() {UNEXPECTED} 'with_pc'"),
    ("plain", "argument_missing", "missing-argument", f"TypeError: Backbone.__init__() {MISSING}: 'with_cp'"),
    ("mmcv1", "mmcv1_argument_missing", "missing-argument", f"ToyBackbone.__init__() {MISSING}: 'with_cp'"),
    ("plain", "custom_import_misspelt", "custom-import-failed", "ImportError: Failed to import custom modules from {'imports': ['type_misspelt_bsae']}"),
    ("mmcv1", "mmcv1_custom_import_misspelt", "custom-import-failed", "in import_modules_from_strings raise ImportError"),
    ("plain", "leftover_delete", "leftover-delete", f"TypeError: AdamW.__init__() {UNEXPECTED} '_delete_'"),
    ("plain", "leftover_delete_in_model", "leftover-delete", f"TypeError: Backbone.__init__() {UNEXPECTED} '_delete_'"),
    ("mmcv1", "mmcv1_leftover_delete", "leftover-delete", f"TypeError: FPN: FPN.__init__() {UNEXPECTED} '_delete_'"),
    ("mmcv1", "mmcv1_leftover_delete_in_optimizer", "leftover-delete", f"TypeError: AdamW: AdamW.__init__() {UNEXPECTED} '_delete_'"),
    ("plain", "leftover_momentum", "leftover-argument", f"TypeError: Adam.__init__() {UNEXPECTED} 'momentum'"),
    ("plain", "leftover_milestones", "leftover-argument", f"TypeError: PolyParamScheduler.__init__() {UNEXPECTED} 'milestones'"),
    ("plain", "leftover_max_epochs", "leftover-argument", f"TypeError: IterBasedTrainLoop.__init__() {UNEXPECTED} 'max_epochs'"),
    ("mmcv1", "mmcv1_leftover_momentum", "leftover-argument", f"TypeError: AdamW: AdamW.__init__() {UNEXPECTED} 'momentum'"),
    ("mmcv1", "mmcv1_leftover_lr_config", "leftover-argument", f"TypeError: PolyLrUpdaterHook: LrUpdaterHook.__init__() {UNEXPECTED} 'step'"),
    ("mmcv1", "mmcv1_leftover_max_epochs", "leftover-argument", "ValueError: IterBasedRunner: Only one of `max_epochs` or `max_iters` can be set."),
    ("plain", "duplicate_base_key", "duplicate-base-key", f'KeyError: "{DUPLICATE}"'),
    ("mmcv1", "mmcv1_duplicate_base_key", "duplicate-base-key", f'KeyError: "{DUPLICATE}"'),
    ("plain", "triple_train", "incomplete-dataloader-triple", f"train_dataloader, train_cfg, and optim_wrapper {EITHER}"),
    ("plain", "triple_val", "incomplete-dataloader-triple", f"val_dataloader, val_cfg, and val_evaluator {EITHER}"),
    ("plain", "triple_test", "incomplete-dataloader-triple", f"test_dataloader, test_cfg, and test_evaluator {EITHER}"),
    ("plain", "type_and_by_epoch", "type-and-by-epoch", "Only one of `type` or `by_epoch` can exist in `loop_cfg`."),
    ("plain", "persistent_workers", "workers-options", "persistent_workers option needs num_workers > 0"),
    ("plain", "prefetch_factor", "workers-options", "prefetch_factor option could only be specified in multiprocessing."),
    ("plain", "port_argument", "process-group-argument", f"init_process_group() {UNEXPECTED} 'port'"),
    ("mmcv1", "mmcv1_port", "process-group-argument", f"init_process_group() {UNEXPECTED} 'port'"),
)  # fmt: skip

SETTINGS = tuple(
    Reproduction(scene, diagnosis, None, says, printed(group, scene), needs_of(group))
    for group, scene, diagnosis, says in ROWS
)
