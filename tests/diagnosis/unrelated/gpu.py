"""Errors that need a GPU, written by hand in the form that the source shows."""

from __future__ import annotations

from typing import Tuple

#: (name, text, where it was read)
GPU: Tuple[Tuple[str, str, str], ...] = (
    (
        "device_side_assert",
        """
2021-08-05 23:34:13,140 - mmdet - INFO - Epoch [1][50/58633]	lr: 1.978e-03, time: 0.405, loss: nan
/pytorch/aten/src/ATen/native/cuda/IndexKernel.cu:142: operator(): block: [0,0,0], thread: [32,0,0] Assertion `index >= -sizes[i] && index < sizes[i] && "index out of bounds"` failed.
RuntimeError: CUDA error: device-side assert triggered
CUDA kernel errors might be asynchronously reported at some other API call,so the stacktrace below might be incorrect.
For debugging consider passing CUDA_LAUNCH_BLOCKING=1.
""",
        "open-mmlab/mmdetection#5801",
    ),
    (
        "cudnn_not_initialized",
        """
    return F.conv2d(input, weight, bias, self.stride,
RuntimeError: cuDNN error: CUDNN_STATUS_NOT_INITIALIZED
""",
        "open-mmlab/mmdetection#7962",
    ),
    (
        "nccl_system_error",
        """
RuntimeError: NCCL error in: /pytorch/torch/lib/c10d/ProcessGroupNCCL.cpp:825, unhandled system error, NCCL version 2.7.8
ncclSystemError: System call (socket, malloc, munmap, etc) failed.
""",
        "facebookresearch/SlowFast#535",
    ),
    (
        "nccl_duplicate_gpu",
        """
torch.distributed.DistBackendError: NCCL error in: ../torch/csrc/distributed/c10d/ProcessGroupNCCL.cpp:1275, invalid usage (run with NCCL_DEBUG=WARN for details), NCCL version 2.18.1
ncclInvalidUsage: This usually reflects invalid usage of NCCL library.
Last error:
Duplicate GPU detected : rank 1 and rank 0 both on CUDA device 1000
""",
        "torch: torch/csrc/distributed/c10d/NCCLUtils.cpp, and NVIDIA/nccl#1016 for its first line",
    ),
    (
        "no_kernel_image",
        """
  File "mmcv/ops/focal_loss.py", line 60, in forward
    ext_module.sigmoid_focal_loss_forward(
RuntimeError: CUDA error: no kernel image is available for execution on the device
CUDA kernel errors might be asynchronously reported at some other API call,so the stacktrace below might be incorrect.
For debugging consider passing CUDA_LAUNCH_BLOCKING=1.
""",
        "open-mmlab/mmcv#2201",
    ),
    (
        "illegal_address",
        """
RuntimeError: CUDA error: an illegal memory access was encountered
terminate called after throwing an instance of 'c10::Error'
""",
        "torch: c10/cuda/CUDAException.cpp",
    ),
    (
        "no_gpu",
        """
  File "torch/cuda/__init__.py", line 172, in _lazy_init
    torch._C._cuda_init()
RuntimeError: No CUDA GPUs are available
""",
        "torch: torch/csrc/cuda/Module.cpp",
    ),
)
