"""A top-level key of the other generation of the framework.

## What it does

Finds keys of mmcv 1.x (`optimizer_config`, `lr_config`, `runner`, `data`, `fp16`, `resume_from`, ...) in a
config for MMEngine, and the reverse, where nothing in the config or in the code that trains it uses them.
`optimizer` as a variable that `optim_wrapper` is built from is fine.

## Why it is bad

Nobody reads the key: the run has no mixed precision, another schedule, another batch size than the line
says. Nothing complains.

## Example

```python
_base_ = './upernet_160k.py'          # for MMEngine
runner = dict(type='IterBasedRunner', max_iters=320000)   # trains 160000 iterations
fp16 = dict(loss_scale='dynamic')                         # trains in FP32
```

## Cure

- `key-of-this-era`: the same in the words of this era, where one value says it.
- `drop-key`: otherwise the line goes.

`mmfix patch --in-place-value --remedy NAME` does it where the key stands, and `--undo` takes it back.

## How it is known

`mmengine/runner/runner.py: Runner.from_cfg` and the released training scripts of mmcv 1.x: `certain`. A
warning where training depends on it; a note where it is about speed, logging or saving, or where the other
key says the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator

from mmfix.findings import Finding
from mmfix.remedies import this_era
from mmfix.rules.common import make
from mmfix.rules.rule import MMCV1, Case, Rule, Wrappers
from mmfix.training.other_era import keys_of_the_other_era
from mmfix.training.types import TrainingSetup
from mmfix.wording import say

_MODEL = "model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))\n"

_CASES = (
    Case(
        "another length",
        _MODEL + "runner = dict(max_epochs=24)\n",
        "warning certain",
    ),
    Case("the same length", _MODEL + "runner = dict(max_epochs=12)\n", "note certain"),
    Case("no mixed precision", _MODEL + "fp16 = dict(loss_scale=512.)\n", "warning certain"),
    Case(
        "clipped gradients",
        _MODEL + "optimizer_config = dict(grad_clip=dict(max_norm=35, norm_type=2))\n",
        "warning certain",
    ),
    Case("a schedule", _MODEL + "lr_config = dict(policy='step', step=[16, 22])\n", "warning certain"),
    Case("another batch size", _MODEL + "data = dict(samples_per_gpu=4)\n", "warning certain"),
    Case("how often is evaluated", _MODEL + "evaluation = dict(interval=2)\n", "note certain"),
    Case("mmcv 1.x", _MODEL + "param_scheduler = [dict(type='LinearLR')]\n", "warning certain", base=MMCV1),
    Case(
        "a variable of its own",
        _MODEL + "optimizer = dict(type='AdamW', lr=1e-4)\noptim_wrapper['optimizer'] = optimizer\n",
    ),
    Case("says nothing", _MODEL + "resume_from = None\n"),
    Case("in its own era", _MODEL + "fp16 = dict(loss_scale=512.)\n", base=MMCV1),
)


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """One finding for each such key."""
    reader = "MMEngine" if setup.era == "mmengine" else "mmcv 1.x"
    for foreign in keys_of_the_other_era(setup.document, setup.era):
        effect = say("What it says has no effect") if foreign.matters else say("It has no effect")
        finding = make(
            RULE,
            setup,
            key=(foreign.key,),
            severity="warning" if foreign.matters else "note",
            confidence="certain",
            message=say(
                "{key} is not a key of {framework}, which reads {keys}. {effect}.",
                key=foreign.key,
                framework=reader,
                keys=foreign.called,
                effect=effect,
            ),
            evidence=(
                "mmengine/runner/runner.py: Runner.from_cfg"
                if setup.era == "mmengine"
                else "mmdet 2.28.2 mmdet/apis/train.py: train_detector",
            ),
        )
        yield replace(finding, remedies=this_era(setup, foreign))


RULE = Rule(
    code="MMF202",
    name="key-of-the-other-era",
    summary=say("A top-level key of mmcv 1.x in a config for MMEngine, or the reverse: nobody reads it."),
    wrappers=Wrappers.ALL,
    own_cures=True,
    cases=_CASES,
    check=check,
    page=__doc__,
)
