"""Settings files: which one counts, what it may say, and what is said of one that is wrong."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, Dict, Optional

import pytest

from mmfix.errors import SettingsError
from mmfix.project.files import file_above, look_again
from mmfix.project.keys import KEYS
from mmfix.project.schema import schema
from mmfix.project.values import Wrong, option_values, values

INI = '[project]\nname = "x"\n'


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / "configs" / "deep").mkdir(parents=True)
    return tmp_path / "repo"


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({}, None),
        ({"mmfix.toml": ""}, "mmfix.toml"),
        ({"pyproject.toml": "[tool.mmfix]"}, "pyproject.toml"),
        ({"pyproject.toml": INI}, None),
        ({"pyproject.toml": INI + "[tool.other]"}, None),
        ({"pyproject.toml": INI + "[tool]\nmmfix.ignore = []"}, "pyproject.toml"),
        ({"pyproject.toml": INI + '["tool"."mmfix"]'}, "pyproject.toml"),
        ({"pyproject.toml": "[tool.mmfix]", "mmfix.toml": ""}, "mmfix.toml"),
        ({"mmfix.toml": "", "configs/pyproject.toml": "[tool.mmfix]"}, "configs/pyproject.toml"),
        ({"mmfix.toml": "", "configs/pyproject.toml": INI}, "mmfix.toml"),
        ({"configs/deep/mmfix.toml": "", "mmfix.toml": ""}, "configs/deep/mmfix.toml"),
        ({"../mmfix.toml": ""}, None),  # outside of the repository
        ({"pyproject.toml": "this is not TOML at all ["}, None),  # and none of ours
    ],
)
def test_the_nearest_file_counts(repo: Path, files: Dict[str, str], wanted: Optional[str]) -> None:
    for name, text in files.items():
        (repo / name).write_text(text)
    found = file_above(str(repo / "configs" / "deep"))
    assert (found and found.path) == (wanted and str(repo / wanted))


def test_in_no_repository_the_search_goes_up(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "mmfix.toml").write_text("gpus = 2")
    found = file_above(str(tmp_path / "configs"))
    assert found is not None
    assert found.values == {"gpus": 2}


def test_a_home_directory_is_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "configs").mkdir()
    (tmp_path / "mmfix.toml").write_text("gpus = 2")
    assert file_above(str(tmp_path / "configs")) is None


@pytest.fixture(autouse=True)
def _a_new_run() -> None:
    look_again()


def test_a_changed_file_is_read_again(repo: Path) -> None:
    (repo / "mmfix.toml").write_text("gpus = 2")
    assert file_above(str(repo))
    (repo / "mmfix.toml").write_text("gpus = 16")
    look_again()
    found = file_above(str(repo))
    assert found is not None
    assert found.values == {"gpus": 16}


FULL = """\
select = ["MMF1", "late-freezing"]
ignore = [
  "mmf101",
]
exclude = ["configs/old"]
min-confidence = "certain"
patch-min-confidence = "possible"
default-remedy = "non-reentrant"
launcher = "slurm"
gpus = 8
torch = "1.13"
base-dirs = ["vendor"]
source-roots = ["src", "."]
budget = 60
docs-url = "https://example.org/rules/"
[per-path-ignores]
"configs/**/debug_*.py" = ["MMF102"]
"""


def test_every_key_is_read(repo: Path) -> None:
    (repo / "mmfix.toml").write_text(FULL)
    found = file_above(str(repo))
    assert found is not None
    assert found.values == {
        "select": ("MMF1", "late-freezing"),
        "ignore": ("mmf101",),
        "exclude": ("configs/old",),
        "fail_on": "certain",
        "patch_min_confidence": "possible",
        "default_remedy": "non-reentrant",
        "launcher": "slurm",
        "gpus": 8,
        "torch": "1.13",
        "base_dirs": (str(repo / "vendor"),),
        "source_roots": (str(repo / "src"), str(repo)),
        "reading_seconds": 60.0,
        "docs_url": "https://example.org/rules/",
        "per_path_ignores": (("configs/**/debug_*.py", ("MMF102",)),),
    }
    assert set(found.values) == {key.field for key in KEYS.values()}
    assert found.lines["ignore"] == 2
    assert found.lines["gpus"] == 10
    assert found.lines["per_path_ignores"] == 16
    assert found.notes == ()


WRONG = [
    ('ignroe = ["MMF101"]', 1, "no key 'ignroe'", "did you mean ignore?"),
    ('\nmin_confidence = "likely"', 2, "no key 'min_confidence'", "did you mean min-confidence?"),
    ('"\\u001b[31m" = 1', None, "no key '\\x1b[31m'", "there is select, ignore"),
    ('ignore = "MMF101"', 1, "ignore is a list of rules, not text", ""),
    ("ignore = [101]", 1, "ignore is a list of rules, and one item is a number", ""),
    ('ignore = ["MMF10l"]', 1, "ignore names no rule: 'MMF10l'", "did you mean MMF110?"),
    ('select = ["late-freezin"]', 1, "select names no rule: 'late-freezin'", "did you mean late-freezing?"),
    ('select = [""]', 1, "select holds a text that is empty", ""),
    ('gpus = "8"', 1, "gpus is a whole number, not text", ""),
    ("gpus = true", 1, "gpus is a whole number, not true or false", ""),
    ("gpus = 0", 1, "gpus is a number from 1, not 0", ""),
    ("budget = nan", 1, "budget is a number of seconds up to 3600, not nan", ""),
    ("budget = 1e9", 1, "budget is a number of seconds up to 3600", ""),
    ("budget = 2026-01-01", 1, "budget is a number of seconds, not a date", ""),
    ('launcher = "slrum"', 1, "launcher is one of none, pytorch, slurm, mpi, not 'slrum'", "slurm?"),
    ('min-confidence = "proven"', 1, "min-confidence is one of certain, likely, possible, never", ""),
    ("torch = 1.13", 1, "torch is text, not a number", ""),
    ('torch = "new"', 1, "torch is a version like '1.13', not 'new'", ""),
    ('docs-url = "javascript:alert(1)"', 1, "docs-url is an address that begins with https://", ""),
    ("per-path-ignores = []", 1, "per-path-ignores is a table from globs to lists of rules", ""),
    ('[per-path-ignores]\n"a" = "MMF101"', 1, "per-path-ignores is a list of rules, not text", ""),
    ('exclude = "a"', 1, "exclude is a list of paths, not text", ""),
    ("ignore = [", 1, "is not valid TOML", ""),
    ("gpus = 1\ngpus = 2", 2, "is not valid TOML", ""),
    ("x = " + "[" * 5000, None, "is not valid TOML", ""),
    ("gpus = " + "9" * 9000, None, "is not valid TOML", ""),
]


@pytest.mark.parametrize(("text", "line", "message", "hint"), WRONG, ids=range(len(WRONG)))
@pytest.mark.parametrize("name", ["mmfix.toml", "pyproject.toml"])
def test_what_is_wrong_is_one_line(
    repo: Path, name: str, text: str, line: Optional[int], message: str, hint: str
) -> None:
    shift = 0
    if name == "pyproject.toml":
        text = "[tool.mmfix]\n" + text.replace("[per-path-ignores]", "[tool.mmfix.per-path-ignores]")
        shift = 1
    (repo / name).write_text(text)
    with pytest.raises(SettingsError) as caught:
        file_above(str(repo))
    error = caught.value
    assert message in error.message
    assert hint in error.hint
    assert error.path == str(repo / name)
    assert error.line == (None if line is None else line + shift) or "TOML" in message
    assert "\n" not in str(error)
    assert "\x1b" not in str(error)


def test_files_that_are_none(repo: Path, tmp_path: Path) -> None:
    def said() -> str:
        with pytest.raises(SettingsError) as caught:
            file_above(str(repo))
        (repo / "mmfix.toml").rmdir() if (repo / "mmfix.toml").is_dir() else (repo / "mmfix.toml").unlink()
        return caught.value.message

    (repo / "mmfix.toml").mkdir()
    assert said() == "is a folder, not a file"
    (repo / "mmfix.toml").write_bytes(b"gpus = 1\n# \xff\n")
    assert said() == "is not UTF-8"
    (repo / "mmfix.toml").write_text("#" * 1_000_001)
    assert said() == "is larger than 1 MB"
    if os.name != "nt":
        (repo / "mmfix.toml").symlink_to("nowhere.toml")
        assert said() == "is a link that leads nowhere"
        (tmp_path / "secret.toml").write_text("gpus = 1")
        (repo / "mmfix.toml").symlink_to(tmp_path / "secret.toml")
        assert said() == "is a link that leads out of the repository"
        os.mkfifo(repo / "mmfix.toml")
        assert said() == "is a named pipe, not a file"


def test_folders_outside_of_the_repository_are_left_out(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "beside").mkdir()
    (repo / "inside").mkdir()
    names = ["../beside", "inside", "~/x", str(tmp_path)]
    if os.name != "nt":
        (repo / "link").symlink_to(tmp_path / "beside")
        names.append("link")
    (repo / "mmfix.toml").write_text(f"base-dirs = {json.dumps(names)}\nsource-roots = ['..']")
    found = file_above(str(repo / "configs"))
    assert found is not None
    assert found.values == {"base_dirs": (str(repo / "inside"),), "source_roots": ()}
    assert len(found.notes) == len(names)
    assert "give it as --base-dir ../beside" in found.notes[0][1]
    assert "give it as --source-root .." in found.notes[-1][1]


def test_without_a_reader_of_toml_it_is_said(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repo / "mmfix.toml").write_text("gpus = 1 # nobody else has read this")
    monkeypatch.setitem(sys.modules, "tomllib", None)
    monkeypatch.setitem(sys.modules, "tomli", None)
    with pytest.raises(SettingsError, match="pip install tomli"):
        file_above(str(repo))


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("select", ["MMF101,late-freezing", "MMF11"], ("MMF101", "late-freezing", "MMF11")),
        ("per-path-ignores", ["a/**:MMF101,MMF102"], (("a/**", ("MMF101", "MMF102")),)),
        ("exclude", ["a", "b"], ("a", "b")),
        ("torch", ["1.13"], "1.13"),
    ],
)
def test_options_are_read_like_keys(name: str, given: Any, expected: Any) -> None:
    assert option_values(name, given) == expected


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("per-path-ignores", ["MMF101"], "per-path-ignores is GLOB:RULE,RULE, not 'MMF101'"),
        ("select", ["MMF101,"], "select holds a text that is empty"),
    ],
)
def test_options_are_refused_like_keys(name: str, given: Any, said: str) -> None:
    with pytest.raises(Wrong, match=said):
        option_values(name, given)


def test_the_schema_takes_what_the_reader_takes(repo: Path) -> None:
    """Each key and each kind is in it; what it refuses, the reader refuses, too."""
    content = json.loads(schema())
    assert list(content["properties"]) == list(KEYS)
    assert content["additionalProperties"] is False
    for name, key in KEYS.items():
        rules = content["properties"][name]
        assert key.option in rules["description"]
        if key.choices:
            assert rules["enum"] == list(key.choices)
        if "maximum" in rules:
            values({name: rules["maximum"]})
            with pytest.raises(Wrong):
                values({name: rules["maximum"] + 1})
