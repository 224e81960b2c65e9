"""A key of the framework that one file sets twice: the first value is gone.

## What it does

Finds names like `model`, `data` or `train_dataloader` that one file sets to a dict and later to another dict,
with no look at the first in between, where the resolved config lacks what the first one says.

## Why it is bad

A child's dict is merged into its base's, so it looks as if two of one file were merged, too. They are not:
the second takes the place of the first before anything is merged. What the first says has no effect.

## Example

```python
_base_ = './fpn_r50.py'
model = dict(backbone=dict(depth=101))                     # is lost: it trains ResNet-50
model = dict(data_preprocessor=dict(size=(512, 512)))
```

## Cure

- `keep-both`: what the first dict says, set once more.

## How it is known

From the lines of the file, and from the resolved config; that the first is still meant is `likely`. A note
where both set the same keys. Nothing is said where the second has `_delete_` or another `type`, of files with
functions, and of strings and numbers, of which the earlier is often kept as a reminder.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator

from mmfix.config.keypath import format_key
from mmfix.findings import Finding
from mmfix.remedies import keep_both
from mmfix.rules.common import make
from mmfix.rules.rule import Case, Rule, Wrappers
from mmfix.training.set_twice import SetTwice, set_twice
from mmfix.training.types import TrainingSetup
from mmfix.wording import mark, say

_BASE = "model = dict(type='FCOS', backbone=dict(type='ResNet', depth=50), half=False)\n"
_FIRST = "model = dict(backbone=dict(depth=101))\n"
_MOST = 3

_CASES = (
    Case("lost", _FIRST + "model = dict(half=True)\n", "warning likely", inherits=_BASE),
    Case("changed", _FIRST + "model = dict(backbone=dict(depth=34))\n", "note likely", inherits=_BASE),
    Case("read in between", _FIRST + "model = dict(half=True, **model)\n", inherits=_BASE),
    Case("changed in place", _FIRST + "model['half'] = True\n", inherits=_BASE),
    Case("the same once more", _FIRST + _FIRST, inherits=_BASE),
    Case(
        "what the base has anyway",
        "model = dict(backbone=dict(depth=50))\nmodel = dict(half=True)\n",
        inherits=_BASE,
    ),
    Case(
        "meant to replace it",
        _FIRST + "model = dict(backbone=dict(_delete_=True, type='VGG'), half=True)\n",
        inherits=_BASE,
    ),
    Case("only one of both happens", _FIRST + "if True:\n    model = dict(half=True)\n", inherits=_BASE),
    Case("a variable", "size = dict(a=1)\nsize = dict(b=2)\nmodel = dict(more=size)\n", inherits=_BASE),
)


#: Of one key, and of several.
_LOST = (
    mark("{name} of line {first} has no effect, since line {second} sets it again: {keys} is lost."),
    mark("{name} of line {first} has no effect, since line {second} sets it again: {keys} are lost."),
)
_CHANGED = (
    mark(
        "{name} of line {first} has no effect, since line {second} sets it again: {keys} is set otherwise "
        "there."
    ),
    mark(
        "{name} of line {first} has no effect, since line {second} sets it again: {keys} are set otherwise "
        "there."
    ),
)


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """One finding for each such name."""
    for twice in set_twice(setup.document, setup.era):
        finding = make(
            RULE,
            setup,
            key=(twice.name,),
            severity="warning" if twice.lost else "note",
            confidence="likely",
            message=_message(twice),
            evidence=(
                say(
                    "line {first} sets {name}, and line {second} again",
                    first=twice.first,
                    name=twice.name,
                    second=twice.second,
                ),
            ),
        )
        yield replace(finding, remedies=keep_both(setup, twice))


def _message(twice: SetTwice) -> str:
    gone = [format_key(path) for path, _ in twice.lost or twice.changed]
    keys = ", ".join(gone[:_MOST])
    if len(gone) > _MOST:
        keys = say("{keys} and {count} more", keys=keys, count=len(gone) - _MOST)
    one, several = _LOST if twice.lost else _CHANGED
    return say(
        several if len(gone) > 1 else one,
        name=twice.name,
        first=twice.first,
        second=twice.second,
        keys=keys,
    )


RULE = Rule(
    code="MMF209",
    name="set-twice",
    summary=say("One file sets a key of the framework to two dicts, and what only the first says is lost."),
    wrappers=Wrappers.ALL,
    own_cures=True,
    known=say("read from the config and its bases"),
    cases=_CASES,
    check=check,
    page=__doc__,
)
