"""Writing in one step: the old file or the new one, never half of one, and nothing left behind."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Callable, Optional, Tuple

import pytest

from anybody import as_anybody, on_linux
from mmfix.errors import PatchError
from mmfix.patches import write_atomically

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX modes, symlinks and limits")


def test_mode_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "leaf.py"
    path.write_bytes(b"old")
    path.chmod(0o750)
    write_atomically(str(path), b"new\r\n")
    assert path.read_bytes() == b"new\r\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o750
    assert os.listdir(tmp_path) == ["leaf.py"]


def test_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.touch()
    write_atomically(str(tmp_path / "new.py"), b"new")
    assert (tmp_path / "new.py").stat().st_mode == usual.stat().st_mode


def test_symlink_stays_and_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real/leaf.py", tmp_path / "link.py"
    target.write_bytes(b"old")
    link.symlink_to(Path("real") / "leaf.py")
    write_atomically(str(link), b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert sorted(os.listdir(tmp_path)) == ["link.py", "real"]
    assert os.listdir(tmp_path / "real") == ["leaf.py"]


def test_read_only_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "leaf.py"
    path.write_bytes(b"old")
    path.chmod(0o444)
    with pytest.raises(
        PatchError, match=r"leaf\.py: cannot be written: the file is read-only \(make it writable"
    ):
        write_atomically(str(path), b"new")
    assert path.read_bytes() == b"old"


def test_changed_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "leaf.py"
    path.write_bytes(b"other")
    with pytest.raises(PatchError, match="changed by somebody else meanwhile"):
        write_atomically(str(path), b"new", expected=b"old")
    assert path.read_bytes() == b"other"
    assert os.listdir(tmp_path) == ["leaf.py"]
    write_atomically(str(path), b"new", expected=b"other")
    assert path.read_bytes() == b"new"


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PatchError, match="create the folder first"):
        write_atomically(str(tmp_path / "no" / "leaf.py"), b"new")


def test_a_directory_or_a_device_is_no_config(tmp_path: Path) -> None:
    for path in (str(tmp_path), "/dev/null"):
        with pytest.raises(PatchError, match=r"it is a (folder|device), not a file"):
            write_atomically(path, b"new")


IN_CHILD = """
import os, resource, sys
{setup}
from mmfix.errors import PatchError
from mmfix.patches.write import write_atomically
try:
    write_atomically(sys.argv[1], b"x" * 100_000)
except PatchError as error:
    print(error)
else:
    print("written")
"""


def write_in_child(path: Path, setup: str, before: Optional[Callable[[], None]] = None) -> str:
    code = IN_CHILD.format(setup=setup)
    command = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, preexec_fn=before)
    return done.stdout.strip()


def test_no_room_for_the_new_file(tmp_path: Path) -> None:
    """A real write error in the middle of the data (a file size limit; a full disk takes the same way)."""
    path = tmp_path / "leaf.py"
    path.write_bytes(b"old")
    answer = write_in_child(path, "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))")
    assert answer.startswith(f"{path}: cannot be written: File too large")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["leaf.py"]


@on_linux
@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize(
    ("owner", "groups", "mode", "answer"),
    [
        (1001, (2000,), 0o664, "written"),
        (1001, (), 0o666, "written"),
        (0, (), 0o644, "written"),
        (
            0,
            (),
            0o640,
            "its group cannot be kept, and may do more with it than others: Operation not permitted",
        ),
    ],
    ids=["of its group", "everybody may write it", "everybody may read it", "not of its group"],
)
def test_the_group_is_kept_where_it_counts(
    owner: int, groups: Tuple[int, ...], mode: int, answer: str, tmp_path: Path
) -> None:
    """The owner of a file of somebody else changes, as with every tool that writes a new file; no more."""
    path = tmp_path / "leaf.py"
    path.write_bytes(b"old")
    os.chown(path, owner, 2000)
    path.chmod(mode)
    assert answer in write_in_child(path, "", as_anybody(groups))
    assert (path.read_bytes() == b"old") == (answer != "written")
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert (path.stat().st_gid == 2000) == (bool(groups) or answer != "written")
    assert os.listdir(tmp_path) == ["leaf.py"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_full_disk(tmp_path: Path) -> None:
    """The temporary file is a link to a device that is always full: a real ENOSPC."""
    path = tmp_path / "leaf.py"
    path.write_bytes(b"old")
    name = str(tmp_path / "temporary")
    setup = (
        "from mmfix import traces\n"
        f"os.symlink('/dev/full', {name!r})\n"
        f"traces.new_file = lambda folder: (os.open({name!r}, os.O_WRONLY), {name!r})"
    )
    answer = write_in_child(path, setup)
    assert answer == (
        f"{path}: cannot be written: No space left on device (free some space and run mmfix again)"
    )
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["leaf.py"]


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs user ids")
def test_read_only_folder(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "leaf.py"
    path.write_bytes(b"old")
    path.chmod(0o666)
    folder.chmod(0o555)
    for parent in (tmp_path, *list(tmp_path.parents)[:2]):
        parent.chmod(parent.stat().st_mode | 0o055)
    # root may write anywhere, so the writer becomes somebody else
    setup = "" if os.geteuid() else "import mmfix.patches.write\nos.setuid(65534)"
    answer = write_in_child(path, setup)
    folder.chmod(0o755)
    assert answer == (
        f"{path}: cannot be written: {os.strerror(errno.EACCES)} "
        "(you may not write there; use --output or --overlay to write elsewhere)"
    )
    assert path.read_bytes() == b"old"
    assert os.listdir(folder) == ["leaf.py"]
