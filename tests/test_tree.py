"""The top level of the repository stays short: what a test or a tool left there is not committed with it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

TOP_LEVEL = {
    *(
        ".ci",
        ".github",
        ".gitignore",
        ".pre-commit-hooks.yaml",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "action.yml",
        "mkdocs.yml",
        "README.md",
        "SECURITY.md",
    ),
    *("bench", "configs", "docs", "locale", "pyproject.toml", "src", "tests"),
}


def test_nothing_new_is_tracked_at_the_top_level(repository: Path) -> None:
    if shutil.which("git") is None or not (repository / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={repository}", "ls-files", "-z"],
        cwd=str(repository),
        stdout=subprocess.PIPE,
        check=True,
        encoding="utf-8",
    )
    assert {path.partition("/")[0] for path in listed.stdout.split("\0") if path} == TOP_LEVEL
