"""Replace a file in one step, or leave it as it was."""

from __future__ import annotations

import contextlib
import errno
import os
import os.path as osp
import stat
import sys
from typing import Optional

from mmfix import traces
from mmfix.errors import PatchError
from mmfix.python.disk import other_than_a_file, read_start
from mmfix.wording import say

#: Kinds of extended attributes that nobody but the user has set.
_OF_THE_USER = ("user.", "system.posix_acl")
_CURES = {
    errno.ENOSPC: say("free some space and run mmfix again"),
    errno.EDQUOT: say("free some of your quota and run mmfix again"),
    errno.EROFS: say("the file system is read-only; use --output or --overlay to write elsewhere"),
    errno.EACCES: say("you may not write there; use --output or --overlay to write elsewhere"),
    errno.EPERM: say("you may not write there; use --output or --overlay to write elsewhere"),
    errno.ENOENT: say("create the folder first"),
}


def write_atomically(path: str, data: bytes, expected: Optional[bytes] = None, new: bool = False) -> None:
    """Write ``data`` to ``path`` so that the file is, at every moment, the old one or the new one.

    The new bytes go to a file in the same folder, are synced to disk, and then take the old file's place. A
    symlink stays and its target is written; mode, extended attributes, group and, where allowed, owner are
    kept. A file that has other names (hard links) is refused: they would keep the old text.

    Args:
        expected: The bytes the file must still have; if it has others, or is another file, it is left alone.
        new: There must be no such file.

    Raises:
        PatchError: It cannot be written (read-only, no permission, disk full) or was changed meanwhile; the
            old file is untouched and no other file is left behind.
    """
    target = osp.realpath(path)
    temporary = ""
    try:
        status = os.lstat(target) if osp.lexists(target) else None
        _check(path, target, status)
        descriptor, temporary = traces.new_file(osp.dirname(target))
        with os.fdopen(descriptor, "wb") as file:  # while it is open, nobody takes it for a left one
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            _like(path, target, temporary, status)
            if os.name == "nt":  # which renames no open file
                file.close()
            if expected is not None or new:
                _check_unchanged(path, target, expected, status)
            if not (new and _linked(path, temporary, target)):
                os.replace(temporary, target)
                temporary = ""
        _sync_folder(osp.dirname(target))
    except OSError as error:
        cure = _CURES.get(error.errno or 0, "")
        raise PatchError(
            say("cannot be written: {why}", why=error.strerror or error), path, hint=cure
        ) from error
    finally:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _check(path: str, target: str, status: Optional[os.stat_result]) -> None:
    if status is None:
        return
    if not stat.S_ISREG(status.st_mode):
        raise PatchError(
            say("cannot be written: it is {kind}, not a file", kind=other_than_a_file(target)), path
        )
    # A replace needs no permission on the file itself, but a read-only file says "do not change me".
    if not status.st_mode & 0o222 or not os.access(target, os.W_OK):
        raise PatchError(
            say("cannot be written: the file is read-only"),
            path,
            hint=say("make it writable, or use --output or --overlay to write elsewhere"),
        )
    if status.st_nlink > 1:
        raise PatchError(
            say(
                "has {count} names (hard links), of which the others would keep the old text",
                count=status.st_nlink,
            ),
            path,
            hint=say("copy it and move the copy over it first, or use --output or --overlay"),
        )


def _check_unchanged(
    path: str, target: str, expected: Optional[bytes], before: Optional[os.stat_result]
) -> None:
    """Refuse if the name stands for another file by now, or for one with other bytes."""
    if osp.realpath(path) != target:
        raise _changed(say("was linked elsewhere by somebody else meanwhile"), path)
    now = os.lstat(target) if osp.lexists(target) else None
    if now is None:
        if expected is not None:
            raise _changed(say("was removed by somebody else meanwhile"), path)
        return
    if before is None or expected is None:
        raise _changed(say("was made by somebody else meanwhile"), path)
    if (now.st_dev, now.st_ino, now.st_nlink) != (before.st_dev, before.st_ino, before.st_nlink):
        raise _changed(say("was replaced by somebody else meanwhile"), path)
    if read_start(target, len(expected) + 1) != expected:
        raise _changed(say("was changed by somebody else meanwhile"), path)


def _changed(message: str, path: str) -> PatchError:
    return PatchError(message, path, hint=say("run mmfix again"))


def _linked(path: str, temporary: str, target: str) -> bool:
    """Give a new file its name, unless the name is taken; False where the file system has no second names."""
    try:
        os.link(temporary, target, follow_symlinks=False)
    except FileExistsError:
        raise _changed(say("was made by somebody else meanwhile"), path) from None
    except (OSError, NotImplementedError):
        return False
    return True


def _like(path: str, target: str, temporary: str, status: Optional[os.stat_result]) -> None:
    """Give the new file the mode, owner and attributes of the old one, or those of any new file."""
    if status is None:
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        return
    _keep_owner(path, temporary, status)
    os.chmod(temporary, stat.S_IMODE(status.st_mode))
    _keep_attributes(path, target, temporary)


def _keep_owner(path: str, temporary: str, status: os.stat_result) -> None:
    """The owner where the system allows that, which is to root alone; else the group.

    Raises:
        PatchError: The group cannot be kept, and some of the rights are its alone.
    """
    now = os.stat(temporary)
    if os.name == "nt" or (now.st_uid, now.st_gid) == (status.st_uid, status.st_gid):
        return
    with contextlib.suppress(OSError):
        os.chown(temporary, status.st_uid, status.st_gid)
        return
    try:
        os.chown(temporary, -1, status.st_gid)
    except OSError as error:
        if (status.st_mode >> 3) & ~status.st_mode & 0o7:
            raise PatchError(
                say(
                    "its group cannot be kept, and may do more with it than others: {why}", why=error.strerror
                ),
                path,
                hint=say("use --output or --overlay to write elsewhere"),
            ) from error


def _keep_attributes(path: str, target: str, temporary: str) -> None:
    """The user's own attributes and access lists; the system gives every file its own of the other kinds.

    Raises:
        PatchError: One of them cannot be kept.
    """
    if sys.platform != "linux":  # Python has them there alone
        return
    try:
        names = os.listxattr(target)
    except OSError:  # the file system has none
        return
    for name in names:
        try:
            os.setxattr(temporary, name, os.getxattr(target, name))
        except OSError as error:
            if name.startswith(_OF_THE_USER):
                raise PatchError(
                    say("its extended attribute {name} cannot be kept: {why}", name=name, why=error.strerror),
                    path,
                    hint=say("use --output or --overlay to write elsewhere"),
                ) from error


def _sync_folder(folder: str) -> None:
    """Make the new name itself survive a power cut; not every system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
