"""A variable of the base, set anew where it no longer reaches anything.

## What it does

Finds a name like `train_pipeline`, `codec`, `norm_cfg` or `max_iters` that the base built its loaders, model
or schedule from, and that this file sets to another value, without using it itself. The value stands nowhere
in the resolved config.

## Why it is bad

When the base was read, Python had put the old value into its dicts. Setting the name again changes the name
alone: the loader keeps the old pipeline, the loop the old number of iterations.

## Example

```python
_base_ = './base.py'     # train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
train_pipeline = [dict(type='LoadImageFromFile'), dict(type='Resize', scale=(640, 640))]
# missing: train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
```

## Cure

- `set-users`: the new value, in every place that has the old one from the variable.

## How it is known

Every value knows the variable that it was read from, so which places are meant is certain; that they are
meant is `likely`. So it is in lazy configs, where a name that is taken from a base file is bound anew.
"""

from __future__ import annotations

import os
import os.path as osp
from dataclasses import replace
from typing import Iterator

from mmfix.config.keypath import format_key
from mmfix.findings import Finding
from mmfix.remedies import set_users
from mmfix.rules.common import make
from mmfix.rules.rule import Case, Rule, Wrappers
from mmfix.training.stale import Stale, stale_variables
from mmfix.training.types import TrainingSetup
from mmfix.wording import say

_BASE = "scale = (1333, 800)\nmodel = dict(type='FCOS', test_cfg=dict(scale=scale), half=scale[0] // 2)\n"

_CASES = (
    Case("set in the leaf alone", "scale = (640, 640)\n", "warning likely", inherits=_BASE),
    Case(
        "the place is set, too",
        "scale = (640, 640)\nmodel = dict(test_cfg=dict(scale=scale))\n",
        inherits=_BASE,
    ),
    Case("taken back", "scale = None\n", inherits=_BASE),
    Case("set to the same", "scale = (1333, 800)\n", inherits=_BASE),
    Case("a name that the base does not have", "scales = (640, 640)\n", inherits=_BASE),
    Case("nothing is built from it", "note = 'b'\n", inherits=_BASE + "note = 'a'\n"),
    Case(
        "the place has something else by now",
        "scale = (640, 640)\nmodel = dict(test_cfg=dict(scale=(512, 512)))\n",
        inherits=_BASE,
    ),
    Case("a config without a base", _BASE),
)


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """One finding for each such variable."""
    for stale in stale_variables(setup.document, setup.era):
        finding = make(
            RULE,
            setup,
            key=(stale.name,),
            severity="warning",
            confidence="likely",
            message=_message(stale),
            evidence=(_evidence(setup, stale),),
        )
        yield replace(finding, remedies=set_users(setup, stale))


def _message(stale: Stale) -> str:
    name, key, count = stale.name, format_key(stale.users[0]), len(stale.users) - 1
    if not count:
        return say(
            "{name} is set here and not used: {key} keeps what the base built from its own {name}.",
            name=name,
            key=key,
        )
    if count == 1:
        return say(
            "{name} is set here and not used: {key} and {count} more key keep what the base built from its "
            "own {name}.",
            name=name,
            key=key,
            count=count,
        )
    return say(
        "{name} is set here and not used: {key} and {count} more keys keep what the base built from its "
        "own {name}.",
        name=name,
        key=key,
        count=count,
    )


def _evidence(setup: TrainingSetup, stale: Stale) -> str:
    places = ", ".join(format_key(path) for path in stale.users)
    folder = osp.dirname(setup.document.path)
    base = osp.relpath(stale.before.path, folder).replace(os.sep, "/")
    return say(
        "{base}:{line}: {name}, from which {places} was built",
        base=base,
        line=stale.before.line,
        name=stale.name,
        places=places,
    )


RULE = Rule(
    code="MMF203",
    name="stale-variable",
    summary=say("A variable that the base was built from is set anew, and nothing has its value."),
    wrappers=Wrappers.ALL,
    own_cures=True,
    known=say("read from the config and its bases"),
    cases=_CASES,
    check=check,
    page=__doc__,
)
