"""Fixtures for tests with repositories of git."""

from __future__ import annotations

from pathlib import Path

import pytest
from git_helpers import git


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """An empty repository."""
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q")
    return folder
