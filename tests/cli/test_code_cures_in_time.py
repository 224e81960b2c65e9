"""A cure in code where the time for reading a model runs out, before or after it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, List, Optional

import pytest
from code_repository import PLAIN, repository
from test_script_cure import READ, USED, VARIABLE
from test_script_cure import repository as script_repository

import mmfix as library
from mmfix.errors import PatchError
from mmfix.jobs import code_promise
from mmfix.python.disk import reading_of

NAME = "non-reentrant-in-code"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A config, and another one of the same model, `configs/other.py`."""
    monkeypatch.chdir(tmp_path)
    path = Path(repository(tmp_path, PLAIN))
    path.with_name("other.py").write_text(path.read_text().replace("find_unused_parameters = True\n", ""))
    return str(path)


def stopped(
    monkeypatch: pytest.MonkeyPatch, is_stopped: Callable[[str], bool], **left: Any
) -> List[Optional[float]]:
    """The readings of some configs come to no end; each then has read other files.

    Args:
        monkeypatch: Makes them so.
        is_stopped: Whether those of a config do.
        left: What they then have.

    Returns:
        The seconds that these were given, as they come.
    """
    real = code_promise.code_of
    told: List[Optional[float]] = []

    def reading(document: Any, settings: Any) -> Any:
        code = real(document, settings)
        if not is_stopped(document.path):
            return code
        told.append(settings.reading_seconds)
        files = (*code.reading.files, f"more{len(told)}.py")
        return code._replace(reading=replace(code.reading, unfinished=True, files=files, **left))

    monkeypatch.setattr(code_promise, "code_of", reading)
    return told


def test_of_another_config_only_its_findings_are_compared_and_that_is_said(
    config: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = stopped(monkeypatch, lambda path: path.endswith("other.py"))
    shown = library.patch(config, NAME)
    assert told == [None, None]
    (note,) = [note for note in shown.notes if "read again" in note]
    assert note == (
        "read again with the cure (2 configs use it): the finding is gone, nothing else has changed; "
        "of 1 the model could not be read to its end, and only the findings were compared "
        "(--reading-seconds gives it more time)"
    )


def test_no_time_is_lost_on_a_model_of_which_nothing_was_read(
    config: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = stopped(monkeypatch, lambda path: path.endswith("other.py"), built=())
    assert any("of 1 the model could not be read" in note for note in library.patch(config, NAME).notes)
    before, after = told
    assert before is None
    assert after is not None
    assert after < 0.1


def test_a_script_is_cured_whether_or_not_the_models_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No model is made of it, so that none is another one."""
    monkeypatch.chdir(tmp_path)
    script_repository(tmp_path, READ.format(True), VARIABLE, [USED, USED])
    told = stopped(monkeypatch, lambda path: True)
    (note,) = [
        note for note in library.patch("configs/c0.py", "training-script").notes if "read again" in note
    ]
    assert told
    assert note.endswith("(2 configs use it): the finding is gone, nothing else has changed")


@pytest.mark.parametrize("cured", [False, True])
def test_of_the_config_itself_the_whole_model_must_be_read(
    cured: bool, config: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the finding may only be gone because the reading did not come to it."""
    stopped(monkeypatch, lambda path: path.endswith("train.py") and bool(reading_of()) is cured)
    with pytest.raises(
        PatchError, match=r"the model of configs.train.py could not be read to its end"
    ) as told:
        library.patch(config, NAME, write=True)
    assert "--reading-seconds" in str(told.value.hint)
    assert "use_reentrant" not in Path("net.py").read_text()
