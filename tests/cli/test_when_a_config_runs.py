"""A config that leaves a file when it is run: who runs it, and who does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import mmfix
from mmfix.rules.rule import MMENGINE

#: The reader does not follow the call; whoever runs the file makes a folder.
CANARY = "import sys\nsys.modules['os'].makedirs({folder!r}, exist_ok=True)\n"
CONFIG = "model = dict(type='A', backbone=dict(type='ResNet', with_cp=True))\nfind_unused_parameters = True\n"
LOG = "RuntimeError: Expected to mark a variable ready only once.\n"
SAYS = "not verified by loading (--verify does that)"


class Watched:
    """A config, and whether it was run."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "cfg.py"
        self.canary = folder / "canary"
        self.text = "_base_ = []\n" + CANARY.format(folder=str(self.canary)) + MMENGINE + CONFIG
        self.path.write_text(self.text)
        (folder / "train.log").write_text(LOG)

    def ran(self) -> bool:
        return self.canary.exists()


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_check_show_and_diff_run_nothing(watched: Watched, mmfix: Any) -> None:
    assert mmfix("check", "cfg.py").returncode == 1
    assert mmfix("show", "cfg.py", "model").returncode == 0
    shown = mmfix("patch", "cfg.py", "--diff")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.count(SAYS) == 1
    assert shown.stdout.splitlines()[-1] == f"1 config: 1 would change; {SAYS}"
    explained = mmfix("explain", "train.log", "--config", "cfg.py", "--patch", "--diff")
    assert explained.returncode == 0, explained.stderr
    assert explained.stdout.count(SAYS) == 1
    assert not watched.ran()
    assert watched.path.read_text() == watched.text


@pytest.mark.parametrize(
    "command", ["patch cfg.py --diff --verify", "explain train.log --config cfg.py --patch --diff --verify"]
)
def test_verify_runs_it_and_writes_nothing(command: str, watched: Watched, mmfix: Any) -> None:
    done = mmfix(*command.split())
    assert done.returncode == 0, done.stderr
    assert "would patch with checkpoint-off (confirmed by mmengine " in done.stdout
    assert SAYS not in done.stdout
    assert watched.ran()
    assert watched.path.read_text() == watched.text


@pytest.mark.parametrize("command", ["patch cfg.py", "explain train.log --config cfg.py --patch"])
def test_a_written_patch_runs_it(command: str, watched: Watched, mmfix: Any) -> None:
    done = mmfix(*command.split())
    assert done.returncode == 0, done.stderr
    assert "patched with checkpoint-off (confirmed by mmengine " in done.stdout
    assert watched.ran()


@pytest.mark.parametrize(
    "command", ["patch cfg.py --no-loader", "explain train.log --config cfg.py --patch --no-loader"]
)
def test_without_a_loader_nothing_runs_and_the_block_says_so(
    command: str, watched: Watched, mmfix: Any
) -> None:
    done = mmfix(*command.split())
    assert done.returncode == 0, done.stderr
    assert "patched with checkpoint-off (not verified by loading)" in done.stdout
    assert "\n# not verified by loading: written with --no-loader\n" in watched.path.read_text()
    assert mmfix("patch", "cfg.py", "--undo").returncode == 0
    assert watched.path.read_text() == watched.text
    assert not watched.ran()


def test_the_function_runs_it_only_to_write_or_to_verify(watched: Watched) -> None:
    assert mmfix.patch(watched.path).confirmed_by == ""
    assert mmfix.patch(watched.path, write=True, no_loader=True).written
    assert mmfix.patch(watched.path, undo=True, write=True).written
    assert not watched.ran()
    assert mmfix.patch(watched.path, verify=True).confirmed_by.startswith("mmengine ")
    assert watched.ran()
    assert watched.path.read_text() == watched.text


def test_a_config_in_memory_loads_nothing(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_child(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("a child process was started")

    monkeypatch.setattr("subprocess.Popen", no_child)
    config = mmfix.load(watched.path).to_dict()
    assert mmfix.patch(config).config["model"]["backbone"]["with_cp"] is False
    with pytest.raises(TypeError, match="has no file"):
        mmfix.patch(config, verify=True)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            "patch cfg.py --diff --verify --no-loader",
            "--verify asks for the loader that --no-loader leaves out",
        ),
        ("explain train.log --patch --verify --no-loader", "--verify asks for the loader"),
        ("explain train.log --verify", "go with --patch"),
        ("explain train.log --no-loader", "go with --patch"),
    ],
)
def test_options_that_do_not_go_together(command: str, message: str, watched: Watched, mmfix: Any) -> None:
    done = mmfix(*command.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_both_arguments_of_the_function(watched: Watched) -> None:
    with pytest.raises(ValueError, match="verify asks for the loader"):
        mmfix.patch(watched.path, verify=True, no_loader=True)


@pytest.mark.parametrize("command", ["patch", "explain", "prove"])
def test_help_says_when_a_config_is_run(command: str, mmfix: Any) -> None:
    assert "RUNS" in mmfix(command, "--help").stdout
