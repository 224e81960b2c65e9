"""A top-level name that is a slip away from a key of the framework, and that nobody reads.

## What it does

Finds names like `find_unused_paramters`, `models`, `eval_dataloader` or `optim_wraper`: the Runner (the
training scripts, in the mmcv 1.x era) does not read them, the config itself and its bases do not use them,
nor does any code of the repository around it.

## Why it is bad

A config may set any name, so nothing complains. What the line asks for never takes effect, and the run
trains with what the bases say.

## Example

```python
_base_ = './bisenetv2_fcn_4xb4-160k_cityscapes-1024x1024.py'
models = dict(decode_head=dict(sampler=dict(type='OHEMPixelSampler')))   # model was meant
```

## Cure

- `right-name`: set the same at the key that is read.
- `drop-key`: delete the line, where the same file has the right key as well.

`mmfix patch --in-place-value --remedy NAME` does it where the key stands, and `--undo` takes it back.

## How it is known

The keys are those that released training code reads (`mmengine/runner/runner.py: Runner.from_cfg` and
others, collected by `bench/make_read_keys.py`). That nobody reads the name follows from the code; which key
is meant is a guess: `likely`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator

from mmfix.findings import Finding
from mmfix.remedies import right_name
from mmfix.rules.common import make
from mmfix.rules.rule import MMCV1, Case, Rule, Wrappers
from mmfix.training.top_level import misspelt
from mmfix.training.types import TrainingSetup
from mmfix.wording import say

_MODEL = "model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))\n"

_CASES = (
    Case("a letter is missing", _MODEL + "find_unused_paramters = True\n", "warning likely"),
    Case("one too many", _MODEL + "models = dict(backbone=dict(depth=101))\n", "warning likely"),
    Case("another word", _MODEL + "eval_dataloader = dict(batch_size=1)\n", "warning likely"),
    Case("beside the right one", _MODEL + "optim_wraper = dict(clip_grad=None)\n", "warning likely"),
    Case("mmcv 1.x", _MODEL + "evalution = dict(interval=1)\n", "warning likely", base=MMCV1),
    Case(
        "used by the config itself",
        "models = dict(type='mmdet.ResNet', depth=50)\nmodel = dict(type='FCOS', backbone=models)\n",
    ),
    Case("a word of its own", _MODEL + "num_classes = 20\n"),
    Case("a value of another sort", _MODEL + "models = 'all of them'\n"),
    Case("private", _MODEL + "_models = dict(depth=101)\n"),
    Case("optimizers, which mmedit reads", _MODEL + "optimizers = dict(type='Adam')\n", base=MMCV1),
)


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """One finding for each such name."""
    for meant in misspelt(setup.document, setup.era):
        finding = make(
            RULE,
            setup,
            key=(meant.name,),
            severity="warning",
            confidence="likely",
            message=say(
                "{name} is ignored: nothing reads a key of that name. Was {key} meant?",
                name=meant.name,
                key=meant.key,
            ),
            evidence=(say("{source} reads {key}", source=meant.source, key=meant.key),),
        )
        yield replace(finding, remedies=right_name(setup, meant.name, meant.key))


RULE = Rule(
    code="MMF201",
    name="misspelt-top-level-key",
    summary=say("A top-level name is a slip away from a key that the framework reads, and nobody reads it."),
    wrappers=Wrappers.ALL,
    own_cures=True,
    known=say("looked for in the framework, and in the code around the config"),
    dead_key=True,
    cases=_CASES,
    check=check,
    page=__doc__,
)
