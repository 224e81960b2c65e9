"""``mmfix check`` stays light: what it imports, and how long it takes to start."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import List

import pytest

HEAVY = (
    *("torch", "mmengine", "libcst", "numpy", "cv2", "rich", "yaml", "matplotlib"),
    *(("subprocess",) if sys.version_info >= (3, 11) else ()),  # before, click's own imports bring it
)


def python(*arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=str(cwd), stdout=subprocess.PIPE, check=True, encoding="utf-8"
    )
    return done.stdout


def imported(code: str, cwd: Path) -> List[str]:
    code += "\nimport sys, json; print('\\n' + json.dumps(sorted(sys.modules)))"
    return list(json.loads(python("-c", code, cwd=cwd).splitlines()[-1]))


def test_check_imports_nothing_heavy(examples: Path) -> None:
    code = (
        "import sys\nsys.argv = ['mmfix', 'check', 'configs/healthy/retinanet_r50_fpn_1x_coco.py']\n"
        "from mmfix.cli import main\ntry: main()\nexcept SystemExit as end: assert end.code == 0, end.code"
    )
    modules = imported(code, examples.parent)
    assert "mmfix.jobs.checking" in modules
    assert [name for name in HEAVY if name in modules] == []


def test_a_second_check_loads_nothing_that_only_few_files_need(examples: Path) -> None:
    code = (
        "import sys\nsys.argv = ['mmfix', 'check', 'configs/healthy/retinanet_r50_fpn_1x_coco.py']\n"
        "from mmfix.cli import main\ntry: main()\nexcept SystemExit as end: assert end.code == 0, end.code"
    )
    imported(code, examples.parent)
    modules = imported(code, examples.parent)
    few = ("model.reading", "config.family", "scripts.types", "project.comments", "report.causes", "traces")
    assert [name for name in few if f"mmfix.{name}" in modules] == []


def test_a_single_config_starts_no_process(examples: Path) -> None:
    code = (
        "import sys\n"
        "sys.argv = ['mmfix', 'check', 'configs/healthy/retinanet_r50_fpn_1x_coco.py', '--jobs', '8']\n"
        "from mmfix.cli import main\ntry: main()\nexcept SystemExit as end: assert end.code == 0, end.code"
    )
    modules = imported(code, examples.parent)
    assert [name for name in ("multiprocessing", "mmfix.git.ask") if name in modules] == []


def test_several_processes_import_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    text = "model = dict(type='A')\ntrain_dataloader = dict()\noptim_wrapper = dict()\n"
    for number in range(9):
        (tmp_path / f"configs/{number}.py").write_text(text)
    look = "[name for name in {names} if name in sys.modules]"
    code = (
        "import sys\nsys.argv = ['mmfix', 'check', 'configs', '--jobs', '2']\n"
        "import mmfix.jobs.checking as checking\nold = checking.check_files\n"
        f"def check_files(*given):\n    assert not {look.format(names=HEAVY[:8])}\n    return old(*given)\n"
        "import mmfix.jobs.checking_many as many\nmany.check_files = check_files\n"
        "from mmfix.cli import main\ntry: main()\nexcept SystemExit as end: assert end.code == 0, end.code"
    )
    modules = imported(code, tmp_path)
    assert "multiprocessing" in modules
    assert [name for name in HEAVY[:8] if name in modules] == []


def test_import_mmfix_imports_only_itself(tmp_path: Path) -> None:
    modules = imported("import mmfix", tmp_path)
    assert [name for name in modules if name.startswith("mmfix")] == ["mmfix"]
    assert [name for name in (*HEAVY, "click", "ast", "dataclasses") if name in modules] == []


def test_check_starts_in_four_times_importing_click(
    examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource = pytest.importorskip("resource")  # Windows has none
    # as installed: compiled once, whatever the environment says about writing bytecode
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path / "bytecode"))

    def seconds(*arguments: str) -> float:  # of CPU: the machine may be busy with other tests
        begin = resource.getrusage(resource.RUSAGE_CHILDREN)
        python(*arguments, cwd=examples.parent)
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
        return end.ru_utime - begin.ru_utime + end.ru_stime - begin.ru_stime

    config = "configs/healthy/retinanet_r50_fpn_1x_coco.py"
    for _ in range(8):  # beside other tests the caches of a core are never one's own
        click = min(seconds("-c", "import click") for _ in range(5))
        check = min(seconds("-m", "mmfix", "check", config) for _ in range(5))
        if check <= 4 * click:  # it was 3 before there were settings and rules of what nobody reads
            return
    raise AssertionError(f"check takes {check:.3f} s, import click {click:.3f} s")
