"""`model_wrapper_cfg` shadows the top-level `find_unused_parameters`.

## What it does

Finds a config with `model_wrapper_cfg` in which the top-level `find_unused_parameters` says
something else than what is in effect, or in which `broadcast_buffers` has silently changed from
False to True.

## Why it is bad

MMEngine's Runner reads the top-level key only when there is no `model_wrapper_cfg`; with one, DDP
gets what that dict says and nothing else. So `find_unused_parameters=True` at the top level is dead
and the run stops as if it were not there. The same goes for `broadcast_buffers`: without
`model_wrapper_cfg` the Runner passes False, with one torch's own default True holds, which copies
all buffers from rank 0 in every step.

## Example

```python
find_unused_parameters = True   # nobody reads this
model_wrapper_cfg = dict(type='MMDistributedDataParallel')
```

## Cure

- `wrapper-keys`: write the key into `model_wrapper_cfg`; with the checkpoint off where the two do
  not go together.
- `drop-key`: delete a line that says what nobody reads.

## How it is known

`mmengine/runner/runner.py: wrap_model`. Where static graph is on, `find_unused_parameters` changes
nothing and nothing is reported about it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator, Tuple

from mmfix.findings import Finding, Override, Remedy
from mmfix.remedies import drop_key, move_find_unused, solve
from mmfix.remedies.graph import dead_find_unused
from mmfix.rules.common import is_told_elsewhere, make, matters
from mmfix.rules.rule import Case, Rule, Wrappers
from mmfix.training.types import TrainingSetup
from mmfix.wording import say

_CASES = (
    Case(
        "asked for, not in effect",
        """
find_unused_parameters = True
model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False)
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))
""",
        "warning certain",
    ),
    Case(
        "asked for beside a checkpoint",
        """
model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False)
find_unused_parameters = True
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50, with_cp=True))
""",
        "warning certain",
    ),
    Case(
        "one DDP a child",
        """
find_unused_parameters = True
model_wrapper_cfg = dict(type='MMSeparateDistributedDataParallel')
model = dict(type='Pix2Pix', generator=dict(type='UnetGenerator'))
""",
        "warning certain",
    ),
    Case(
        "refused at the top, in effect all the same",
        """
find_unused_parameters = False
model_wrapper_cfg = dict(
    type='MMDistributedDataParallel', broadcast_buffers=False, find_unused_parameters=True)
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))
""",
        "note certain",
    ),
    Case(
        "broadcast_buffers flips",
        """
model_wrapper_cfg = dict(type='MMDistributedDataParallel', find_unused_parameters=True)
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))
""",
        "note certain",
    ),
    Case(
        "both say the same",
        """
find_unused_parameters = True
model_wrapper_cfg = dict(
    type='MMDistributedDataParallel', broadcast_buffers=False, find_unused_parameters=True)
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))
""",
    ),
    Case(
        "static graph: it changes nothing",
        """
find_unused_parameters = True
model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False, static_graph=True)
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50, with_cp=True))
""",
    ),
    Case(
        "no wrapper",
        """
find_unused_parameters = True
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))
""",
    ),
)

_WRAPPER = ("model_wrapper_cfg",)
_TOP = ("find_unused_parameters",)
_SOURCE = "mmengine/runner/runner.py: wrap_model"


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """The shadowed key, and the buffers; a crash that follows from it is told by its own rule."""
    if setup.runner != "Runner" or setup.wrapper_key != _WRAPPER:
        return
    if setup.wrapper in ("ddp", "separate-ddp"):
        yield from _find_unused(setup)
    if setup.wrapper == "ddp" and (*_WRAPPER, "broadcast_buffers") not in _present(setup):
        note = make(
            RULE,
            setup,
            key=_WRAPPER,
            severity="note",
            confidence="certain",
            message=say(
                "model_wrapper_cfg without broadcast_buffers: DDP copies all buffers from rank 0 every "
                "step (torch's default), which the Runner does not do without model_wrapper_cfg."
            ),
            evidence=(_SOURCE,),
        )
        yield replace(note, remedies=_keep_buffers())


def _find_unused(setup: TrainingSetup) -> Iterator[Finding]:
    top = setup.document.get(_TOP, None)
    if _TOP in dead_find_unused(setup):
        if not matters(setup) or is_told_elsewhere(setup):
            return
        finding = make(
            RULE,
            setup,
            key=_TOP,
            severity="warning",
            confidence="certain",
            message=say(
                "find_unused_parameters=True has no effect: with model_wrapper_cfg set, the top-level "
                "key is ignored. If a parameter is unused, the run stops."
            ),
            evidence=(_SOURCE,),
        )
        yield replace(finding, remedies=solve(setup) or move_find_unused(setup))
    elif top is False and setup.find_unused.value is True and matters(setup):
        note = make(
            RULE,
            setup,
            key=_TOP,
            severity="note",
            confidence="certain",
            message=say(
                "find_unused_parameters=False has no effect: with model_wrapper_cfg set, the top-level "
                "key is ignored, and the wrapper says True."
            ),
            evidence=(_SOURCE,),
        )
        yield replace(note, remedies=drop_key(_TOP))


def _present(setup: TrainingSetup) -> Tuple[Tuple[str, str], ...]:
    wrapper = setup.document.get(_WRAPPER, None)
    return tuple((_WRAPPER[0], key) for key in wrapper) if isinstance(wrapper, dict) else ()


def _keep_buffers() -> Tuple[Remedy, ...]:
    override = Override(
        (*_WRAPPER, "broadcast_buffers"), False, say("as the Runner has it without a wrapper")
    )
    return (
        Remedy(
            "wrapper-keys",
            "review",
            say("Each rank keeps its own buffers (BatchNorm statistics)."),
            (override,),
            (say("The buffers of the ranks were meant to stay apart, as without model_wrapper_cfg."),),
        ),
    )


RULE = Rule(
    code="MMF106",
    name="wrapper-shadows-find-unused",
    summary=say("With model_wrapper_cfg set, the top-level find_unused_parameters is ignored."),
    wrappers=Wrappers.ANY,
    own_cures=True,
    dead_key=True,
    cases=_CASES,
    check=check,
    page=__doc__,
)
