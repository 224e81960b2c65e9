"""Keys that look like static graph or a wrapper, and that nobody reads.

## What it does

Finds top-level `static_graph`, `use_static_graph` and `model_wrapper`. A key that the repository's
own training script reads is not dead; in the mmcv 1.x era what it does is then worse, and said.

## Why it is bad

They are written as a cure for a checkpoint that does not go with DDP, and no training script reads
them: the run stops as before, and the config says it should not. Static graph is an argument of the
DDP wrapper; MMEngine passes it from `model_wrapper_cfg`. In the mmcv 1.x era no key reaches it, and
calling `model._set_static_graph()` in code is worse than the error: mmcv 1.x bypasses
`DDP.forward`, so gradients are no longer reduced between ranks (torch >= 2.1, silently) or the
backward pass crashes (torch <= 2.0).

## Example

```python
find_unused_parameters = True
use_static_graph = True   # nobody reads this
```

## Cure

- `static-graph` (MMEngine): `model_wrapper_cfg = dict(type='MMDistributedDataParallel',
  static_graph=True, ...)`, if the graph never changes.
- `wrapper-keys` (MMEngine): what `model_wrapper` says, under its right name `model_wrapper_cfg`.
- `drop-key`: delete the line. In the mmcv 1.x era all that can be done about it; a cure for the
  checkpoint is in `reentrant-checkpoint-with-find-unused`.

Where a script of the mmcv 1.x era does read the key, it gets False (`static-graph-off`).

## How it is known

`mmengine/runner/runner.py: wrap_model`; in the mmcv 1.x era the train APIs of mmdet, mmseg, mmdet3d
and mmcls pass only `find_unused_parameters`; a repository's own training script is read. mmdet 2.x
does read `model_wrapper` (it replaces `model`, `mmdet/utils/replace_cfg_vals.py`), so it is not
reported there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator, Optional

from mmfix.ddp import Outcome, Traits
from mmfix.findings import Finding
from mmfix.remedies import drop_key, enable_static_graph, move_value, solve
from mmfix.remedies.change import STATIC_GRAPH_KEYS
from mmfix.remedies.graph import is_true
from mmfix.rules.common import ends_in, make
from mmfix.rules.rule import MMCV1, Case, Rule, Wrappers
from mmfix.training.types import TrainingSetup
from mmfix.wording import say

_CASES = (
    Case(
        "use_static_graph",
        """
use_static_graph = True
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50, with_cp=True))
""",
        "warning certain",
    ),
    Case(
        "static_graph, mmcv 1.x",
        """
static_graph = True
model = dict(type='FCOS', backbone=dict(type='ResNet', depth=50, with_cp=True))
""",
        "warning certain",
        base=MMCV1,
    ),
    Case(
        "model_wrapper",
        """
model_wrapper = dict(type='MMDistributedDataParallel', broadcast_buffers=False, static_graph=True)
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))
""",
        "warning certain",
    ),
    Case(
        "the wrapper has it as well",
        """
static_graph = True
model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False, static_graph=True)
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))
""",
        "note certain",
    ),
    Case(
        "switched off",
        """
static_graph = False
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))
""",
    ),
    Case(
        "mmdet 2.x reads model_wrapper",
        """
model_wrapper = dict(type='SoftTeacher', model='${model}')
model = dict(type='FCOS', backbone=dict(type='ResNet', depth=50))
""",
        base=MMCV1,
    ),
)

_MEANT = say("model_wrapper was meant to be model_wrapper_cfg.")


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """One finding for each dead key that asks for something."""
    if setup.wrapper not in ("ddp", "separate-ddp"):
        return
    if ends_in(setup.settings, Traits(), Outcome.DIVERGED):
        yield _diverges(setup)
    read = setup.script.static_graph if setup.script else None
    for key in STATIC_GRAPH_KEYS:
        if is_true(setup.document.get((key,), None)) and (read is None or read.key != (key,)):
            yield _static_graph(setup, key)
    if setup.era == "mmengine" and isinstance(setup.document.get(("model_wrapper",), None), dict):
        where = ("strategy", "model_wrapper") if setup.runner == "FlexibleRunner" else ("model_wrapper_cfg",)
        finding = make(
            RULE,
            setup,
            key=("model_wrapper",),
            severity="warning" if setup.document.get(where, None) is None else "note",
            confidence="certain",
            message=say("model_wrapper is ignored: MMEngine's key is model_wrapper_cfg."),
            evidence=("mmengine/runner/runner.py: wrap_model",),
        )
        yield replace(finding, remedies=move_value(setup, ("model_wrapper",), where, _MEANT))


def _diverges(setup: TrainingSetup) -> Finding:
    """A static graph that a script of the mmcv 1.x era really switches on."""
    script = setup.script
    read = script.static_graph if script else None
    finding = make(
        RULE,
        setup,
        key=setup.static_graph.key or ((read.key if read else None) or ("static_graph",)),
        severity="error",
        confidence="certain",
        message=say(
            "The training script switches static graph on, and mmcv 1.x bypasses DDP.forward: gradients "
            "are silently no longer reduced between ranks (torch >= 2.1), or the backward pass crashes "
            "(torch <= 2.0)."
        ),
        evidence=(
            *((say("{where}: static graph", where=script.where(read.place)),) if script and read else ()),
            "mmcv/parallel/distributed.py: MMDistributedDataParallel.train_step",
        ),
    )
    return replace(finding, remedies=solve(setup))


def _static_graph(setup: TrainingSetup, key: str) -> Finding:
    on = setup.settings.static_graph
    if on:
        effect = say("Static graph is on all the same, through the wrapper.")
    elif setup.era == "mmcv1":
        effect = say(
            "In the mmcv 1.x era no key reaches static graph. Do not call model._set_static_graph() "
            "instead: mmcv 1.x bypasses DDP.forward, and gradients are silently no longer reduced."
        )
    else:
        effect = say("Static graph is off: the key belongs in the DDP wrapper.")
    finding = make(
        RULE,
        setup,
        key=(key,),
        severity="note" if on else "warning",
        confidence="certain",
        message=say("{key} at the top level is ignored. {effect}", key=key, effect=effect),
        evidence=(
            "mmcv/parallel/distributed.py: MMDistributedDataParallel.train_step"
            if setup.era == "mmcv1"
            else "mmengine/runner/runner.py: wrap_model",
        ),
    )
    return replace(
        finding,
        remedies=drop_key((key,)) if on or setup.wrapper != "ddp" else enable_static_graph(setup, key),
    )


def _predicts(_: TrainingSetup, finding: Finding) -> Optional[str]:
    """Dead keys end no run; a static graph that mmcv 1.x really gets does."""
    return Outcome.DIVERGED.value if finding.severity == "error" else None


RULE = Rule(
    code="MMF108",
    name="dead-static-graph-key",
    summary=say(
        "Top-level static_graph, use_static_graph and model_wrapper look like a cure, and are ignored."
    ),
    predicts=_predicts,
    wrappers=Wrappers.ANY,
    own_cures=True,
    dead_key=True,
    cases=_CASES,
    check=check,
    page=__doc__,
)
