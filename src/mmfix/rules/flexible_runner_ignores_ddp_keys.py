"""DDP keys that the chosen runner does not read.

## What it does

Finds top-level DDP keys (`find_unused_parameters`, `model_wrapper_cfg`, `sync_bn`, and also
`activation_checkpointing`, `efficient_conv_bn_eval`, `compile`) in a config with
`runner_type='FlexibleRunner'`, and a `strategy` without it.

## Why it is bad

FlexibleRunner takes what DDP gets from `strategy.model_wrapper` and nothing else; the plain Runner
never looks at `strategy`. A key that nobody reads raises no error: the run stops for the reason the
key was to prevent, or trains without it. DeepSpeedStrategy and FSDPStrategy wrap the model in something
else than DDP: there such a key is a note.

## Example

```python
runner_type = 'FlexibleRunner'
find_unused_parameters = True   # nobody reads this
```

## Cure

- `wrapper-keys`: the key goes to where FlexibleRunner reads it, `strategy =
  dict(type='DDPStrategy', model_wrapper=...)`; with the checkpoint off where the two do not go together.
- `drop-key`: delete the line, where nothing stands for it.
- `flexible-runner`: for a lone `strategy`, `runner_type='FlexibleRunner'`.

## How it is known

`mmengine/runner/_flexible_runner.py: build_strategy` and `from_cfg`;
`mmengine/_strategy/distributed.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator, Tuple

from mmfix.config.keypath import KeyPath
from mmfix.findings import Finding, Override, Remedy
from mmfix.remedies import drop_key, move_find_unused, move_value, solve
from mmfix.remedies.graph import dead_find_unused
from mmfix.rules.common import is_told_elsewhere, make, matters
from mmfix.rules.rule import Case, Rule, Wrappers
from mmfix.training.types import TrainingSetup
from mmfix.wording import say

_CASES = (
    Case(
        "find_unused_parameters",
        """
runner_type = 'FlexibleRunner'
find_unused_parameters = True
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))
""",
        "warning certain",
    ),
    Case(
        "asked for beside a checkpoint",
        """
runner_type = 'FlexibleRunner'
find_unused_parameters = True
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50, with_cp=True))
""",
        "warning certain",
    ),
    Case(
        "model_wrapper_cfg",
        """
runner_type = 'FlexibleRunner'
model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False, static_graph=True)
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))
""",
        "warning certain",
    ),
    Case(
        "model_wrapper_cfg beside what is read",
        """
runner_type = 'FlexibleRunner'
strategy = dict(type='DDPStrategy', model_wrapper=dict(broadcast_buffers=False, static_graph=True))
model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False, static_graph=True)
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))
""",
        "note certain",
    ),
    Case(
        "sync_bn",
        """
runner_type = 'FlexibleRunner'
strategy = dict(type='DDPStrategy')
sync_bn = 'torch'
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))
""",
        "warning certain",
    ),
    Case(
        "compile",
        """
runner_type = 'FlexibleRunner'
compile = True
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))
""",
        "note certain",
    ),
    Case(
        "a strategy without FlexibleRunner",
        """
strategy = dict(type='DDPStrategy', model_wrapper=dict(type='MMDistributedDataParallel', static_graph=True))
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))
""",
        "warning certain",
    ),
    Case(
        "where FlexibleRunner reads it",
        """
runner_type = 'FlexibleRunner'
find_unused_parameters = True
strategy = dict(
    type='DDPStrategy',
    model_wrapper=dict(
        type='MMDistributedDataParallel', broadcast_buffers=False, find_unused_parameters=True))
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))
""",
    ),
    Case(
        "DeepSpeed has no DDP to configure",
        """
runner_type = 'FlexibleRunner'
find_unused_parameters = True
strategy = dict(type='DeepSpeedStrategy')
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))
""",
        "note certain",
    ),
    Case(
        "a wrapper beside DeepSpeed",
        """
runner_type = 'FlexibleRunner'
model_wrapper_cfg = dict(type='MMDistributedDataParallel', find_unused_parameters=True)
strategy = dict(type='DeepSpeedStrategy')
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))
""",
        "note certain",
    ),
    Case(
        "DeepSpeed, and nothing for DDP",
        """
runner_type = 'FlexibleRunner'
find_unused_parameters = False
strategy = dict(type='DeepSpeedStrategy')
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))
""",
    ),
    Case(
        "says what holds anyway",
        """
runner_type = 'FlexibleRunner'
find_unused_parameters = False
compile = False
model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))
""",
    ),
)

_STRATEGY_WRAPPER = ("strategy", "model_wrapper")
_SOURCE = "mmengine/runner/_flexible_runner.py: build_strategy"
_MEANT = say("What the key says is still what you want; until now it was not in effect.")
#: ``mmengine/_strategy/deepspeed.py: DeepSpeedStrategy._wrap_model``, ``mmengine/_strategy/fsdp.py``.
_OWN_WRAPPERS = {"deepspeed": "DeepSpeedStrategy", "fsdp": "FSDPStrategy"}
_ONLY_RUNNER = ("activation_checkpointing", "efficient_conv_bn_eval", "compile")


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """One finding for each key that is set to something and read by nobody."""
    if setup.runner == "FlexibleRunner" and setup.wrapper == "ddp":
        yield from _flexible(setup)
    elif setup.runner == "FlexibleRunner" and setup.wrapper in _OWN_WRAPPERS:
        yield from _without_ddp(setup)
    elif setup.runner == "Runner" and isinstance(setup.document.get(("strategy",), None), dict):
        yield from _lone_strategy(setup)


def _flexible(setup: TrainingSetup) -> Iterator[Finding]:
    get = setup.document.get
    top = ("find_unused_parameters",)
    if top in dead_find_unused(setup) and matters(setup) and not is_told_elsewhere(setup):
        finding = _dead(setup, top, "warning", say("If a parameter is unused, the run stops."))
        yield replace(finding, remedies=solve(setup) or move_find_unused(setup))
    if isinstance(get(("model_wrapper_cfg",), None), dict):
        severity = "warning" if get(_STRATEGY_WRAPPER, None) is None else "note"
        finding = _dead(setup, ("model_wrapper_cfg",), severity, say("DDP gets none of it."))
        yield replace(finding, remedies=move_value(setup, ("model_wrapper_cfg",), _STRATEGY_WRAPPER, _MEANT))
    if isinstance(get(("sync_bn",), None), str) and get(("strategy", "sync_bn"), None) is None:
        finding = _dead(setup, ("sync_bn",), "warning", say("BatchNorm is not synchronised between ranks."))
        yield replace(finding, remedies=move_value(setup, ("sync_bn",), ("strategy", "sync_bn"), _MEANT))
    for key in _ONLY_RUNNER:
        if get((key,), None):
            yield replace(
                _dead(setup, (key,), "note", say("The plain Runner would.")), remedies=drop_key((key,))
            )


def _without_ddp(setup: TrainingSetup) -> Iterator[Finding]:
    """What is meant for DDP, where the strategy wraps the model in something else."""
    effect = say("{strategy} has no DDP that could take it.", strategy=_OWN_WRAPPERS[setup.wrapper])
    for key, meant in (
        (("find_unused_parameters",), setup.document.get(("find_unused_parameters",), None) is True),
        (("model_wrapper_cfg",), isinstance(setup.document.get(("model_wrapper_cfg",), None), dict)),
    ):
        if meant:
            yield replace(_dead(setup, key, "note", effect), remedies=drop_key(key[:1]))


def _dead(setup: TrainingSetup, key: KeyPath, severity: str, effect: str) -> Finding:
    return make(
        RULE,
        setup,
        key=key,
        severity=severity,
        confidence="certain",
        message=say(
            "{key} has no effect: FlexibleRunner does not read it at the top level. {effect}",
            key=key[0],
            effect=effect,
        ),
        evidence=(_SOURCE,),
    )


def _lone_strategy(setup: TrainingSetup) -> Iterator[Finding]:
    finding = make(
        RULE,
        setup,
        key=("strategy",),
        severity="warning",
        confidence="certain",
        message=say("strategy has no effect: the plain Runner never reads it, only FlexibleRunner does."),
        evidence=("mmengine/runner/runner.py: Runner.from_cfg",),
    )
    yield replace(finding, remedies=_flexible_runner(setup))


def _flexible_runner(setup: TrainingSetup) -> Tuple[Remedy, ...]:
    if setup.document.get(("runner_type",), None) is not None:
        return drop_key(("strategy",))  # set, and this project's tools/train.py does not look at it
    return (
        Remedy(
            "flexible-runner",
            "review",
            say("Another runner drives the training; top-level DDP keys go dead."),
            (Override(("runner_type",), "FlexibleRunner", say("reads strategy")),),
            (
                say(
                    "Your tools/train.py looks at runner_type (those of mmpose, mmagic and mmselfsup do not)."
                ),
            ),
        ),
    )


RULE = Rule(
    code="MMF107",
    name="flexible-runner-ignores-ddp-keys",
    summary=say(
        "FlexibleRunner reads DDP settings only below strategy; the plain Runner never reads strategy."
    ),
    wrappers=Wrappers.ANY,
    own_cures=True,
    dead_key=True,
    cases=_CASES,
    check=check,
    page=__doc__,
)
