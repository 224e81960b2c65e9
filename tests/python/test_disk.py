"""Files of others: what is opened, and how much is read."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, List

import pytest

from mmfix.python.disk import (
    NotAFile,
    as_text,
    instead,
    open_regular,
    other_than_a_file,
    read_start,
    read_whole,
    stamp,
)

posix = pytest.mark.skipif(os.name != "posix", reason="needs pipes, devices and links")


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11, 100_000])
def test_as_much_as_is_asked_for(size: int, tmp_path: Path) -> None:
    path, data = tmp_path / "a", os.urandom(size)
    path.write_bytes(data)
    assert read_whole(str(path), 10) == (data if size <= 10 else None)
    assert read_start(str(path), 10) == data[:10]
    with open_regular(str(path)) as file:
        assert file.read() == data


@posix
@pytest.mark.parametrize("said", [0, 1, 5])
def test_the_size_that_the_system_tells_counts_for_nothing(
    said: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It grows meanwhile, or is made up by the kernel."""
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")
    status = SimpleNamespace(st_mode=stat.S_IFREG | 0o600, st_size=said)
    monkeypatch.setattr(os, "fstat", lambda descriptor: status)
    assert read_whole(str(path), 10) == b"0123456789"
    assert read_whole(str(path), 9) is None
    assert read_start(str(path), 9) == b"012345678"


@pytest.mark.skipif(sys.platform != "linux", reason="has /proc")
def test_a_file_of_the_kernel() -> None:
    assert os.stat("/proc/self/status").st_size == 0
    assert b"\nPid:" in (read_whole("/proc/self/status", 1 << 20) or b"")
    assert read_whole("/proc/self/status", 10) is None


@posix
def test_what_is_no_file_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    opened: List[Any] = []
    monkeypatch.setattr(os, "open", lambda *arguments: opened.append(arguments))
    for name, what in (("pipe", "a named pipe"), ("link", "a device"), (".", "a folder")):
        assert other_than_a_file(str(tmp_path / name)) == what
        for read in (lambda path: read_whole(path, 10), lambda path: read_start(path, 10), open_regular):
            with pytest.raises(NotAFile, match=f"it is {what}, not a file"):
                read(str(tmp_path / name))
    assert opened == []
    assert [other_than_a_file(str(tmp_path / name)) for name in ("gone", "a\0b")] == ["", ""]


@posix
def test_a_pipe_that_comes_meanwhile_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    held = len(os.listdir("/dev/fd"))
    monkeypatch.setattr(os, "stat", lambda path: SimpleNamespace(st_mode=stat.S_IFREG | 0o600))
    with pytest.raises(NotAFile, match="it is a named pipe"):
        read_whole(str(tmp_path / "pipe"), 10)
    monkeypatch.undo()
    assert len(os.listdir("/dev/fd")) == held


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"a\r\nb\rc\n", "a\nb\nc\n"), (b"\xef\xbb\xbfa", "a"), (b"\xff", "\ufffd"), (b"", "")],
)
def test_text_for_a_search(data: bytes, text: str) -> None:
    assert as_text(data) == text


def test_a_stamp_changes_with_a_file_and_with_what_is_read_instead_of_it(tmp_path: Path) -> None:
    path = str(tmp_path / "a")
    assert stamp(path) is None
    (tmp_path / "a").write_bytes(b"a")
    one = stamp(path)
    (tmp_path / "a").write_bytes(b"longer")
    two = stamp(path)
    found = [one, two]
    for text in (b"x", b"y"):
        with instead({os.path.realpath(path): text}):
            assert read_start(path, 9) == text
            found.append(stamp(path))
    assert len({None, *found}) == 5
    assert stamp(path) == two
