"""An argument that a class must have, and that nobody gives.

## What it does

Finds models, heads, transforms, datasets and hooks of which the constructor has a parameter without a
default, for which the config has no value: left out, or lost with a `_delete_=True` or a new `type`.

## Why it is bad

The class cannot be built: `__init__() missing 1 required positional argument`. For what is built late (a
hook, a validation dataset) that comes late.

## Example

```python
model = dict(neck=dict(_delete_=True, type='FPN', num_outs=5))   # in_channels and out_channels are lost
```

## Cure

- `give-argument`: set it, by hand.

## How it is known

From the source of the class, followed through `**kwargs` and `super().__init__` (`likely`). The code that
builds it may give the argument itself, so it has to be seen: the class of the dict around it, or one of its
bases, builds that very argument (`self.neck = MODELS.build(neck)`), and its files have the name in no string
and in no call that builds or updates (`build(cfg, in_channels=256)`, `cfg.setdefault('in_channels', 256)`).
Of what MMEngine builds (the model, datasets, hooks, metrics), that is its own code, and what runs a training
in the package of the class and in the repository. About all else nothing is said.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator

from mmfix.config.keypath import format_key
from mmfix.findings import Finding
from mmfix.remedies import give_argument
from mmfix.rules.common import make
from mmfix.rules.rule import Case, Rule, Wrappers
from mmfix.training.missing_arguments import missing_arguments
from mmfix.training.types import TrainingSetup
from mmfix.wording import say

_NETS = """
from torch import nn
from mmdet.registry import MODELS

@MODELS.register_module()
class Net(nn.Module):
    def __init__(self, neck, head=None, tail=None):
        super().__init__()
        self.neck = MODELS.build(neck)
        self.tail = MODELS.build(tail, **self.more)
        if head is not None:
            head.update(height=3)
            self.head = MODELS.build(head)

@MODELS.register_module()
class Neck(nn.Module):
    def __init__(self, width, depth=3):
        super().__init__()

@MODELS.register_module()
class Deep(Neck):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)

@MODELS.register_module()
class Head(nn.Module):
    def __init__(self, height):
        super().__init__()
"""
_MODEL = "model = dict(type='Net', {})\n"

_CASES = (
    Case("left out", _MODEL.format("neck=dict(type='Neck', depth=4)"), "error likely", source=_NETS),
    Case("of a base class", _MODEL.format("neck=dict(type='Deep')"), "error likely", source=_NETS),
    Case("given", _MODEL.format("neck=dict(type='Neck', width=4)"), source=_NETS),
    Case("given by the class around it", _MODEL.format("neck=None, head=dict(type='Head')"), source=_NETS),
    Case("given out of sight", _MODEL.format("neck=None, tail=dict(type='Neck')"), source=_NETS),
    Case("in a class that is not here", "model = dict(type='FCOS', neck=dict(type='Neck'))\n", source=_NETS),
)


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """One finding for each such argument."""
    for missing in missing_arguments(setup):
        finding = make(
            RULE,
            setup,
            key=missing.key,
            severity="error",
            confidence="likely",
            message=say(
                "{type} must have the argument {argument} ({key}), which is not given, so it cannot be "
                "built.",
                type=missing.type_name,
                argument=missing.name,
                key=format_key(missing.key),
            ),
            evidence=(say("{where}: {type} and its bases", where=missing.where, type=missing.type_name),),
        )
        yield replace(finding, remedies=give_argument(format_key((*missing.key, missing.name))))


RULE = Rule(
    code="MMF206",
    name="missing-argument",
    summary=say("A class does not get an argument that its constructor must have and cannot be built."),
    wrappers=Wrappers.ALL,
    own_cures=True,
    known=say("read from the source of the class"),
    cases=_CASES,
    check=check,
    page=__doc__,
)
