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

A name is looked for in releases of all OpenMMLab packages of that era, in what is installed here, and as a
word in the source of the repository: where one of them has it, nothing is said. Nothing is said, either,
where `custom_imports` names something that is not here, where code makes names at run time, and of a package
that is not known. `likely` where a name is a slip away, or all sources were at hand; otherwise `possible`.
What a training may import is everything that a script of the repository or `custom_imports` leads to.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator, Sequence, Tuple

from mmfix.config.keypath import format_key
from mmfix.findings import Finding, Remedy
from mmfix.remedies import import_of, right_type, type_by_hand
from mmfix.rules.common import make
from mmfix.rules.rule import MMCV1, Case, Rule, Wrappers
from mmfix.training.arguments import in_package
from mmfix.training.type_verdict import ELSEWHERE, NOT_IMPORTED, OTHER_ERA
from mmfix.training.types import TrainingSetup
from mmfix.training.unknown_types import UnknownType, unknown_types
from mmfix.wording import say

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
#: Of types that one finding is about.
_MOST_NAMES = 3
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
    found = unknown_types(setup)
    for unknown in found:
        verdict = unknown.verdict
        if verdict.why == NOT_IMPORTED:
            continue
        finding = make(
            RULE,
            setup,
            key=unknown.keys[0],
            confidence="likely" if verdict.sure or verdict.meant else "possible",
            message=_message(unknown),
            evidence=_evidence(setup),
        )
        yield replace(finding, remedies=_cures(unknown))
    forgotten = [unknown for unknown in found if unknown.verdict.why == NOT_IMPORTED]
    if forgotten:
        yield _not_imported(setup, forgotten)


def _not_imported(setup: TrainingSetup, found: Sequence[UnknownType]) -> Finding:
    """One finding for all: mostly one import is missing."""
    first, others = found[0], [unknown.text for unknown in found[1:]]
    name = f"{first.text} ({format_key(first.keys[0])})"
    file = in_package(first.verdict.where)
    if others:
        shown = ", ".join(others[:_MOST_NAMES]) + (", ..." if len(others) > _MOST_NAMES else "")
        said = say(
            "{type} and {count} more ({types}) are registered in modules that nothing imports ({file}, ...): "
            "neither custom_imports nor a script leads there. They are in no registry when they are built.",
            type=name,
            count=len(others),
            types=shown,
            file=file,
        )
    else:
        said = say(
            "{type} is registered in {file}, which nothing imports: neither custom_imports nor a script "
            "leads there. It is in no registry when it is built.",
            type=name,
            file=file,
        )
    finding = make(
        RULE,
        setup,
        key=first.keys[0],
        confidence="likely",
        message=said,
        evidence=tuple(
            say("{file} registers {type}", file=in_package(each.verdict.where), type=each.text)
            for each in found[:_MOST_NAMES]
        ),
    )
    modules = tuple(dict.fromkeys(unknown.verdict.module for unknown in found))
    short = first.text.rpartition(".")[2]
    return replace(finding, remedies=import_of(setup, modules, short) or type_by_hand(short))


def _message(unknown: UnknownType) -> str:
    verdict, text = unknown.verdict, unknown.text
    others = len(unknown.keys) - 1
    key = format_key(unknown.keys[0])
    if others:
        name = say("{type} ({key} and {count} more)", type=text, key=key, count=others)
    else:
        name = f"{text} ({key})"
    if verdict.why == ELSEWHERE:
        owner = verdict.meant.partition(".")[0]
        said = say(
            "{type} is registered by {package}, and {scope} does not look there: it cannot be built.",
            type=name,
            package=owner,
            scope=unknown.scope,
        )
    elif verdict.why == OTHER_ERA:
        said = say(
            "{type} is of the other era: no release of this one registers it, so it cannot be built.",
            type=name,
        )
    elif verdict.sure or verdict.meant:
        said = say("{type} is in no registry, so it cannot be built.", type=name)
    else:
        said = say(
            "{type}: nothing here and no release registers a class of that name. It cannot be built.",
            type=name,
        )
    return say("{message} Was {meant} meant?", message=said, meant=verdict.meant) if verdict.meant else said


def _evidence(setup: TrainingSetup) -> Tuple[str, ...]:
    asked = "mmengine/registry/registry.py" if setup.era == "mmengine" else "mmcv/utils/registry.py"
    return (
        f"{asked}: Registry.get",
        say("looked for in the repository, in the releases of OpenMMLab, and in what is installed here"),
    )


def _cures(unknown: UnknownType) -> Tuple[Remedy, ...]:
    if unknown.verdict.meant:
        return right_type(unknown.keys, unknown.text, unknown.verdict.meant)
    return type_by_hand(unknown.text.rpartition(".")[2])


RULE = Rule(
    code="MMF207",
    name="type-in-no-registry",
    summary=say("A type is in no registry when it is built: misspelt, of elsewhere, or never imported."),
    wrappers=Wrappers.ALL,
    own_cures=True,
    known=say("looked for in releases, in what is installed, and in the code around the config"),
    cases=_CASES,
    check=check,
    page=__doc__,
)
