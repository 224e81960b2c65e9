"""Which links a walk follows: those that stay in the repository, to each place once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mmfix.python.links import Links, leads_out, repository_around

posix = pytest.mark.skipif(os.name != "posix", reason="needs links")


@posix
class TestLinks:
    def test_a_repository(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        deep = tmp_path / "repo" / "project" / "configs"
        deep.mkdir(parents=True)
        assert repository_around(str(deep)) == str(deep)
        (tmp_path / "repo" / "project" / "setup.py").touch()
        repository_around.cache_clear()
        assert repository_around(str(deep)) == str(tmp_path / "repo" / "project")
        (tmp_path / "repo" / ".git").touch()  # a work tree's is a file
        repository_around.cache_clear()
        assert repository_around(str(deep)) == str(tmp_path / "repo")
        monkeypatch.setenv("HOME", str(tmp_path / "repo"))
        repository_around.cache_clear()
        assert repository_around(str(deep)) == str(tmp_path / "repo" / "project")
        repository_around.cache_clear()

    def test_what_leads_out(self, tmp_path: Path) -> None:
        repo, outside = tmp_path / "repo", tmp_path / "repository"
        for folder in (repo / ".git", repo / "a", outside):
            folder.mkdir(parents=True)
        (repo / "out").symlink_to(outside)
        (repo / "in").symlink_to("a")
        (repo / "self").symlink_to("self")
        (repo / "gone").symlink_to(outside / "gone")
        found = [
            name for name in ("out", "in", "self", "gone", "a") if leads_out(str(repo / name), str(repo))
        ]
        assert found == ["out", "gone"]
        links = Links(str(repo / "a"))
        assert [links.follows_folder(str(repo / name)) for name in ("out", "in")] == [False, False]
        assert links.out == [str(repo / "out")]
        anywhere = Links(str(repo / "a"), everywhere=True)
        assert [anywhere.follows_folder(str(repo / "out")) for _ in range(2)] == [True, False]
        assert anywhere.out == []
