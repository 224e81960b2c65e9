"""Parameters frozen after the DDP wrap, while `find_unused_parameters` is off.

## What it does

Finds `frozen_stages` (or `freeze_all`) on a class that freezes only in its `train()` method: Swin
Transformer, CSPDarknet, CSPNeXt, MobileNetV2 and many more; everything in mmyolo; ResNet in
mmaction2. In a model of your own, the source is read: any `requires_grad = False` that runs in
`train()`, or in `init_weights()` under MMEngine, and was not done in the constructor.

## Why it is bad

The runner wraps the model with DDP before it calls `model.train()`; MMEngine's Runner calls
`model.init_weights()` after the wrap, too. At the wrap these parameters are still trainable, so DDP
registers them and waits for their gradients, which never come: the second iteration stops with
`Expected to have finished reduction in the prior iteration`. Classes that freeze in their
constructor (the ResNets of mmdet, mmseg, mmpretrain and mmpose, HRNet, ConvNeXt, ViT) are safe.

## Example

```python
model = dict(backbone=dict(type='SwinTransformer', frozen_stages=2))
```

## Cure

- `find-unused`: `find_unused_parameters=True`; 1-2 % slower, same training.
- `static-graph` (MMEngine): the frozen set never changes, so static graph works too.

In a model of your own, `mmfix patch --remedy freeze-before-wrap`
changes its code instead.

## How it is known

Read from the classes' source: `certain` for released classes, `likely` for a class of your own,
with the line that freezes. Measured on mmdet 3.3.0 Mask R-CNN Swin-T: `frozen_stages=2` stops, with
`find_unused_parameters=True` it runs.
"""

from __future__ import annotations

from typing import Iterator

from mmfix.ddp import Outcome, Traits
from mmfix.findings import Finding
from mmfix.rules.common import FROZEN_LATE, ends_in, sites_by_key, waits
from mmfix.rules.rule import MMCV1, Case, Rule
from mmfix.training.types import TrainingSetup
from mmfix.wording import mark, say

_CASES = (
    Case(
        "Swin freezes in train()",
        """
model = dict(type='MaskRCNN', backbone=dict(type='mmdet.SwinTransformer', frozen_stages=2))
""",
        "error certain",
    ),
    Case(
        "mmcv 1.x",
        """
model = dict(type='MaskRCNN', backbone=dict(type='SwinTransformer', frozen_stages=2))
""",
        "error certain",
        base=MMCV1,
    ),
    Case(
        "static graph copes",
        """
model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False, static_graph=True)
model = dict(type='MaskRCNN', backbone=dict(type='mmdet.SwinTransformer', frozen_stages=2))
""",
    ),
    Case(
        "find_unused_parameters is on",
        """
find_unused_parameters = True
model = dict(type='MaskRCNN', backbone=dict(type='mmdet.SwinTransformer', frozen_stages=2))
""",
    ),
    Case(
        "nothing frozen",
        """
model = dict(type='MaskRCNN', backbone=dict(type='mmdet.SwinTransformer', frozen_stages=-1))
""",
    ),
    Case(
        "ResNet freezes in its constructor",
        """
model = dict(type='MaskRCNN', backbone=dict(type='mmdet.ResNet', depth=50, frozen_stages=1))
""",
    ),
)

#: Where the model is wrapped before anybody calls train(), and init_weights() under MMEngine.
WRAPPED_BEFORE_TRAIN = {
    "mmengine": say("mmengine/runner/runner.py: wrap_model runs before init_weights() and model.train()"),
    "mmcv1": say("mmdet/apis/train.py: train_detector wraps the model before the runner calls train()"),
}


_MESSAGE = mark(
    "{why} DDP waits for their gradients, and {setting}: it {stops} the second iteration with {error}."
)


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """One finding for each freezing key; with a checkpoint in the model it is MMF104's."""
    if sites_by_key(setup) or not ends_in(setup.settings, Traits(late_freeze=True), Outcome.UNUSED):
        return
    for fact in setup.facts_of("late-freeze"):
        yield waits(
            RULE, setup, fact, _MESSAGE, (*fact.evidence, WRAPPED_BEFORE_TRAIN[setup.era], FROZEN_LATE)
        )


RULE = Rule(
    code="MMF103",
    name="late-freezing",
    summary=say(
        "Parameters frozen in train() or init_weights(), after the DDP wrap, stop the run while "
        "find_unused_parameters is off."
    ),
    predicts=Traits(late_freeze=True),
    cases=_CASES,
    check=check,
    page=__doc__,
)
