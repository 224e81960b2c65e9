"""What is drawn by chance: steps with low and high numbers are followed where that makes a difference."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Dict, List, Tuple

import pytest

from mmfix.model import steps as following
from mmfix.model.reading import read_model
from mmfix.model.types import NEVER, SOMETIMES
from mmfix.repository.library import Library

NET = """\
import random
from torch import nn
from mmdet.models.builder import DETECTORS


@DETECTORS.register_module()
class Net(nn.Module):
    size = 0

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)
        self.sizes = []

    def forward_train(self, img, img_metas):
        x = self.a(self.changed(img))
        return dict(loss=self.end(x).sum())
"""
END = "return x"
UNUSED, BY_CHANCE = {"b": (NEVER, "")}, {"b": (SOMETIMES, "chance")}

#: what it shows, the bodies of changed(self, img) and end(self, x), how many steps are followed, the verdicts
CASES: List[Tuple[str, str, str, int, Dict[str, Tuple[str, str]]]] = [
    (
        "a part of the image is left out",
        "if random.random() > 0.7:\n    return img\n"
        "self.size = random.randint(1, 6)\nreturn img * self.size",
        END,
        1,
        UNUSED,
    ),
    (
        "a part of the model is left out",
        "return img",
        "return self.b(x) if random.random() > 0.7 else x",
        3,
        BY_CHANCE,
    ),
    (
        "only where more than chance decides",
        "return img",
        "return self.b(x) if random.random() > 0.7 and x.sum() > 1 else x",
        3,
        BY_CHANCE,
    ),
    (
        "a number is handed on",
        "self.size = random.randint(1, 6)\nreturn img",
        "return self.b(x) if self.size > 3 else x",
        3,
        BY_CHANCE,
    ),
    (
        "it is set once more before it is read",
        "self.size = random.randint(1, 6)\nreturn img",
        "self.size = 1\nreturn self.b(x) if self.size > 3 else x",
        1,
        UNUSED,
    ),
    (
        "it is set once more on one path",
        "self.size = random.randint(1, 6)\nreturn img",
        "if x.mean() > 3:\n    self.size = 1\nreturn self.b(x) if self.size > 3 else x",
        3,
        BY_CHANCE,
    ),
    (
        "whether it is None",
        "self.size = img if random.random() > 0.7 else None\nreturn img",
        "return x if self.size is None else self.b(x)",
        3,
        BY_CHANCE,
    ),
    ("a list is longer", "self.sizes.extend([img] * random.randint(1, 2))\nreturn img",
     "return self.b(x) if len(self.sizes) > 1 else x", 3, BY_CHANCE),
    ("an exception", "if random.random() > 0.7:\n    raise ValueError()\nreturn img", "return x", 3, UNUSED),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "end", "steps", "verdicts"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_steps_that_differ_by_chance_are_followed_where_it_matters(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changed: str,
    end: str,
    steps: int,
    verdicts: Dict[str, Tuple[str, str]],
) -> None:
    followed = []
    step = following._step
    monkeypatch.setattr(following, "_step", lambda *args: followed.append(1) or step(*args))
    text = NET
    for head, body in (("changed(self, img)", changed), ("end(self, x)", end)):
        text += f"\n    def {head}:\n" + textwrap.indent(body, 8 * " ") + "\n"
    (tmp_path / "net.py").write_text(text, encoding="utf-8")
    found = read_model({"type": "Net"}, Library([str(tmp_path)]), "mmcv1")
    assert not found.gave_up
    assert len(followed) == steps
    assert {part.name: (part.verdict, part.left_to) for part in found.submodules} == verdicts
