"""Static graph together with gradient accumulation.

## What it does

Finds `static_graph=True` in the DDP wrapper of a config that accumulates gradients
(`optim_wrapper.accumulative_counts` > 1).

## Why it is bad

All but the last micro-batch of a step run under `no_sync()`, the very first one included. Static
graph records that first iteration, does not expect it to be silent, and stops with
`expect_autograd_hooks_ INTERNAL ASSERT FAILED ... please report a bug to PyTorch`.

## Example

```python
model_wrapper_cfg = dict(type='MMDistributedDataParallel', static_graph=True)
optim_wrapper = dict(type='OptimWrapper', optimizer=..., accumulative_counts=4)
```

## Cure

- `static-graph-off`: with `find_unused_parameters=True`, which finds what static graph was hiding,
  and the checkpoint off where there is a reentrant one.
- `accumulation-off`: changes the effective batch size.

## How it is known

Measured on torch 1.13 and 2.13; `mmengine/optim/optimizer/optimizer_wrapper.py: optim_context`
enters `no_sync()`.
"""

from __future__ import annotations

from typing import Iterator

from mmfix.config.keypath import format_key
from mmfix.ddp import Outcome, Traits
from mmfix.findings import Finding
from mmfix.rules.common import MEASURED, ends_in, make
from mmfix.rules.rule import Case, Rule
from mmfix.training.types import TrainingSetup
from mmfix.wording import say

_CASES = (
    Case(
        "both on",
        """
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))
model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False, static_graph=True)
optim_wrapper['accumulative_counts'] = 4
""",
        "error certain",
    ),
    Case(
        "with a reentrant checkpoint as well",
        """
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50, with_cp=True))
model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False, static_graph=True)
optim_wrapper['accumulative_counts'] = 4
""",
        "error certain",
    ),
    Case(
        "and at the top level, where nobody reads it",
        """
static_graph = True
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))
model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False, static_graph=True)
optim_wrapper['accumulative_counts'] = 4
""",
        "error certain",
    ),
    Case(
        "static graph alone",
        """
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))
model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False, static_graph=True)
""",
    ),
    Case(
        "accumulation alone",
        """
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))
optim_wrapper['accumulative_counts'] = 4
""",
    ),
)


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """At most one finding, at the key that switches static graph on."""
    static, counts = setup.static_graph.key, setup.accumulation.key
    if counts is None or not ends_in(setup.settings, Traits(), Outcome.NO_SYNC_ASSERT):
        return
    yield make(
        RULE,
        setup,
        key=counts if static is None else static,
        confidence="certain",
        message=say(
            "static_graph=True with {key}={value}: the first micro-batch runs under no_sync() and stops "
            "with 'expect_autograd_hooks_ INTERNAL ASSERT FAILED'.",
            key=format_key(counts),
            value=setup.accumulation.value,
        ),
        evidence=(
            "mmengine/optim/optimizer/optimizer_wrapper.py: optim_context",
            say(MEASURED, row=say("static graph, first step under no_sync()")),
        ),
    )


RULE = Rule(
    code="MMF109",
    name="static-graph-with-accumulation",
    summary=say(
        "Static graph with gradient accumulation stops the first micro-batch with an internal assert."
    ),
    predicts=Traits(),
    cases=_CASES,
    check=check,
    page=__doc__,
)
