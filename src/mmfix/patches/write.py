"""Replace a file in one step, or leave it as it was."""

from __future__ import annotations

import contextlib
import errno
import os
import os.path as osp
import stat
import tempfile
from typing import Optional

from mmfix.errors import PatchError

_CURES = {
    errno.ENOSPC: "free some space and run mmfix again",
    errno.EDQUOT: "free some of your quota and run mmfix again",
    errno.EROFS: "the file system is read-only; use --output or --overlay to write elsewhere",
    errno.EACCES: "you may not write there; use --output or --overlay to write elsewhere",
    errno.EPERM: "you may not write there; use --output or --overlay to write elsewhere",
    errno.ENOENT: "create the folder first",
}


def write_atomically(path: str, data: bytes, expected: Optional[bytes] = None) -> None:
    """Write ``data`` to ``path`` so that the file is, at every moment, the old one or the new one.

    The new bytes go to a file in the same folder, are synced to disk, and then take the old file's place. A
    symlink stays and its target is written; mode and, where allowed, owner are kept.

    Args:
        expected: The bytes the file must still have; if it has others now, it is left alone.

    Raises:
        PatchError: It cannot be written (read-only, no permission, disk full) or was changed meanwhile; the
            old file is untouched and no other file is left behind.
    """
    target = osp.realpath(path)
    temporary = ""
    try:
        status = os.stat(target) if osp.exists(target) else None
        _check(path, target, status)
        descriptor, temporary = tempfile.mkstemp(
            prefix=f".{osp.basename(target)}.", suffix=".mmfix", dir=osp.dirname(target)
        )
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _like(temporary, status)
        if expected is not None:
            _check_unchanged(path, target, expected)
        os.replace(temporary, target)
        temporary = ""
        _sync_folder(osp.dirname(target))
    except OSError as error:
        cure = _CURES.get(error.errno or 0, "")
        raise PatchError(f"cannot be written: {error.strerror or error}", path, hint=cure) from error
    finally:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _check(path: str, target: str, status: Optional[os.stat_result]) -> None:
    if status is None:
        return
    if not stat.S_ISREG(status.st_mode):
        raise PatchError("cannot be written: it is not a regular file", path)
    # A replace needs no permission on the file itself, but a read-only file says "do not change me".
    if not status.st_mode & 0o222 or not os.access(target, os.W_OK):
        raise PatchError(
            "cannot be written: the file is read-only",
            path,
            hint="make it writable, or use --output or --overlay to write elsewhere",
        )


def _check_unchanged(path: str, target: str, expected: bytes) -> None:
    with open(target, "rb") as file:
        if file.read() != expected:
            raise PatchError("was changed by somebody else meanwhile", path, hint="run mmfix again")


def _like(temporary: str, status: Optional[os.stat_result]) -> None:
    """Give the new file the mode and owner of the old one, or those of any new file."""
    if status is None:
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        return
    if hasattr(os, "chown"):
        with contextlib.suppress(OSError):
            os.chown(temporary, status.st_uid, status.st_gid)
    os.chmod(temporary, stat.S_IMODE(status.st_mode))


def _sync_folder(folder: str) -> None:
    """Make the new name itself survive a power cut; not every system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
