"""The check before writing: it must let nothing wrong through, and survive what a config does."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, Dict

import pytest
from patch_helpers import load, overrides_of, write_files

from mmfix.errors import PatchError
from mmfix.patches import Verifier, plan

TEXT = "import sys\nmodel = dict(backbone=dict(with_cp=True), neck=dict(a=1))\nflag = 1\n"
BASE = "model = dict(backbone=dict(with_cp=True, depth=50), neck=dict(a=1))\nitems = [1, 2]\n"
CP = {"model.backbone.with_cp": False}


@pytest.fixture
def leaf(tmp_path: Path) -> Path:
    write_files(
        tmp_path, {"base.py": BASE, "leaf.py": "_base_ = './base.py'\nmodel = dict(neck=dict(b=2))\n"}
    )
    return tmp_path / "leaf.py"


class BlindReader:
    """A reader that sees what it is told to see, so that only MMEngine can object."""

    def __init__(self, path: Path, pairs: Dict[str, Any]) -> None:
        document, reader = load(path)
        good = plan(document, overrides_of(pairs), reader)
        self.document = reader.load(str(path), text=good.decode())

    def load(self, path: str, text: Any = None) -> Any:
        return self.document


WRONG = {
    "drops a key": (
        "model = dict(backbone=dict(with_cp=False))\n",
        r"also change model\.neck\.b from 2 to not set",
    ),
    "sets another value": (
        "model['backbone'] = dict(with_cp=0)\n",
        r"not set model\.backbone\.with_cp to False.*be 0",
    ),
    "does nothing": ("pass\n", r"would not set model\.backbone\.with_cp to False; it would be True"),
    "leaves a helper name": (
        "_t = 1\nmodel['backbone'] = dict(with_cp=False)\n",
        "also change _t from not set to 1",
    ),
    "list for tuple": ("model['backbone'] = dict(with_cp=False)\nitems = (1, 2)\n", "also change items from"),
    "bool for int": (
        "model['backbone'] = dict(with_cp=False, depth=True)\n",
        r"also change model\.backbone\.depth",
    ),
}


@pytest.mark.parametrize("blind", [False, True], ids=["reader", "MMEngine"])
@pytest.mark.parametrize(("block", "message"), WRONG.values(), ids=WRONG)
def test_wrong_patch_is_refused(
    leaf: Path, verifier: Verifier, blind: bool, block: str, message: str
) -> None:
    before = leaf.read_bytes()
    document, reader = load(leaf)
    with pytest.raises(PatchError, match=message) as caught:
        verifier.verify(
            document,
            before + block.encode(),
            overrides_of(CP),
            BlindReader(leaf, CP) if blind else reader,
        )
    assert caught.value.path == str(leaf)
    assert "\n" not in str(caught.value)
    assert leaf.read_bytes() == before


def test_wrong_patch_counts_all_differences(leaf: Path, verifier: Verifier) -> None:
    document, reader = load(leaf)
    data = b"_base_ = './base.py'\nx = 1\ny = 2\n"
    with pytest.raises(PatchError, match="and 3 more"):
        verifier.verify(document, data, overrides_of(CP), reader)


def test_patch_that_does_not_load(leaf: Path, verifier: Verifier) -> None:
    document, reader = load(leaf)
    data = leaf.read_bytes() + b"model['nothing']['x'] = 1\n"
    with pytest.raises(PatchError, match=r"patched config could not be read.*KeyError"):
        verifier.verify(document, data, overrides_of(CP), reader)
    with pytest.raises(PatchError, match=r"mmengine \S+ cannot load the patched config: KeyError: 'nothing'"):
        verifier.verify(document, data, overrides_of(CP), BlindReader(leaf, CP))


NOISY = {
    "prints": "print('{\"id\": 0}\\n' * 1000)\n",
    "writes to the file descriptors": "import os\nos.write(1, b'noise\\n')\nos.write(2, b'noise\\n')\n",
    "warns": "import warnings\nwarnings.warn('careful')\n",
    "reads its input": "import sys\nanswer = sys.stdin.read()\n",
    "changes its surroundings": (
        "import os\nimport sys\nimport tempfile\n"
        "os.chdir(tempfile.gettempdir())\nos.environ.clear()\nsys.path.clear()\n"
    ),
}


@pytest.mark.parametrize("noise", NOISY.values(), ids=NOISY)
def test_noisy_config(leaf: Path, verifier: Verifier, noise: str) -> None:
    document, reader = load(leaf)
    data = plan(document, overrides_of(CP), reader)
    (leaf.parent / "base.py").write_text("_base_ = []\n" + BASE + noise)
    for _ in range(2):
        verifier.verify(document, data, overrides_of(CP), reader)


def test_one_config_does_not_disturb_the_next(leaf: Path, verifier: Verifier) -> None:
    document, reader = load(leaf)
    data = plan(document, overrides_of(CP), reader)
    look = f"_base_ = []\nimport os\nimport sys\nassert os.getcwd() == {os.getcwd()!r}\n"
    look += "assert 'x' not in sys.path\n"
    change = "assert 'X' not in os.environ\nos.environ['X'] = '1'\nos.chdir('/')\nsys.path.append('x')\n"
    (leaf.parent / "base.py").write_text(look + change + BASE)
    for _ in range(2):
        verifier.verify(document, data, overrides_of(CP), reader)


#: In the file, so that mmfix's reader meets neither: what it does to the framework and to Python itself.
CHANGES = {
    "the framework": "import mmengine\nmmengine.Config.to_dict = lambda self: {'a': 1}\n",
    "a module it uses": "import copy\ncopy.deepcopy = None\n",
    "Python": "import builtins\nbuiltins.open = None\n",
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_config_that_changes_the_framework_has_the_harm_alone(
    leaf: Path, verifier: Verifier, change: str
) -> None:
    document, reader = load(leaf)
    data = plan(document, overrides_of(CP), reader)
    (leaf.parent / "base.py").write_text(f"_base_ = []\nexec({change!r})\n{BASE}")
    with pytest.raises(PatchError):
        verifier.verify(document, data, overrides_of(CP), reader)
    (leaf.parent / "base.py").write_text(BASE)
    verifier.verify(document, data, overrides_of(CP), reader)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_what_a_config_leaves_running_holds_nothing_up(leaf: Path, verifier: Verifier) -> None:
    document, reader = load(leaf)
    data = plan(document, overrides_of(CP), reader)
    start = "import os, time\nif os.fork() == 0:\n    time.sleep(30)\n    os._exit(0)\n"
    (leaf.parent / "base.py").write_text(f"_base_ = []\nexec({start!r})\n{BASE}")
    began = time.monotonic()
    verifier.verify(document, data, overrides_of(CP), reader)
    end = "import os\nif os.fork() == 0:\n    import time\n    time.sleep(30)\nos._exit(0)\n"
    (leaf.parent / "base.py").write_text(f"_base_ = []\nexec({end!r})\n{BASE}")
    with pytest.raises(PatchError, match="ended the process"):
        verifier.verify(document, data, overrides_of(CP), reader)
    assert time.monotonic() - began < 25


def test_where_there_is_no_fork(leaf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mmfix.patches import verify

    source = Path(verify._CHILD).read_text()
    child = leaf.parent / "patches/child.py"
    child.parent.mkdir()
    child.write_text(source.replace('hasattr(os, "fork")', "False"))
    monkeypatch.setattr(verify, "_CHILD", str(child))
    monkeypatch.setenv("PYTHONPATH", str(Path(verify.__file__).parents[2]))
    document, reader = load(leaf)
    data = plan(document, overrides_of(CP), reader)
    with Verifier() as verifier:
        for _ in range(2):
            assert verifier.verify(document, data, overrides_of(CP), reader).startswith("mmengine ")


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="needs memory as a folder")
def test_where_the_loader_has_its_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    from mmfix.patches import verify

    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(verify, "_ROOM", 0)
    assert verify._memory() == "/dev/shm"
    monkeypatch.setattr(verify, "_ROOM", 1 << 60)
    assert verify._memory() is None
    monkeypatch.setattr(verify, "_ROOM", 0)
    monkeypatch.setenv("TMPDIR", "/tmp")
    assert verify._memory() is None


def test_without_mmengine(leaf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fake/mmengine").mkdir(parents=True)
    (tmp_path / "fake/mmengine/__init__.py").write_text("raise ImportError('no mmengine here')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "fake"))
    document, reader = load(leaf)
    data = plan(document, overrides_of(CP), reader)
    message = r"MMEngine is installed and cannot be imported: ImportError: no mmengine here \(--no-loader"
    with Verifier() as verifier, pytest.raises(PatchError, match=message):
        verifier.verify(document, data, overrides_of(CP), reader)


ENDING = {
    "sys.exit": ("sys.exit(3)\n", r"mmengine [\d.]+ cannot load this config, patched or not: SystemExit: 3"),
    "raise": ("raise ValueError('no\\nway')\n", "patched or not: ValueError: no way"),
    "KeyboardInterrupt": ("raise KeyboardInterrupt\n", "patched or not: KeyboardInterrupt"),
    "os._exit": ("import os\nos._exit(1)\n", r"loading this config with mmengine [\d.]+ ended the process"),
    "endless": ("while True:\n    pass\n", r"loading this config with mmengine \S+ took more than 3 s"),
    "sleeps": ("import time\ntime.sleep(60)\n", r"loading this config with mmengine \S+ took more than 3 s"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("code", "message"), ENDING.values(), ids=ENDING)
def test_config_that_does_not_load(leaf: Path, code: str, message: str) -> None:
    """mmfix's reader would stop most of these; here the file is swapped after reading."""
    document, reader = load(leaf)
    data = plan(document, overrides_of(CP), reader)
    (leaf.parent / "base.py").write_text("_base_ = []\n" + BASE + "import sys\n" + code)
    with Verifier(time_limit=3.0) as verifier:
        started = time.monotonic()
        with pytest.raises(PatchError, match=message) as caught:
            verifier.verify(document, data, overrides_of(CP), reader)
        assert time.monotonic() - started < 20
        assert "\n" not in str(caught.value)
        (leaf.parent / "base.py").write_text(BASE)
        verifier.verify(document, data, overrides_of(CP), reader)


def test_nothing_is_written(leaf: Path, verifier: Verifier) -> None:
    (leaf.parent / "helper.py").write_text("x = 1\n")
    before = sorted(os.listdir(leaf.parent))
    document, reader = load(leaf)
    verifier.verify(document, plan(document, overrides_of(CP), reader), overrides_of(CP), reader)
    assert sorted(os.listdir(leaf.parent)) == before


def test_templates_see_the_real_file_name(tmp_path: Path, verifier: Verifier) -> None:
    write_files(tmp_path, {"leaf.py": "a = '{{ fileBasename }}|{{ fileDirname }}'\nb = 1\n"})
    document, reader = load(tmp_path / "leaf.py")
    data = plan(document, overrides_of({"b": 2}), reader)
    verifier.verify(document, data, overrides_of({"b": 2}), reader)
    with pytest.raises(PatchError, match="would not set a to"):
        verifier.verify(document, data, overrides_of({"a": "other"}), reader)


def test_base_changed_between_two_checks(leaf: Path, verifier: Verifier) -> None:
    document, reader = load(leaf)
    verifier.verify(document, plan(document, overrides_of(CP), reader), overrides_of(CP), reader)
    (leaf.parent / "base.py").write_text(BASE + "more = 1\n")
    document, reader = load(leaf)
    verifier.verify(document, plan(document, overrides_of(CP), reader), overrides_of(CP), reader)


def test_values_that_differ_at_every_load(tmp_path: Path, verifier: Verifier) -> None:
    text = (
        "_base_ = []\nimport uuid\nwork_dir = str(uuid.uuid4())\n"
        "thing = object()\nkind = int\nnan = float('nan')\na = 1\n"
    )
    write_files(tmp_path, {"leaf.py": text})
    document, reader = load(tmp_path / "leaf.py")
    data = plan(document, overrides_of({"a": 2}), reader)
    verifier.verify(document, data, overrides_of({"a": 2}), reader)
    with pytest.raises(PatchError, match="also change kind"):
        verifier.verify(document, data + b"kind = str\n", overrides_of({"a": 2}), reader)


def test_one_process_serves_many_and_ends(leaf: Path) -> None:
    document, reader = load(leaf)
    data = plan(document, overrides_of(CP), reader)
    with Verifier() as verifier:
        verifier.verify(document, data, overrides_of(CP), reader)
        process = verifier._process
        verifier.verify(document, data, overrides_of(CP), reader)
        assert verifier._process is process
        assert process is not None
    assert process.poll() is not None


def test_no_process_without_need() -> None:
    with Verifier() as verifier:
        assert verifier._process is None
