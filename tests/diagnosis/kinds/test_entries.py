"""Every thread of the collection: the diagnosis, the parameters, and the cure with the config that the thread tells."""

from __future__ import annotations

from pathlib import Path

import pytest
from entries import ENTRIES, Entry

import mmfix
from mmfix.rules.rule import MMCV1

IDS = [entry.id for entry in ENTRIES]


@pytest.mark.parametrize("entry", ENTRIES, ids=IDS)
def test_the_text_alone(entry: Entry) -> None:
    found = mmfix.explain(entry.text)

    assert (found.id if found.known else None) == entry.diagnosis
    assert tuple(item.index for item in found.parameters if item.index is not None) == entry.indices
    assert tuple(item.name for item in found.parameters if item.name is not None) == entry.names
    if entry.diagnosis is not None:
        assert found.remedies[0].name == entry.cure
        assert found.others == ()


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if entry.config], ids=lambda entry: entry.id)
def test_with_the_config_of_the_thread(entry: Entry, tmp_path: Path) -> None:
    config = tmp_path / "cfg.py"
    config.write_text(MMCV1 + entry.config)

    found = mmfix.explain(entry.text, config)

    assert found.id == entry.diagnosis
    assert ".".join(map(str, found.findings[0].key)) == entry.key
    # a run proves only what it names; a checkpoint, or a key that freezes late, is certain by itself
    assert found.confidence == ("proven" if entry.names else "certain")
    assert found.command.startswith("mmfix patch ")
    assert (entry.written or entry.cure) in [remedy.name for remedy in found.remedies if remedy.overrides]


def test_the_usual_cure_of_unused_is_not_given_beside_a_reentrant_checkpoint(tmp_path: Path) -> None:
    """The story of mmdetection#10515: the cure of the first error makes the second."""
    config = tmp_path / "cfg.py"
    config.write_text(
        MMCV1 + "model = dict(type='BEVFormer', img_backbone=dict(type='ResNet', with_cp=True))\n"
    )

    found = mmfix.explain(next(entry for entry in ENTRIES if entry.id == "U13").text, config)

    assert found.outcome == "UNUSED"
    assert [remedy.name for remedy in found.remedies][:2] == ["checkpoint-off", "non-reentrant"]
    assert "find-unused" not in [remedy.name for remedy in found.remedies]
    for remedy in found.remedies[:2]:
        assert ("find_unused_parameters",) in [override.key for override in remedy.overrides]
