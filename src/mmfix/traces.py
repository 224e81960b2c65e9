"""Temporary files and folders that leave no trace, also not those of a process that was killed.

The process that makes one holds a lock in it (``flock``), which goes with the process however it ends. What
carries our name, belongs to this user and is not locked was left behind; the next start takes it away.
Windows and some network file systems have no such lock: there nothing is taken away.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import os.path as osp
import re
import shutil
import stat
import sys
import tempfile
import time
from typing import Iterator, Optional, Tuple

_NAME = re.compile(r"\.?mmfix-([0-9a-f]{8})([0-9a-f]{8})\Z")
_LOCK = "owner"
_TRIES = 100


def new_file(folder: str) -> Tuple[int, str]:
    """Make an empty file with a short name: its descriptor, which holds the lock, and its path.

    Raises:
        OSError: It cannot be made.
    """
    for _ in range(_TRIES):
        path = osp.join(folder, f".{_new_name()}")
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
        # another process may have taken it for a left one before it was locked
        if _lock(descriptor) is not False and osp.lexists(path):
            return descriptor, path
        os.close(descriptor)
    raise OSError(f"no temporary file stays in {folder}")


@contextlib.contextmanager
def new_folder(above: Optional[str] = None) -> Iterator[str]:
    """A temporary folder, which goes also when a process that was killed is not quite gone from it.

    Those that earlier processes have left behind go first.

    Args:
        above: Where it is made, instead of the folder for such things.
    """
    above = above or tempfile.gettempdir()
    clean(above)
    folder, descriptor = _made(above)
    try:
        yield folder
    finally:
        for _ in range(20):
            shutil.rmtree(folder, ignore_errors=True)
            if not osp.exists(folder):
                break
            time.sleep(0.1)
        os.close(descriptor)


def clean(folder: str) -> None:
    """Take away what processes that are gone have left in a folder; what is not surely ours stays."""
    try:
        with os.scandir(folder) as listing:
            found = [entry for entry in listing if _is_ours(entry)]
    except OSError:
        return
    for entry in found:
        with contextlib.suppress(OSError):
            _take_away(entry.path, entry.is_dir(follow_symlinks=False))


@contextlib.contextmanager
def alone(folder: str) -> Iterator[None]:
    """Hold a folder's lock, where the system has one; it goes with the process that holds it.

    Without it, who writes still sees what changed between reading and writing, nearly always.
    """
    try:
        import fcntl

        descriptor = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):  # Windows
        yield
        return
    try:
        with contextlib.suppress(OSError):  # some network file systems lock no folders
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _new_name() -> str:
    random = os.urandom(4).hex()
    return f"mmfix-{random}{_check(random)}"


def _check(random: str) -> str:
    """So that no other program's name is taken for one of ours."""
    return hashlib.sha256(f"mmfix {random}".encode()).hexdigest()[:8]


def _made(above: str) -> Tuple[str, int]:
    for _ in range(_TRIES):
        folder = osp.join(above, _new_name())
        os.mkdir(folder, 0o700)
        with contextlib.suppress(FileNotFoundError):  # taken for a left one, before it had its lock
            descriptor = os.open(osp.join(folder, _LOCK), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            if _lock(descriptor) is not False and osp.exists(folder):
                return folder, descriptor
            os.close(descriptor)
    raise OSError(f"no temporary folder stays in {above}")


def _is_ours(entry: os.DirEntry[str]) -> bool:
    match = _NAME.match(entry.name)
    if match is None or match[2] != _check(match[1]):
        return False
    status = entry.stat(follow_symlinks=False)
    own = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    return own and (stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode))


def _take_away(path: str, is_folder: bool) -> None:
    try:
        descriptor = os.open(osp.join(path, _LOCK) if is_folder else path, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        os.rmdir(path)  # no lock in it yet, or no more; one that holds anything stays
        return
    try:
        if not _lock(descriptor):
            return
        if is_folder:
            shutil.rmtree(path, ignore_errors=True)
        else:
            os.unlink(path)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> Optional[bool]:
    """Whether the file could be locked; None where that cannot be told."""
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # some network file systems lock nothing
        return None
    return True
