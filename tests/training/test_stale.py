"""Variables set anew in a lazy config: what the base built from them keeps the old value (MMF203)."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmfix.config.keypath import format_key
from mmfix.config.reader import Reader
from mmfix.training.stale import stale_variables

BASE = """
scale = (1333, 800)
pipeline = [dict(type='Resize', scale=scale)]
train_dataloader = dict(batch_size=2, dataset=dict(pipeline=pipeline))
model = dict(type='FCOS', test_cfg=dict(scale=scale))
"""
HEAD = "from mmengine.config import read_base\nwith read_base():\n    from .base import {}\n"
PIPELINE = "[dict(type='Resize', scale=(640, 640))]"

#: What the file says after the import, and the users that keep the old value, by variable.
LAZY = (
    ("*", f"pipeline = {PIPELINE}", {"pipeline": ["train_dataloader.dataset.pipeline"]}),
    (
        "*",
        "scale = (640, 640)",
        {"scale": ["train_dataloader.dataset.pipeline[0].scale", "model.test_cfg.scale"]},
    ),
    ("*", f"pipeline = {PIPELINE}\ntrain_dataloader.dataset.pipeline = pipeline", {}),
    ("*", f"pipeline = {PIPELINE}\ntrain_dataloader.update(dict(dataset=dict(pipeline=pipeline)))", {}),
    ("*", "pipeline[0].update(scale=(640, 640))", {}),
    ("*", "pipeline[0].update(keep_ratio=True)\nmodel.test_cfg.scale = (640, 640)", {}),
    ("*", "scale = (1333, 800)", {}),
    ("*", "scales = (640, 640)", {}),
    ("train_dataloader, model", "scale = (640, 640)", {}),
    ("model, train_dataloader, scale as size", "size = (640, 640)", {"size": ["model.test_cfg.scale"]}),
)


@pytest.mark.parametrize(("taken", "text", "expected"), LAZY)
def test_what_keeps_the_old_value(tmp_path: Path, taken: str, text: str, expected: dict) -> None:
    (tmp_path / "base.py").write_text(BASE)
    (tmp_path / "child.py").write_text(HEAD.format(taken) + text + "\n")
    document = Reader().load(str(tmp_path / "child.py"))

    found = {stale.name: stale for stale in stale_variables(document, "mmengine")}

    assert found.keys() == expected.keys()
    for name, users in expected.items():
        assert set(users) <= set(map(format_key, found[name].users))
