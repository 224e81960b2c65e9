"""A switch that the class at hand is given and does nothing with is no checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import List, Tuple

import pytest
from code_repository import PLAIN, repository

import mmfix

PART = """\
from elsewhere import Base, deep
from torch import nn
from mmengine.registry import MODELS


@MODELS.register_module()
class Part({base}):
    def __init__(self, {takes}):
        super().__init__({hands_on})
        self.c = nn.Conv2d(8, 8, 1)
        self.run = {run}

    def forward(self, x):
        return self.run(x)
"""
#: Base class, parameters, what the base class gets, what runs; whether the name may mean something.
CASES = {
    "dropped": ("nn.Module", "**kwargs", "", "self.c", False),
    "handed on": ("Base", "**kwargs", "**kwargs", "self.c", True),
    "looked up": ("nn.Module", "**kwargs", "", "deep(self.c, kwargs)", True),
    "taken": ("nn.Module", "with_cp=False", "", "deep(self.c, with_cp)", True),
}


def found(config: str) -> List[Tuple[str, str, bool]]:
    """Key and confidence of each finding, and whether the cure in code changes lines."""
    return [
        (
            ".".join(map(str, finding.key)),
            finding.confidence,
            any(cure.name == "non-reentrant-in-code" and cure.code != () for cure in finding.remedies),
        )
        for finding in mmfix.check(config).findings
    ]


@pytest.mark.parametrize("name", CASES)
def test_what_a_class_does_with_a_switch_that_is_only_a_name(name: str, tmp_path: Path) -> None:
    base, takes, hands_on, run, may_mean = CASES[name]
    config = repository(tmp_path, PLAIN.replace("x)", "self.part(x))"))
    text = (tmp_path / "net.py").read_text().replace("deep=True", "deep=True, part=None")
    (tmp_path / "net.py").write_text(
        text.replace("self.deep = deep", "self.deep, self.part = deep, MODELS.build(part)")
    )
    (tmp_path / "part.py").write_text(PART.format(base=base, takes=takes, hands_on=hands_on, run=run))
    said = Path(config).read_text().replace("deep=True", "deep=True, part=dict(type='Part', with_cp=True)")
    Path(config).write_text(said.replace("imports=['net']", "imports=['net', 'part']"))
    assert any(key == "model.part.with_cp" for key, _, _ in found(config)) is may_mean
    assert ("model.deep", "certain", True) in found(config) or may_mean
