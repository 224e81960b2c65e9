"""Several files are written together or not at all, also when the process is killed; and taken back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Dict, Tuple

import pytest

from mmfix.codemods import journal
from mmfix.codemods.journal import finish, write_cure
from mmfix.codemods.place import about_interrupted, is_interrupted, journal_file, record_file
from mmfix.codemods.record import Cure, recorded, taken_back
from mmfix.errors import PatchError
from mmfix.results.change import FileEdit

OLD = {"a.py": b"a = 1\n", "nets/b.py": b"b = 1\r\nx = '\xff'\n", "c.py": b"c = 1\n"}
NEW = {name: data.replace(b"= 1", b"= 2") for name, data in OLD.items()}


def repository(folder: Path) -> Tuple[Path, Cure]:
    top = folder.resolve()
    (top / "pyproject.toml").write_text("")
    (top / "nets").mkdir()
    for name, data in OLD.items():
        (top / name).write_bytes(data)
    edits = tuple(FileEdit(str(top / name), OLD[name], NEW[name], (1,)) for name in OLD)
    return top, Cure("some-cure", ("configs/a.py",), edits)


def content(top: Path) -> Dict[str, bytes]:
    return {name: (top / name).read_bytes() for name in OLD}


def left(top: Path) -> set:
    folder = top / ".mmfix"
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def test_all_are_written_and_recorded(tmp_path: Path) -> None:
    top, cure = repository(tmp_path)
    write_cure(str(top), cure, [cure])
    assert content(top) == NEW
    assert recorded(str(top)) == (cure,)
    assert left(top) == {"code.json"}


def test_one_that_cannot_be_written_leaves_all_as_they_were(tmp_path: Path) -> None:
    top, cure = repository(tmp_path)
    (top / "c.py").chmod(0o444)
    with pytest.raises(PatchError, match="read-only"):
        write_cure(str(top), cure, [cure])
    assert content(top) == OLD
    assert not (top / ".mmfix").exists()


def test_one_that_was_changed_meanwhile_leaves_all_as_they_were(tmp_path: Path) -> None:
    top, cure = repository(tmp_path)
    (top / "nets" / "b.py").write_bytes(b"mine\n")
    with pytest.raises(PatchError, match="changed by somebody else"):
        write_cure(str(top), cure, [cure])
    assert content(top) == {**OLD, "nets/b.py": b"mine\n"}
    assert not (top / ".mmfix").exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_what_is_ended_in_order_takes_it_back(error, tmp_path: Path, monkeypatch) -> None:
    top, cure = repository(tmp_path)
    real, seen = journal.write_atomically, []

    def write(path, *args, **kwargs):
        seen.append(path)
        if len(seen) == 3:
            raise error
        real(path, *args, **kwargs)

    monkeypatch.setattr(journal, "write_atomically", write)
    with pytest.raises(error):
        write_cure(str(top), cure, [cure])
    assert content(top) == OLD
    assert not (top / ".mmfix").exists()


KILLED = """\
import os, sys
sys.path[:0] = {path!r}
from pathlib import Path
from mmfix.codemods.journal import finish, write_cure
from test_journal import repository, Cure, FileEdit, OLD, NEW
left = {moment}
def dying(name):
    real = getattr(os, name)
    def call(*args, **kwargs):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        return real(*args, **kwargs)
    setattr(os, name, call)
for name in ("replace", "link", "unlink", "mkdir", "rmdir"):
    dying(name)
top = Path({top!r})
edits = tuple(FileEdit(str(top / name), OLD[name], NEW[name], (1,)) for name in OLD)
cure = Cure("some-cure", ("configs/a.py",), edits)
finish(str(top)) if {finishing} else write_cure(str(top), cure, [cure])
"""


def killed(top: Path, moment: int, finishing: bool = False) -> bool:
    """Whether it was killed, not done."""
    path = [str(Path(__file__).parent), *filter(None, sys.path)]
    code = KILLED.format(path=path, moment=moment, top=str(top), finishing=finishing)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert done.returncode in (0, 9), done.stderr.decode()
    return done.returncode == 9


def test_killed_at_any_moment(tmp_path: Path) -> None:
    """Each file is the old or the new one; the next run makes them all the same."""
    finished = 0
    for moment in range(40):
        (tmp_path / str(moment)).mkdir()
        top, cure = repository(tmp_path / str(moment))
        was_killed = killed(top, moment)
        now = content(top)
        assert all(data in (OLD[name], NEW[name]) for name, data in now.items())
        if not is_interrupted(str(top)):
            assert now in (OLD, NEW)
            assert recorded(str(top)) == ((cure,) if now == NEW else ())
        else:
            (told,) = about_interrupted([str(top / "a.py")])
            assert "the next `mmfix patch` finishes it" in told
            while killed(top, 1, finishing=True) and is_interrupted(str(top)):
                assert finish(str(top)).startswith("finished some-cure")  # killed once more, then done
            finished += 1
            assert content(top) == NEW
            assert recorded(str(top)) == (cure,)
            assert left(top) == {"code.json"}
        if not was_killed:
            break
    assert not was_killed
    assert finished > 3


def test_a_file_that_was_edited_since_is_left_alone_and_the_others_go_back(tmp_path: Path) -> None:
    for moment in range(40):
        (tmp_path / str(moment)).mkdir()
        top, _ = repository(tmp_path / str(moment))
        if killed(top, moment) and content(top)["a.py"] == NEW["a.py"]:
            break
    (top / "nets" / "b.py").write_bytes(b"mine\n")
    assert "took back some-cure" in finish(str(top))
    assert content(top) == {**OLD, "nets/b.py": b"mine\n"}
    assert recorded(str(top)) == ()


@pytest.mark.parametrize("path", ["../outside.py", "/etc/x.py", "link.py", "a.txt", "x/../../outside.py"])
@pytest.mark.parametrize("file", ["journal", "record"])
def test_a_file_of_ours_that_somebody_else_wrote_leads_nowhere(path: str, file: str, tmp_path: Path) -> None:
    (tmp_path / "repo").mkdir()
    top, cure = repository(tmp_path / "repo")
    outside = tmp_path / "outside.py"
    outside.write_bytes(OLD["a.py"])
    (top / "link.py").symlink_to(outside)
    write_cure(str(top), cure, [cure])
    text = (top / ".mmfix" / "code.json").read_text().replace('"a.py"', f'"{path}"')
    (top / ".mmfix" / "code.json").write_text(text)
    if file == "record":
        with pytest.raises(PatchError, match="not a record"):
            recorded(str(top))
        return
    import json

    (cured,) = json.loads(text)["cures"]
    Path(journal_file(str(top))).write_text(json.dumps({"version": 1, "cure": cured, "kept": []}))
    with pytest.raises(PatchError, match="not a journal"):
        finish(str(top))
    assert outside.read_bytes() == OLD["a.py"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 9}', '{"version": 1, "cures": [1]}', "null"])
def test_a_broken_record_is_told(text: str, tmp_path: Path) -> None:
    top, _ = repository(tmp_path)
    (top / ".mmfix").mkdir()
    Path(record_file(str(top))).write_text(text)
    with pytest.raises(PatchError, match="not a record of cures"):
        recorded(str(top))


EDIT = FileEdit(
    "net.py", b"import torch\na = f(x)\nb = f(x)\n", b"import torch\na = f(x, y=1)\nb = f(x, y=1)\n", (2, 3)
)
UNDONE = {
    "as it was written": (EDIT.after, EDIT.before),
    "lines above": (b"import os\nimport torch\na = f(x, y=1)\nb = f(x, y=1)\n", b"import os\n" + EDIT.before),
    "lines between": (
        b"import torch\na = f(x, y=1)\nc = 1\nb = f(x, y=1)\n",
        b"import torch\na = f(x)\nc = 1\nb = f(x)\n",
    ),
    "no line at the end": (EDIT.after[:-1], EDIT.before[:-1]),
    "its own line": (EDIT.after.replace(b"b = f(x, y=1)", b"b = g(x, y=1)"), None),
    "its line is gone": (b"import torch\na = f(x, y=1)\n", None),
    "all is gone": (b"", None),
}


@pytest.mark.parametrize("name", UNDONE)
def test_taken_back(name: str) -> None:
    now, expected = UNDONE[name]
    assert taken_back(EDIT, now)[0] == expected
