"""A type that no registry has when it is built.

## What it does

Finds the types of a config (model, data, transforms, hooks, loops, optimizers, metrics, ...) that neither the
repository nor any package of the run registers: misspelt, of the other era, of a package that is not
looked in without its name in front, or registered in a module of the repository that nothing imports.

## Why it is bad

`KeyError: 'X is not in the ... registry'`. For what is built late (a hook, a metric, a test dataset) that
comes late.

## Example

```python
test_evaluator = dict(type='MOTChallengeMetrics')     # MOTChallengeMetric was meant
model = dict(backbone=dict(type='ConvNeXt'))          # in mmdet: mmpretrain.ConvNeXt
model = dict(head=dict(type='MyHead'))                # in my_heads.py, which nothing imports
```

## Cure

- `right-name`: the name that is meant, in every place that has the wrong one.
- `import-module`: `custom_imports` with the module that registers the class.

## How it is known

A name is looked for in all releases of OpenMMLab's packages of that era, in what is installed here, and as a
word in the source of the repository: where one of them has it, nothing is said. Nothing is said, either,
where `custom_imports` names something that is not here, where code makes names at run time, and of a package
that is not known. `likely` where a name is a slip away, or all sources were at hand; otherwise `possible`.
What a training may import is everything that a script of the repository or `custom_imports` leads to.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator, Tuple

from mmfix.config.keypath import format_key
from mmfix.findings import Finding, Remedy
from mmfix.remedies import import_of, right_type, type_by_hand
from mmfix.rules.common import make
from mmfix.rules.rule import MMCV1, Case, Rule, Wrappers
from mmfix.training.arguments import in_package
from mmfix.training.type_verdict import ELSEWHERE, NOT_IMPORTED, OTHER_ERA
from mmfix.training.types import TrainingSetup
from mmfix.training.unknown_types import UnknownType, unknown_types

_NETS = """
from torch import nn
from mmdet.registry import MODELS

@MODELS.register_module()
class OwnDetector(nn.Module):
    pass

@MODELS.register_module(name='OtherName')
class OwnHead(nn.Module):
    pass
"""
_SCOPE = "default_scope = 'mmdet'\n"
_MODEL = _SCOPE + "model = dict(type='{}')\n"
_IMPORT = "custom_imports = dict(imports=['nets'])\n"

_CASES = (
    Case("misspelt", _MODEL.format("FasterRCN"), "error likely", source=_NETS),
    Case("other capitals", _MODEL.format("FasterRcnn"), "error likely", source=_NETS),
    Case("registered in a release", _MODEL.format("FasterRCNN"), source=_NETS),
    Case("misspelt, of the repository", _IMPORT + _MODEL.format("OwnDetecter"), "error likely", source=_NETS),
    Case("nobody has it", _MODEL.format("Ghost") + _IMPORT, "warning possible", source=_NETS),
    Case("of the other era", _MODEL.format("DefaultFormatBundle"), "error likely", source=_NETS),
    Case("of another package", _MODEL.format("ConvNeXt"), "error likely", source=_NETS),
    Case("of another package, which is named", _MODEL.format("mmpretrain.ConvNeXt"), source=_NETS),
    Case("a slip in the package", _MODEL.format("mmpretrian.ConvNeXt"), "error likely", source=_NETS),
    Case("a package that nobody knows", _MODEL.format("ownlib.Ghost"), source=_NETS),
    Case(
        "nothing imports it",
        "custom_imports = dict(imports=['base'])\n" + _MODEL.format("OwnDetector"),
        "error likely",
        source=_NETS,
    ),
    Case("imported", _IMPORT + _MODEL.format("OwnDetector"), source=_NETS),
    Case("no script to follow", _MODEL.format("OwnDetector"), source=_NETS),
    Case("imported, under another name", _IMPORT + _MODEL.format("OtherName"), source=_NETS),
    Case(
        "something else may register it",
        "custom_imports = dict(imports=['ownlib'])\n" + _MODEL.format("FasterRCN"),
        source=_NETS,
    ),
    Case(
        "names made at run time",
        _IMPORT + _MODEL.format("Ghost"),
        source=_NETS + "for name in dir(nn):\n    MODELS.register_module(name, module=getattr(nn, name))\n",
    ),
    Case("a mode, not a class", _SCOPE + "model = dict(type='FCOS', nms=dict(type='nmss'))\n", source=_NETS),
    Case(
        "mmcv 1.x",
        "model = dict(type='FasterRCNN', neck=dict(type='ChannelMaper'))\n",
        "error likely",
        base=MMCV1,
        source=_NETS,
    ),
)


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """One finding for each such type."""
    for unknown in unknown_types(setup):
        verdict = unknown.verdict
        finding = make(
            RULE,
            setup,
            key=unknown.keys[0],
            confidence="likely" if verdict.sure or verdict.meant else "possible",
            message=_message(unknown),
            evidence=_evidence(setup, unknown),
        )
        yield replace(finding, remedies=_cures(setup, unknown))


def _message(unknown: UnknownType) -> str:
    verdict, text = unknown.verdict, unknown.text
    others = len(unknown.keys) - 1
    more = f" and {others} more" if others else ""
    name = f"{text} ({format_key(unknown.keys[0])}{more})"
    if verdict.why == NOT_IMPORTED:
        return (
            f"{name} is registered in {in_package(verdict.where)}, which nothing imports: neither "
            "custom_imports nor a script leads there. It is in no registry when it is built."
        )
    if verdict.why == ELSEWHERE:
        owner = verdict.meant.partition(".")[0]
        said = (
            f"{name} is registered by {owner}, and {unknown.scope} does not look there: it cannot be built."
        )
    elif verdict.why == OTHER_ERA:
        said = f"{name} is of the other era: no release of this one registers it, so it cannot be built."
    else:
        said = f"{name} is in no registry, so it cannot be built."
    return f"{said} Was {verdict.meant} meant?" if verdict.meant else said


def _evidence(setup: TrainingSetup, unknown: UnknownType) -> Tuple[str, ...]:
    if unknown.verdict.why == NOT_IMPORTED:
        return (f"{in_package(unknown.verdict.where)} registers {unknown.text}",)
    asked = "mmengine/registry/registry.py" if setup.era == "mmengine" else "mmcv/utils/registry.py"
    return (
        f"{asked}: Registry.get",
        "looked for in the repository, in the releases of OpenMMLab, and in what is installed here",
    )


def _cures(setup: TrainingSetup, unknown: UnknownType) -> Tuple[Remedy, ...]:
    name = unknown.text.rpartition(".")[2]
    if unknown.verdict.meant:
        return right_type(unknown.keys, unknown.text, unknown.verdict.meant)
    if unknown.verdict.why == NOT_IMPORTED:
        return import_of(setup, unknown.verdict.module, name) or type_by_hand(name)
    return type_by_hand(name)


RULE = Rule(
    code="MMF207",
    name="type-in-no-registry",
    summary="A type is in no registry when it is built: misspelt, of elsewhere, or never imported.",
    wrappers=Wrappers.ALL,
    own_cures=True,
    known="looked for in releases, in what is installed, and in the code around the config",
    cases=_CASES,
    check=check,
    page=__doc__,
)
