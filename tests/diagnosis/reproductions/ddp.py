"""What fails in the process group, in DDP and in checkpoints."""

from __future__ import annotations

from typing import Iterator, Optional, Tuple

from reproductions import written as by_hand
from reproductions.playing import needs_of, printed
from reproductions.types import Reproduction
from reproductions.written import written

FINISHED = "Expected to have finished reduction in the prior iteration before starting a new one."
OFF = (
    "You can enable unused parameter detection by passing the keyword argument `find_unused_parameters=True`"
)
ON = "Since `find_unused_parameters=True` is enabled, this likely means that not all `forward` outputs participate"
TWICE = "Expected to mark a variable ready only once."
LOSSES = "AssertionError: loss log variables are different across GPUs!"
CLOSED = "Connection closed by peer"
WATCHDOG = "Watchdog caught collective operation timeout: WorkNCCL("
MEMORY = "CUDA out of memory. Tried to allocate"
GROUP = "Default process group has not been initialized, please make sure to call init_process_group."
INPLACE = "has been modified by an inplace operation: [torch."

#: (group, scene, diagnosis, outcome, what it says); all of them start two ranks.
RANKS: Tuple[Tuple[str, str, str, Optional[str], str], ...] = (
    ("plain", "unused_off", "unused-parameters", "UNUSED", OFF),
    ("plain", "unused_backward_to_some", "unused-parameters", "UNUSED", ON),
    ("plain", "unused_many", "unused-parameters", "UNUSED", "104 105 ..."),
    ("plain", "unused_names", "unused-parameters", "UNUSED", "[Rank 0] Parameter: distill.0.bias did not get gradient"),
    ("plain", "unused_differently", "unused-parameters", "UNUSED", "grad for rank 1: 6 7 10 11"),
    ("plain", "unused_at_one_rank", "unused-parameters", "UNUSED", "grad for rank 1: 6 7"),
    ("torchrun", "torchrun_tee", "unused-parameters", "UNUSED", "[default0]:[rank0]: RuntimeError: Expected to"),
    ("torchrun", "torchrun_log", "unused-parameters", "UNUSED", "grad for rank 0: 2 3"),
    ("plain", "runner_unused", "unused-parameters", "UNUSED", "grad for rank 0: 6 7"),
    ("plain", "runner_unused_later", "unused-parameters", "UNUSED", "grad for rank 1: 6 7"),
    ("mmcv1", "mmcv1_epochs_unused", "unused-parameters", "UNUSED", OFF),
    ("mmcv1", "mmcv1_iterations_unused", "unused-parameters", "UNUSED", OFF),
    ("mmcv1", "mmcv1_unused_outputs", "unused-parameters", "UNUSED", ON),
    ("plain", "untrained_ddp", "unused-parameters", "UNUSED", FINISHED),
    ("plain", "twice_find_unused", "marked-ready-twice", "READY_TWICE", TWICE),
    ("plain", "twice_used_twice", "marked-ready-twice", "READY_TWICE", TWICE),
    ("plain", "twice_names", "marked-ready-twice", "READY_TWICE", "at index 5 with name backbone.2.bias has been"),
    ("plain", "runner_twice", "marked-ready-twice", "READY_TWICE", TWICE),
    ("mmcv1", "mmcv1_twice", "marked-ready-twice", "READY_TWICE", TWICE),
    ("plain", "static_no_sync", "static-graph-no-sync", "NO_SYNC_ASSERT", "expect_autograd_hooks_ INTERNAL ASSERT"),
    ("plain", "static_used_later", "static-graph-changed", "UNUSED", "is unused in first iteration, but then got used"),
    ("plain", "static_unused_later", "static-graph-changed", "UNUSED", "is used in first iteration, but then got unused"),
    ("plain", "find_unused_for_nothing", "find-unused-for-nothing", None, "but did not find any unused parameters"),
    ("plain", "runner_finds_nothing_unused", "find-unused-for-nothing", None, "but did not find any unused parameters"),
    ("mmcv1", "mmcv1_finds_nothing_unused", "find-unused-for-nothing", None, "but did not find any unused parameters"),
    ("mmcv1", "mmdet_loss_keys", "loss-keys-differ", None, "[rank1]: rank 1 len(log_vars): 1 keys: loss_cls"),
    ("mmcv1", "mmseg_loss_keys", "loss-keys-differ", None, LOSSES),
    ("plain", "sync_batchnorm_wrapped", "sync-batchnorm-without-ddp", None, "only work with GPU modules"),
    ("plain", "sync_batchnorm_input", "sync-batchnorm-without-ddp", None, "SyncBatchNorm expected input tensor to be on GPU"),
    ("plain", "inplace_buffer", "inplace-buffer", None, f"{INPLACE}FloatTensor [4]] is at version 3; expected"),
    ("plain", "rank_died", "collective-timeout", None, "KeyError: 'gt_label'"),
    ("plain", "rank_died_in_worker", "collective-timeout", None, "KeyError: Caught KeyError in DataLoader worker process 0."),
    ("plain", "timed_out", "collective-timeout", None, "Timed out waiting 500ms for recv operation to complete"),
    ("plain", "monitored_barrier", "collective-timeout", None, "Ranks 1 failed to pass monitoredBarrier in 400 ms"),
    ("plain", "other_node_missing", "collective-timeout", None, "waiting for clients. 1/2 clients joined."),
    ("plain", "key_never_set", "collective-timeout", None, "wait timeout after 200ms, keys: /a key"),
)  # fmt: skip

#: The same for those in one process.
ALONE: Tuple[Tuple[str, str, str, Optional[str], str], ...] = (
    ("plain", "untrained", "checkpoint-input-without-grad", "UNTRAINED", "None of the inputs have requires_grad=True."),
    ("plain", "nothing_to_train", "checkpoint-input-without-grad", "UNTRAINED", "element 0 of tensors does not require grad"),
    ("mmcv1", "mmcv1_sync_batchnorm", "sync-batchnorm-without-ddp", None, f"ValueError: {GROUP}"),
    ("plain", "one_value", "one-value-per-channel", None, "Expected more than 1 value per channel when training"),
)  # fmt: skip

#: (name, text, diagnosis, outcome, what it says, where it was read)
WRITTEN: Tuple[Tuple[str, str, str, Optional[str], str, str], ...] = (
    ("assert_of_1_6", by_hand.ASSERT_16, "reducer-assert", "READY_TWICE", "has_marked_unused_parameters_ INTERNAL ASSERT", "pytorch/pytorch#32490"),
    ("watchdog_1", by_hand.WATCHDOG_1, "collective-timeout", None, WATCHDOG, "open-mmlab/mmdetection#11096, cfzd/Ultra-Fast-Lane-Detection-v2#119"),
    ("watchdog_2", by_hand.WATCHDOG_2, "collective-timeout", None, WATCHDOG, "XPixelGroup/BasicSR#737, sgl-project/sglang#1693"),
    ("watchdog_after_death", by_hand.WATCHDOG_AFTER_DEATH, "collective-timeout", None, WATCHDOG, "as watchdog_2"),
    ("memory_1_8", by_hand.MEMORY_1, "out-of-memory", None, f"RuntimeError: {MEMORY}", "open-mmlab/mmsegmentation#944"),
    ("memory_1_12", by_hand.MEMORY_112, "out-of-memory", None, f"RuntimeError: {MEMORY}", "JiaweiLian/AP-PA#3"),
    ("memory_2_0", by_hand.MEMORY_20, "out-of-memory", None, f"torch.cuda.OutOfMemoryError: {MEMORY}", "kerrj/lerf#73"),
    ("memory_2_5", by_hand.MEMORY_25, "out-of-memory", None, f"torch.OutOfMemoryError: {MEMORY}", "murong-xu/CADS#4"),
    ("sync_batchnorm_cpu", by_hand.SYNC_BATCHNORM_GPU, "sync-batchnorm-without-ddp", None, "SyncBatchNorm expected input tensor to be on GPU", "open-mmlab/mmsegmentation#292"),
    ("sync_batchnorm_1_7", by_hand.SYNC_BATCHNORM_GROUP_1, "sync-batchnorm-without-ddp", None, "AssertionError: Default process group is not initialized", "fudan-zvg/SETR#19"),
    ("sync_batchnorm_1_11", by_hand.SYNC_BATCHNORM_GROUP_2, "sync-batchnorm-without-ddp", None, f"RuntimeError: {GROUP}", "open-mmlab/mmsegmentation#809, #2189"),
    ("engine_without_message", by_hand.ENGINE_WITHOUT_MESSAGE, "static-graph-no-sync", "NO_SYNC_ASSERT", "returned NULL without setting an exception", "huggingface/accelerate#3679"),
    ("engine_without_message_1", by_hand.ENGINE_WITHOUT_MESSAGE_1, "static-graph-no-sync", "NO_SYNC_ASSERT", "returned NULL without setting an error", "pytorch/pytorch#80832"),
    ("zero_2", by_hand.ZERO_2, "marked-ready-twice", "READY_TWICE", "Gradient computed twice for this partition", "deepspeedai/DeepSpeed#2103"),
    ("use_reentrant_2_3", by_hand.USE_REENTRANT, "use-reentrant-not-passed", None, "please pass in use_reentrant=True or", "open-mmlab/mmengine#1539"),
    ("use_reentrant_later", by_hand.USE_REENTRANT_2, "use-reentrant-not-passed", None, "the use_reentrant parameter should be passed", "torch 2.13 torch/utils/checkpoint.py: checkpoint"),
    ("loss_keys", by_hand.LOSS_KEYS, "loss-keys-differ", None, LOSSES, "mmdet 2.28.2 mmdet/models/detectors/base.py"),
    ("inplace_2_6", by_hand.INPLACE, "inplace-buffer", None, f"{INPLACE}cuda.FloatTensor [768]] is at version 3", "pytorch/pytorch#175024"),
)  # fmt: skip


def _rows() -> Iterator[Reproduction]:
    for ranks, rows in ((True, RANKS), (False, ALONE)):
        for group, scene, diagnosis, outcome, says in rows:
            yield Reproduction(scene, diagnosis, outcome, says, printed(group, scene), needs_of(group), ranks)
    for name, text, diagnosis, outcome, says, source in WRITTEN:
        yield Reproduction(name, diagnosis, outcome, says, written(text), (), source=source)


DDP = tuple(_rows())
