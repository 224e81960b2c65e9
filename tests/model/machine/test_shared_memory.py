"""``v += w`` changes what other names hold, too, where these are views of ``v`` or ``v`` itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_nets import net, read, read_net

from mmfix.model.types import CANNOT_TELL, NEVER

#: what makes ``v`` of ``y``, whether they may have the same memory
VIEWS = [
    ("y.view(-1)", True),
    ("y.contiguous()", True),
    ("y[0]", True),
    ("torch.flatten(y)", True),
    ("nn.functional.dropout(y, training=False)", True),
    ("list(y)[0]", True),
    ("y.chunk(2)[0]", True),
    ("[y, x][x.sum() > 0]", True),
    ("y if x.sum() > 0 else y * 2", True),
    ("y * 2", False),
    ("-self.c(y) + 1", False),
    ("self.c(y)", False),
]


@pytest.mark.parametrize(("made", "shared"), VIEWS)
def test_what_is_added_in_place(made: str, shared: bool, tmp_path: Path) -> None:
    source = net(f"y = self.b(x)\nv = {made}\nv += self.a(x)\nloss = y + self.c(x)")
    (part,) = read_net(tmp_path, source).submodules
    assert (part.name, part.verdict) == ("a", CANNOT_TELL if shared else NEVER)
    assert ("added in place" in part.why) is shared


def test_what_is_added_to_the_whole_is_in_its_views(tmp_path: Path) -> None:
    source = net("y = self.b(x)\nv = y.view(-1)\ny += self.a(x)\nloss = v + self.c(x)[0]")
    assert read(tmp_path, source) == {"a": CANNOT_TELL}


def test_what_a_loop_keeps_and_then_changes(tmp_path: Path) -> None:
    source = net(
        "v, kept = self.b(x), {}\nfor item in data_samples:\n    v = v + item\n    kept['k'] = v\n"
        "v += self.a(x)\nloss = self.c(x) + kept['k']"
    )
    assert read(tmp_path, source) == {"a": CANNOT_TELL}


def test_what_a_loop_keeps_of_the_batch_and_then_changes(tmp_path: Path) -> None:
    source = net(
        "v, kept = x + 1, {}\nfor item in data_samples:\n    v = v + item\n    kept['k'] = v\n"
        "v += self.a(x)\nloss = self.b(x) + self.c(x) + kept['k']"
    )
    assert read(tmp_path, source) == {"a": CANNOT_TELL}


def test_what_reaches_the_loss_anyway_is_known(tmp_path: Path) -> None:
    source = net("y = self.b(x)\nv = y.view(-1)\nv += self.a(x)\nloss = v + self.c(y)")
    assert read(tmp_path, source) == {}
