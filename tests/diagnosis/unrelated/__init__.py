"""Texts in which `mmfix explain` must find nothing: other errors, and trainings that went well."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, Tuple

from reproductions.playing import needs_of, printed
from reproductions.written import written

from unrelated.gpu import GPU


@dataclass(frozen=True)
class Unrelated:
    """One text.

    Attributes:
        name: Unique.
        says: In the text when white space is taken out of both.
        make: Given an empty folder, the text.
        needs: Modules that must be importable, as in a reproduction.
        source: Where a text was read that cannot be made here; empty for one that is made.
    """

    name: str
    says: str
    make: Callable[[Path], str]
    needs: Tuple[str, ...] = ("torch",)
    source: str = ""


#: (group, scene, what it says)
MADE: Tuple[Tuple[str, str, str], ...] = (
    ("plain", "import_error", "ImportError: cannot import name"),
    ("plain", "module_not_found", "ModuleNotFoundError: No module named"),
    ("plain", "shape_mismatch", "mat1 and mat2 shapes cannot be multiplied"),
    ("plain", "size_mismatch", "must match the size of tensor b"),
    ("plain", "channel_mismatch", "to have 3 channels, but got 4 channels instead"),
    ("plain", "state_dict_mismatch", 'Unexpected key(s) in state_dict: "backbone.weights".'),
    ("plain", "key_error", "KeyError: 'gt_bboxes_labels'"),
    ("plain", "key_error_of_model", "KeyError: 'model'"),
    ("plain", "forgotten_argument", "missing 1 required positional argument: 'weight'"),
    ("plain", "unexpected_argument_of_a_function", "got an unexpected keyword argument 'data_samples'"),
    ("plain", "file_not_found", "FileNotFoundError: [Errno 2]"),
    ("plain", "json_decode", "json.decoder.JSONDecodeError"),
    ("plain", "embedding_index", "IndexError: index out of range in self"),
    ("plain", "target_out_of_bounds", "IndexError: Target 19 is out of bounds."),
    ("plain", "nan_loss", "AssertionError: Loss is nan"),
    ("plain", "worker_killed", "DataLoader worker (pid"),
    ("plain", "keyboard_interrupt", "KeyboardInterrupt"),
    ("plain", "arguments", "train.py: error: argument --launcher: invalid choice: 'torch'"),
    ("plain", "yaml_syntax", "find_unused_parameters: true"),
    ("plain", "no_gradient", "element 0 of tensors does not require grad"),
    ("plain", "backward_twice", "Trying to backward through the graph a second time"),
    ("plain", "inplace_without_ddp", "has been modified by an inplace operation"),
    ("plain", "leaf_in_place", "a leaf Variable that requires grad is being used in an in-place operation."),
    ("plain", "pickling", "Can't pickle local object"),
    ("plain", "two_devices", "is not on the expected device cpu!"),
    ("plain", "two_types", "mat1 and mat2 must have the same dtype"),
    ("plain", "collate", "stack expects each tensor to be equal size"),
    ("plain", "disk_full", "No space left on device"),
    ("plain", "recursion", "RecursionError: maximum recursion depth exceeded"),
    ("plain", "launched_without_torchrun", "environment variable RANK expected, but not set"),
    ("plain", "default_group", "ValueError: Default process group has not been initialized"),
    ("plain", "default_group_reduce", "ValueError: Default process group has not been initialized"),
    ("plain", "host_memory", "DefaultCPUAllocator: can't allocate memory: you tried to allocate"),
    ("plain", "none_image", "'NoneType' object has no attribute 'shape'"),
    ("plain", "weights_only", "Weights only load failed"),
    ("plain", "unicode_config", "UnicodeDecodeError: 'utf-8' codec"),
    ("plain", "spawn_without_main", "Can't pickle local object"),
    ("plain", "batchnorm_channels", "running_mean should contain 32 elements not 64"),
    ("plain", "one_value_instance", "Expected more than 1 spatial element when training"),
    ("plain", "every_rank_the_same_error", "[rank1]: RuntimeError: mat1 and mat2 shapes cannot be multiplied (3x6 and 4x2)"),
    ("plain", "checkpoint_warning", "the use_reentrant parameter should be passed explicitly"),
    ("plain", "scheduler_order", "Detected call of `lr_scheduler.step()` before `optimizer.step()`"),
    ("plain", "runner_succeeds_with_all_keys", "Saving checkpoint at 1 epochs"),
    ("plain", "runner_unused_later_log", "[30/40]"),
    ("plain", "config_syntax", "SyntaxError"),
    ("plain", "config_base_missing", "FileNotFoundError"),
    ("plain", "weights_missing", "FileNotFoundError: missing.pth can not be found."),
    ("torchrun", "torchrun_succeeds", "100%|"),
    ("torchrun", "torchrun_port_in_use", "EADDRINUSE"),
    ("torchrun", "torchrun_script_missing", "torch.distributed.elastic.multiprocessing.errors.ChildFailedError"),
    ("torchrun", "torchrun_summary_alone", "Root Cause (first observed failure):"),
    ("torchrun", "torchrun_argument", "unrecognized arguments: --nproc_per_gpu"),
    ("mmcv1", "mmcv1_succeeds_with_all_keys", "Saving checkpoint at 1 epochs"),
    ("openmmlab", "mmdet_succeeds", "Epoch(train) [1][2/2]"),
    ("openmmlab", "mmseg_succeeds", "Iter(train) [2/2]"),
    ("openmmlab", "mmdet_arguments", "train.py: error: unrecognized arguments: --gpus 2"),
    ("openmmlab", "mmdet_config_missing", "No such file or directory: 'configs/retinanet/missing.py'"),
    ("openmmlab", "mmdet_images_missing", "FileNotFoundError: [Errno 2]"),
    ("openmmlab", "mmdet_dataset_assertion", "are not unique!"),
    ("openmmlab", "mmseg_dataset_assertion", "AssertionError: Failed to load `ann_file`"),
    ("openmmlab", "mmseg_dataset_without_classes", "`classes` should be specified when testing"),
)  # fmt: skip


def _rows() -> Iterator[Unrelated]:
    for group, scene, says in MADE:
        yield Unrelated(scene, says, printed(group, scene), needs_of(group))
    for name, text, source in GPU:
        yield Unrelated(name, text.strip().splitlines()[-1], written(text), (), source)


UNRELATED = tuple(_rows())
