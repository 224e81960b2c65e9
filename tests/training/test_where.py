"""How lines of source are named: as one sees them from the top of the repository."""

from __future__ import annotations

import sys

import pytest

from mmfix.model.types import ModelReading
from mmfix.python.place import Place
from mmfix.training.reading import CodeReading

ROOTS = ("/repo", "/repo/projects/plugin")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/repo/projects/plugin/models/net.py", "projects/plugin/models/net.py:3"),
        ("/repo/venv/lib/python3.10/site-packages/mmdet/net.py", "mmdet/net.py:3"),
        ("/other/site-packages/mmdet/net.py", "mmdet/net.py:3"),
        ("/elsewhere/net.py", "/elsewhere/net.py:3"),
    ],
)
def test_where(monkeypatch: pytest.MonkeyPatch, path: str, said: str) -> None:
    packages = ["/repo/venv/lib/python3.10/site-packages", "/other/site-packages"]
    monkeypatch.setattr(sys, "path", [*packages, *sys.path])
    reading = ModelReading((), (), (), (), (), (), "")
    assert CodeReading(reading, ROOTS, own=True).where(Place(path, 3)) == said
