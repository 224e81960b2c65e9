"""Batch norm that synchronises its statistics needs a GPU; plain batch norm has the same parameters."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

#: torch's and mmcv's class, and those of older projects.
_SYNCHRONISED = ("SyncBatchNorm", "SyncBatchNorm2d", "MMSyncBN", "NaiveSyncBatchNorm")


class PlainBatchNorm(nn.modules.batchnorm._BatchNorm):
    """For inputs of any number of dimensions."""

    def _check_input_dim(self, input: torch.Tensor) -> None:
        pass


def without_sync_norm(module: nn.Module) -> bool:
    """Replace all synchronised batch norm below a module, with its parameters; whether there was any.

    The frameworks' own functions leave mmcv's class where mmcv has no compiled ops
    (``mmengine/model/utils.py: revert_sync_batchnorm``).
    """
    found = [
        (parent, name, child)
        for parent in module.modules()
        for name, child in parent.named_children()
        if type(child).__name__ in _SYNCHRONISED
    ]
    for parent, name, child in found:
        setattr(parent, name, _plain(child))
    return bool(found)


def _plain(norm: Any) -> PlainBatchNorm:
    plain = PlainBatchNorm(norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats)
    plain.weight, plain.bias = norm.weight, norm.bias  # the same objects: the optimizer may have them
    for name in ("running_mean", "running_var", "num_batches_tracked"):
        setattr(plain, name, getattr(norm, name))
    return plain.train(norm.training)
