"""An argument that the class of its dict does not take.

## What it does

Finds arguments of models, heads, losses, transforms, datasets, hooks, loops and optimizers that the
constructor has no parameter for: misspelt (`with_pc=`, `nekc=`), or left over from the class that the base
has in that place.

## Why it is bad

The class cannot be built: `__init__() got an unexpected keyword argument`. For what is built late (a hook, a
validation dataset) that comes late.

## Example

```python
model = dict(backbone=dict(type='ResNet', depth=50, with_pc=True))   # with_cp was meant
```

## Cure

- `right-argument`: the dict with the argument that is meant, or without one that is left over.

## How it is known

From the source of the class, followed through `**kwargs` and `super().__init__` to its last base (`likely`).
Nothing is said where that ends in code that is not here, where a constructor does anything else with
`**kwargs`, where several classes have the name, where a builder takes arguments out of the dict first
(`norm_cfg`, `plugins`), or where other code of the package does (`cfg.pop('bg_cls_weight')`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator

from mmfix.config.keypath import format_key
from mmfix.findings import Finding
from mmfix.remedies import right_arguments
from mmfix.rules.common import make
from mmfix.rules.rule import Case, Rule, Wrappers
from mmfix.training.arguments import refused_arguments
from mmfix.training.types import TrainingSetup

_NET = """
from torch import nn
from mmdet.registry import MODELS

class Base(nn.Module):
    def __init__(self, depth, with_cp=False):
        super().__init__()

@MODELS.register_module()
class Net(Base):
    def __init__(self, neck=None, **kwargs):
        super().__init__(**kwargs)

@MODELS.register_module()
class Free(Base):
    def __init__(self, neck=None, **kwargs):
        super().__init__(kwargs.pop('depth'))
"""

_CASES = (
    Case("misspelt", "model = dict(type='Net', depth=50, with_pc=True)\n", "error likely", source=_NET),
    Case("left over", "model = dict(type='Net', depth=50, num_stages=4)\n", "error likely", source=_NET),
    Case("taken by the base class", "model = dict(type='Net', depth=50, with_cp=True)\n", source=_NET),
    Case("**kwargs that cannot be followed", "model = dict(type='Free', with_pc=True)\n", source=_NET),
    Case("no source of the class", "model = dict(type='FCOS', with_pc=True)\n", source=_NET),
)


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """One finding for each such argument."""
    found = refused_arguments(setup.document, setup.era)
    for refused in found:
        same = [one for one in found if one.key[:-1] == refused.key[:-1]]
        name = refused.key[-1]
        meant = f" Was {refused.meant} meant?" if refused.meant else ""
        finding = make(
            RULE,
            setup,
            key=refused.key,
            severity="error",
            confidence="likely",
            message=f"{refused.type_name} takes no argument {name} ({format_key(refused.key[:-1])}), so it "
            f"cannot be built.{meant}",
            evidence=(f"{refused.where}: {refused.type_name} and its bases",),
        )
        yield replace(finding, remedies=right_arguments(setup, same))


RULE = Rule(
    code="MMF205",
    name="argument-nobody-takes",
    summary="A class gets an argument that its constructor has no parameter for and cannot be built.",
    wrappers=Wrappers.ALL,
    own_cures=True,
    known="read from the source of the class",
    cases=_CASES,
    check=check,
    page=__doc__,
)
