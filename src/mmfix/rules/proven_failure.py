"""A failure that a rehearsal has shown and no other rule explains.

## What it does

Reports what `mmfix prove CFG --save` found, when the rehearsal failed and nothing that was read from the
config or from the model's source says why. It speaks only while the proof holds: as long as the model, the
DDP settings and your own code are what they were.

## Why it is bad

The rehearsal ran the real training step under real DistributedDataParallel. What stopped it there stops the
training as well.

## Example

```
$ mmfix prove configs/a.py --save      # UNUSED: head.mask_tokens gets no gradient
$ mmfix check configs/a.py             # error[MMF116]
```

## Cure

What the measured facts ask for, if a config can say it: `find-unused`, `checkpoint-off`, and so on, as for
the rule that would have told. Where none is offered, the finding has the parameters and DDP's own words:
use them in the loss, or do not make them.

## How it is known

It was seen. `mmfix prove CFG -v` shows the whole error.
"""

from __future__ import annotations

from typing import Iterator, Optional

from mmfix.ddp import Outcome
from mmfix.findings import Finding
from mmfix.rules.common import make
from mmfix.rules.rule import Case, Rule, Wrappers
from mmfix.training.types import Rehearsed, TrainingSetup
from mmfix.wording import say

_LINE = "rehearsed on 2026-11-22: 2 gloo ranks, torch 2.13.0, scenarios normal"
_CONFIG = "model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))\n"

_CASES = (
    Case(
        "a parameter that nothing pointed to",
        _CONFIG,
        "error proven",
        rehearsed=Rehearsed(
            "UNUSED", _LINE, error="Expected to have finished reduction", what="2 parameters of head"
        ),
    ),
    Case(
        "all ranks stand still",
        _CONFIG,
        "error proven",
        rehearsed=Rehearsed("HANG", _LINE, reason="no rank made a step in 60 s"),
    ),
    Case("rehearsed, and fine", _CONFIG, rehearsed=Rehearsed("OK", _LINE)),
    Case("not rehearsed", _CONFIG),
)

_ENDS = {
    Outcome.UNUSED.value: say("DDP waits for a gradient that does not come"),
    Outcome.READY_TWICE.value: say("DDP gets the gradient of a parameter twice"),
    Outcome.UNTRAINED.value: say("it runs, and a part of the model silently stays untrained"),
    Outcome.NO_SYNC_ASSERT.value: say("static graph cannot start under no_sync()"),
    Outcome.DIVERGED.value: say("it runs, and the ranks silently drift apart"),
    "HANG": say("the ranks wait for each other and never go on"),
}


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """One finding for a rehearsal that failed; the caller leaves it out where another one explains it."""
    seen = setup.rehearsed
    if seen is None or seen.outcome == Outcome.OK.value:
        return
    about = f": {seen.what}" if seen.what else ""
    reason = f" ({seen.reason.rstrip('.')})" if seen.reason else ""
    yield make(
        RULE,
        setup,
        key=seen.key,
        confidence="proven",
        message=say(
            "{who} ended in {outcome}, {what}.",
            who=seen.who,
            outcome=seen.outcome,
            what=f"{_ENDS[seen.outcome]}{about}{reason}",
        ),
        evidence=(seen.line, *((seen.error,) if seen.error else ())),
    )


def _predicts(setup: TrainingSetup, _: Finding) -> Optional[str]:
    """What was seen."""
    return None if setup.rehearsed is None else setup.rehearsed.outcome


RULE = Rule(
    code="MMF116",
    name="proven-failure",
    summary=say("A rehearsal failed, and no other rule says why."),
    predicts=_predicts,
    wrappers=Wrappers.ANY,
    last_resort=True,
    cases=_CASES,
    check=check,
    page=__doc__,
)
