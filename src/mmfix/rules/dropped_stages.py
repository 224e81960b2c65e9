"""Backbone stages that are computed and thrown away, while `find_unused_parameters` is off.

## What it does

Finds a backbone whose last stages are not among its `out_indices`: ResNets with
`max(out_indices) + 1 < num_stages`, mmdet's MobileNetV2 without its last convolution. In a class of
your own, the source is read.

## Why it is bad

These backbones run every stage and return only those in `out_indices`. The rest has parameters, and
no way to the loss. DDP waits for their gradients and stops the second iteration with `Expected to
have finished reduction in the prior iteration`. It happens when `out_indices` is edited alone.

## Example

```python
model = dict(backbone=dict(type='ResNet', depth=50, out_indices=(0, 1, 2)))  # num_stages is 4
```

## Cure

- `find-unused`: `find_unused_parameters=True`; 1-2 % slower, and the stage is still computed.
- `fewer-stages`: `num_stages=max(out_indices) + 1`, with `strides` and `dilations` cut to fit. Faster;
  the stage's weights leave the model and its checkpoints. For ResNets only.

## How it is known

`mmdet/models/backbones/resnet.py: ResNet.forward`, mmseg and mmpretrain alike, and the model's own
source where that is at hand: `likely`. Backbones that make layers for `out_indices` only (Swin,
ConvNeXt) are not concerned.
"""

from __future__ import annotations

from typing import Iterator

from mmfix.ddp import Outcome, Traits, Unused
from mmfix.findings import Finding
from mmfix.remedies.inside import dropped_stages
from mmfix.rules.common import NO_GRADIENT, ends_in, waits
from mmfix.rules.rule import MMCV1, Case, Rule, Wrappers
from mmfix.training.types import TrainingSetup
from mmfix.wording import mark, say

_CASES = (
    Case(
        "the last stage is not returned",
        """
model = dict(type='RetinaNet', backbone=dict(type='mmdet.ResNet', depth=50, out_indices=(0, 1, 2)))
""",
        "error likely",
    ),
    Case(
        "mmcv 1.x, dilated",
        """
model = dict(
    type='EncoderDecoder',
    backbone=dict(
        type='ResNetV1c', depth=50, num_stages=4, out_indices=(0, 1, 2),
        strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4)))
""",
        "error likely",
        base=MMCV1,
    ),
    Case(
        "a MobileNetV2 of mmdet",
        """
model = dict(type='YOLOV3', backbone=dict(type='mmdet.MobileNetV2', out_indices=(2, 4, 6)))
""",
        "error likely",
    ),
    Case(
        "three stages",
        """
model = dict(
    type='RetinaNet',
    backbone=dict(
        type='mmdet.ResNet', depth=50, num_stages=3, out_indices=(0, 1, 2),
        strides=(1, 2, 2), dilations=(1, 1, 1)))
""",
    ),
    Case(
        "find_unused_parameters is on",
        """
find_unused_parameters = True
model = dict(type='RetinaNet', backbone=dict(type='mmdet.ResNet', depth=50, out_indices=(0, 1, 2)))
""",
    ),
    Case(
        "norms for the outputs only",
        """
model = dict(type='RetinaNet', backbone=dict(type='mmdet.SwinTransformer', out_indices=(1, 2, 3)))
""",
    ),
)


_MESSAGE = mark(
    "{why} DDP waits for its gradients, and {setting}: it {stops} the second iteration with {error}."
)


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """One finding for each backbone."""
    if not ends_in(setup.settings, Traits(unused=Unused.ALWAYS), Outcome.UNUSED):
        return
    for fact in dropped_stages(setup):
        yield waits(RULE, setup, fact, _MESSAGE, (*fact.evidence, NO_GRADIENT))


RULE = Rule(
    code="MMF113",
    name="dropped-stages",
    summary=say(
        "A backbone stage that is computed and not returned never gets the gradient that DDP waits for."
    ),
    predicts=Traits(unused=Unused.ALWAYS),
    wrappers=Wrappers.EACH_CHILD,
    cases=_CASES,
    check=check,
    page=__doc__,
)
