"""What is no file, wherever a file is read: never waited for, never read without end, refused in one line."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
from pathlib import Path
from typing import Callable, Dict, List, Tuple

import pytest

from mmfix.rules.rule import MMCV1, MMENGINE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="pipes, sockets, devices and limits")

MODEL = "model = dict(type='A', backbone=dict(type='ResNet', with_cp=True))\n"
CONFIG = f"{MMENGINE}{MODEL}find_unused_parameters = True\n"
SUFFIXES = ("py", "json", "yaml")
LOG = "RuntimeError: Expected to mark a variable ready only once.\n"
#: 4 GB of addresses are enough for each command, and not for a device that never ends.
LIMITS = ((resource.RLIMIT_AS, 4 << 30), (resource.RLIMIT_CPU, 20))


def socket_at(path: Path) -> None:
    """Bound by a short name: the system allows about a hundred characters."""
    here = os.getcwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)
    finally:
        os.chdir(here)


#: Word -> how it is made, and what it is called.
KINDS: Dict[str, Tuple[Callable[[Path], object], str]] = {
    "pipe": (os.mkfifo, "a named pipe"),
    "socket": (socket_at, "a socket"),
    "zero": (lambda path: path.symlink_to("/dev/zero"), "a device"),
    "folder": (Path.mkdir, "a folder"),
}


class Place:
    """A folder with irregular files, and a command in it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def make(self, kind: str, name: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        KINDS[kind][0](path)
        return path

    def run(self, *arguments: str, code: int) -> subprocess.CompletedProcess[str]:
        """A command that ends by itself, within the limits and without a traceback."""

        def limited() -> None:
            for limit, most in LIMITS:
                resource.setrlimit(limit, (most, most))

        done = subprocess.run(
            [sys.executable, "-m", "mmfix", *arguments],
            cwd=str(self.root),
            preexec_fn=limited,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
        )
        assert "Traceback" not in done.stderr
        assert "internal error" not in done.stderr
        assert done.returncode == code, done.stdout + done.stderr
        return done


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "repository").mkdir()
    (tmp_path / "repository" / ".git").mkdir()
    return Place(tmp_path / "repository")


def said(kinds: List[str], line: str) -> List[str]:
    """One line for each kind; ``{kind}`` is the word for it and ``{what}`` what it is called."""
    return [line.format(kind=kind, what=KINDS[kind][1]) for kind in kinds]


def test_a_config_that_is_named(place: Place) -> None:
    lines: List[str] = []
    for suffix in SUFFIXES:
        for kind, (_, what) in KINDS.items():
            name = place.make(kind, f"{kind}.{suffix}").name
            wrong = f"is {what}, not a config file" if kind != "folder" else "no config in this folder"
            lines.append(f"{name}: error: {wrong}")
    good = place.write("good.py", CONFIG).name
    done = place.run("check", *(line.partition(":")[0] for line in lines), good, code=2)
    assert sorted(done.stderr.splitlines()) == sorted(lines)
    assert "13 configs checked: 1 error" in done.stdout
    assert (
        place.run("show", "zero.json", code=2).stderr == "zero.json: error: is a device, not a config file\n"
    )


@pytest.mark.parametrize("command", [("check",), ("patch", "--diff"), ("patch", "--no-loader")], ids=" ".join)
def test_a_folder_that_is_walked(command: Tuple[str, ...], place: Place) -> None:
    for kind in KINDS:
        place.make(kind, f"configs/{kind}.py")
    place.make("zero", "configs/data.json")
    place.write("configs/good.py", CONFIG)
    done = place.run(*command, "configs", code=2)
    line = "configs/{kind}.py: error: is {what}, not a config file"
    kinds = [kind for kind in KINDS if kind != "folder"]
    data = "configs/data.json: error: is a device, not a config file"
    assert sorted(done.stderr.splitlines()) == sorted([*said(kinds, line), data])
    assert "configs/good.py" in done.stdout


def test_a_base(place: Place) -> None:
    lines: List[str] = []
    for kind, (_, what) in KINDS.items():
        for suffix in SUFFIXES:
            base = f"bases/{kind}.{suffix}"
            place.make(kind, base)
            name = place.write(f"{kind}_{suffix}.py", f"_base_ = '{base}'\n{CONFIG}").name
            lines.append(f"{name}:1: error: the base {base} is {what}, not a config file")
        lazy = f"from mmengine.config import read_base\nwith read_base():\n    from .bases.{kind} import *\n"
        name = place.write(f"lazy_{kind}.py", lazy + CONFIG).name
        lines.append(f"{name}:3: error: the base .bases.{kind} is {what}, not a config file")
    done = place.run("check", *(line.partition(":")[0] for line in lines), code=2)
    assert sorted(done.stderr.splitlines()) == sorted(lines)


def test_the_source_of_a_model(place: Place) -> None:
    """As the module that is imported, and as one that may register the class."""
    names = []
    for kind in KINDS:
        place.write(f"{kind}/setup.py", "")
        place.make(kind, f"{kind}/plug/net.py")
        imports = f"custom_imports = dict(imports=['plug.net'])\n{CONFIG.replace('ResNet', 'Mine')}"
        names.append(str(place.write(f"{kind}/configs/a.py", imports).relative_to(place.root)))
    done = place.run("check", *names, code=0)
    assert done.stderr == ""
    for kind, (_, what) in KINDS.items():
        shown = place.run("show", "--model", f"{kind}/configs/a.py", code=0)
        assert f"cannot be read: it is {what}, not a file  plug/net.py:1" in shown.stdout


def test_the_training_script(place: Place) -> None:
    names = []
    for kind in KINDS:
        place.write(f"{kind}/setup.py", "")
        place.make(kind, f"{kind}/tools/train.py")
        text = MMCV1 + MODEL
        names.append(str(place.write(f"{kind}/configs/a.py", text).relative_to(place.root)))
    done = place.run("check", *names, code=0)
    for what in said(list(KINDS), "the training script, tools/train.py:1: cannot be read: it is {what}, not"):
        assert what in done.stdout, done.stdout


def test_a_proof_file(place: Place) -> None:
    names = []
    for kind in KINDS:
        place.write(f"{kind}/setup.py", "")
        place.make(kind, f"{kind}/.mmfix/proofs.json")
        names.append(str(place.write(f"{kind}/a.py", CONFIG).relative_to(place.root)))
    done = place.run("check", *names, code=1)
    for line in said(
        list(KINDS), "{kind}/.mmfix/proofs.json is not a proof file that this mmfix can use: it is {what}"
    ):
        assert line in done.stdout, done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_a_log(kind: str, place: Place) -> None:
    place.make(kind, "train.log")
    done = place.run("explain", "train.log", code=2)
    assert done.stderr.startswith(f"train.log: error: is {KINDS[kind][1]}, not a log (")
    assert len(done.stderr.splitlines()) == 1


def test_the_config_of_a_log(place: Place) -> None:
    place.write("real.log", LOG)
    place.make("pipe", "a.py")
    done = place.run("explain", "real.log", "--config", "a.py", code=2)
    assert done.stderr == "a.py: error: is a named pipe, not a config file\n"


def test_what_would_be_written(place: Place) -> None:
    for kind in KINDS:
        place.write(f"{kind}.py", CONFIG)
        place.make(kind, f"{kind}_mmfix.py")
    done = place.run("patch", "--no-loader", "--overlay", *(f"{kind}.py" for kind in KINDS), code=2)
    line = "{kind}_mmfix.py: error: cannot be written: it is {what}, not a file"
    assert done.stderr.splitlines() == said(list(KINDS), line)


def test_the_system_says_nothing_of_the_size(place: Place) -> None:
    """What the kernel makes up while it is read is as large as it is, whatever ``stat`` says."""
    (place.root / "big.py").symlink_to("/proc/kallsyms")
    (place.root / "small.py").symlink_to("/proc/self/stat")
    done = place.run("check", "big.py", "small.py", code=2)
    big, small = done.stderr.splitlines()
    assert big in (
        "big.py: error: larger than 4 MB, which no config is",
        "big.py:1: error: syntax error: invalid syntax",
    )
    assert small.startswith("small.py")


class TestLinks:
    """Followed if they stay in the repository, or are named."""

    def test_a_walk_stays_inside(self, place: Place) -> None:
        outside = place.root.parent / "outside"
        (outside / "more").mkdir(parents=True)
        (outside / "secret.py").write_text(CONFIG)
        (outside / "more" / "a.py").write_text(CONFIG)
        place.write("configs/good.py", CONFIG)
        place.write("shared/inside.py", CONFIG)
        (place.root / "configs" / "secret.py").symlink_to(outside / "secret.py")
        (place.root / "configs" / "more").symlink_to(outside / "more")
        (place.root / "configs" / "shared").symlink_to(place.root / "shared")
        (place.root / "configs" / "circle").symlink_to(place.root / "configs")
        (place.root / "configs" / "twin.py").symlink_to("good.py")
        done = place.run("check", "configs", code=1)
        assert "3 configs checked" in done.stdout
        said = "2 links lead out of the repository and are not followed unless they are named: "
        assert f"note: {said}configs/secret.py, configs/more" in done.stdout
        assert done.stdout.count("lead out") == 1
        patched = place.run("patch", "--no-loader", "configs", code=0)
        assert patched.stdout.count("lead out") + patched.stderr.count("lead out") == 1
        assert (outside / "secret.py").read_text() == CONFIG
        assert (outside / "more" / "a.py").read_text() == CONFIG
        named = place.run("check", "configs/secret.py", "configs/more", code=1)
        assert "2 configs checked" in named.stdout
        assert "lead" not in named.stdout

    def test_heirs_of_a_base_are_looked_for_inside(self, place: Place) -> None:
        outside = place.root.parent / "outside"
        outside.mkdir()
        (outside / "heir.py").write_text(f"_base_ = '{place.root}/configs/base.py'\n{CONFIG}")
        place.write("configs/base.py", "model = dict(type='A')\n")
        (place.root / "configs" / "heir.py").symlink_to(outside / "heir.py")
        done = place.run("check", "configs/base.py", code=0)
        assert "no config inherits it" in done.stdout
        assert "a link leads out of the repository and is not followed unless it is named" in done.stdout

    def test_a_base_through_a_link_is_named(self, place: Place) -> None:
        outside = place.root.parent / "outside"
        outside.mkdir()
        (outside / "base.py").write_text(CONFIG)
        (place.root / "bases").symlink_to(outside)
        place.write("a.py", "_base_ = 'bases/base.py'\n")
        assert "1 config checked: 1 error" in place.run("check", "a.py", code=1).stdout

    def test_a_training_script_outside_is_said_and_not_read(self, place: Place) -> None:
        outside = place.root.parent / "outside"
        outside.mkdir()
        (outside / "train.py").write_text("raise SystemExit\n")
        (place.root / "tools").symlink_to(outside)
        place.write("configs/a.py", MMCV1 + MODEL)
        done = place.run("check", "configs/a.py", code=0)
        assert (
            "tools/train.py:1: is not read, because a link leads there out of the repository" in done.stdout
        )
