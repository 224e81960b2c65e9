"""`mmfix.explain` and `with mmfix.explaining(cfg)`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Dict

import pytest

import mmfix

TWICE = "Expected to mark a variable ready only once.\nParameter at index 50 has been marked as ready twice."
CONFIG: Dict[str, Any] = {
    "train_dataloader": {"batch_size": 2},
    "train_cfg": {"type": "EpochBasedTrainLoop", "max_epochs": 12},
    "optim_wrapper": {"type": "OptimWrapper", "optimizer": {"type": "SGD", "lr": 0.01}},
    "find_unused_parameters": True,
    "model": {"type": "A", "backbone": {"type": "ResNet", "with_cp": True}},
}


def test_a_text_a_path_and_a_config_in_memory(tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_text(TWICE)

    for where in (TWICE, log, str(log)):
        found = mmfix.explain(where, CONFIG)
        assert found.id == "marked-ready-twice"
        assert found.findings[0].key == ("model", "backbone", "with_cp")
        assert "checkpoint-off" in str(found)


def test_nothing_known() -> None:
    found = mmfix.explain("KeyError: 'img'")

    assert not found.known
    assert found.id == "unknown"


def test_a_log_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(mmfix.MmfixError, match="no such file"):
        mmfix.explain(tmp_path / "gone.log")


def test_an_error_leaves_as_it_is_with_the_diagnosis_attached(capsys: pytest.CaptureFixture[str]) -> None:
    error = RuntimeError(TWICE)

    with pytest.raises(RuntimeError) as raised, mmfix.explaining(CONFIG):
        raise error

    assert raised.value is error
    (note,) = error.__notes__  # type: ignore[attr-defined]
    assert "model.backbone.with_cp" in note
    assert "checkpoint-off" in note
    assert ("checkpoint-off" in capsys.readouterr().err) is (sys.version_info < (3, 11))


def test_an_error_that_is_not_known_has_no_note() -> None:
    error = ValueError("something else")

    with pytest.raises(ValueError, match="something else"), mmfix.explaining(CONFIG):
        raise error

    assert not hasattr(error, "__notes__")


def test_a_failure_to_explain_does_not_hide_the_error() -> None:
    error = RuntimeError(TWICE)

    with pytest.raises(RuntimeError) as raised, mmfix.explaining("no/such/config.py"):
        raise error

    assert raised.value is error
    assert "mmfix could not explain this error" in error.__notes__[0]  # type: ignore[attr-defined]


def test_the_end_of_a_run_is_no_error() -> None:
    with pytest.raises(KeyboardInterrupt) as raised, mmfix.explaining(CONFIG):
        raise KeyboardInterrupt

    assert not hasattr(raised.value, "__notes__")


def test_what_looks_like_a_file_is_one() -> None:
    with pytest.raises(mmfix.MmfixError, match="no such file"):
        mmfix.explain("gone.log")
    with pytest.raises(TypeError, match="expected a path or a text, not NoneType"):
        mmfix.explain(None)  # type: ignore[arg-type]
