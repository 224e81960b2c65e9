"""An argument that the class of its dict does not take.

## What it does

Finds arguments of models, heads, losses, transforms, datasets, hooks, loops, loaders and optimizers that the
constructor has no parameter for: misspelt (`with_pc=`, `nekc=`), or left over from the class that the base
has in that place. A misspelt argument is found, too, where the class lets any argument pass (`**kwargs`) and
no code reads that word; and a default hook under a misspelt name (`chekpoint=`).

## Why it is bad

The class cannot be built: `__init__() got an unexpected keyword argument`. For what is built late (a hook, a
validation dataset) that comes late. Where the class lets it pass, the run trains with the default instead.

## Example

```python
model = dict(backbone=dict(type='ResNet', depth=50, with_pc=True))   # with_cp was meant
```

## Cure

- `right-argument`: the dict with the argument that is meant, or without one that is left over.
- `drop-key`: delete the line, where it is not plain what it was for.

`mmfix patch --in-place-value --remedy NAME` does it where the key stands, and `--undo` takes it back.

## How it is known

From the source of the class, followed through `**kwargs`, `super().__init__` and the functions and classes
that get them, to the last one (`likely`). Where that ends in code that is not here, or that does anything
else with `**kwargs`, a word is found only if it is a slip away from an argument of the class, and stands
nowhere in the code of its packages and of the repository. So it is in dicts of which a builder takes
arguments out first (`norm_cfg`, `init_cfg`). Nothing is said where several classes have the name, or where
other code of the package takes the argument out of the dict (`cfg.pop('bg_cls_weight')`). The names of the
default hooks are those of `mmengine/runner/runner.py: Runner.register_default_hooks`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator

from mmfix.config.keypath import format_key
from mmfix.findings import Finding
from mmfix.remedies import drop_key, right_arguments
from mmfix.rules.common import make
from mmfix.rules.rule import Case, Rule, Wrappers
from mmfix.training.arguments import DROPPED, REFUSED, Refused, refused_arguments
from mmfix.training.default_hooks import OddHook, odd_hooks
from mmfix.training.types import TrainingSetup
from mmfix.wording import say

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
class Careless(nn.Module):
    def __init__(self, neck=None, **kwargs):
        super().__init__()

@MODELS.register_module()
class AlbuNet(nn.Module):
    def __init__(self, parts):
        super().__init__()

@MODELS.register_module()
class Free(Base):
    def __init__(self, neck=None, **kwargs):
        super().__init__(kwargs.pop('depth'))
        self.more = kwargs
"""

_HOOKS = "model = dict(type='Net', depth=50)\ndefault_hooks = dict({})\n"

_CASES = (
    Case("misspelt", "model = dict(type='Net', depth=50, with_pc=True)\n", "error likely", source=_NET),
    Case("left over", "model = dict(type='Net', depth=50, num_stages=4)\n", "error likely", source=_NET),
    Case("taken by the base class", "model = dict(type='Net', depth=50, with_cp=True)\n", source=_NET),
    Case("dropped", "model = dict(type='Careless', nekc=None)\n", "warning likely", source=_NET),
    Case("let pass", "model = dict(type='Free', depth=50, nekc=None)\n", "warning likely", source=_NET),
    Case("let pass, and another word", "model = dict(type='Free', depth=50, colour='red')\n", source=_NET),
    Case("let pass, and read somewhere", "model = dict(type='Free', nekc=None)\n", source=_NET + "# nekc\n"),
    Case(
        "a default hook that cannot be built",
        _HOOKS.format("chekpoint=dict(interval=1)"),
        "error likely",
    ),
    Case("a hook taken back that there is not", _HOOKS.format("profiler=None"), "error likely"),
    Case("a hook taken back", _HOOKS.format("timer=None")),
    Case("beside the default one", _HOOKS.format("loger=dict(type='LoggerHook')"), "warning likely"),
    Case("one more hook", _HOOKS.format("ema=dict(type='EMAHook'), ema2=dict(type='EMAHook')")),
    Case(
        "built by another library",
        "model = dict(type='AlbuNet', parts=[dict(type='Net', depth=50, with_pc=True)])\n",
        source=_NET,
    ),
    Case("no source of the class", "model = dict(type='FCOS', with_pc=True)\n", source=_NET),
)


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """One finding for each such argument."""
    found = refused_arguments(setup)
    for refused in found:
        path = refused.key[:-1]
        finding = make(
            RULE,
            setup,
            key=refused.key,
            severity="error" if refused.others == REFUSED else "warning",
            confidence="likely",
            message=_message(refused),
            evidence=(say("{where}: {type} and its bases", where=refused.where, type=refused.type_name),),
        )
        wrong = {str(one.key[-1]): one.meant for one in found if one.key[:-1] == path}
        yield replace(finding, remedies=right_arguments(setup, path, wrong, refused.type_name))
    for hook in odd_hooks(setup.document, setup.era):
        yield _of_hook(setup, hook)


def _of_hook(setup: TrainingSetup, hook: OddHook) -> Finding:
    key = ("default_hooks", hook.name)
    if hook.is_built:
        said = say(
            "{key} is one more hook beside {hook}, which stays as it is.",
            key=format_key(key),
            hook=hook.meant,
        )
    elif hook.value is None:
        said = say(
            "{key} is None, and there is no default hook of that name. The run stops.", key=format_key(key)
        )
    else:
        said = say("{key} has no type, so no hook can be built from it. The run stops.", key=format_key(key))
    finding = make(
        RULE,
        setup,
        key=key,
        severity="warning" if hook.is_built else "error",
        confidence="likely",
        message=say("{message} Was {meant} meant?", message=said, meant=hook.meant) if hook.meant else said,
        evidence=("mmengine/runner/runner.py: Runner.register_default_hooks",),
    )
    if hook.meant is None:
        return replace(finding, remedies=drop_key(key))
    cures = right_arguments(setup, key[:1], {hook.name: hook.meant}, say("the Runner"))
    return replace(finding, remedies=cures)


def _message(refused: Refused) -> str:
    name, where = refused.key[-1], format_key(refused.key[:-1])
    if refused.others == REFUSED:
        said = say(
            "{type} takes no argument {argument} ({where}), so it cannot be built.",
            type=refused.type_name,
            argument=name,
            where=where,
        )
    elif refused.others == DROPPED:
        said = say(
            "{type} takes {argument} ({where}) and does nothing with it.",
            type=refused.type_name,
            argument=name,
            where=where,
        )
    else:
        said = say(
            "{type} lets {argument} pass ({where}), and no code here reads it.",
            type=refused.type_name,
            argument=name,
            where=where,
        )
    return say("{message} Was {meant} meant?", message=said, meant=refused.meant) if refused.meant else said


RULE = Rule(
    code="MMF205",
    name="argument-nobody-takes",
    summary=say("A class gets an argument that its constructor has no parameter for and cannot be built."),
    wrappers=Wrappers.ALL,
    own_cures=True,
    known=say("read from the source of the class"),
    cases=_CASES,
    check=check,
    page=__doc__,
)
