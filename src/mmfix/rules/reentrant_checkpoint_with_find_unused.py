"""Reentrant gradient checkpoint together with `find_unused_parameters=True`.

## What it does

Finds a gradient checkpoint that is on (`with_cp`, `use_checkpoint`, `num_cp`,
`activation_checkpointing`, ...; also one that is on by class default) while DistributedDataParallel
(DDP) runs with `find_unused_parameters=True`.

## Why it is bad

With `find_unused_parameters=True` DDP walks the graph from the model's outputs and marks every
parameter it does not meet as ready. What is inside a reentrant checkpoint hangs on a graph that is
only built in the backward pass: DDP does not meet it, marks it, and then its own hook marks it
again. The first iteration stops with `Expected to mark a variable ready only once`.

It often comes as the second act: the run died of unused parameters, `find_unused_parameters=True`
was added, and now the checkpoint kills it.

## Example

```python
find_unused_parameters = True
model = dict(backbone=dict(type='ResNet', depth=50, with_cp=True))
```

## Cure

- `checkpoint-off`: `with_cp=False`. More memory, full speed, always right.
- `non-reentrant`: `custom_imports` of `mmfix.nonreentrant_checkpoint`. Same memory, any graph.
- `static-graph`: `static_graph=True` in `model_wrapper_cfg` (MMEngine only), if the graph never
  changes and no gradients are accumulated. In the mmcv 1.x era no key reaches it, and
  `model._set_static_graph()` in code is worse than the error: mmcv 1.x bypasses `DDP.forward`, and
  gradients are silently no longer reduced.
- `find-unused-off`: if no parameter is ever unused.

In a model of your own, `mmfix patch --remedy non-reentrant-in-code`
changes its code instead.

## How it is known

Measured on torch 1.13 and 2.13, two processes, gloo. `torch.utils.checkpoint` is reentrant unless
told otherwise, up to torch 2.13. Severity `error` needs a class that is known to checkpoint; a key
that only has the name of a checkpoint switch gives a `warning`. Where the input of the checkpoint may
have no gradient it is `likely`: such a module does not stop the run but stays untrained, see
`checkpoint-without-input-gradient`. One DDP a child (`MMSeparateDistributedDataParallel`) is `likely`,
a wrapper that nobody knows `possible`.
"""

from __future__ import annotations

from typing import Iterator

from mmfix.ddp import Checkpoint, Outcome, Traits
from mmfix.findings import Finding
from mmfix.rules.common import (
    REENTRANT,
    TWICE,
    asks_for_find_unused,
    describe,
    ends_in,
    make,
    site_confidence,
    sites_by_key,
    stops,
    surely_on,
    weaker,
)
from mmfix.rules.rule import MMCV1, Case, Rule, Wrappers
from mmfix.training.types import TrainingSetup
from mmfix.wording import say

_CASES = (
    Case(
        "both on",
        """
find_unused_parameters = True
model = dict(type='RetinaNet', backbone=dict(type='mmdet.ResNet', depth=50, with_cp=True))
""",
        "error certain",
    ),
    Case(
        "both on, mmcv 1.x",
        """
find_unused_parameters = True
model = dict(type='CmtDetector', img_backbone=dict(type='ResNet', depth=50, with_cp=True))
""",
        "error certain",
        base=MMCV1,
    ),
    Case(
        "a count of checkpointed layers (fairscale)",
        """
find_unused_parameters = True
model = dict(type='mmdet.DeformableDETR', encoder=dict(num_layers=6, num_cp=6))
""",
        "error certain",
    ),
    Case(
        "a class nobody knows, with a switch that has the usual name",
        """
find_unused_parameters = True
model = dict(type='EncoderDecoder', backbone=dict(type='MyNet', with_cp=True))
""",
        "warning possible",
    ),
    Case(
        "through the wrapper",
        """
model_wrapper_cfg = dict(
    type='MMDistributedDataParallel', broadcast_buffers=False, find_unused_parameters=True)
model = dict(type='RetinaNet', backbone=dict(type='mmdet.ResNet', depth=50, with_cp=True))
""",
        "error certain",
    ),
    Case(
        "one DDP a child",
        """
model_wrapper_cfg = dict(type='MMSeparateDistributedDataParallel', find_unused_parameters=True)
model = dict(type='Pix2Pix', generator=dict(type='MyNet'), backbone=dict(type='mmdet.ResNet', with_cp=True))
""",
        "error likely",
    ),
    Case(
        "a wrapper nobody knows",
        """
model_wrapper_cfg = dict(type='MyDDP', find_unused_parameters=True)
model = dict(type='RetinaNet', backbone=dict(type='mmdet.ResNet', depth=50, with_cp=True))
""",
        "warning possible",
    ),
    Case(
        "text counts as true",
        """
find_unused_parameters = 'False'
model = dict(type='RetinaNet', backbone=dict(type='mmdet.ResNet', depth=50, with_cp='False'))
""",
        "error certain",
    ),
    Case(
        "activation_checkpointing, input not known",
        """
find_unused_parameters = True
activation_checkpointing = ['neck']
model = dict(type='RetinaNet', backbone=dict(type='mmdet.ResNet', depth=50), neck=dict(type='mmdet.FPN'))
""",
        "error likely",
    ),
    Case(
        "activation_checkpointing of later stages",
        """
find_unused_parameters = True
activation_checkpointing = ['backbone.layer3']
model = dict(type='RetinaNet', backbone=dict(type='mmdet.ResNet', depth=50, frozen_stages=1))
""",
        "error certain",
    ),
    Case(
        "checkpoint alone",
        """
model = dict(type='RetinaNet', backbone=dict(type='mmdet.ResNet', depth=50, with_cp=True))
""",
    ),
    Case(
        "find_unused_parameters alone",
        """
find_unused_parameters = True
model = dict(type='RetinaNet', backbone=dict(type='mmdet.ResNet', depth=50, with_cp=False))
""",
    ),
    Case(
        "static graph makes it right",
        """
find_unused_parameters = True
model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False, static_graph=True)
model = dict(type='RetinaNet', backbone=dict(type='mmdet.ResNet', depth=50, with_cp=True))
""",
    ),
    Case(
        "made non-reentrant",
        """
find_unused_parameters = True
custom_imports = dict(imports=['mmfix.nonreentrant_checkpoint'], allow_failed_imports=False)
model = dict(type='RetinaNet', backbone=dict(type='mmdet.ResNet', depth=50, with_cp=True))
""",
    ),
    Case(
        "all stages frozen: the checkpoint is off",
        """
find_unused_parameters = True
model = dict(type='RetinaNet', backbone=dict(type='mmdet.ResNet', depth=50, frozen_stages=4, with_cp=True))
""",
    ),
)


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """One finding for each switch; late freezing next to a checkpoint is MMF104's."""
    reentrant = Traits(checkpoint=Checkpoint.REENTRANT)
    if setup.facts_of("late-freeze") or not ends_in(setup.settings, reentrant, Outcome.READY_TWICE):
        return
    asked = surely_on(setup)
    for site in sites_by_key(setup):
        confidence = weaker(asked, site_confidence(setup, site))
        message = say(
            "find_unused_parameters=True with {checkpoint} {stops} the first iteration: {error}.",
            checkpoint=describe(site),
            stops=stops(confidence),
            error=TWICE,
        )
        if site.guarded is not True:
            message = say(
                "{message} Where its input has no gradient, it silently stays untrained.", message=message
            )
        yield make(
            RULE,
            setup,
            key=site.key,
            confidence=confidence,
            message=message,
            evidence=(
                site.evidence,
                asks_for_find_unused(setup),
                REENTRANT,
            ),
        )


RULE = Rule(
    code="MMF101",
    name="reentrant-checkpoint-with-find-unused",
    summary=say(
        "A reentrant gradient checkpoint under find_unused_parameters=True stops the first iteration."
    ),
    predicts=Traits(Checkpoint.REENTRANT),
    wrappers=Wrappers.FIND_UNUSED,
    cases=_CASES,
    check=check,
    page=__doc__,
)
