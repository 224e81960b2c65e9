"""Which config key decides about a part, where only a name made at run time may mean it."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import pytest

from mmfix.config.keypath import format_key
from mmfix.model.reading import read_model
from mmfix.model.types import NEVER
from mmfix.repository.library import Library

_SOURCE = """
from mmengine.model import BaseModel
from torch import nn


class Net(BaseModel):
    def __init__(self, depth=2):
        super().__init__()
        self.depth = depth
        self.names = []
        for index in range(3):
            self.add_module(f"layer{index}", nn.Linear(4, 4))
            self.names.append(f"layer{index}")
        self.leftover = nn.Linear(4, 4)
        self.stage0 = nn.Linear(4, 4)
        self.stage1 = nn.Linear(4, 4)

    def forward(self, inputs, data_samples=None, mode="loss"):
        x = inputs
        for index in range(self.depth):
            x = getattr(self, NAME)(x)
        return {"loss": x.sum()}
"""


@pytest.mark.parametrize(
    ("part", "name", "key"),
    [
        ("layer2", "self.names[index]", "model.depth"),  # made under a name of run time, may be meant by one
        ("layer2", 'f"layer{index}"', "model.depth"),
        ("layer2", '"layer%d" % index', "model.depth"),
        ("layer2", '"layer{}".format(index)', "model.depth"),
        ("layer2", '"layer" + str(index)', "model.depth"),
        ("stage1", 'f"layer{index}"', None),
        ("stage1", 'f"stage{index % 1}"', "model.depth"),  # written by hand, but it has the form
        ("stage1", '("stage0", "stage1")[index % 1]', "model.depth"),  # spelled in a list
        ("leftover", "self.names[index]", None),
        ("leftover", 'f"layer{index}"', None),
    ],
)
def test_a_name_made_at_run_time_means_what_it_can(
    tmp_path: Path, part: str, name: str, key: Optional[str]
) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "net.py").write_text(_SOURCE.replace("NAME", name), encoding="utf-8")
    reading = read_model({"type": "shop.net.Net"}, Library([str(tmp_path)]), "mmengine", "mmengine")
    found = next(item for item in reading.submodules if item.name == part)
    assert found.verdict == NEVER
    assert (found.decided_by and format_key(found.decided_by)) == key
