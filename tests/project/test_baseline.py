"""The file of a baseline: what is read, and what is refused in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmfix.errors import SettingsError
from mmfix.project.baseline import Entry, config_in, dumped, load

ENTRIES = {
    Entry("configs/a.py", "MMF101", "model.backbone.with_cp"): 1,
    Entry("b.py", "MMF102", "m", "neck.1"): 2,
}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    file.write_text(dumped(ENTRIES))
    assert load(str(file)) == ENTRIES
    assert [row["config"] for row in json.loads(file.read_text())["entries"]] == ["b.py", "configs/a.py"]
    assert "line" not in file.read_text()


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").mkdir()
    monkeypatch.chdir(tmp_path / "x")
    assert config_in(str(tmp_path / "configs" / "a.py"), "b.json") == "../configs/a.py"
    assert config_in(str(tmp_path / "configs" / "a.py"), str(tmp_path / "b.json")) == "configs/a.py"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no baseline: Expecting"),
        ("", "is no baseline: Expecting value"),
        ("[" * 100_000, "is no baseline: it is not JSON"),
        ("[]", "is no baseline of mmfix"),
        ('{"version": 1}', "is no baseline of mmfix"),
        ('{"version": true, "entries": []}', "is no baseline of mmfix"),
        ('{"version": 2, "entries": []}', "is a baseline of version 2, and this mmfix reads 1"),
        ('{"version": 1, "entries": [3]}', "entry 1 is malformed"),
        ('{"version": 1, "entries": [{"config": "a", "code": "b", "key": 1}]}', "entry 1 is malformed"),
        ('{"version": 1, "entries": [{"config": "a", "code": "b", "key": "c", "count": 0}]}', "entry 1 is"),
    ],
)
def test_what_is_no_baseline(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "b.json").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(str(tmp_path / "b.json"))
    assert said in caught.value.message
    assert caught.value.hint == "make a new one with --write-baseline"


@pytest.mark.parametrize(("name", "said"), [("none.json", "there is no such baseline"), (".", "is a folder")])
def test_files_that_are_none(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        load(str(tmp_path / name))
