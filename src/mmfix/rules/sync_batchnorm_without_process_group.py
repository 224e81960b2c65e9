"""SyncBN in a run that has no process group.

## What it does

With `--launcher none`, finds every place below `model` that a `norm_cfg` with `SyncBN` or `MMSyncBN`
reaches, where nobody turns it into `BN` before the model runs.

## Why it is bad

`MMSyncBN` asks for the world size when it is made, so the model cannot even be built, in either era.
`SyncBN` is torch's layer, which asks for it in the first step: MMEngine's Runner and the script of
mmsegmentation take it out of a run with one process, other scripts of the mmcv 1.x era do not. It ends in
`Default process group has not been initialized`. Since torch 2.0 the layer then does what `BN` does.

## Example

```python
norm_cfg = dict(type='SyncBN', requires_grad=True)
model = dict(backbone=dict(type='ResNet', norm_cfg=norm_cfg), neck=dict(type='FPN', norm_cfg=norm_cfg))
# python tools/train.py CFG            (one process, no launcher)
```

## Cure

- `batchnorm`: `BN` in every place. The same for one process, whose batch is the whole batch.
- `one-process-group`: start the run with a launcher, also on one GPU. Nothing changes in the config.

## How it is known

`mmcv/ops/sync_bn.py: SyncBatchNorm.__init__` (`certain`), `torch/nn/modules/batchnorm.py:
SyncBatchNorm.forward` before torch 2.0 (pytorch#89706), `mmengine/runner/runner.py: wrap_model`. `likely`
where it depends on the torch that is installed where you train.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Iterator, List, Tuple

from mmfix.config.keypath import format_key
from mmfix.findings import Finding, Override, Remedy
from mmfix.rules.common import make
from mmfix.rules.rule import MMCV1, Case, Rule, Wrappers
from mmfix.training.normalisation import SyncedNorm, synced_norms, takes_sync_batchnorm_out
from mmfix.training.types import TrainingSetup
from mmfix.wording import say

_NET = """
norm_cfg = dict(type='{}', requires_grad=True)
model = dict(type='{}', backbone=dict(type='ResNet', depth=50, norm_cfg=norm_cfg),
             {}=dict(type='{}', norm_cfg=norm_cfg))
"""
_DETECTOR = _NET.format("{}", "FasterRCNN", "neck", "FPN")
_SEGMENTOR = _NET.format("{}", "EncoderDecoder", "decode_head", "FCNHead")

_CASES = (
    Case(
        "mmcv 1.x: nobody takes it out",
        _DETECTOR.format("SyncBN"),
        "error likely",
        base=MMCV1,
        launcher="none",
    ),
    Case(
        "mmcv's own layer, mmcv 1.x",
        _DETECTOR.format("MMSyncBN"),
        "error certain",
        base=MMCV1,
        launcher="none",
    ),
    Case(
        "mmcv's own layer, MMEngine",
        _DETECTOR.format("MMSyncBN"),
        "error certain",
        launcher="none",
    ),
    Case(
        "an argument that BN does not take",
        "model = dict(type='FCOS', neck=dict(type='FPN', norm_cfg=dict(type='MMSyncBN', stats_mode='N')))",
        "error certain",
        launcher="none",
    ),
    Case("MMEngine's Runner takes it out", _DETECTOR.format("SyncBN"), launcher="none"),
    Case("so does mmsegmentation", _SEGMENTOR.format("SyncBN"), base=MMCV1, launcher="none"),
    Case("BN", _DETECTOR.format("BN"), base=MMCV1, launcher="none"),
    Case("with a launcher there is a process group", _DETECTOR.format("MMSyncBN"), base=MMCV1),
)

_LAUNCH = say(
    "Start it as `torchrun --nproc-per-node 1 tools/train.py CFG --launcher pytorch`, also on one GPU."
)


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """At most one finding, at the first of the places; its cure changes all of them."""
    norms = synced_norms(setup.document)
    made = [norm for norm in norms if norm.when_made]
    failing = made or [norm for norm in norms if _fails_when_used(setup)]
    if not failing:
        return
    first, count = failing[0], len(norms)
    keys = format_key(first.key)
    if count == 2:
        keys = say("{key} and {count} more place", key=keys, count=1)
    elif count > 2:
        keys = say("{key} and {count} more places", key=keys, count=count - 1)
    if made:
        how = say("{layer} needs one as soon as it is made, so the model cannot be built", layer=first.name)
        evidence = say("mmcv/ops/sync_bn.py: SyncBatchNorm.__init__ asks for the world size")
    else:
        how = say("SyncBN stops the first step (torch before 2.0)")
        evidence = say(
            "torch/nn/modules/batchnorm.py: SyncBatchNorm.forward asks for the world size before torch 2.0"
        )
    finding = make(
        RULE,
        setup,
        key=(*first.key, "type"),
        confidence="certain" if made else "likely",
        message=say(
            "Without a launcher there is no process group, and {how}: 'Default process group has not been "
            "initialized'. {keys} ask for it.",
            how=how,
            keys=keys,
        ),
        evidence=(evidence,),
    )
    yield replace(finding, remedies=_cures(norms))


def _fails_when_used(setup: TrainingSetup) -> bool:
    """Whether torch's own layer is still there when the model runs, and needs a process group then."""
    version = re.match(r"(\d+)\.", setup.torch)
    falls_back = version is not None and int(version.group(1)) >= 2
    return setup.era == "mmcv1" and not falls_back and takes_sync_batchnorm_out(setup.document) is None


def _cures(norms: Tuple[SyncedNorm, ...]) -> Tuple[Remedy, ...]:
    cures: List[Remedy] = []
    if all(norm.plain for norm in norms):
        overrides = tuple(
            Override((*norm.key, "type"), "BN", say("one process has the whole batch")) for norm in norms
        )
        cures.append(Remedy("batchnorm", "safe", say("None with one process."), overrides))
    cures.append(Remedy("one-process-group", "review", _LAUNCH, ()))
    return tuple(cures)


RULE = Rule(
    code="MMF117",
    name="sync-batchnorm-without-process-group",
    summary=say("SyncBN needs a process group; a run without a launcher has none and stops."),
    wrappers=Wrappers.NONE,
    own_cures=True,
    cases=_CASES,
    check=check,
    page=__doc__,
)
