"""Layers of a model that normalise across processes, and what becomes of them in a run with one process."""

from __future__ import annotations

import re
from typing import Iterator, NamedTuple, Optional, Tuple

from mmfix.config.dicts import dicts_in
from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath
from mmfix.config.names import type_name
from mmfix.python.source import Bounds, read_bytes
from mmfix.repository.roots import source_roots
from mmfix.scripts.places import training_files
from mmfix.training.parts import default_package
from mmfix.wording import say

#: mmcv's own needs a process group when it is made (``mmcv/ops/sync_bn.py: SyncBatchNorm.__init__``), torch's
#: one when it is used (``torch/nn/modules/batchnorm.py: SyncBatchNorm.forward``, before torch 2.0).
_NAMES = {"SyncBN": False, "MMSyncBN": True, "SyncBatchNorm": False}
#: Whose released script takes them out (mmseg 0.30.0 ``tools/train.py:210``, mmrazor's is made from it).
_TAKEN_OUT = frozenset({"mmseg"})
_TAKES_OUT = re.compile(rb"\b(?:revert_sync_batchnorm|revert_sync_bn|convert_sync_to_bn)\b")
_BOUNDS = Bounds(say("training script"), 1_000_000, noted=True)


class SyncedNorm(NamedTuple):
    """One ``norm_cfg`` that asks for statistics of all processes.

    Attributes:
        key: Key path of the dict.
        name: ``SyncBN`` or ``MMSyncBN``.
        when_made: It needs a process group already when it is made.
        plain: The dict has nothing that a plain ``BN`` does not take.
    """

    key: KeyPath
    name: str
    when_made: bool
    plain: bool


_BN = frozenset(
    {"type", "requires_grad", "eps", "momentum", "affine", "track_running_stats", "_delete_", "_scope_"}
)


def synced_norms(document: ConfigDocument) -> Tuple[SyncedNorm, ...]:
    """Every place below ``model`` that asks for SyncBN, as often as ``norm_cfg`` reaches one."""
    return tuple(_synced(document))


def _synced(document: ConfigDocument) -> Iterator[SyncedNorm]:
    for key, node in dicts_in(document.tree.get("model"), ("model",)):
        name = type_name(node.get("type"))
        if name in _NAMES:
            yield SyncedNorm(key, name, _NAMES[name], _BN.issuperset(node))


def takes_sync_batchnorm_out(document: ConfigDocument) -> Optional[str]:
    """Where the training script turns SyncBN into BN for a run with one process; None: it does not.

    The repository's own script, as far as there is one; otherwise the released one of the config's package.
    """
    known = document.path or document.homes
    roots = source_roots(document.path, document.tree, document.homes) if known else ()
    files = training_files(roots, document.path)
    for path in files:
        if _TAKES_OUT.search(read_bytes(path, _BOUNDS)[0]):
            return path
    package = default_package(document)
    return package if not files and package in _TAKEN_OUT else None
