"""What is left of a command: nothing, also of one that was killed, and nothing of others is taken away."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, Dict, List

import pytest

from anybody import as_anybody, on_linux
from mmfix import traces
from mmfix.errors import PatchError
from mmfix.patches import write_atomically
from mmfix.rules.rule import MMENGINE

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX locks, links and signals")

MODEL = "model = dict(type='A', backbone=dict(type='ResNet', with_cp=True))\n"
CONFIG = f"{MMENGINE}{MODEL}find_unused_parameters = True\n"


def killed(code: str, folder: Path, environment: Dict[str, str]) -> int:
    """Run Python code that says `ready` and waits, and kill it; the id that it had."""
    process = subprocess.Popen(
        [sys.executable, "-c", f"{code}\nprint('ready', flush=True)\nimport time; time.sleep(600)"],
        cwd=str(folder),
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.kill()
    process.communicate()
    return process.pid


def gone(pid: int) -> bool:
    for _ in range(100):
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("length", [250, 255])
def test_a_name_may_be_as_long_as_the_system_allows(length: int, tmp_path: Path) -> None:
    path = tmp_path / f"{'n' * (length - 3)}.py"
    path.write_bytes(b"old")
    write_atomically(str(path), b"new", b"old")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == [path.name]


def test_a_long_name_through_the_command(tmp_path: Path, mmfix: Callable[..., object]) -> None:
    path = tmp_path / f"{'n' * 252}.py"
    path.write_text(CONFIG)
    assert mmfix("patch", "--no-loader", path.name).returncode == 0
    assert mmfix("patch", "--undo", path.name).returncode == 0
    assert path.read_text() == CONFIG
    done = mmfix("patch", "--no-loader", "--overlay", path.name)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert os.listdir(tmp_path) == [path.name]


def test_a_killed_writer_leaves_a_file_until_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(CONFIG)
    killed("from mmfix import traces; found = traces.new_file('.')", tmp_path, {})
    assert len(os.listdir(tmp_path)) == 2
    import mmfix

    assert mmfix.patch(tmp_path / "a.py", write=True, no_loader=True).written
    assert os.listdir(tmp_path) == ["a.py"]


def test_what_is_not_surely_ours_stays(tmp_path: Path) -> None:
    descriptor, path = traces.new_file(str(tmp_path))  # of a process that lives
    strange = [".mmfix-0123456789abcdef", ".mmfix-x", "mmfix-notes", f"{Path(path).name}.py"]
    for name in strange:
        (tmp_path / name).write_text("somebody's")
    traces.clean(str(tmp_path))
    assert sorted(os.listdir(tmp_path)) == sorted([*strange, Path(path).name])
    os.close(descriptor)
    traces.clean(str(tmp_path))
    assert sorted(os.listdir(tmp_path)) == sorted(strange)
    (tmp_path / Path(path).name).symlink_to(tmp_path / "mmfix-notes")
    traces.clean(str(tmp_path))
    assert (tmp_path / Path(path).name).is_symlink()


LEAVES = {"in its group": "", "in a session of its own": ", start_new_session=True"}


@on_linux
@pytest.mark.parametrize("how", LEAVES)
def test_what_a_config_starts_ends_with_the_command(how: str, tmp_path: Path) -> None:
    pytest.importorskip("mmengine")
    start = f"{'setsid ' if LEAVES[how] else ''}sleep 600 & echo $! > grandchild"
    (tmp_path / "a.py").write_text(f"import sys\nsys.modules['os'].system({start!r})\n{CONFIG}")
    subprocess.run(
        [sys.executable, "-m", "mmfix", "patch", "a.py"], cwd=str(tmp_path), timeout=120, check=True
    )
    assert gone(int((tmp_path / "grandchild").read_text()))


@on_linux
@pytest.mark.parametrize("how", LEAVES)
def test_a_killed_command_leaves_no_process_and_its_folder_until_the_next_start(
    how: str, tmp_path: Path
) -> None:
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    code = (
        "import subprocess, sys\n"
        "open('child', 'w').write(str(__import__('os').getpid()))\n"
        f"tool = subprocess.Popen(['sleep', '600']{LEAVES[how]})\n"
        "open('grandchild', 'w').write(str(tool.pid))\n"
        "while True: pass\n"
    )
    (tmp_path / "a.py").write_text(f"_base_ = []\nexec({code!r})\n{CONFIG}")
    start = (
        "import threading, os\n"
        "from mmfix.patches.verify import Verifier\n"
        "from mmfix.config.reader import Reader\n"
        "document = Reader().load('b.py')\n"
        "verifier = Verifier()\n"
        "path = os.path.abspath('a.py')\n"
        "texts = {path: open(path, 'rb').read()}\n"
        "request = lambda: verifier._compared(document, [], path, (texts, texts), 'mmengine')\n"
        "verifier._loader('mmengine', 'a.py')\n"
        "threading.Thread(target=request, daemon=True).start()\n"
        "import time\n"
        "ends = time.monotonic() + 60\n"
        "while not os.path.exists('grandchild'): assert time.monotonic() < ends; time.sleep(0.05)\n"
        "time.sleep(0.2)\n"
    )
    (tmp_path / "b.py").write_text(CONFIG)
    killed(start, tmp_path, {"TMPDIR": str(scratch)})
    assert gone(int((tmp_path / "child").read_text()))
    assert gone(int((tmp_path / "grandchild").read_text()))
    assert len(os.listdir(scratch)) == 1
    subprocess.run(
        [sys.executable, "-m", "mmfix", "patch", "b.py"],
        cwd=str(tmp_path),
        env={**os.environ, "TMPDIR": str(scratch)},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    assert os.listdir(scratch) == []


def test_hard_links_are_not_parted(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    os.link(path, tmp_path / "other.py")
    with pytest.raises(
        PatchError, match=r"has 2 names \(hard links\), of which the others would keep the old"
    ):
        write_atomically(str(path), b"new", b"old")
    assert (tmp_path / "other.py").read_bytes() == path.read_bytes() == b"old"
    assert sorted(os.listdir(tmp_path)) == ["a.py", "other.py"]


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="needs extended attributes")
def test_extended_attributes_are_kept_or_the_file_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    try:
        os.setxattr(path, "user.note", b"mine")
    except OSError:
        pytest.skip("the file system has none")
    write_atomically(str(path), b"new", b"old")
    assert (path.read_bytes(), os.getxattr(path, "user.note")) == (b"new", b"mine")

    def refuse(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "setxattr", refuse)
    with pytest.raises(PatchError, match=r"its extended attribute user\.note cannot be kept: No space"):
        write_atomically(str(path), b"newer", b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a.py"]


def swap(path: Path) -> None:
    path.with_name("b.py").write_bytes(b"old")
    path.with_name("b.py").rename(path)


def to_link(path: Path) -> None:
    path.rename(path.with_name("moved.py"))
    path.symlink_to("moved.py")


def second_name(path: Path) -> None:
    os.link(path, path.with_name("second.py"))


@pytest.mark.parametrize(
    ("does", "says"),
    [
        (Path.unlink, "was removed by somebody else meanwhile"),
        (swap, "was replaced by somebody else meanwhile"),
        (to_link, "was linked elsewhere by somebody else meanwhile"),
        (second_name, "was replaced by somebody else meanwhile"),
        (lambda path: path.write_bytes(b"other"), "was changed by somebody else meanwhile"),
    ],
)
def test_what_somebody_does_during_the_run(
    does: Callable[[Path], object], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    real = os.fsync

    def meanwhile(descriptor: int) -> None:
        real(descriptor)
        monkeypatch.setattr(os, "fsync", real)
        does(path)

    monkeypatch.setattr(os, "fsync", meanwhile)
    with pytest.raises(PatchError, match=says):
        write_atomically(str(path), b"new", b"old")
    assert [name for name in os.listdir(tmp_path) if "mmfix" in name] == []
    assert not any(item.read_bytes() == b"new" for item in tmp_path.iterdir())


def test_a_new_file_is_not_written_over_one_that_came_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, real = tmp_path / "a.py", os.link

    def meanwhile(*args: object, **kwargs: object) -> None:
        path.write_bytes(b"other")
        real(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "link", meanwhile)
    with pytest.raises(PatchError, match="was made by somebody else meanwhile"):
        write_atomically(str(path), b"new", new=True)
    assert path.read_bytes() == b"other"
    assert os.listdir(tmp_path) == ["a.py"]


@on_linux
@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="they have run so already")
def test_all_of_that_as_a_user_who_is_not_root(tmp_path: Path) -> None:
    tests = "somebody_does or came_meanwhile or attributes or hard_links or not_surely or as_long"
    options = ["-p", "no:cacheprovider", f"--basetemp={tmp_path / 'x'}", "-k", tests]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", __file__, *options],
        cwd=str(Path(__file__).resolve().parents[2]),
        preexec_fn=as_anybody(),
        stdout=subprocess.PIPE,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stdout


def test_a_config_that_changes_while_it_is_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mmfix
    from mmfix.jobs import patching

    path, judge = tmp_path / "a.py", patching.judge_document
    path.write_text(CONFIG)
    changed: List[str] = [f"{CONFIG}lr = 1\n"]

    def meanwhile(*args: object) -> object:
        report = judge(*args)  # type: ignore[arg-type]
        if changed:
            path.write_text(changed.pop())
        return report

    monkeypatch.setattr(patching, "judge_document", meanwhile)
    with pytest.raises(PatchError, match="was changed by somebody else meanwhile"):
        mmfix.patch(path, write=True, no_loader=True)
    assert path.read_text() == f"{CONFIG}lr = 1\n"
