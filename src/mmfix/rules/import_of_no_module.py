"""A module in `custom_imports` that is not there.

## What it does

Finds modules that `custom_imports` names and that the package they should lie in does not have: misspelt,
moved, or the name of a class instead of its module.

## Why it is bad

The config cannot be loaded (`ImportError`). With `allow_failed_imports=True` it is loaded without the module,
with a warning, and the types that the module registers are in no registry.

## Example

```python
custom_imports = dict(imports=['projects.Lane.heads.lane_haed'], allow_failed_imports=False)
```

## Cure

- `right-module`: the module that is meant, where there is one with nearly that name.

## How it is known

From the files: the package is here and has no such module. Nothing is said of a package of which nothing is
here, unless its name is a slip of one that is, and of an empty folder (a submodule that is not checked out).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator

from mmfix.config.keypath import format_key
from mmfix.findings import Finding
from mmfix.remedies import right_module
from mmfix.rules.common import make
from mmfix.rules.rule import Case, Rule, Wrappers
from mmfix.training.missing_modules import MissingModule, missing_modules
from mmfix.training.types import TrainingSetup
from mmfix.wording import say

_MODEL = "model = dict(type='FCOS')\n"
_IMPORT = _MODEL + "custom_imports = dict(imports={!r}, allow_failed_imports={})\n"
_NETS = "import torch\n"

_CASES = (
    Case("misspelt", _IMPORT.format(["nest"], False), "error likely", source=_NETS),
    Case("a module of a module", _IMPORT.format("nets.Net", False), "error likely", source=_NETS),
    Case("left out without an error", _IMPORT.format(["nest"], True), "warning likely", source=_NETS),
    Case("there", _IMPORT.format(["nets"], False), source=_NETS),
    Case("may be installed elsewhere", _IMPORT.format(["ownlib.heads"], False), source=_NETS),
    Case("not said", _MODEL + "custom_imports = dict(imports=None)\n", source=_NETS),
)


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """One finding for each such module."""
    for missing in missing_modules(setup.document):
        finding = make(
            RULE,
            setup,
            key=missing.key,
            severity="warning" if missing.is_skipped else "error",
            confidence="likely",
            message=_message(missing),
            evidence=(
                "mmengine/utils/misc.py: import_modules_from_strings"
                if setup.era == "mmengine"
                else "mmcv/utils/misc.py: import_modules_from_strings",
            ),
        )
        yield replace(finding, remedies=right_module(setup, missing.name, missing.meant))


def _message(missing: MissingModule) -> str:
    lacks = (
        say("{parent} has none of that name", parent=missing.parent)
        if missing.parent
        else say("nothing here has that name")
    )
    then = (
        say("The config is loaded without it, and what it registers is in no registry.")
        if missing.is_skipped
        else say("The config cannot be loaded.")
    )
    said = say(
        "There is no module {module} ({key}): {why}. {effect}",
        module=missing.name,
        key=format_key(missing.key),
        why=lacks,
        effect=then,
    )
    return say("{message} Was {meant} meant?", message=said, meant=missing.meant) if missing.meant else said


RULE = Rule(
    code="MMF208",
    name="import-of-no-module",
    summary=say("custom_imports names a module that is not there, and the config cannot be loaded."),
    wrappers=Wrappers.ALL,
    own_cures=True,
    known=say("looked for in the files around the config, and in what is installed"),
    cases=_CASES,
    check=check,
    page=__doc__,
)
