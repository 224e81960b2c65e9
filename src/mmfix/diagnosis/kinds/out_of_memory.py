"""The GPU has no memory left.

``torch.cuda.OutOfMemoryError`` (torch >= 1.13), a ``RuntimeError`` before. After ``with_cp=False`` it is
the price of that cure; what saves memory instead is listed with its own price. The words before "out of
memory" are the device's: CUDA, HIP, NPU (``c10/cuda/CUDACachingAllocator.cpp`` and its ports). Memory of the
host has other words, and is not meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

from mmfix.diagnosis.types import Kind, Sighting, Variant, sign
from mmfix.findings import Remedy
from mmfix.wording import mark, say

if TYPE_CHECKING:
    from mmfix.training.types import TrainingSetup


def cures(setup: TrainingSetup, sighting: Sighting) -> Tuple[Remedy, ...]:
    """What a config can do for memory, cheapest first."""
    from mmfix.remedies import save_memory

    return save_memory(setup)


def left(setup: TrainingSetup) -> Tuple[str, ...]:
    """What the config does not do yet, where no cure can be written into it."""
    from mmfix.remedies.advice import to_save_memory

    ways = to_save_memory(setup)
    if not ways:
        return (say("What is left is a smaller input or model, or a GPU with more memory."),)
    return (
        say(
            "What this config does not do yet: {ways}. Then a smaller input or model, or a GPU with more "
            "memory.",
            ways=ways,
        ),
    )


#: torch's numbers: the GPU has 4 GiB or more, and this process less than one.
_LITTLE = r"[\d.]+ (MiB|KiB|bytes)"
_OTHERS = (
    r"[\d.]+ \wiB (?P<others>"
    r"\(GPU \d+; ([4-9]|\d\d+)\.\d+ GiB total capacity; "
    rf"{_LITTLE} already allocated; {_LITTLE} free; {_LITTLE} reserved"
    rf"|\. GPU \d+ has a total capacity of ([4-9]|\d\d+)\.\d+ GiB of which {_LITTLE} is free\. "
    r"(Process \d+ has [\d.]+ \wiB memory in use\. )*"
    rf"Including non-PyTorch memory, this process has {_LITTLE} memory in use)"
)

KIND = Kind(
    id="out-of-memory",
    title=say("GPU memory is full"),
    message="CUDA (HIP, NPU) out of memory: the cures with their prices; whether other processes "
    "hold the GPU",
    outcome=None,
    signs=(
        sign("out of memory. Tried to allocate", r"(?P<size>[\d.]+[KMGi]*B)"),
        sign("out of memory. Tried to allocate", r"(?P<absurd>\d{4,}\.\d+ GiB)"),
        sign("out of memory. Tried to allocate", _OTHERS),
        sign("CUDA out of memory"),
        sign("HIP out of memory"),
        sign("CUDA error: out of memory"),
        sign("HIP error: out of memory"),
        sign("cuda runtime error (2) : out of memory"),
    ),
    explanation=say(
        "Activations, weights and optimizer states together do not fit into the memory of this GPU."
    ),
    detail=mark("It asked for {size} more."),
    hints=(
        say(
            "A gradient checkpoint (with_cp=True), non-reentrant, so that DDP takes it: custom_imports "
            "= dict(imports=['mmfix.nonreentrant_checkpoint']). 10-15 % less memory seen with a "
            "ResNet-50."
        ),
        say(
            "Half the batch: about half of the activations. The learning rate goes with it, unless you "
            "accumulate."
        ),
        say("Mixed precision: optim_wrapper type AmpOptimWrapper, Fp16OptimizerHook in the mmcv 1.x era."),
    ),
    cures=cures,
    left=left,
    variants={
        "absurd": Variant(
            say(
                "No GPU has that much memory: it is not the size of the training, but a wrong shape or "
                "index, so that one tensor came out absurdly large."
            ),
            (
                say(
                    "Look at the line of code that allocates: boxes or voxels that are NaN or far "
                    "outside, an index that was never set."
                ),
                say(
                    "If it is an operator of mmcv or of a sparse convolution: it must be built for this "
                    "torch and CUDA."
                ),
            ),
        ),
        "others": Variant(
            say("Other processes hold nearly all of this GPU's memory; this one has hardly any of it."),
            (
                say(
                    "nvidia-smi shows which: end what is left over from a crashed run, or take another "
                    "GPU (CUDA_VISIBLE_DEVICES)."
                ),
                say(
                    "If they are ranks of this run: each must take its own GPU, "
                    "torch.cuda.set_device(LOCAL_RANK), and load checkpoints with map_location='cpu'."
                ),
            ),
        ),
    },
)
