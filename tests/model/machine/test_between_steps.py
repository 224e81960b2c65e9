"""What one training step hands on to the next: only then is a later step another one."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Dict, Tuple

import pytest

from mmfix.model import steps as following
from mmfix.model.reading import read_model
from mmfix.model.types import NEVER, SOMETIMES
from mmfix.repository.library import Library

NET = """\
import copy
from torch import nn
from mmdet.models.builder import DETECTORS


class Record:
    pass


@DETECTORS.register_module()
class Net(nn.Module):
    count = 0

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)
        self.record, self.record.seen = Record(), 0
        self.seen = 0
        self.kept = 7

    def tell(self):
        return self.a(self.img) if self.seen < 3 else self.b(self.img)

    def loss(self, x):
        return dict(loss=x.sum())

    def forward_train(self, img, img_metas):
        self.img = img
"""
BOTH, FIRST = {"a": SOMETIMES, "b": SOMETIMES}, {"b": NEVER}

#: what it shows, the rest of forward_train, how many steps are followed, the verdicts
CASES = [
    ("a counter", "x = self.tell()\nself.seen += 1", 2, BOTH),
    ("set first, so that the next begins alike", "self.seen = 0\nx = self.tell()\nself.seen += 5", 1, FIRST),
    ("set first in a method", "self.start()\nx = self.tell()\nself.seen += 5", 1, FIRST),
    ("set on one path", "if img.sum() > 1:\n    self.seen = 0\nx = self.tell()\nself.seen += 1", 2, BOTH),
    (
        "set where one path has left",
        "self.maybe(img)\nx = self.tell()\nself.seen += 1",
        2,
        BOTH,
    ),
    (
        "set on the path that reads it",
        "if img.sum() > 1:\n    self.seen = 5\n    img = img * self.seen\nx = self.a(img)",
        1,
        FIRST,
    ),
    ("set on the path that reads it in another method", "self.maybe_all(img)\nx = self.a(img)", 1, FIRST),
    (
        "set on a path that an exception leaves",
        "try:\n    if img.sum() > 1:\n        raise ValueError()\n    self.seen = 5\n"
        "except ValueError:\n    pass\nx = self.tell()",
        2,
        BOTH,
    ),
    (
        "set in those turns that are not left",
        "for one in img:\n    if one.sum() > 1:\n        continue\n    self.seen = 5\nx = self.tell()",
        2,
        BOTH,
    ),
    ("set, never read", "self.kept = 9\nx = self.tell()", 1, FIRST),
    (
        "asked whether it is there",
        "if hasattr(self, 'late'):\n    x = self.b(img)\nelse:\n    x = self.a(img)\nself.late = 1",
        2,
        BOTH,
    ),
    (
        "counted from the second step on",
        "if hasattr(self, 'late'):\n    self.seen += 1\nself.late = img\nx = self.tell()",
        3,
        BOTH,
    ),
    (
        "the class has its first value",
        "x = self.a(img) if self.count < 3 else self.b(img)\nself.count += 1",
        2,
        BOTH,
    ),
    (
        "read in a copy",
        "old = copy.copy(self.record)\nself.record.seen = 5\n"
        "x = self.a(img) if old.seen < 3 else self.b(img)",
        2,
        BOTH,
    ),
    (
        "read as a dict",
        "x = self.a(img) if self.__dict__['seen'] < 3 else self.b(img)\nself.seen = 5",
        2,
        BOTH,
    ),
]  # fmt: skip
MORE = """
    def start(self):
        self.seen = 0

    def maybe_all(self, img):
        if img.sum() > 1:
            return img
        self.seen = 5
        for one in img:
            one = one * self.seen
        return one

    def maybe(self, img):
        if img.sum() > 1:
            return
        self.seen = 0
"""


@pytest.mark.parametrize(
    ("body", "steps", "verdicts"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_later_step_is_followed_where_it_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, steps: int, verdicts: Dict[str, str]
) -> None:
    followed: Tuple[int, ...] = ()
    step = following._weighed_step

    def counted(*args):
        nonlocal followed
        followed += (1,)
        return step(*args)

    monkeypatch.setattr(following, "_weighed_step", counted)
    text = NET + textwrap.indent(f"{body}\nreturn self.loss(x)\n", 8 * " ") + MORE
    (tmp_path / "net.py").write_text(text, encoding="utf-8")
    found = read_model({"type": "Net"}, Library([str(tmp_path)]), "mmcv1")
    assert not found.gave_up
    assert len(followed) == steps
    assert {part.name: part.verdict for part in found.submodules} == verdicts


HUB = """\
from torch import nn
from mmengine.logging import MessageHub
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class Grown(BaseModel):
    def __init__(self):
        super().__init__()
        self.stages = nn.ModuleList(nn.Linear(3, 3) for _ in range(3))
        self.stage = -1
        self.late = nn.Linear(3, 3)
        self.hub = MessageHub.get_current_instance()

    def forward(self, inputs, data_samples=None, mode='tensor'):
        if self.hub.get_info('iter') % 1000 == 0:
            self.stage += 1
        x = inputs
        for stage in range(self.stage + 1):
            x = self.stages[stage](x)
        if MessageHub.get_instance('mine').get_info('epoch') > 5:
            x = self.late(x)
        self.hub.update_scalar('size', x.sum())
        return dict(loss=x.sum()) if self.hub.get_info('max_iters') else dict(loss=x.mean())
"""


def test_the_trainer_tells_how_many_steps_there_were(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(HUB, encoding="utf-8")
    found = read_model({"type": "Grown"}, Library([str(tmp_path)]), "mmengine", "mmengine")
    assert not found.gave_up
    left_to = {part.name: part.left_to for part in found.submodules}
    assert left_to == {"stages.1": "count", "stages.2": "count", "late": "count"}


BUFFER = """\
import torch
from torch import nn
from mmdet.models.builder import DETECTORS


@DETECTORS.register_module()
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)
        self.register_buffer('seen', torch.tensor(0))
        {}

    def forward_train(self, img, img_metas):
        x = self.a(img) if self.seen < 3 else self.b(img)
        {}
        return dict(loss=x.sum())
"""
NOBODY_KNOWS = [
    ("self.seen.fill_(7)", "pass"),
    ("self.seen.data = torch.load('seen.pth')", "pass"),
    ("nn.init.constant_(self.seen, 7)", "pass"),
    ("self.seen[...] = 7", "pass"),
    ("torch.distributed.broadcast(self.seen, 0)", "pass"),
]


@pytest.mark.parametrize(("init", "step"), NOBODY_KNOWS)
def test_a_buffer_that_something_wrote_into_is_not_known(tmp_path: Path, init: str, step: str) -> None:
    (tmp_path / "net.py").write_text(BUFFER.format(init, step), encoding="utf-8")
    found = read_model({"type": "Net"}, Library([str(tmp_path)]), "mmcv1")
    assert {part.name: (part.verdict, part.left_to) for part in found.submodules} == {
        "a": (SOMETIMES, ""),
        "b": (SOMETIMES, ""),
    }


def test_a_number_in_a_buffer_is_known(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(BUFFER.format("pass", "pass"), encoding="utf-8")
    found = read_model({"type": "Net"}, Library([str(tmp_path)]), "mmcv1")
    assert {part.name: part.verdict for part in found.submodules} == FIRST
    (tmp_path / "net.py").write_text(BUFFER.format("pass", "self.seen += 1"), encoding="utf-8")
    found = read_model({"type": "Net"}, Library([str(tmp_path)]), "mmcv1")
    assert {part.name: (part.verdict, part.left_to) for part in found.submodules} == {
        "a": (SOMETIMES, ""),
        "b": (SOMETIMES, "count"),
    }
