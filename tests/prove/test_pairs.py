"""Ranks that rehearse many jobs together: which is lost, and which has only come to its end first."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Iterator, List

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))
import prove_many


@pytest.fixture
def processes() -> Iterator[List[subprocess.Popen[bytes]]]:
    started: List[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()


def started(code: str, folder: Path) -> subprocess.Popen[bytes]:
    output = open(folder / "output", "ab")  # noqa: SIM115
    return subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=output, stderr=output)


LATE = (
    "import pathlib, sys, time; time.sleep(1.5); (pathlib.Path(sys.argv[1]) / '0.1').touch(); time.sleep(60)"
)


def test_a_rank_that_is_done_is_not_lost_though_the_other_takes_its_time(
    processes: List[subprocess.Popen[bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the last job a rank leaves; the other may be slower, in the steps that need nobody else."""
    monkeypatch.setattr(prove_many, "SILENT", 0.2)
    (tmp_path / "0.0").touch()
    processes += [started("", tmp_path), started(LATE, tmp_path)]
    assert prove_many._wait(tmp_path, 0, processes) == ("", "")


@pytest.mark.parametrize(
    ("code", "said", "is_outside"),
    [
        ("import os; os.kill(os.getpid(), 9)", "a rank was ended by signal 9 (SIGKILL)", True),
        ("raise OSError(24, 'Too many open files')", "a rank ran out of open files", True),
        ("import os; os._exit(9)", "a rank ended without a result, with exit code 9", False),
    ],
)
def test_a_rank_that_is_lost_says_why(
    processes: List[subprocess.Popen[bytes]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    said: str,
    is_outside: bool,
) -> None:
    monkeypatch.setattr(prove_many, "SILENT", 0.2)
    processes += [started(code, tmp_path), started("import time; time.sleep(60)", tmp_path)]
    began = time.monotonic()
    why, outside = prove_many._wait(tmp_path, 0, processes)
    assert why.startswith(said)
    assert outside == (why if is_outside else "")
    assert time.monotonic() - began < 20


def test_a_pair_that_was_lost_from_outside_is_started_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = iter(
        [
            [("first", 1.0, ""), ("lost", 1.0, "signal 9")],
            [("lost again", 1.0, "signal 9")],
            [("third", 1.0, "")],
        ]
    )
    monkeypatch.setattr(prove_many, "_pair", lambda jobs, path: iter(next(pairs)))
    assert [found for found, _ in prove_many.in_pairs(["job"] * 3)] == ["first", "lost again", "third"]
