"""Files that others wrote: opened only if they are files, read up to a bound; which links a walk follows."""

from __future__ import annotations

import errno
import os
import os.path as osp
import stat
from functools import lru_cache
from typing import BinaryIO, Iterable, List, Optional, Tuple

#: A named pipe that nobody writes to must not be waited for, and no child process gets the descriptor.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)
#: Read at once where the system does not say how much there is (``/proc``).
_CHUNK = 1 << 16
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_MOST_NAMED = 3
_PROJECT_FILES = ("setup.py", "pyproject.toml")


class NotAFile(OSError):
    """A name stands for something that is no regular file.

    Attributes:
        what: What it is: ``a named pipe``.
    """

    def __init__(self, what: str, path: str) -> None:
        super().__init__(errno.EINVAL, f"it is {what}, not a file", path)
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


def read_start(path: str, most: int) -> bytes:
    """The first ``most`` bytes of a regular file, however many there are.

    Raises:
        NotAFile: As :func:`open_regular`.
        OSError: It cannot be read.
    """
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
    return next((name for test, name in _KINDS if test(mode)), "something else")


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


@lru_cache(maxsize=4096)
def repository_around(folder: str) -> str:
    """The nearest folder upwards with ``.git``, else with ``setup.py`` or ``pyproject.toml``; or the folder.

    Links in the path are resolved. A home directory is no repository.
    """
    start = osp.realpath(folder)
    home = osp.realpath(osp.expanduser("~"))
    upward: List[str] = []
    above = start
    while above not in (home, osp.dirname(above)):
        upward.append(above)
        above = osp.dirname(above)
    for names in ((".git",), _PROJECT_FILES):
        for candidate in upward:
            if any(osp.lexists(osp.join(candidate, name)) for name in names):
                return candidate
    return start


def inside(path: str, folder: str) -> bool:
    """True for a folder itself and all below it."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def leads_out(path: str, folder: str) -> bool:
    """Whether a path that lies below a folder ends, by a link, outside of the repository around that."""
    return not inside(osp.realpath(path), repository_around(folder))


def about_links(shown: Iterable[str]) -> str:
    """What is said of :attr:`Links.out`, given as they are to be shown."""
    paths = list(shown)
    named = ", ".join(paths[:_MOST_NAMED])
    more = f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else ""
    if len(paths) == 1:
        return f"a link leads out of the repository and is not followed unless it is named: {named}"
    what = f"{len(paths)} links lead out of the repository and are not followed unless they are named"
    return f"{what}: {named}{more}"


class Links:
    """Which links a walk of a folder follows: those that stay in its repository, to each place once.

    Args:
        folder: Where the walk begins.
        everywhere: The folder is no repository (installed packages may be links to anywhere).

    Attributes:
        out: The links that lead out of the repository, in the order of the walk.
    """

    def __init__(self, folder: str, everywhere: bool = False) -> None:
        self.out: List[str] = []
        self._folder = folder
        self._everywhere = everywhere
        self._walked = [osp.realpath(folder)]

    def follows_file(self, path: str) -> bool:
        """Whether the file behind a link belongs to the walk."""
        return self._stays(path)

    def follows_folder(self, path: str) -> bool:
        """Whether the folder behind a link is to be walked; asked once of each link.

        Not one inside of what is walked anyway, and not one around it: everything would come up twice.
        """
        target = osp.realpath(path)
        if not self._stays(path):
            return False
        if any(inside(target, seen) or inside(seen, target) for seen in self._walked):
            return False
        self._walked.append(target)
        return True

    def _stays(self, path: str) -> bool:
        if self._everywhere or not leads_out(path, self._folder):
            return True
        self.out.append(path)
        return False
