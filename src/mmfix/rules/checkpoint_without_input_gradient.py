"""A reentrant checkpoint around a module whose input has no gradient.

## What it does

Finds entries of MMEngine's `activation_checkpointing` that name a module fed with data (`backbone`,
`img_backbone`, `generator`, the stem of a backbone) or a ResNet stage right behind the frozen ones;
and, where the model's source is at hand, checkpoint calls in it that get an input without a gradient:
the data itself, or what a frozen part made of it.

## Why it is bad

A reentrant checkpoint passes gradients to its input, and only on the way there to its parameters. If
no input has a gradient, the output has none either, and the module is not trained. Usually DDP stops
the second iteration with `Expected to have finished reduction in the prior iteration`. The advice of
that error text makes it worse: with `find_unused_parameters=True`, and with static graph, the run goes
on and the module silently stays as it was initialised. `with_cp=True` in most backbones of mmdet and
mmseg has a guard against this (`x.requires_grad`); `activation_checkpointing`, and many Swin and ViT
classes of other repositories, have none.

## Example

```python
activation_checkpointing = ['backbone']   # the input is the image
```

## Cure

- `checkpoint-off`: the entry leaves the list, or the switch goes off. Later stages
  (`backbone.layer3`) may stay.
- `non-reentrant`: keeps the entry; a non-reentrant checkpoint needs no gradient at its input.

In a model of your own, `mmfix patch --remedy non-reentrant-in-code`
changes its code instead.

## How it is known

Measured on torch 2.13, two processes, gloo; `mmengine/runner/activation_checkpointing.py`. A whole
backbone is `certain`; a stem, a generator or a stage behind frozen ones is read from the config's
usual meaning, a call in the model's code from its source: `likely`.
"""

from __future__ import annotations

from typing import Iterator

from mmfix.ddp import Checkpoint, Outcome, Traits, outcome
from mmfix.findings import Finding
from mmfix.remedies.graph import cut_off
from mmfix.rules.common import MEASURED, UNUSED, make
from mmfix.rules.rule import Case, Rule, Wrappers
from mmfix.training.activation import KEY as ACTIVATION
from mmfix.training.activation import WHOLE_BACKBONES
from mmfix.training.types import TrainingSetup
from mmfix.wording import say

_CASES = (
    Case(
        "a whole backbone",
        """
activation_checkpointing = ['backbone']
model = dict(type='RetinaNet', backbone=dict(type='mmdet.ResNet', depth=50))
""",
        "error certain",
    ),
    Case(
        "a whole backbone, silently untrained",
        """
find_unused_parameters = True
activation_checkpointing = 'backbone'
model = dict(type='RetinaNet', backbone=dict(type='mmdet.ResNet', depth=50))
""",
        "error certain",
    ),
    Case(
        "the stage behind the frozen ones",
        """
activation_checkpointing = ['backbone.layer1', 'backbone.layer2', 'backbone.layer3']
model = dict(type='RetinaNet', backbone=dict(type='mmdet.ResNet', depth=50, frozen_stages=1))
""",
        "error likely",
    ),
    Case(
        "later stages",
        """
activation_checkpointing = ['backbone.layer3', 'backbone.layer4']
model = dict(type='RetinaNet', backbone=dict(type='mmdet.ResNet', depth=50, frozen_stages=1))
""",
    ),
    Case(
        "what is frozen has nothing to lose",
        """
activation_checkpointing = ['backbone.layer1']
model = dict(type='RetinaNet', backbone=dict(type='mmdet.ResNet', depth=50, frozen_stages=1))
""",
    ),
    Case(
        "layers before the backbone",
        """
activation_checkpointing = ['backbone']
model = dict(
    type='VoxelNet', middle_encoder=dict(type='SparseEncoder'), backbone=dict(type='SECOND'))
""",
    ),
    Case(
        "made non-reentrant",
        """
activation_checkpointing = ['backbone']
custom_imports = dict(imports=['mmfix.nonreentrant_checkpoint'], allow_failed_imports=False)
model = dict(type='RetinaNet', backbone=dict(type='mmdet.ResNet', depth=50))
""",
    ),
)


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """One finding for each entry that is cut off."""
    result = outcome(setup.settings, Traits(Checkpoint.REENTRANT, input_has_grad=False))
    if result is Outcome.UNUSED:
        effect = say(
            "DDP stops the second iteration with {error}. find_unused_parameters=True would only hide it",
            error=UNUSED,
        )
        row = say("reentrant checkpoint whose input has no gradient, find_unused_parameters off")
    elif result is Outcome.UNTRAINED:
        effect = say("it silently stays untrained, whatever the loss says")
        row = say(
            "reentrant checkpoint whose input has no gradient, find_unused_parameters on or static graph"
        )
    else:
        return
    told = set()
    for site in cut_off(setup):
        if (site.key, site.evidence, site.value) in told:  # one switch of several parts of one class
            continue
        told.add((site.key, site.evidence, site.value))
        if site.key == ACTIVATION:
            cause = say(
                "activation_checkpointing wraps {module}, whose input has no gradient, in a "
                "reentrant checkpoint",
                module=site.value,
            )
        else:
            cause = say(
                "The reentrant checkpoint in {type} at {place} gets an input without a gradient",
                type=site.type_name,
                place=site.evidence,
            )
        yield make(
            RULE,
            setup,
            key=site.key,
            confidence="certain" if site.key == ACTIVATION and site.value in WHOLE_BACKBONES else "likely",
            message=say("{cause}: the module gets none either, and {effect}.", cause=cause, effect=effect),
            evidence=(site.evidence, say(MEASURED, row=row)),
        )


RULE = Rule(
    code="MMF110",
    name="checkpoint-without-input-gradient",
    summary=say(
        "A checkpointed module whose input has no gradient is not trained: the run stops, or nobody notices."
    ),
    predicts=Traits(Checkpoint.REENTRANT, input_has_grad=False),
    wrappers=Wrappers.FIND_UNUSED,
    cases=_CASES,
    check=check,
    page=__doc__,
)
