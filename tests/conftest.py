"""Fixtures for all tests: the official config zoos, and the command line in a child process."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Callable, Dict, Iterator, Optional

import hypothesis
import pytest

import schemas
from wheels import unpack_zoo

# how long an example takes is a matter of what else the machine does
hypothesis.settings.register_profile("mmfix", deadline=None)
hypothesis.settings.load_profile("mmfix")

#: What mmfix remembers of source code stays away from the user's cache; child processes inherit it.
os.environ["MMFIX_CACHE_DIR"] = tempfile.mkdtemp(prefix="mmfix-cache-")
atexit.register(shutil.rmtree, os.environ["MMFIX_CACHE_DIR"], ignore_errors=True)

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A paragraph is one line, but where a test is about how it looks."""
    monkeypatch.setenv("COLUMNS", "1000")


@pytest.fixture(scope="session")
def zoo() -> Callable[[str], Path]:
    """``zoo('mmdet-3.3.0')``: the folder of that unpacked wheel (see :func:`unpack_zoo`)."""
    return unpack_zoo


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of this repository."""
    return REPOSITORY


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """A private copy of the example configs, in ``<tmp>/configs``."""
    return Path(shutil.copytree(REPOSITORY / "configs", tmp_path / "configs"))


Mmfix = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def mmfix(tmp_path: Path) -> Mmfix:
    """``mmfix('check', path)``: the real command line, in ``tmp_path``, without a terminal.

    A JSON document that it prints must be one of the schema of its command.
    """

    def run(
        *arguments: object,
        cwd: Optional[Path] = None,
        env: Optional[Dict[str, str]] = None,
        given: str = "",
    ) -> subprocess.CompletedProcess[str]:
        scrubbed = {
            key: value
            for key, value in os.environ.items()
            if key not in ("CI", "NO_COLOR", "FORCE_COLOR", "MMFIX_DEBUG", "TERM")
        }
        words = [str(argument) for argument in arguments]
        done = subprocess.run(
            [sys.executable, "-m", "mmfix", *words],
            cwd=str(cwd or tmp_path),
            env={**scrubbed, **(env or {})},
            input=given,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
        )
        schemas.require_valid(words, done.stdout)
        return done

    return run


@pytest.fixture(scope="module")
def gloo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A process group of this process alone: the reducer keeps the same books as with many."""
    import torch.distributed

    store: Path = tmp_path_factory.mktemp("gloo") / "store"
    torch.distributed.init_process_group("gloo", init_method=f"file://{store}", rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()
