"""Files that others wrote: opened only if they are files, and read up to a bound."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import BinaryIO, Dict, Iterator, List, Mapping, Optional, Tuple

from mmfix.wording import say

#: A named pipe that nobody writes to must not be waited for, and no child process gets the descriptor.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)
#: Read at once where the system does not say how much there is (``/proc``).
_CHUNK = 1 << 16
#: What is read instead of files, by their paths without links; counts how often that has changed.
_instead: Dict[str, bytes] = {}
_number = 0
#: What a folder is called, where it is opened as a file.
FOLDER = say("a folder")
_KINDS = (
    (stat.S_ISDIR, FOLDER),
    (stat.S_ISFIFO, say("a named pipe")),
    (stat.S_ISSOCK, say("a socket")),
    (stat.S_ISCHR, say("a device")),
    (stat.S_ISBLK, say("a device")),
)


class NotAFile(OSError):
    """A name stands for something that is no regular file.

    Attributes:
        what: What it is: ``a named pipe``.
    """

    def __init__(self, what: str, path: str) -> None:
        super().__init__(errno.EINVAL, say("it is {what}, not a file", what=what), path)
        self.what = what


def other_than_a_file(path: str) -> str:
    """What a path stands for that is there and no regular file: ``a named pipe``; else empty."""
    try:
        return _kind(os.stat(path).st_mode)
    except (OSError, ValueError):
        return ""


def open_regular(path: str) -> BinaryIO:
    """A regular file for reading, unbuffered; what is none is not opened, or shut at once.

    Raises:
        NotAFile: It is a folder, a named pipe, a socket or a device, or a link to one.
        OSError: It cannot be opened.
    """
    return os.fdopen(_opened(path)[0], "rb", buffering=0)


@contextlib.contextmanager
def instead(texts: Mapping[str, bytes]) -> Iterator[None]:
    """Read other bytes than those of some files, named without links, until the block ends."""
    global _instead, _number
    before = _instead
    _instead, _number = {**before, **texts}, _number + 1
    try:
        yield
    finally:
        _instead, _number = before, _number + 1


def reading_of() -> int:
    """0 while every file is read as it is; else a number that no other such time has."""
    return _number if _instead else 0


def stamp(path: str) -> Optional[str]:
    """Changes when a file does, or what is read instead; None where there is no file."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return f"{status.st_size}-{status.st_mtime_ns}" + (f"-{_number}" if _instead else "")


def read_start(path: str, most: int) -> bytes:
    """The first ``most`` bytes of a regular file, however many there are.

    Raises:
        NotAFile: As :func:`open_regular`.
        OSError: It cannot be read.
    """
    if _instead and os.path.realpath(path) in _instead:
        return _instead[os.path.realpath(path)][:most]
    descriptor, size = _opened(path)
    try:
        return _read(descriptor, size, most)
    finally:
        os.close(descriptor)


def read_whole(path: str, most: int) -> Optional[bytes]:
    """The bytes of a regular file; None when there are more than ``most``, whatever the system says.

    Raises:
        NotAFile: As :func:`open_regular`.
        OSError: It cannot be read.
    """
    if _instead and os.path.realpath(path) in _instead:
        return _instead[os.path.realpath(path)]
    descriptor, size = _opened(path)
    try:
        data = b"" if size > most else _read(descriptor, size, most + 1)
    finally:
        os.close(descriptor)
    return None if max(size, len(data)) > most else data


def as_text(data: bytes) -> str:
    """Roughly decoded, for a search: lines end with a newline, and what is no UTF-8 is replaced."""
    return data.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")


def _kind(mode: int) -> str:
    if stat.S_ISREG(mode):
        return ""
    return next((name for test, name in _KINDS if test(mode)), say("something else"))


def _opened(path: str) -> Tuple[int, int]:
    """A descriptor of a regular file, and its size. A device is not even opened: that may have effects."""
    what = _kind(os.stat(path).st_mode)
    if what:
        raise NotAFile(what, path)
    descriptor = os.open(path, _FLAGS)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):  # swapped meanwhile
            raise NotAFile(_kind(status.st_mode), path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, status.st_size


def _read(descriptor: int, size: int, most: int) -> bytes:
    parts: List[bytes] = []
    left = most
    while left > 0:
        part = os.read(descriptor, min(left, size + 1 if size else _CHUNK))
        parts.append(part)
        left -= len(part)
        if not part or (len(parts) == 1 and len(part) == size):  # nearly always: it is as large as it says
            break
    return b"".join(parts)
