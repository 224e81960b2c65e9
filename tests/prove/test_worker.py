"""What a rank leaves in a folder that others write to, too."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")
from mmfix.prove.worker import leave


def test_results_of_two_ranks_do_not_get_in_each_others_way(tmp_path: Path) -> None:
    """The scratch file of one name is never that of another, also when they differ after the dot only."""
    others = {name: tmp_path / name for name in ("7.part", "7.1.part", "7.1")}
    for path in others.values():
        path.write_text("of another rank")
    leave(tmp_path / "7.0", b"mine")
    assert (tmp_path / "7.0").read_bytes() == b"mine"
    assert {path.read_text() for path in others.values()} == {"of another rank"}
