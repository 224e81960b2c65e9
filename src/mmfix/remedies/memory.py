"""Cures for a GPU whose memory is full, each with its price; none of them changes what DDP does."""

from __future__ import annotations

from typing import Iterator, List, Tuple

from mmfix.ddp import Checkpoint
from mmfix.findings import Override, Remedy
from mmfix.remedies import text
from mmfix.remedies.change import Change, runs_custom_imports, write
from mmfix.training.parts import Part, model_parts
from mmfix.training.switches import WELL_KNOWN
from mmfix.training.table import select, switches
from mmfix.training.types import TrainingSetup
from mmfix.wording import say


def save_memory(setup: TrainingSetup) -> Tuple[Remedy, ...]:
    """What a config can do for memory: a checkpoint first, then what changes training."""
    return (*_checkpoint_on(setup), *_smaller_batch(setup), *_mixed_precision(setup))


def _checkpoint_on(setup: TrainingSetup) -> Iterator[Remedy]:
    """A non-reentrant checkpoint where the config switches one off: it has the same outcome as none."""
    off: List[Override] = [
        Override((*part.path, key), True, say("gradient checkpoint in {part}", part=part.label))
        for part in model_parts(setup.document, [])
        for key in _switched_off(setup, part)
    ]
    if not off:
        return
    change = Change(checkpoint=Checkpoint.NON_REENTRANT)
    assumes = [text.TORCH_DEFAULT]
    if not runs_custom_imports(setup):
        assumes.append(text.PYTHON_CALL)
    yield Remedy(
        "checkpoint-on",
        "review",
        text.CHECKPOINT_ON,
        (*off, *write(setup, change)),
        tuple(assumes),
    )


def _switched_off(setup: TrainingSetup, part: Part) -> Iterator[str]:
    """The switches that a dict has off; of a backbone also those that its class has off by default."""
    yield from (key for key, value in part.node.items() if key in WELL_KNOWN and value is False)
    if not str(part.path[-1]).endswith("backbone"):
        return
    for key, rows in switches(part.name).items():
        known = select(rows, part.package, setup.era)
        absent = key in WELL_KNOWN and key not in part.node
        if absent and known and all(row.used and row.default is False for row in known):
            yield key


def _smaller_batch(setup: TrainingSetup) -> Iterator[Remedy]:
    key = ("train_dataloader", "batch_size") if setup.era == "mmengine" else ("data", "samples_per_gpu")
    size = setup.document.get(key, None)
    if type(size) is int and size > 1:
        override = Override(key, size // 2, say("half the activations"))
        yield Remedy("smaller-batch", "review", text.SMALLER_BATCH, (override,), (text.BATCH,))


def _mixed_precision(setup: TrainingSetup) -> Iterator[Remedy]:
    document = setup.document
    if setup.era == "mmengine":
        if document.get(("optim_wrapper", "type"), "OptimWrapper") != "OptimWrapper":
            return
        overrides = [
            Override(("optim_wrapper", "type"), "AmpOptimWrapper", say("activations in half precision"))
        ]
    else:
        there = document.get(("optimizer_config",), None)
        if document.get(("fp16",), None) is not None or (isinstance(there, dict) and "type" in there):
            return
        overrides = [
            Override(("optimizer_config", "type"), "Fp16OptimizerHook", say("activations in half precision")),
            Override(("optimizer_config", "loss_scale"), 512.0, say("keeps small gradients")),
        ]
    yield Remedy("mixed-precision", "review", text.HALF, tuple(overrides), (text.STABLE,))
