"""Batch normalization of a single value.

In training it needs more than one value a channel (``torch/nn/functional.py: _verify_batch_size``). Behind
global pooling (ASPP, PSP, a classification head) an image gives one, so a batch of one image is too small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

from mmfix.diagnosis.types import Kind, Sighting, sign
from mmfix.findings import Override, Remedy
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.training.types import TrainingSetup


def cures(setup: TrainingSetup, sighting: Sighting) -> Tuple[Remedy, ...]:
    """Two images a GPU, or no last batch of one (``mmengine/runner/runner.py: build_dataloader``)."""
    key = ("train_dataloader", "batch_size") if setup.era == "mmengine" else ("data", "samples_per_gpu")
    size = setup.document.get(key, None)
    if size == 1:
        cost = say("About twice the memory of activations; the learning rate goes with the batch.")
        override = Override(key, 2, say("batch normalization needs two values"))
        return (Remedy("batch-of-two", "review", cost, (override,), (say("The GPU has the memory."),)),)
    if setup.era != "mmengine" or not isinstance(size, int):
        return ()
    override = Override(("train_dataloader", "drop_last"), True, say("no last batch of one image"))
    cost = say("The last, smaller batch of an epoch is left out.")
    return (
        Remedy(
            "drop-last", "review", cost, (override,), (say("Only the last batch of an epoch has one image."),)
        ),
    )


KIND = Kind(
    id="one-value-per-channel",
    title=say("batch normalization of one value"),
    message="Expected more than 1 value per channel when training",
    outcome=None,
    signs=(sign("Expected more than 1 value per channel when training"),),
    explanation=say(
        "A batch normalization got one value for each channel, which has no variance: the batch of this "
        "GPU has one image, and a pooling layer before it leaves one pixel."
    ),
    hints=(
        say(
            "At least two images a GPU: train_dataloader.batch_size, data.samples_per_gpu in the mmcv "
            "1.x era."
        ),
        say("If only the last batch of an epoch is that small: train_dataloader.drop_last = True."),
        say("Under several GPUs SyncBN counts the values of all of them."),
        say("If this is no training: call model.eval() before."),
    ),
    cures=cures,
)
