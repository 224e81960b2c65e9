"""The GPU has no memory left.

``torch.cuda.OutOfMemoryError`` (torch >= 1.13), a ``RuntimeError`` before. After ``with_cp=False`` it is
the price of that cure; what saves memory instead is listed with its own price.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

from mmfix.diagnosis.types import Kind, Sighting, sign
from mmfix.findings import Remedy

if TYPE_CHECKING:
    from mmfix.training.types import TrainingSetup


def cures(setup: TrainingSetup, sighting: Sighting) -> Tuple[Remedy, ...]:
    """What a config can do for memory, cheapest first."""
    from mmfix.remedies import save_memory

    return save_memory(setup)


KIND = Kind(
    id="out-of-memory",
    title="GPU memory is full",
    outcome=None,
    signs=(
        sign("CUDA out of memory. Tried to allocate", r"(?P<size>[\d.]+[KMGi]*B)"),
        sign("CUDA out of memory"),
        sign("CUDA error: out of memory"),
    ),
    explanation="Activations, weights and optimizer states together do not fit into the memory of this GPU.",
    detail="It asked for {size} more.",
    hints=(
        "Keep the gradient checkpoint (with_cp=True), non-reentrant, so that DDP takes it: custom_imports "
        "= dict(imports=['mmfix.nonreentrant_checkpoint']). 10-15 % less memory seen with a ResNet-50.",
        "Half the batch: about half of the activations. The learning rate goes with it, unless you "
        "accumulate.",
        "Mixed precision: optim_wrapper type AmpOptimWrapper, Fp16OptimizerHook in the mmcv 1.x era.",
    ),
    cures=cures,
)
