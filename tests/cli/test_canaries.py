"""Each command, in a repository of which every file leaves a mark when it is run: which marks are left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import FrozenSet, List

import pytest
from canary_repository import COMMANDS, NOTHING, Repository

from mmfix.errors import MmfixError


@pytest.fixture
def repository_with_canaries(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.mark.parametrize(
    ("command", "runs"),
    COMMANDS,
    ids=lambda value: " ".join(value if isinstance(value, list) else sorted(value)),
)
def test_a_command_runs_what_its_help_says(
    command: List[str], runs: FrozenSet[str], repository_with_canaries: Repository
) -> None:
    done = repository_with_canaries.run(*command)
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stdout + done.stderr
    assert repository_with_canaries.fired() == runs, done.stdout + done.stderr


def test_the_parent_of_a_rehearsal_runs_nothing(
    repository_with_canaries: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it starts does; here it can start nothing."""
    from mmfix.jobs import proving

    def no_child(*args: object, **kwargs: object) -> None:
        raise OSError(11, "no more processes")

    monkeypatch.setattr("subprocess.Popen", no_child)
    monkeypatch.setattr(proving, "require_torch", lambda: None)
    monkeypatch.setenv("MMFIX_CACHE_DIR", repository_with_canaries.cache)
    monkeypatch.chdir(repository_with_canaries.root)
    try:
        found = proving.prove("configs/cfg.py", proving.ProveOptions(all_remedies=True))
    except MmfixError:
        return
    assert found.proof.rehearsal.outcome == "NOT_PROVED"
    assert repository_with_canaries.fired() == NOTHING


def test_what_pythonpath_names_stays(tmp_path: Path) -> None:
    """The user chose it, for his training as well; only what `python -m` adds by itself goes."""
    code = "import runpy, sys; sys.argv = ['mmfix', 'rules']; runpy.run_module('mmfix', run_name='__main__')"
    (tmp_path / "click.py").write_text("raise SystemExit('the user chose this one')\n")
    for entry in (str(tmp_path), "."):
        for start in (["-m", "mmfix", "rules"], ["-c", code]):
            done = subprocess.run(
                [sys.executable, *start],
                cwd=str(tmp_path),
                env={**os.environ, "PYTHONPATH": entry},
                capture_output=True,
                encoding="utf-8",
            )
            assert "the user chose this one" in done.stderr, (entry, start)
