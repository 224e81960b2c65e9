"""A teacher that stays trainable inside DDP, while `find_unused_parameters` is off.

## What it does

Finds `semi_train_cfg.freeze_teacher=False` in a semi-supervised detector.

## Why it is bad

The teacher is made beside the student, so DDP registers its parameters. It only predicts, under
`torch.no_grad()`, and follows the student by averaging: it never gets a gradient. DDP waits for one
and stops the second iteration with `Expected to have finished reduction in the prior iteration`.

## Example

```python
model = dict(type='SoftTeacher', semi_train_cfg=dict(freeze_teacher=False))
```

## Cure

- `freeze-teacher`: `freeze_teacher=True`, the class's default. Same training: without a gradient no
  optimizer touches the teacher, and the averaging does not ask for one.
- `find-unused`: `find_unused_parameters=True`; 1-2 % slower.

## How it is known

`mmdet/models/detectors/semi_base.py` freezes the teacher only if the key is True. `likely`: a class
of your own may use its teacher with gradients. Where the class's source is at hand, it is read.
"""

from __future__ import annotations

from typing import Iterator

from mmfix.ddp import Outcome, Traits, Unused
from mmfix.findings import Finding
from mmfix.remedies.inside import trainable_teachers
from mmfix.rules.common import NO_GRADIENT, ends_in, waits
from mmfix.rules.rule import Case, Rule
from mmfix.training.types import TrainingSetup
from mmfix.wording import mark, say

_CASES = (
    Case(
        "freeze_teacher=False",
        """
model = dict(
    type='mmdet.SoftTeacher',
    detector=dict(type='mmdet.FasterRCNN', backbone=dict(type='mmdet.ResNet', depth=50)),
    semi_train_cfg=dict(freeze_teacher=False))
""",
        "error likely",
    ),
    Case(
        "frozen",
        """
model = dict(
    type='mmdet.SoftTeacher',
    detector=dict(type='mmdet.FasterRCNN', backbone=dict(type='mmdet.ResNet', depth=50)),
    semi_train_cfg=dict(freeze_teacher=True))
""",
    ),
    Case(
        "find_unused_parameters is on",
        """
find_unused_parameters = True
model = dict(
    type='mmdet.SoftTeacher',
    detector=dict(type='mmdet.FasterRCNN', backbone=dict(type='mmdet.ResNet', depth=50)),
    semi_train_cfg=dict(freeze_teacher=False))
""",
    ),
)


_MESSAGE = mark(
    "{why} DDP waits for its gradients, and {setting}: it {stops} the second iteration with {error}. "
    "Set freeze_teacher=True."
)


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """One finding for each teacher."""
    if not ends_in(setup.settings, Traits(unused=Unused.ALWAYS), Outcome.UNUSED):
        return
    for fact in trainable_teachers(setup):
        yield waits(RULE, setup, fact, _MESSAGE, (*fact.evidence, NO_GRADIENT))


RULE = Rule(
    code="MMF112",
    name="trainable-teacher",
    summary=say("A teacher that is not frozen never gets the gradient that DDP waits for."),
    predicts=Traits(unused=Unused.ALWAYS),
    cases=_CASES,
    check=check,
    page=__doc__,
)
