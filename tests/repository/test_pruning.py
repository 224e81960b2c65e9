"""The cache does not grow for ever: what nobody uses goes, and nothing else."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from mmfix.repository import cache, pruning

DAY = 24 * 3600


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cache, "_cleaned", set())
    return tmp_path / "cache"


def keep(base: Path, kind: str, key: str, days: float) -> Path:
    """An entry that was last used so many days ago."""
    before = set(base.glob(f"{kind}/*.json"))
    cache.store(kind, key, key, str(base))
    (entry,) = set(base.glob(f"{kind}/*.json")) - before
    os.utime(entry, (time.time() - days * DAY,) * 2)
    return entry


def look(base: Path) -> None:
    """As on another day."""
    (base / ".pruned").unlink()
    pruning.prune(str(base))


def test_what_nobody_has_used_for_a_month_goes(base: Path) -> None:
    new, old = keep(base, "kind-1", "new", 29), keep(base, "kind-1", "old", 31)
    look(base)
    assert (new.exists(), old.exists()) == (True, False)


def test_what_is_used_stays(base: Path) -> None:
    entry = keep(base, "kind-1", "new", 29)
    assert cache.load("kind-1", "new", str(base)) == "new"
    assert time.time() - entry.stat().st_mtime < DAY


def test_the_oldest_go_where_there_is_too_much(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = [keep(base, "kind-1", "new", 1), keep(base, "kind-2", "old", 2), keep(base, "kind-1", "older", 3)]
    monkeypatch.setattr(pruning, "MOST_BYTES", sum(entry.stat().st_size for entry in kept[:2]))
    look(base)
    assert [entry.exists() for entry in kept] == [True, True, False]


def test_the_folder_of_an_older_version_goes_with_its_last_entry(base: Path) -> None:
    keep(base, "kind-1", "old", 40)
    keep(base, "kind-2", "new", 0)
    look(base)
    assert sorted(path.name for path in base.iterdir()) == [".pruned", "kind-2"]


def test_it_is_looked_through_once_a_day(base: Path) -> None:
    keep(base, "kind-1", "new", 0)
    old = keep(base, "kind-1", "old", 40)
    pruning.prune(str(base))
    assert old.exists()
    os.utime(base / ".pruned", (time.time() - 2 * DAY,) * 2)
    pruning.prune(str(base))
    assert not old.exists()


def test_files_of_others_and_links_are_left_alone(base: Path, tmp_path: Path) -> None:
    keep(base, "kind-1", "new", 0)
    others = [base / "notes.json", base / "kind-1/notes.json", tmp_path / f"{'a' * 32}.json"]
    for path in others:
        path.write_text("x")
        os.utime(path, (0, 0))
    (base / "kind-1" / f"{'b' * 32}.json").symlink_to(others[-1])
    (base / "elsewhere").symlink_to(tmp_path)
    look(base)
    assert all(path.read_text() == "x" for path in others)


def test_a_cache_that_cannot_be_looked_through_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    pruning.prune(str(tmp_path / "file"))
    pruning.prune(str(tmp_path / "gone"))
