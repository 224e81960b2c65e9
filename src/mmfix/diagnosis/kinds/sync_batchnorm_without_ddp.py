"""SyncBN in a run that is not distributed, or on a CPU.

It needs CUDA tensors (``torch/nn/modules/batchnorm.py: SyncBatchNorm.forward``) and, in training, a process
group (``torch/distributed/distributed_c10d.py``). MMEngine's Runner takes it out when the launcher is
``none``; most training scripts of the mmcv 1.x era do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, Tuple

from mmfix.config.dicts import keys_where
from mmfix.diagnosis.types import Kind, Sighting, sign
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.config.document import ConfigDocument
    from mmfix.config.keypath import KeyPath

_LAYER = r"batchnorm\.py|sync_bn\.py|nn/modules/_functions\.py"
_TYPES = ("SyncBN", "MMSyncBN", "naiveSyncBN1d", "naiveSyncBN2d")


def places(document: ConfigDocument, sighting: Sighting) -> Tuple[KeyPath, ...]:
    """The keys below ``model`` that ask for it."""
    return tuple(_places(document))


def _places(document: ConfigDocument) -> Iterator[KeyPath]:
    for key, value in keys_where(document, "type"):
        if key[0] == "model" and isinstance(value, str) and value.rpartition(".")[2] in _TYPES:
            yield key


KIND = Kind(
    id="sync-batchnorm-without-ddp",
    title=say("SyncBN outside of distributed training"),
    message="SyncBatchNorm expected input tensor to be on GPU; Default process group has not been "
    "initialized, below a batch norm",
    outcome=None,
    signs=(
        sign("SyncBatchNorm expected input tensor to be on GPU"),
        sign("SyncBatchNorm expected input tensor to be on"),
        sign("SyncBatchNorm layers only work with GPU modules"),
        sign("Default process group is not initialized", above=_LAYER),
        sign("Default process group has not been initialized", above=_LAYER),
    ),
    explanation=say(
        "A layer that works across processes, most likely SyncBN, ran in a process that has no process "
        "group, or on a CPU."
    ),
    hints=(
        say(
            "Train with a launcher, also on one GPU: torchrun --nproc-per-node 1 tools/train.py CFG "
            "--launcher pytorch."
        ),
        say(
            "Or replace SyncBN by BN in every norm_cfg of the model (the variable norm_cfg at the top "
            "is not enough)."
        ),
    ),
    places=places,
    rules=("MMF117",),
)
