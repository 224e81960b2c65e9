"""What mmfix 0.1.0 wrote is still read: blocks are taken out byte for byte, overlays are known as ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

CONFIG = """\
# a config with a checkpoint under find_unused_parameters
model = dict(type='FCOS', backbone=dict(type='ResNet', depth=50, with_cp=True))
train_dataloader = dict(batch_size=2)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01))
train_cfg = dict(by_epoch=True, max_epochs=12)
find_unused_parameters = True
"""
BLOCK = """
# >>> mmfix: added by "mmfix patch"; remove with "mmfix patch --undo" >>>
# model.backbone.with_cp: True -> False (no gradient checkpoint in ResNet)
model['backbone']['with_cp'] = False
# <<< mmfix <<<
"""
OVERLAY = """\
# Made by "mmfix patch --overlay": ./b.py with these changes:
# model.backbone.with_cp: True -> False (no gradient checkpoint in ResNet)
_base_ = './b.py'
model = dict(backbone=dict(with_cp=False))
# mmfix wrote all of this (check c26fe0b3); once changed, it is not overwritten
"""


def test_a_block_is_left_as_it_is_and_taken_out(tmp_path: Path, mmfix: Any) -> None:
    config = tmp_path / "a.py"
    config.write_text(CONFIG + BLOCK)
    again = mmfix("patch", "a.py")
    assert (again.returncode, again.stdout.splitlines()[-1]) == (0, "1 config: nothing to patch")
    assert config.read_text() == CONFIG + BLOCK
    assert mmfix("patch", "a.py", "--undo").returncode == 0
    assert config.read_text() == CONFIG


def test_an_overlay_is_known_as_ours(tmp_path: Path, mmfix: Any) -> None:
    (tmp_path / "b.py").write_text(CONFIG)
    overlay = tmp_path / "b_mmfix.py"
    overlay.write_text(OVERLAY)
    done = mmfix("patch", "b.py", "--overlay")
    assert (done.returncode, done.stderr) == (0, "")
    assert overlay.read_text() == OVERLAY
    other = mmfix("patch", "b.py", "--overlay", "--remedy", "non-reentrant")
    assert (other.returncode, other.stderr) == (0, "")
    assert "nonreentrant_checkpoint" in overlay.read_text()


def test_a_cache_of_it_is_not_read(tmp_path: Path, mmfix: Any) -> None:
    (tmp_path / "a.py").write_text(CONFIG)
    cache = tmp_path / "cache"
    for room in ("readings-2", "registrations-1"):
        (cache / room).mkdir(parents=True)
        (cache / room / "482d02b7a19bd15e631ed40d3ec7d5d4.json").write_text('{"wrong": true}')
    done = mmfix("check", "a.py", env={"MMFIX_CACHE_DIR": str(cache)})
    assert (done.returncode, done.stderr) == (1, "")
