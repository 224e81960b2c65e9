"""Parameters frozen after the DDP wrap next to a reentrant gradient checkpoint.

## What it does

Finds late freezing (see `late-freezing`; in `train()`, or in `init_weights()` under MMEngine) in a
model that also has a reentrant gradient checkpoint on.

## Why it is bad

Each of the two usual cures is the other one's poison. With `find_unused_parameters=False` the
frozen parameters stop the second iteration (`Expected to have finished reduction in the prior
iteration`); with `find_unused_parameters=True` the checkpoint stops the first one (`Expected to
mark a variable ready only once`).

## Example

```python
model = dict(backbone=dict(type='SwinTransformer', frozen_stages=2, with_cp=True))
```

## Cure

- `checkpoint-off`: switches the checkpoint off *and* sets `find_unused_parameters=True`.
- `non-reentrant`: the checkpoint stays, non-reentrant, with `find_unused_parameters=True`.
- `static-graph` (MMEngine): copes with both, if the graph never changes.

In a model of your own, `mmfix patch --remedy freeze-before-wrap` (or `non-reentrant-in-code`)
changes its code instead.

## How it is known

Measured: mmdet 3.3.0 Mask R-CNN Swin-T with `frozen_stages=2` and `with_cp=True` fails with either
setting and runs with static graph. `find_unused_parameters=True` fails when at least two trainable
blocks are checkpointed: `likely`.
"""

from __future__ import annotations

from typing import Iterator

from mmfix.ddp import Checkpoint, Outcome, Traits
from mmfix.findings import Finding
from mmfix.rules.common import (
    FROZEN_LATE,
    REENTRANT,
    TWICE,
    UNUSED,
    describe,
    ends_in,
    find_unused_text,
    make,
    site_confidence,
    sites_by_key,
    stops,
    weaker,
)
from mmfix.rules.rule import MMCV1, Case, Rule, Wrappers
from mmfix.training.types import TrainingSetup
from mmfix.wording import say

_CASES = (
    Case(
        "find_unused_parameters off",
        """
model = dict(type='MaskRCNN', backbone=dict(type='mmdet.SwinTransformer', frozen_stages=2, with_cp=True))
""",
        "error certain",
    ),
    Case(
        "find_unused_parameters on",
        """
find_unused_parameters = True
model = dict(type='MaskRCNN', backbone=dict(type='mmdet.SwinTransformer', frozen_stages=2, with_cp=True))
""",
        "error likely",
    ),
    Case(
        "mmcv 1.x",
        """
model = dict(type='MaskRCNN', backbone=dict(type='SwinTransformer', frozen_stages=2, with_cp=True))
""",
        "error certain",
        base=MMCV1,
    ),
    Case(
        "static graph copes with both",
        """
model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False, static_graph=True)
model = dict(type='MaskRCNN', backbone=dict(type='mmdet.SwinTransformer', frozen_stages=2, with_cp=True))
""",
    ),
    Case(
        "no checkpoint",
        """
model = dict(type='MaskRCNN', backbone=dict(type='mmdet.SwinTransformer', frozen_stages=2, with_cp=False))
""",
    ),
)


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """The freezing keys while ``find_unused_parameters`` is off, the checkpoint switches while it is on."""
    sites, facts = sites_by_key(setup), setup.facts_of("late-freeze")
    if not sites or not facts:
        return
    if ends_in(setup.settings, Traits(late_freeze=True), Outcome.UNUSED):
        for fact in facts:
            yield make(
                RULE,
                setup,
                key=fact.key,
                confidence=fact.confidence,
                message=say(
                    "{why} DDP waits for their gradients, and {setting}: it {stops} the second "
                    "iteration with {error}. Switching it on alone would not help: {checkpoint} does "
                    "not go with it.",
                    why=fact.why,
                    setting=find_unused_text(setup),
                    stops=stops(fact.confidence),
                    error=UNUSED,
                    checkpoint=describe(sites[0]),
                ),
                evidence=(*fact.evidence, sites[0].evidence, FROZEN_LATE),
                cause=fact.why,
            )
    elif ends_in(setup.settings, Traits(Checkpoint.REENTRANT, late_freeze=True), Outcome.READY_TWICE):
        for site in sites:
            confidence = weaker("likely", site_confidence(setup, site))
            yield make(
                RULE,
                setup,
                key=site.key,
                confidence=confidence,
                message=say(
                    "find_unused_parameters=True with {checkpoint} {stops} the first iteration: "
                    "{error}. Switching it off alone would not help: {why}",
                    checkpoint=describe(site),
                    stops=stops(confidence),
                    error=TWICE,
                    why=facts[0].why,
                ),
                evidence=(
                    site.evidence,
                    *facts[0].evidence,
                    REENTRANT,
                ),
            )


RULE = Rule(
    code="MMF104",
    name="late-freezing-with-checkpoint",
    summary=say(
        "Late freezing and a reentrant checkpoint: the run stops with find_unused_parameters on and off."
    ),
    predicts=Traits(Checkpoint.REENTRANT, late_freeze=True),
    wrappers=Wrappers.FIND_UNUSED,
    cases=_CASES,
    check=check,
    page=__doc__,
)
