"""Where no framework is installed: everything reads and shows, and nothing is written unasked."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Callable, Dict

import pytest

from bare_python import bare_python

Bare = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bare_python(tmp_path_factory.mktemp("bare") / "venv")


@pytest.fixture
def bare(python: Path, tmp_path: Path) -> Bare:
    """``bare('patch', 'configs')``: mmfix in an environment that has click and PyYAML alone."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "CI"))}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(python), "-B", "-m", "mmfix", *arguments],
            cwd=str(tmp_path),
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
        )

    return run


def contents(folder: Path) -> Dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_first_command_of_the_readme(examples: Path, bare: Bare) -> None:
    done = bare("patch", "--diff", "configs/")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("5 configs: 3 would change; not verified by loading")


def test_check_says_what_it_says_where_a_framework_is(examples: Path, bare: Bare, mmfix: Callable) -> None:
    assert (
        bare("check", "configs", "--format", "json").stdout
        == mmfix("check", "configs", "--format", "json").stdout
    )


def test_patch_refuses_once_an_era_with_the_line_to_install(examples: Path, bare: Bare) -> None:
    for number in range(5):
        config = examples / "rapsam/regnet_ade20k.py"
        (examples / f"rapsam/copy{number}.py").write_bytes(config.read_bytes())
    before = contents(examples)
    done = bare("patch", "configs")
    assert done.returncode == 2
    assert done.stdout == "10 configs: 8 refused\n"
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert all("pip install mmengine-lite packaging" in line and "--no-loader" in line for line in lines)
    assert "mmcv 1.x (1.3 or later) or MMEngine" in lines[0]
    assert contents(examples) == before


def test_a_config_that_needs_no_patch_needs_no_loader(examples: Path, bare: Bare) -> None:
    assert bare("patch", "configs/healthy").returncode == 0


def test_the_refusal_in_json(examples: Path, bare: Bare) -> None:
    done = bare("patch", "configs/rapsam", "--format", "json")
    (patched,) = json.loads(done.stdout)["patches"]
    assert (patched["status"], patched["written"], patched["confirmed_by"]) == ("refused", False, None)
    assert (patched["error"]["kind"], patched["error"]["path"]) == ("patch", None)


def test_verify_refuses_as_well(examples: Path, bare: Bare) -> None:
    done = bare("patch", "--diff", "--verify", "configs/rapsam")
    assert done.returncode == 2
    assert "pip install mmengine-lite packaging" in done.stderr


def test_explain_refuses_after_its_diagnosis(examples: Path, bare: Bare) -> None:
    done = bare("explain", "configs/cmt/train.log", "--patch")
    assert done.returncode == 2
    assert "READY_TWICE" in done.stdout
    assert "--no-loader" in done.stderr


@pytest.mark.slow
def test_no_loader_writes_undo_restores_and_a_loader_takes_over(
    examples: Path, bare: Bare, mmfix: Callable
) -> None:
    before = contents(examples)
    assert bare("patch", "configs", "--no-loader").returncode == 0
    unconfirmed = contents(examples)
    assert sum(b"\n# not verified by loading: " in data for data in unconfirmed.values()) == 3
    again = bare("patch", "configs", "--no-loader")
    assert (again.returncode, again.stdout) == (0, "5 configs: nothing to patch\n")
    assert bare("patch", "configs").returncode == 2
    assert contents(examples) == unconfirmed
    assert bare("patch", "configs", "--undo").returncode == 0
    assert contents(examples) == before

    assert mmfix("patch", "configs").returncode == 0
    confirmed = contents(examples)
    assert bare("patch", "configs", "--no-loader").stdout == "5 configs: nothing to patch\n"
    assert contents(examples) == confirmed
    mmfix("patch", "configs", "--undo")
    bare("patch", "configs", "--no-loader")
    taken_over = mmfix("patch", "configs")
    assert taken_over.returncode == 0, taken_over.stderr
    # of two of the three the same is said, so they are told together
    assert taken_over.stdout.count("verified what --no-loader wrote (confirmed by mmengine ") == 2
    assert taken_over.stdout.endswith("5 configs: 3 changed\n")
    assert contents(examples) == confirmed


def test_prove_says_what_to_install(examples: Path, bare: Bare) -> None:
    done = bare("prove", "configs/rapsam/regnet_ade20k.py")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith(
        "error: a rehearsal trains with torch, which is not installed here"
    )
    assert "pip install torch mmengine" in done.stderr


def test_explain_goes_on_without_a_build(examples: Path, bare: Bare) -> None:
    done = bare("explain", "configs/cmt/train.log", "--build")
    assert done.returncode == 0
    assert "--build could not name the parameters: a rehearsal trains with torch" in " ".join(
        done.stdout.split()
    )
