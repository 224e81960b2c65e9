"""A checkpointed module that runs more than once in a training step.

## What it does

Finds a reentrant gradient checkpoint inside a module that runs several times a step, with
gradients: read from the model's source where that is at hand (a loop, two views, shared weights),
else known for the type: semi-supervised detectors, siamese and two-view models, trackers with
reference frames.

## Why it is bad

Each backward pass of a reentrant checkpoint runs the hooks of its parameters. Two passes mark them
twice, and DDP stops the first iteration with `Expected to mark a variable ready only once`,
whatever `find_unused_parameters` says.

## Example

```python
model = dict(type='SoftTeacher', detector=dict(backbone=dict(type='ResNet', depth=50, with_cp=True)))
```

## Cure

- `checkpoint-off`: more memory, always right.
- `non-reentrant`: same memory, any graph.
- `static-graph` (MMEngine): counts the uses, if the graph never changes.

## How it is known

Measured for DDP. That a model reuses a module is read from its code (`likely`); a checkpoint whose
reuse is not known is never reported.
"""

from __future__ import annotations

from typing import Iterator

from mmfix.ddp import Checkpoint, Outcome, Traits
from mmfix.findings import Finding
from mmfix.remedies.graph import reuses
from mmfix.rules.common import (
    MEASURED,
    TWICE,
    describe,
    ends_in,
    make,
    site_confidence,
    sites_by_key,
    stops,
    weaker,
)
from mmfix.rules.rule import Case, Rule
from mmfix.training.types import TrainingSetup
from mmfix.wording import say

_CASES = (
    Case(
        "the student sees two batches",
        """
model = dict(
    type='mmdet.SoftTeacher',
    detector=dict(type='mmdet.FasterRCNN', backbone=dict(type='mmdet.ResNet', depth=50, with_cp=True)),
    semi_train_cfg=dict(freeze_teacher=True))
""",
        "error likely",
    ),
    Case(
        "with find_unused_parameters it is MMF101",
        """
find_unused_parameters = True
model = dict(
    type='mmdet.SoftTeacher',
    detector=dict(type='mmdet.FasterRCNN', backbone=dict(type='mmdet.ResNet', depth=50, with_cp=True)),
    semi_train_cfg=dict(freeze_teacher=True))
""",
    ),
    Case(
        "static graph counts the uses",
        """
model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False, static_graph=True)
model = dict(
    type='mmdet.SoftTeacher',
    detector=dict(type='mmdet.FasterRCNN', backbone=dict(type='mmdet.ResNet', depth=50, with_cp=True)),
    semi_train_cfg=dict(freeze_teacher=True))
""",
    ),
    Case(
        "an ordinary detector",
        """
model = dict(type='mmdet.FasterRCNN', backbone=dict(type='mmdet.ResNet', depth=50, with_cp=True))
""",
    ),
)


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """One finding for each switch in a reused part; with ``find_unused_parameters`` MMF101 has it already."""
    once, twice = Traits(Checkpoint.REENTRANT), Traits(Checkpoint.REENTRANT, reused=True)
    if ends_in(setup.settings, once, Outcome.READY_TWICE):
        return
    if not ends_in(setup.settings, twice, Outcome.READY_TWICE):
        return
    for site in sites_by_key(setup):
        fact = next((fact for fact in setup.facts if reuses(fact, site)), None)
        if fact is None:
            continue
        confidence = weaker(fact.confidence, site_confidence(setup, site))
        yield make(
            RULE,
            setup,
            key=site.key,
            confidence=confidence,
            message=say(
                "{why} With {checkpoint} each use marks the parameters once more: DDP {stops} the first "
                "iteration with {error}.",
                why=fact.why,
                checkpoint=describe(site),
                stops=stops(confidence),
                error=TWICE,
            ),
            evidence=(site.evidence, *fact.evidence, say(MEASURED, row=say("reentrant checkpoint, reused"))),
            cause=fact.why,
        )


RULE = Rule(
    code="MMF105",
    name="checkpointed-module-reused",
    summary=say("A reentrant checkpoint in a module that runs twice a step stops the first iteration."),
    predicts=Traits(Checkpoint.REENTRANT, reused=True),
    cases=_CASES,
    check=check,
    page=__doc__,
)
