"""`_delete_` that is still there when the config is resolved.

## What it does

Finds `_delete_` in a dict that a class or a loader is built from.

## Why it is bad

`_delete_=True` is taken out where a dict meets the dict of a base. Where there is none (the base has no such
key, the dict is in a list, or in a dict that is new itself), it stays, and the class gets it as an argument:
`__init__() got an unexpected keyword argument '_delete_'`. It stays, too, where a config calls
`model.update(...)`: that merges two dicts and does not look at it, so that what it should delete is still
there (MMEngine's `model.merge(...)` does look at it).

## Example

```python
_base_ = './without_neck.py'
model = dict(neck=dict(_delete_=True, type='FPN'))
```

## Cure

- `drop-key`: delete `_delete_`: there is nothing to delete.
- `without-base`: the dict without what `update` has left in it.

`mmfix patch --in-place-value --remedy NAME` does it where the key stands, and `--undo` takes it back.

## How it is known

`mmengine/config/config.py: Config._merge_a_into_b`, `mmcv/utils/config.py` likewise: `likely`, since a class
may take any argument.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, Iterator

from mmfix.config.dicts import dicts_in
from mmfix.config.keypath import KeyPath, format_key
from mmfix.config.names import type_name
from mmfix.config.used import is_said
from mmfix.findings import Finding
from mmfix.remedies import drop_key, without_base
from mmfix.rules.common import make
from mmfix.rules.rule import MMCV1, Case, Rule, Wrappers
from mmfix.training.built import LOADERS
from mmfix.training.top_level import read_keys
from mmfix.training.types import TrainingSetup
from mmfix.wording import mark, say

_CASES = (
    Case(
        "nothing to delete",
        "model = dict(type='FCOS', neck=dict(_delete_=True, type='FPN'))\n",
        "error likely",
    ),
    Case(
        "mmcv 1.x",
        "model = dict(type='FCOS', neck=dict(_delete_=True, type='FPN'))\n",
        "error likely",
        base=MMCV1,
    ),
    Case(
        "in a list",
        "model = dict(type='FCOS')\ncustom_hooks = [dict(type='EMAHook', _delete_=True)]\n",
        "error likely",
    ),
    Case(
        "something to delete",
        "model = dict(neck=dict(_delete_=True, type='FPN'))\n",
        inherits="model = dict(type='FCOS', neck=dict(type='PAFPN', depth=3))\n",
    ),
    Case(
        "something to delete, and update does not look at it",
        "_base_.model.update(dict(neck=dict(_delete_=True, type='FPN')))\n",
        "error likely",
        inherits="model = dict(type='FCOS', neck=dict(type='PAFPN', depth=3))\n",
    ),
    Case("in a variable", "neck = dict(_delete_=True, type='FPN')\nmodel = dict(type='FCOS')\n"),
    Case("in a plain dict", "model = dict(type='FCOS', test_cfg=dict(_delete_=True, score_thr=0.5))\n"),
)


#: The message, and where the framework does it.
_OF_NO_MERGE = (
    mark(
        "_delete_ in {key} is still there: the base has nothing to delete, and {reader} gets it as an "
        "argument. The run stops when that is built."
    ),
    "mmengine/config/config.py: Config._merge_a_into_b",
)
_OF_A_MERGE = (
    mark(
        "_delete_ in {key} is still there, and so is what it should delete: update() does not look at it. "
        "Both go to {reader} as arguments. The run stops when that is built."
    ),
    "mmengine/config/config.py: ConfigDict.update",
)


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """One finding for each such dict; none where a base is missing, which may have had what it deletes."""
    if setup.document.tree.missing or not is_said(setup.document, "_delete_"):
        return
    read = read_keys(setup.era)
    for path, node in dicts_in(setup.document.tree):
        if "_delete_" in node and path and path[0] in read and _is_built(path, node):
            yield _finding(setup, path, node)


def _finding(setup: TrainingSetup, path: KeyPath, node: Dict[Any, Any]) -> Finding:
    merged = _is_merged(setup, path, node)
    template, place = _OF_A_MERGE if merged else _OF_NO_MERGE
    finding = make(
        RULE,
        setup,
        key=(*path, "_delete_"),
        severity="error",
        confidence="likely",
        message=say(template, key=format_key(path), reader=_reader(node)),
        evidence=(place,),
    )
    cures = without_base(setup, path) if merged else drop_key((*path, "_delete_"), ignored=False)
    return replace(finding, remedies=cures)


def _reader(node: Dict[Any, Any]) -> str:
    if "type" not in node:
        return say("the loader")
    return type_name(node["type"]) or say("its class")


def _is_merged(setup: TrainingSetup, path: KeyPath, node: Dict[Any, Any]) -> bool:
    """Whether what stood there when ``_delete_`` came is still there: it came by ``update``."""
    blames = [setup.document.blame((*path, key)) for key in node]
    place = setup.document.origin((*path, "_delete_"))
    return place is not None and any(
        blame is not None
        and blame.previous is not None
        and blame.origin.path == place.path
        and (blame.previous.origin.path != place.path or blame.previous.origin.line < place.line)
        for blame in blames
    )


def _is_built(path: KeyPath, node: Dict[Any, Any]) -> bool:
    return "type" in node or (len(path) == 1 and path[0] in LOADERS)


RULE = Rule(
    code="MMF204",
    name="leftover-delete",
    summary=say("_delete_ had nothing to delete and reaches the class as an argument."),
    wrappers=Wrappers.ALL,
    own_cures=True,
    known=say("read from the config and its bases"),
    cases=_CASES,
    check=check,
    page=__doc__,
)
