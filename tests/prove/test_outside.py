"""Ranks that end for a reason outside the config: it is said, they are tried once more, it is no outcome."""

from __future__ import annotations

import os
import pickle
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, List

import pytest
from left_by_ranks import UNUSED, rank

from mmfix.proofs.types import Rehearsal
from mmfix.prove import outside, supervise
from mmfix.prove.job import Job
from mmfix.prove.supervise import Ranks, rehearse

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and limits are those of POSIX")

#: What torch's launcher says of a rank that ended with a code.
ENDED = "print('Root Cause (first observed failure):'); print('  exitcode  : {} (pid: 7)'); sys.exit(1)"
WELL = rank("", "", "")


class Fake:
    """Takes the place of the launcher: each start runs the next of some scripts, and the last one again."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.temp, self._folder = folder / "temp", folder
        self.temp.mkdir()
        patch.setattr(tempfile, "tempdir", str(self.temp))
        patch.setattr(sys, "executable", str(self._write(folder / "python")))

    def _write(self, path: Path) -> Path:
        lines = (
            f"#!{sys.executable}",
            "import os, sys, time, pathlib, shutil",
            "folder = pathlib.Path(sys.argv[-1]).parent",
            f"here = pathlib.Path({str(self._folder)!r})",
            "number = len(list(here.glob('started*')))",
            "(here / f'started{number}').touch()",
            "scripts = sorted(here.glob('script*'))",
            "exec(scripts[min(number, len(scripts) - 1)].read_text())",
        )
        path.write_text("\n".join(lines) + "\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def rehearse(self, *scripts: str, seconds: float = 60.0) -> Rehearsal:
        for number, script in enumerate(scripts):
            (self._folder / f"script{number}").write_text(script)
        job = Job("toy.py", "", scenarios=("normal", "empty", "single"), seconds=seconds)
        return rehearse(job, Ranks(2))

    def leaves(self, *results: Any) -> str:
        """Lines that leave these results, one a rank."""
        lines: List[str] = []
        for number, result in enumerate(results):
            lines.append(f"(folder / 'rank{number}.pickle').write_bytes({pickle.dumps(result)!r})")
        return "\n".join(lines) + "\n"

    @property
    def starts(self) -> int:
        return len(list(self._folder.glob("started*")))


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    return Fake(tmp_path, monkeypatch)


OUTSIDE = {
    "killed": (
        ENDED.format(-9),
        "a rank was ended by signal 9 (SIGKILL), as the system does when memory runs out",
    ),
    "told to end": (ENDED.format(-15), "a rank was ended by signal 15 (SIGTERM), which comes from outside"),
    "crashed": (ENDED.format(-11), "a rank was ended by signal 11 (SIGSEGV), a crash in compiled code"),
    "bus error": (ENDED.format(-7), "a rank was ended by signal 7 (SIGBUS), for which a full /dev/shm"),
    "too many files in C++": (
        "print('terminate called'); print('  what():  accept: Too many open files'); " + ENDED.format(-6),
        "a rank ran out of open files",
    ),
    "too many files in Python": (
        "print(\"[rank0]: OSError: [Errno 24] Too many open files: '/x'\"); " + ENDED.format(1),
        "a rank ran out of open files",
    ),
    "no thread": (
        'raise RuntimeError("can\'t start new thread")',
        "torch's launcher of the ranks could not start",
    ),
    "no memory for a library": (
        "raise ImportError('libtorch_cpu.so: failed to map segment from shared object')",
        "torch's launcher of the ranks could not load a library: the limit of memory",
    ),
    "no memory": ("raise MemoryError", "torch's launcher of the ranks found no more memory"),
    "disk full": (
        "raise OSError(28, 'No space left on device')",
        "torch's launcher of the ranks found a disk full",
    ),
    "port": (
        "raise OSError(98, 'Address already in use')",
        "torch's launcher of the ranks found its network port",
    ),
    "launcher killed": (
        "os.kill(os.getpid(), 9)",
        "torch's launcher of the ranks was ended by signal 9 (SIGKILL)",
    ),
    "launcher broke": ("raise ValueError('odd')", "torch's launcher of the ranks failed: ValueError: odd"),
    "launcher told to end": (
        "print('torch.distributed.elastic.SignalException: Process 7 got signal: 15'); sys.exit(1)",
        "torch's launcher of the ranks was told to end by signal 15 (SIGTERM)",
    ),
}


@pytest.mark.parametrize("about", OUTSIDE)
def test_an_end_from_outside_is_named_and_tried_twice(fake: Fake, about: str) -> None:
    script, said = OUTSIDE[about]
    found = fake.rehearse(script)
    assert (found.outcome, fake.starts) == ("NOT_PROVED", 2)
    assert found.reason.startswith(said)
    assert found.reason.endswith("; tried twice")
    assert not list(fake.temp.iterdir())


@pytest.mark.parametrize("about", OUTSIDE)
def test_the_second_try_counts(fake: Fake, about: str) -> None:
    found = fake.rehearse(OUTSIDE[about][0], fake.leaves(WELL, WELL))
    assert (found.outcome, found.reason, fake.starts) == ("OK", "", 2)
    assert not list(fake.temp.iterdir())


def test_errors_that_a_rank_could_still_write_down(fake: Fake) -> None:
    full = rank("", "RuntimeError: DefaultCPUAllocator: can't allocate memory: you tried", "")
    lost = {"reason": "RuntimeError: Connection closed by peer"}
    none = {"reason": "OSError: [Errno 24] Too many open files"}
    for results, said in (
        ((WELL, full), "a rank found no more memory"),
        ((lost, none), "a rank ran out of open"),
    ):
        found = fake.rehearse(fake.leaves(*results))
        assert found.outcome == "NOT_PROVED"
        assert found.reason.startswith(said)
        assert found.reason.endswith("; tried twice")
    assert fake.starts == 4


def test_what_is_the_configs_own_is_not_tried_again(fake: Fake) -> None:
    own = {
        "exit code 9 and left no result": ENDED.format(9),
        "exit code 1 and left no result": "print('Too many open files, says the model'); " + ENDED.format(1),
        "ended by itself": "",
        "ValueError: the model": fake.leaves(*[{"reason": "ValueError: the model"}] * 2),
    }
    for number, (said, script) in enumerate(own.items(), 1):
        found = fake.rehearse(script)
        assert (found.outcome, fake.starts) == ("NOT_PROVED", number)
        assert said in found.reason
        assert "twice" not in found.reason


def test_a_rank_that_dies_after_its_result_has_left_it(fake: Fake) -> None:
    found = fake.rehearse(fake.leaves(WELL, WELL) + "os.kill(os.getpid(), 11)")
    assert (found.outcome, fake.starts) == ("OK", 1)


def test_what_ddp_was_seen_to_do_stays_seen(fake: Fake) -> None:
    """A rank is killed in the second scenario, and both are in the first of the second try."""
    seen = fake.leaves(rank(UNUSED, ready=(0,)), rank(UNUSED, ready=(0,))).replace(".pickle", ".so_far")
    found = fake.rehearse(seen + ENDED.format(-9), ENDED.format(-9))
    assert (found.outcome, fake.starts) == ("UNUSED", 2)
    assert found.left == ("empty", "single")
    assert found.why_left.startswith("a rank was ended by signal 9")
    assert found.why_left.endswith("tried twice")


@pytest.mark.slow
def test_two_tries_take_no_more_than_the_time_limit(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "_WORTH", 0.5)
    began = time.monotonic()
    found = fake.rehearse("time.sleep(1);" + ENDED.format(-9), "time.sleep(60)", seconds=3.0)
    assert 2.5 < time.monotonic() - began < 6
    assert fake.starts == 2
    assert "the time limit" in found.reason
    assert "tried twice, the first time: a rank was ended by signal 9" in found.reason


def test_there_is_no_second_try_without_time(fake: Fake) -> None:
    found = fake.rehearse(ENDED.format(-9), seconds=4.0)
    assert fake.starts == 1
    assert found.reason.endswith("; no time was left to try again")


def test_a_temporary_folder_that_cannot_be_written(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    (fake.temp / "file").touch()
    monkeypatch.setattr(tempfile, "tempdir", str(fake.temp / "file"))
    found = fake.rehearse("")
    assert (found.outcome, fake.starts) == ("NOT_PROVED", 0)
    assert "TMPDIR must be a folder that can be written" in found.reason


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full is Linux's")
def test_a_full_disk_shows_though_nobody_could_say_so(fake: Fake) -> None:
    """Neither the rank nor the launcher could write its traceback."""
    found = fake.rehearse("(folder / 'probe').symlink_to('/dev/full');" + ENDED.format(1))
    assert (found.outcome, fake.starts) == ("NOT_PROVED", 2)
    assert found.reason.startswith("mmfix found a disk full, or a quota used up: make room")


LIMITED = """
import resource, sys, pathlib
resource.setrlimit(getattr(resource, sys.argv[1]), (int(sys.argv[2]), int(sys.argv[2])))
from mmfix.prove import outside
print({})
"""


@pytest.mark.parametrize(
    ("limit", "value", "asks", "said"),
    [
        ("RLIMIT_FSIZE", 1000, "outside.unwritable(pathlib.Path(sys.argv[3]))", "ulimit -f unlimited"),
        ("RLIMIT_NOFILE", 20, "outside.meaning_of('OSError: Too many open files')", "20): ulimit -n 1024,"),
        ("RLIMIT_NOFILE", 20, "outside.few_files()", "the limit of 20 open files may be too low"),
        ("RLIMIT_AS", 2**31, "outside.meaning_of('MemoryError')", "(ulimit -v allows 2.0 GB a process)"),
    ],
)
def test_limits_that_are_set_here_are_told(
    limit: str, value: int, asks: str, said: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", LIMITED.format(asks), limit, str(value), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert said in done.stdout, done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "error",
    [
        UNUSED,
        "RuntimeError: Expected to mark a variable ready only once.",
        "torch.cuda.OutOfMemoryError: CUDA out of memory.",
        "FileNotFoundError: [Errno 2] No such file or directory: 'weights.pth'",
        "RuntimeError: Connection closed by peer",
        "AssertionError: shape mismatch",
    ],
)
def test_errors_that_say_nothing_of_the_machine(error: str) -> None:
    assert outside.meaning_of(error) == ""
