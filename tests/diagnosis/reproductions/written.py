"""Texts that cannot be made without a GPU or with this torch, written by hand in the form that the source shows."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

WATCHDOG_1 = """
11/22 10:27:48 - mmengine - INFO - Evaluating bbox...
Loading and preparing results...
Evaluate annotation type *bbox*
[E ProcessGroupNCCL.cpp:828] [Rank 6] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=987, OpType=BROADCAST, Timeout(ms)=1800000) ran for 1800741 milliseconds before timing out.
[E ProcessGroupNCCL.cpp:828] [Rank 4] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=987, OpType=BROADCAST, Timeout(ms)=1800000) ran for 1800768 milliseconds before timing out.
[E ProcessGroupNCCL.cpp:456] Some NCCL operations have failed or timed out. Due to the asynchronous nature of CUDA kernels, subsequent GPU operations might run on corrupted/incomplete data.
[E ProcessGroupNCCL.cpp:461] To avoid data inconsistency, we are taking the entire process down.
terminate called after throwing an instance of 'std::runtime_error'
  what():  [Rank 6] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=987, OpType=BROADCAST, Timeout(ms)=1800000) ran for 1800741 milliseconds before timing out.
"""

WATCHDOG_2 = """
2026-11-22 09:12:01,402 - mmdet - INFO - Epoch [3][50/7330]	lr: 2.000e-02, eta: 10:21:07, time: 0.510, loss: 0.8113
[rank0]:[E1122 09:22:13.459932949 ProcessGroupNCCL.cpp:616] [Rank 0] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=808, OpType=ALLREDUCE, NumelIn=9801523, NumelOut=9801523, Timeout(ms)=600000) ran for 600030 milliseconds before timing out.
[rank0]:[E1122 09:22:13.460366013 ProcessGroupNCCL.cpp:1785] [PG ID 0 PG GUID 0(default_pg) Rank 0] Exception (either an error or timeout) detected by watchdog at work: 808, last enqueued NCCL work: 811, last completed NCCL work: 807.
[rank0]:[E1122 09:22:13.461002112 ProcessGroupNCCL.cpp:630] [Rank 0] Some NCCL operations have failed or timed out. Due to the asynchronous nature of CUDA kernels, subsequent GPU operations might run on corrupted/incomplete data.
[rank0]:[E1122 09:22:13.461010034 ProcessGroupNCCL.cpp:636] [Rank 0] To avoid data inconsistency, we are taking the entire process down.
terminate called after throwing an instance of 'c10::DistBackendError'
  what():  [PG ID 0 PG GUID 0(default_pg) Rank 0] Process group watchdog thread terminated with exception: [Rank 0] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=808, OpType=ALLREDUCE, NumelIn=9801523, NumelOut=9801523, Timeout(ms)=600000) ran for 600030 milliseconds before timing out.
"""

WATCHDOG_AFTER_DEATH = """
[rank1]: Traceback (most recent call last):
[rank1]:   File "tools/train.py", line 121, in <module>
[rank1]:     main()
[rank1]:   File "mmdet/datasets/transforms/loading.py", line 128, in transform
[rank1]:     raise FileNotFoundError(path)
[rank1]: FileNotFoundError: data/coco/train2017/000000000009.jpg
[rank0]:[E1122 09:22:13.459932949 ProcessGroupNCCL.cpp:616] [Rank 0] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=808, OpType=ALLREDUCE, NumelIn=9801523, NumelOut=9801523, Timeout(ms)=600000) ran for 600030 milliseconds before timing out.
"""

MEMORY_1 = """
  File "mmdet/models/backbones/swin.py", line 191, in forward
    attn = self.softmax(attn)
RuntimeError: CUDA out of memory. Tried to allocate 1006.00 MiB (GPU 0; 10.91 GiB total capacity; 9.18 GiB already allocated; 569.81 MiB free; 9.49 GiB reserved in total by PyTorch)
"""

MEMORY_112 = """
RuntimeError: CUDA out of memory. Tried to allocate 2.81 GiB (GPU 1; 23.69 GiB total capacity; 16.12 GiB already allocated; 374.94 MiB free; 19.00 GiB reserved in total by PyTorch) If reserved memory is >> allocated memory try setting max_split_size_mb to avoid fragmentation.  See documentation for Memory Management and PYTORCH_CUDA_ALLOC_CONF
"""

MEMORY_20 = """
torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 3.00 GiB. GPU 0 has a total capacty of 23.65 GiB of which 1.66 GiB is free. Including non-PyTorch memory, this process has 20.81 GiB memory in use. Of the allocated memory 12.09 GiB is allocated by PyTorch, and 4.84 GiB is reserved by PyTorch but unallocated. If reserved but unallocated memory is large try setting max_split_size_mb to avoid fragmentation.  See documentation for Memory Management and PYTORCH_CUDA_ALLOC_CONF
"""

MEMORY_25 = """
[rank3]: Traceback (most recent call last):
[rank3]:   File "tools/train.py", line 121, in <module>
[rank3]:     main()
[rank3]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 22.78 GiB. GPU 3 has a total capacity of 31.47 GiB of which 12.73 GiB is free. Including non-PyTorch memory, this process has 18.73 GiB memory in use. Of the allocated memory 9.08 GiB is allocated by PyTorch, and 9.35 GiB is reserved by PyTorch but unallocated. If reserved but unallocated memory is large try setting PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True to avoid fragmentation.  See documentation for Memory Management  (https://pytorch.org/docs/stable/notes/cuda.html#environment-variables)
"""

SYNC_BATCHNORM_GPU = """
  File "site-packages/torch/nn/modules/batchnorm.py", line 433, in forward
    raise ValueError('SyncBatchNorm expected input tensor to be on GPU')
ValueError: SyncBatchNorm expected input tensor to be on GPU
"""

SYNC_BATCHNORM_GROUP_1 = """
2021-04-08 08:03:24,276 - mmseg - INFO - workflow: [('train', 1)], max: 40000 iters
Traceback (most recent call last):
  File "tools/train.py", line 161, in <module>
    main()
  File "site-packages/torch/nn/modules/batchnorm.py", line 519, in forward
    world_size = torch.distributed.get_world_size(process_group)
  File "site-packages/torch/distributed/distributed_c10d.py", line 625, in get_world_size
    return _get_group_size(group)
  File "site-packages/torch/distributed/distributed_c10d.py", line 220, in _get_group_size
    _check_default_pg()
AssertionError: Default process group is not initialized
"""

SYNC_BATCHNORM_GROUP_2 = """
  File "site-packages/torch/nn/modules/batchnorm.py", line 731, in forward
    world_size = torch.distributed.get_world_size(process_group)
  File "site-packages/torch/distributed/distributed_c10d.py", line 430, in _get_default_group
    "Default process group has not been initialized, "
RuntimeError: Default process group has not been initialized, please make sure to call init_process_group.
"""

INPLACE = """
RuntimeError: one of the variables needed for gradient computation has been modified by an inplace operation: [torch.cuda.FloatTensor [768]] is at version 3; expected version 2 instead. Hint: enable anomaly detection to find the operation that failed to compute its gradient, with torch.autograd.set_detect_anomaly(True).
"""

ASSERT_16 = """
RuntimeError: has_marked_unused_parameters_ INTERNAL ASSERT FAILED at "/pytorch/torch/csrc/distributed/c10d/reducer.cpp":327, please report a bug to PyTorch.
"""


ENGINE_WITHOUT_MESSAGE = """
  File "mmengine/optim/optimizer/optimizer_wrapper.py", line 220, in backward
    loss.backward(**kwargs)
  File "torch/autograd/__init__.py", line 266, in backward
    Variable._execution_engine.run_backward(  # Calls into the C++ engine to run the backward pass
SystemError: <method 'run_backward' of 'torch._C._EngineBase' objects> returned NULL without setting an exception
"""

ENGINE_WITHOUT_MESSAGE_1 = """
SystemError: <built-in method run_backward of torch._C._EngineBase object at 0x7fb37a2ec200> returned NULL without setting an error
"""

ZERO_2 = """
  File "deepspeed/runtime/zero/stage_1_and_2.py", line 899, in reduce_independent_p_g_buckets_and_remove_grads
    assert self.params_already_reduced[param_id] == False, \\
AssertionError: The parameter 97 has already been reduced.             Gradient computed twice for this partition.             Multiple gradient reduction is currently not supported
"""

USE_REENTRANT = """
  File "mmdet/models/backbones/resnet.py", line 98, in forward
    out = cp.checkpoint(_inner_forward, x)
  File "torch/utils/checkpoint.py", line 450, in checkpoint
    raise ValueError(
ValueError: torch.utils.checkpoint: please pass in use_reentrant=True or use_reentrant=False explicitly. The default value of use_reentrant will be updated to be False in the future.
"""

USE_REENTRANT_2 = """
ValueError: torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. use_reentrant=False is recommended.
"""

LOSS_KEYS = """
AssertionError: loss log variables are different across GPUs!
rank 1 len(log_vars): 3 keys: loss_rpn_cls,loss_rpn_bbox,loss

AssertionError: loss log variables are different across GPUs!
rank 0 len(log_vars): 5 keys: loss_rpn_cls,loss_rpn_bbox,loss_cls,loss_bbox,loss
"""


def written(text: str) -> Callable[[Path], str]:
    """A function of a folder that it does not need."""
    return lambda folder: text.lstrip("\n")
