"""Settings files at work: what holds for which config, what is said of it, and that options win."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Dict, List

import pytest

import mmfix as package
from mmfix.rules.rule import MMENGINE

#: One error, MMF101; and one warning that is only possible, MMF102.
CHECKPOINT = f"""{MMENGINE}
find_unused_parameters = True
model = dict(type='A', backbone=dict(type='mmdet.ResNet', depth=50, with_cp=True))
"""
GUESSED = f"{MMENGINE}model = dict(type='SomewhereNet', use_learnable_fusion=True)\n"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with one config of each kind."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "configs" / "old").mkdir(parents=True)
    (tmp_path / "configs" / "cp.py").write_text(CHECKPOINT)
    (tmp_path / "configs" / "old" / "guessed.py").write_text(GUESSED)
    return tmp_path


def last(done: Any) -> str:
    """What the last line tells of the configs that were checked."""
    return str(done.stdout.splitlines()[-1]).partition(" checked: ")[2]


PLAIN = "1 error, 1 warning (only possible)"


@pytest.mark.parametrize(
    ("text", "arguments", "code", "summary"),
    [
        ("", [], 1, PLAIN),
        (
            'ignore = ["MMF101"]',
            [],
            0,
            "1 warning (only possible), 1 ignored by mmfix.toml",
        ),
        (
            'ignore = ["MMF1"]',
            [],
            0,
            "nothing else found by keys alone, 2 ignored by mmfix.toml",
        ),
        ('ignore = ["MMF101"]', ["--no-settings"], 1, PLAIN),
        ('ignore = ["MMF101"]', ["--ignore", "MMF103"], 1, PLAIN),
        (
            "",
            ["--ignore", "MMF101"],
            0,
            "1 warning (only possible), 1 ignored by --ignore",
        ),
        (
            'select = ["MMF102"]',
            [],
            0,
            "1 warning (only possible), 1 ignored by mmfix.toml",
        ),
        ('select = ["MMF102"]', ["--select", "MMF1"], 1, PLAIN),
        (
            '[per-path-ignores]\n"configs/old" = ["MMF1"]',
            [],
            1,
            "1 error, 1 ignored by mmfix.toml",
        ),
        (
            "",
            ["--per-path-ignore", "**/old:MMF1"],
            1,
            "1 error, 1 ignored by --per-path-ignore",
        ),
        ('exclude = ["configs/old"]', [], 1, "1 error"),
        ("", ["--exclude", "old"], 1, "1 error"),
        ('min-confidence = "never"', [], 0, "1 error, 1 warning (only possible)"),
        ('min-confidence = "never"', ["--fail-on", "certain"], 1, PLAIN),
        ('launcher = "none"', [], 0, "nothing found by keys alone"),
        ("gpus = 1", [], 0, "nothing found by keys alone"),
        ("gpus = 1", ["--launcher", "pytorch"], 1, PLAIN),
        ('gpus = 1\nlauncher = "slurm"', [], 1, PLAIN),
        ("gpus = 8", [], 1, PLAIN),
    ],
)
def test_what_holds_for_a_run(
    repo: Path, mmfix: Any, text: str, arguments: List[str], code: int, summary: str
) -> None:
    (repo / "mmfix.toml").write_text(text)
    done = mmfix("check", "configs", *arguments, cwd=repo)
    assert (last(done), done.returncode, done.stderr) == (summary, code, "")


@pytest.mark.parametrize("text", ["gpus = 1", "launcher = 'none'"])
def test_that_a_file_switches_all_off_is_said(repo: Path, mmfix: Any, text: str) -> None:
    (repo / "mmfix.toml").write_text(text)
    said = f"note: mmfix.toml:1: {text.replace(chr(39), '')}, so nothing that is about DDP was looked for"
    assert said in mmfix("check", "configs", cwd=repo).stdout.splitlines()


def test_what_is_left_out_of_a_folder_is_said(repo: Path, mmfix: Any) -> None:
    (repo / "mmfix.toml").write_text('exclude = ["old"]')
    said = "left out by exclude in mmfix.toml: 1 folder (configs/old)"
    assert said in mmfix("check", "configs", cwd=repo).stdout
    named = mmfix("check", "configs/old/guessed.py", cwd=repo)  # it was named, so it is wanted
    assert last(named) == "1 warning (only possible)"
    assert last(mmfix("check", "configs/old", cwd=repo)) == "1 warning (only possible)"


def test_a_broken_file_stops_only_what_it_is_about(repo: Path, mmfix: Any) -> None:
    (repo / "configs" / "old" / "mmfix.toml").write_text('\nignroe = ["MMF101"]\n')
    done = mmfix("check", "configs", cwd=repo)
    assert done.returncode == 2
    assert done.stderr == (
        "configs/old/mmfix.toml:2: error: no key 'ignroe' (did you mean ignore?) "
        "[read by configs/old/guessed.py]\n"
    )
    assert last(done) == "1 error, 1 not readable"
    patched = mmfix("patch", "--diff", "configs", cwd=repo)
    assert patched.returncode == 2
    assert patched.stderr == done.stderr
    assert "would patch" in patched.stdout
    assert mmfix("check", "configs", "--no-settings", cwd=repo).returncode == 1


def test_files_that_differ_in_what_fails(repo: Path, mmfix: Any) -> None:
    (repo / "configs" / "mmfix.toml").write_text('min-confidence = "never"')
    (repo / "configs" / "old" / "mmfix.toml").write_text('min-confidence = "possible"')
    done = mmfix("check", "configs", cwd=repo)
    assert done.returncode == 1
    assert (
        "note: settings files differ in min-confidence (never, possible); possible was taken" in done.stdout
    )


def test_patch_leaves_alone_what_is_ignored(repo: Path, mmfix: Any) -> None:
    (repo / "mmfix.toml").write_text('ignore = ["MMF101"]')
    done = mmfix("patch", "configs/cp.py", "--no-loader", cwd=repo)
    assert done.returncode == 0
    assert (repo / "configs" / "cp.py").read_text() == CHECKPOINT
    assert "1 finding is not cured: 1 ignored by mmfix.toml" in done.stdout


@pytest.mark.parametrize(
    ("text", "arguments", "remedies"),
    [
        ("", [], []),
        ('patch-min-confidence = "possible"', [], ["find-unused"]),
        ('patch-min-confidence = "possible"', ["--patch-min-confidence", "certain"], []),
        ("", ["--possible"], ["find-unused"]),
        ("", ["--patch-min-confidence", "possible"], ["find-unused"]),
    ],
)
def test_what_is_patched_unasked(
    repo: Path, mmfix: Any, text: str, arguments: List[str], remedies: List[str]
) -> None:
    (repo / "mmfix.toml").write_text(text)
    done = mmfix("patch", "--diff", "configs/old/guessed.py", "--format", "json", *arguments, cwd=repo)
    assert json.loads(done.stdout)["patches"][0]["remedies"] == remedies


@pytest.mark.parametrize(
    ("text", "arguments", "remedy", "note"),
    [
        ("", [], "checkpoint-off", False),
        ('default-remedy = "non-reentrant"', [], "non-reentrant", False),
        ('default-remedy = "non-reentrant"', ["--default-remedy", "checkpoint-off"], "checkpoint-off", False),
        ('default-remedy = "non-reentrant"', ["--remedy", "checkpoint-off"], "checkpoint-off", False),
        ('default-remedy = "of-none"', [], "checkpoint-off", True),
        ('default-remedy = "non-reentrant"\ntorch = "1.10"', [], "checkpoint-off", True),
        ('default-remedy = "non-reentrant"\ntorch = "1.11"', [], "non-reentrant", False),
    ],
)
def test_the_cure_that_is_taken(
    repo: Path, mmfix: Any, text: str, arguments: List[str], remedy: str, note: bool
) -> None:
    (repo / "mmfix.toml").write_text(text)
    done = mmfix("patch", "--diff", "configs/cp.py", "--format", "json", *arguments, cwd=repo)
    (result,) = json.loads(done.stdout)["patches"]
    assert result["remedies"] == [remedy]
    assert any("is not offered here, so checkpoint-off was taken" in each for each in result["notes"]) is note


def test_bases_are_found_where_the_file_says(repo: Path, mmfix: Any) -> None:
    (repo / "vendor" / "shared").mkdir(parents=True)
    (repo / "vendor" / "shared" / "base.py").write_text(CHECKPOINT)
    (repo / "configs" / "heir.py").write_text("_base_ = '../../elsewhere/shared/base.py'\n")
    (repo / "mmfix.toml").write_text('base-dirs = ["vendor"]')
    done = mmfix("check", "configs/heir.py", "--format", "json", cwd=repo)
    (report,) = json.loads(done.stdout)["configs"]
    assert report["missing_bases"][0]["where"] == "base-dirs of mmfix.toml"
    assert [item["code"] for item in report["findings"]] == ["MMF101"]


NET = """\
from torch import nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS

@MODELS.register_module()
class Net(BaseModel):
    def __init__(self):
        super().__init__()
        self.used, self.idle = nn.Conv2d(1, 1, 1), nn.Conv2d(1, 1, 1)

    def forward(self, inputs, data_samples=None, mode='loss'):
        return dict(loss=self.used(inputs).sum())
"""


def test_the_source_is_read_where_the_file_says(repo: Path, mmfix: Any) -> None:
    """The config lies in a project of its own, so its repository is not looked through."""
    for folder in ("nets", "project/configs"):
        (repo / folder).mkdir(parents=True)
    (repo / "project" / "setup.py").write_text("")
    (repo / "nets" / "net.py").write_text(NET)
    (repo / "project" / "configs" / "net.py").write_text(f"{MMENGINE}model = dict(type='Net')\n")
    config = "project/configs/net.py"
    assert last(mmfix("check", config, cwd=repo)) == "nothing found by keys alone"
    assert "makes idle" in mmfix("check", config, "--source-root", "nets", cwd=repo).stdout
    (repo / "mmfix.toml").write_text('source-roots = ["nets"]')
    done = mmfix("check", config, cwd=repo)
    assert (last(done), done.returncode) == ("1 error", 1)
    assert "makes idle" in done.stdout


def test_what_lies_outside_is_only_read_if_an_option_names_it(repo: Path, mmfix: Any) -> None:
    inner = repo / "inner"
    (inner / ".git").mkdir(parents=True)
    (repo / "beside").mkdir()
    (repo / "beside" / "base.py").write_text(CHECKPOINT)
    (inner / "heir.py").write_text("_base_ = '../elsewhere/base.py'\n")
    (inner / "mmfix.toml").write_text('base-dirs = ["../beside"]\n')
    said = "base-dirs: ../beside is outside of the repository, and a settings file cannot name what is"
    done = mmfix("check", "heir.py", cwd=inner)
    assert done.returncode == 2
    assert f"note: mmfix.toml: {said}; give it as --base-dir ../beside" in done.stdout
    assert said in mmfix("settings", cwd=inner).stdout
    option = mmfix("check", "heir.py", "--base-dir", "../beside", cwd=inner)
    assert last(option) == "1 error"
    assert said not in option.stdout


def test_settings_shows_what_holds_and_who_says_so(repo: Path, mmfix: Any) -> None:
    (repo / "pyproject.toml").write_text('[tool.mmfix]\ngpus = 1\nignore = ["MMF101"]\n')
    done = mmfix("settings", "configs/cp.py", "--torch", "2.1", cwd=repo)
    assert done.returncode == 0
    rows: Dict[str, str] = {line.split()[0]: line for line in done.stdout.splitlines()[1:]}
    assert done.stdout.startswith("configs/cp.py: settings file pyproject.toml\n")
    assert rows["ignore"].endswith("['MMF101']  (pyproject.toml:3)")
    assert rows["torch"].endswith("2.1  (--torch)")
    assert rows["launcher"].endswith("none  (pyproject.toml:2: gpus = 1)")
    assert rows["budget"].endswith("-  (default)")
    broken = mmfix("settings", "nowhere", cwd=repo)
    assert (broken.returncode, broken.stderr) == (2, "nowhere: error: there is no such file or folder\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--select", "MMF10l"], "select names no rule: 'MMF10l' (did you mean MMF110?)"),
        (["--ignore", "\x1b[31m"], "ignore names no rule: '\\x1b[31m' (`mmfix rules` lists them)"),
        (["--per-path-ignore", "MMF101"], "per-path-ignores is GLOB:RULE,RULE, not 'MMF101'"),
        (["--torch", "new"], "torch is a version like '1.13', not 'new'"),
        (["--gpus", "0"], "0 is not in the range"),
    ],
)
def test_options_that_are_wrong(repo: Path, mmfix: Any, arguments: List[str], said: str) -> None:
    done = mmfix("check", "configs", *arguments, cwd=repo)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_python_functions_honour_the_file(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo)
    path = "configs/cp.py"
    assert package.check(path).exit_code == 1
    (repo / "mmfix.toml").write_text('ignore = ["MMF101"]')
    assert package.check(path).exit_code == 0
    assert [item.finding.code for item in package.check(path).suppressed] == ["MMF101"]
    assert str(package.check(path)).endswith("nothing else found by keys alone, 1 ignored by mmfix.toml\n")
    assert package.check(path, settings=False).exit_code == 1
    assert package.patch(path).status == "clean"
    assert package.patch(path, settings=False).status == "patched"
    config = package.load(path).to_dict()
    assert package.check(config).exit_code == 0
    assert package.check(config, settings=False).exit_code == 1
    assert not package.patch(config).overrides
    assert package.patch(config, settings=False).overrides
    (repo / "mmfix.toml").write_text('min-confidence = "never"')
    assert (package.check(path).exit_code, package.check(path, fail_on="certain").exit_code) == (0, 1)
    (repo / "mmfix.toml").write_text("gpus = none")
    assert package.check(path).exit_code == 2
    with pytest.raises(package.MmfixError, match="is not valid TOML"):
        package.patch(path)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no HOME")
def test_without_a_home(repo: Path, mmfix: Any) -> None:
    (repo / "mmfix.toml").write_text('ignore = ["MMF101"]')
    for home in ("", "/nowhere"):
        done = mmfix("check", "configs/cp.py", cwd=repo, env={"HOME": home})
        assert last(done).endswith("1 ignored by mmfix.toml")
