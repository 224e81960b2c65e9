"""Parameters that are frozen or unfrozen while the training runs.

## What it does

Reads in the model's source that `requires_grad` of parameters is set inside the training step. Where
the source is not at hand, known classes: BasicVSR (`train_cfg.fix_iter`), EDVR (`train_cfg.tsa_iter`),
SiamRPN's hooks (`backbone_start_train_epoch`). Models with several optimizers (GANs) are left out.

## Why it is bad

DDP registers the parameters that are trainable when the model is wrapped, and waits for all of them
in every iteration. While some are frozen their gradients never come: the second iteration, or the one
after the switch, stops with `Expected to have finished reduction in the prior iteration`. Static graph
is no way out: it takes the first iteration for all that follow.

The opposite order is worse and no error tells: what is frozen *at* the wrap is not registered, and
when it is unfrozen later its gradients stay on each rank; the ranks silently drift apart. Let
everything be trainable at the wrap, and freeze afterwards.

## Example

```python
model = dict(type='BasicVSR', train_cfg=dict(fix_iter=5000))
find_unused_parameters = False
```

## Cure

- `find-unused`: `find_unused_parameters=True`; 1-2 % slower. All official configs of these models set
  it.
- `static-graph-off`: where static graph is on, it goes, and `find_unused_parameters=True` comes.

## How it is known

`likely` when the line that sets `requires_grad` was read; known types and hooks are `possible`.
Measured for DDP: a parameter that is used only sometimes stops the run, with static graph too.
"""

from __future__ import annotations

from typing import Dict, Iterator, List

from mmfix.config.keypath import KeyPath
from mmfix.ddp import Outcome, Traits, Unused
from mmfix.findings import Finding
from mmfix.remedies.graph import schedules
from mmfix.rules.common import MEASURED, UNUSED, ends_in, find_unused_text, make, stops
from mmfix.rules.rule import MMCV1, Case, Rule
from mmfix.training.types import ModelFact, TrainingSetup
from mmfix.wording import say

_CASES = (
    Case(
        "BasicVSR",
        """
model = dict(type='BasicVSR', generator=dict(type='BasicVSRNet'), train_cfg=dict(fix_iter=5000))
""",
        "warning possible",
    ),
    Case(
        "EDVR, under static graph",
        """
find_unused_parameters = True
model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False, static_graph=True)
model = dict(type='EDVR', generator=dict(type='EDVRNet', with_tsa=True), train_cfg=dict(tsa_iter=5000))
""",
        "warning possible",
    ),
    Case(
        "train_cfg beside the model",
        """
model = dict(type='BasicVSR', generator=dict(type='BasicVSRNet'))
train_cfg = dict(fix_iter=5000)
""",
        "warning possible",
        base=MMCV1,
    ),
    Case(
        "a hook that unfreezes the backbone",
        """
model = dict(type='SiamRPN', backbone=dict(type='SOTResNet', depth=50, frozen_stages=4))
optimizer_config = dict(type='SiameseRPNOptimizerHook', backbone_start_train_epoch=10)
""",
        "warning possible",
        base=MMCV1,
    ),
    Case(
        "nothing to fix",
        """
model = dict(type='BasicVSR', generator=dict(type='BasicVSRPlusPlusNet'), train_cfg=dict(fix_iter=-1))
""",
    ),
    Case(
        "no TSA module",
        """
model = dict(type='EDVR', generator=dict(type='EDVRNet', with_tsa=False), train_cfg=dict(tsa_iter=5000))
""",
    ),
    Case(
        "find_unused_parameters is on",
        """
find_unused_parameters = True
model = dict(type='BasicVSR', generator=dict(type='BasicVSRNet'), train_cfg=dict(fix_iter=5000))
""",
    ),
)


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """One finding for each key that decides."""
    if not ends_in(setup.settings, Traits(unused=Unused.SOMETIMES), Outcome.UNUSED):
        return
    if setup.settings.static_graph:
        state = say("static graph takes the first iteration for all that follow")
        row = say("parameter used sometimes, static graph on")
    else:
        state = find_unused_text(setup)
        row = say("parameter used sometimes, find_unused_parameters off")
    by_key: Dict[KeyPath, List[ModelFact]] = {}
    for fact in schedules(setup):
        by_key.setdefault(fact.key, []).append(fact)
    for key, facts in by_key.items():
        fact = facts[0]
        yield make(
            RULE,
            setup,
            key=key,
            confidence=fact.confidence,
            message=say(
                "{why} DDP waits for the gradients of what is frozen, and {setting}: it {stops} the run "
                "with {error}, after the first iteration or at the switch.",
                why=fact.why,
                setting=state,
                stops=stops(fact.confidence),
                error=UNUSED,
            ),
            evidence=(
                *(line for same in facts for line in same.evidence),
                say(MEASURED, row=row),
            ),
            cause=fact.why,
        )


RULE = Rule(
    code="MMF114",
    name="freeze-schedule",
    summary=say(
        "Parameters frozen or unfrozen in mid-training stop the run while find_unused_parameters is off."
    ),
    predicts=Traits(unused=Unused.SOMETIMES),
    comes_late=True,
    cases=_CASES,
    check=check,
    page=__doc__,
)
