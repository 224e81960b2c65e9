"""Modules that may take no part in the loss, while `find_unused_parameters` is off.

## What it does

Reads the model's source (nothing is imported or run) and finds modules that are made, and that the
loss never reaches in a training step: never called, called only under `torch.no_grad()`, or whose
result is dropped. Where a class's source is not at hand, types and flags are taken that are known
for it (a module behind `use_*` / `with_*`, model types whose published configs all set
`find_unused_parameters=True`). DDP runs without `find_unused_parameters` and without static graph.

A teacher is `trainable-teacher`, a backbone stage that nobody reads is `dropped-stages`, a head that
is skipped where images have no boxes is `empty-ground-truth`.

## Why it is bad

DDP waits for the gradient of every parameter that was trainable when the model was wrapped. If one
takes no part in the loss, the next iteration stops with `Expected to have finished reduction in the
prior iteration`. A module that a flag switches off may still be created. With one GPU nothing
happens, so it shows first on the cluster.

## Example

```python
find_unused_parameters = False
model = dict(type='RapSam', use_learnable_fusion=True, use_sam_distill=False)
```

## Cure

- `find-unused`: `find_unused_parameters=True`; 1-2 % slower. Not where a reentrant gradient
  checkpoint is on: then `checkpoint-off` sets both.
- Or do not create the module: the finding names the line that makes it. In a model of your own,
  `mmfix patch --remedy unused-module` puts it under its flag, where it is used under that alone.
  `TORCH_DISTRIBUTED_DEBUG=INFO` makes torch name the parameters at run time.

## How it is known

`likely` when it is read from the model's source: the evidence names the line that makes the module
and the line that uses it. So it is where the program itself leaves the module out of some steps, by
chance or by a count of the steps. `possible`, a warning, when that depends on the data, or is only a
known type or flag. Whether a parameter is unused can be seen for certain only by running the model.

One DDP for each child of the model (`MMSeparateDistributedDataParallel`) waits for a module where
other parts of the same child get gradients: `likely`, from the source alone.
"""

from __future__ import annotations

from typing import Iterator

from mmfix.ddp import Outcome, Traits, Unused
from mmfix.findings import Finding
from mmfix.remedies.inside import dropped_stages, trainable_teachers
from mmfix.rules.common import NO_GRADIENT, ends_in, waits
from mmfix.rules.empty_ground_truth import skipped_without_boxes
from mmfix.rules.rule import MMCV1, Case, Rule, Wrappers
from mmfix.training.types import TrainingSetup
from mmfix.wording import mark, say

_CASES = (
    Case(
        "a module behind a flag",
        """
find_unused_parameters = False
model = dict(type='RapSam', backbone=dict(type='mmdet.ResNet', depth=50), use_learnable_fusion=True)
""",
        "warning possible",
    ),
    Case(
        "a model type known for it",
        """
model = dict(type='ImVoxelNet', backbone=dict(type='mmdet.ResNet', depth=50))
""",
        "warning possible",
        base=MMCV1,
    ),
    Case(
        "asked for where nobody reads it",
        """
find_unused_parameters = True
model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False)
model = dict(type='RapSam', backbone=dict(type='mmdet.ResNet', depth=50), use_learnable_fusion=True)
""",
        "warning possible",
    ),
    Case(
        "with a checkpoint beside it",
        """
model = dict(type='ImVoxelNet', backbone=dict(type='mmdet.ResNet', depth=50, with_cp=True))
""",
        "warning possible",
        base=MMCV1,
    ),
    Case(
        "find_unused_parameters is on",
        """
find_unused_parameters = True
model = dict(type='RapSam', backbone=dict(type='mmdet.ResNet', depth=50), use_learnable_fusion=True)
""",
    ),
    Case(
        "an ordinary flag",
        """
model = dict(type='RapSam', backbone=dict(type='mmdet.ResNet', depth=50), use_sigmoid=True)
""",
    ),
)


_NEXT = mark("{why} DDP waits for every gradient, and {setting}: it {stops} the next iteration with {error}.")
_SECOND = mark(
    "{why} DDP waits for every gradient, and {setting}: it {stops} the second iteration with {error}."
)


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """One finding for each part that may be unused, but for what MMF112, MMF113 and MMF115 tell."""
    elsewhere = (*trainable_teachers(setup), *dropped_stages(setup), *skipped_without_boxes(setup))
    if not ends_in(setup.settings, Traits(unused=Unused.ALWAYS), Outcome.UNUSED):
        return
    for fact in setup.facts_of("unused"):
        if fact in elsewhere:
            continue
        template = _NEXT if fact.varies else _SECOND
        yield waits(RULE, setup, fact, template, (*fact.evidence, NO_GRADIENT), ", ".join(fact.modules))


RULE = Rule(
    code="MMF102",
    name="conditional-modules-without-find-unused",
    summary=say("Parameters that may get no gradient stop the run while find_unused_parameters is off."),
    predicts=Traits(unused=Unused.ALWAYS),
    wrappers=Wrappers.EACH_CHILD,
    cases=_CASES,
    check=check,
    page=__doc__,
)
