"""Promise: what the reader says of an official config is what MMEngine says, or an explicit Unknown."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest
from parity import Failed, differences, with_mmengine
from zoo_helpers import ONEDL, ROOTS, SHARDS, config_files

from mmfix.config.reader import Reader
from mmfix.errors import ConfigError

pytestmark = pytest.mark.zoo

#: Files that are no configs of their own: command line scripts kept among the configs.
SCRIPTS = "override_category.py"


#: CI reads a sixth of these; they are nearly those of the releases before.
_ONEDL = [
    pytest.param(name, shard, marks=[pytest.mark.full] if shard else [])
    for name in ONEDL
    for shard in range(SHARDS)
]


@pytest.mark.parametrize(
    ("name", "shard"), [*((name, shard) for name in ROOTS for shard in range(SHARDS)), *_ONEDL]
)
def test_equal_to_mmengine(zoo: Callable[[str], Path], name: str, shard: int) -> None:
    reader = Reader()
    loaded = equal = 0
    wrong = []
    for path in config_files(zoo, name)[shard::SHARDS]:
        theirs = with_mmengine(path)
        try:
            document = reader.load(path)
        except ConfigError as error:
            if not isinstance(theirs, Failed):
                wrong.append(f"only mmfix refuses {path}: {error}")
            continue
        if document.missing:  # judged without a base, and said so; MMEngine cannot load it
            if not isinstance(theirs, Failed):
                wrong.append(f"only mmfix misses a base of {path}: {document.missing[0].entry}")
            continue
        ours = document.to_dict()
        if isinstance(theirs, Failed):
            wrong.append(f"only MMEngine refuses {path}: {theirs}")
            continue
        found = list(differences(ours, theirs))
        wrong.extend(f"{path}: {text}" for kind, text in found if kind == "different")
        if not path.endswith(SCRIPTS):
            loaded += 1
            equal += not found
    assert wrong == []
    assert loaded > 50
    assert equal >= 0.995 * loaded
