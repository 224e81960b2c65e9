"""The training script takes an absent `find_unused_parameters` for True, or does not read the key at all.

## What it does

Finds a config without `find_unused_parameters` in a repository whose own training script defaults it to
True, or passes True whatever the config says; and a config that asks for it where the script wraps the
model without looking at the key.

## Why it is bad

Nearly every training script takes an absent key for False, MMEngine's included. Some forks (VoxFormer,
mmpose 0.x and what was made from it) take it for True. The config does not show it: moved to another
script, it loses what a model with unused parameters needs, and the run stops in the second iteration.
And it is on where nobody would look for it, beside a reentrant checkpoint for instance.

A script that builds the wrapper without the key (SparseBEV) makes the key a dead one: the run stops as if
it were not there.

## Example

```python
# projects/plugin/apis/mmdet_train.py
find_unused_parameters = cfg.get('find_unused_parameters', True)
```

## Cure

- `write-key`: `find_unused_parameters = True` in the config, which changes nothing here and holds
  everywhere.

Where the script lies in the repository of the config, `mmfix patch --remedy training-script` changes
it: the default becomes False, so that a config gets what it says; a constant, or nothing, becomes
`find_unused_parameters=cfg.get('find_unused_parameters', False)`. Every config of the repository is
judged again, and none may get a new finding.

Where that line cannot be changed exactly, it is cured by hand (`read-key`).

## How it is known

`certain`: from the syntax tree of the repository's own `tools/train.py` or `apis/train.py`; the script is
not run. `likely`: without such a script, for models that are known to come with one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator

from mmfix.config.keypath import format_key
from mmfix.findings import Finding
from mmfix.remedies import in_training_script, read_key, solve, write_find_unused
from mmfix.remedies.graph import dead_find_unused
from mmfix.rules.common import asks_for_find_unused, is_told_elsewhere, make, matters, surely_on
from mmfix.rules.rule import MMCV1, Case, Rule, Wrappers
from mmfix.training.types import TrainingSetup
from mmfix.wording import say

_CASES = (
    Case(
        "a model that comes with such a script",
        """
model = dict(type='VoxFormer', img_backbone=dict(type='ResNet', depth=50))
""",
        "note likely",
        base=MMCV1,
    ),
    Case(
        "the key is written",
        """
find_unused_parameters = True
model = dict(type='VoxFormer', img_backbone=dict(type='ResNet', depth=50))
""",
        base=MMCV1,
    ),
    Case(
        "mmdet takes an absent key for False",
        """
model = dict(type='FCOS', backbone=dict(type='ResNet', depth=50))
""",
        base=MMCV1,
    ),
    Case(
        "so does MMEngine",
        """
model = dict(type='VoxFormer', img_backbone=dict(type='mmdet.ResNet', depth=50))
""",
    ),
)


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """At most one finding; what follows from the default is told by other rules."""
    yield from _never_read(setup)
    if setup.wrapper != "ddp" or setup.find_unused.key is not None or setup.find_unused.value is not True:
        return
    script = setup.script
    read = script.find_unused if script else None
    if read is not None and read.key is None:
        message = say(
            "The training script passes find_unused_parameters=True whatever the config says: under another "
            "script (MMEngine's, mmdet's) the same config runs without it."
        )
    else:
        message = say(
            "{key} is not set, and the training script then passes find_unused_parameters=True: under "
            "another script (MMEngine's, mmdet's) the same config runs without it.",
            key=format_key(read.key) if read is not None and read.key else "find_unused_parameters",
        )
    finding = make(
        RULE,
        setup,
        key=(read.key if read else None) or ("find_unused_parameters",),
        severity="note",
        confidence=surely_on(setup),
        message=message,
        evidence=(asks_for_find_unused(setup),),
    )
    yield replace(finding, remedies=(*write_find_unused(setup), *in_training_script(setup)))


def _never_read(setup: TrainingSetup) -> Iterator[Finding]:
    """The key asks for what the script does not pass on."""
    script, top = setup.script, ("find_unused_parameters",)
    read = script.find_unused if script else None
    if setup.wrapper != "ddp" or script is None or read is None or read.key == top:
        return
    if top not in dead_find_unused(setup) or not matters(setup) or is_told_elsewhere(setup):
        return
    place = script.where(read.place)
    if read.key:
        message = say(
            "find_unused_parameters=True has no effect: the training script reads {key} ({place}). If a "
            "parameter is unused, the run stops.",
            key=format_key(read.key),
            place=place,
        )
    else:
        message = say(
            "find_unused_parameters=True has no effect: the training script wraps the model without it "
            "({place}). If a parameter is unused, the run stops.",
            place=place,
        )
    finding = make(
        RULE,
        setup,
        key=top,
        severity="warning",
        confidence="certain",
        message=message,
        evidence=(
            say(
                "{place}: find_unused_parameters is {default} by default",
                place=place,
                default=read.default,
            ),
        ),
    )
    yield replace(finding, remedies=solve(setup) or in_training_script(setup) or read_key())


RULE = Rule(
    code="MMF111",
    name="find-unused-default-of-the-repository",
    summary=say("The training script takes an absent find_unused_parameters for True, or never reads it."),
    wrappers=Wrappers.ANY,
    own_cures=True,
    dead_key=True,
    cases=_CASES,
    check=check,
    page=__doc__,
)
