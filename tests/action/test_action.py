"""action.yml: its steps do in a shell what they say, and no input becomes a part of a script."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ACTION: Dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: List[Dict[str, Any]] = ACTION["runs"]["steps"]
MMFIX = Path(sys.executable).with_name("mmfix.exe" if sys.platform == "win32" else "mmfix")
CRASHES = """\
model = dict(type='FCOS', backbone=dict(type='ResNet', depth=50, with_cp=True))
train_dataloader = dict(batch_size=2)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01))
find_unused_parameters = True
"""
FINE = CRASHES.replace("True)", "False)")

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="runs the steps with bash")


class Job:
    """The steps of the action, one after the other, as a runner runs them.

    A runner puts what an expression stands for into ``env`` and ``with``, writes ``run`` into a file, and
    calls bash with the options below (docs.github.com, "Workflow syntax": ``shell``).
    """

    def __init__(self, folder: Path, **inputs: str) -> None:
        self.workspace = folder / "workspace"
        self.workspace.mkdir(exist_ok=True)
        self._temp = folder / "runner temp"
        self._temp.mkdir(exist_ok=True)
        declared = {name: str(one["default"]) for name, one in ACTION["inputs"].items()}
        assert set(inputs) <= set(declared)
        self._values = {f"inputs.{name}": value for name, value in {**declared, **inputs}.items()}
        self._values["github.action_path"] = str(ROOT)
        self._values["steps.install.outputs.program"] = str(MMFIX)

    def run(self, name: str) -> Tuple[subprocess.CompletedProcess[str], Dict[str, str]]:
        """What the step of that id did, and what it put out."""
        (step,) = [one for one in STEPS if one.get("id") == name]
        script, output = self._temp / "script.sh", self._temp / "output"
        script.write_text(step["run"], encoding="utf-8")
        output.write_text("")
        env = {key: self._value(value) for key, value in step["env"].items()}
        given = {"RUNNER_TEMP": str(self._temp), "GITHUB_OUTPUT": str(output)}
        kept = {key: value for key, value in os.environ.items() if not key.startswith("MMFIX_ACTION")}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            cwd=self.workspace / self._value(step.get("working-directory", ".")),
            env={**kept, **given, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=600,
        )
        outputs = dict(line.split("=", 1) for line in output.read_text(encoding="utf-8").splitlines())
        for key, value in outputs.items():
            self._values[f"steps.{name}.outputs.{key}"] = value
        return done, outputs

    def _value(self, text: str) -> str:
        return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda found: self._values.get(found[1], ""), text)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step["name"])
def test_no_expression_stands_in_a_script(step: Dict[str, Any]) -> None:
    assert "${{" not in step.get("run", "")
    if "run" in step:
        assert step["shell"] == "bash"


def test_every_input_is_said_and_used() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    for name, one in ACTION["inputs"].items():
        assert one["description"]
        assert f"inputs.{name} " in text
        assert f"| `{name}` |" in page
    for name, one in ACTION["outputs"].items():
        assert one["value"] == f"${{{{ steps.check.outputs.{name} }}}}"
        assert f"`{name}`" in page


def test_findings_fail_the_step(tmp_path: Path) -> None:
    job = Job(tmp_path)
    (job.workspace / "configs").mkdir()
    (job.workspace / "configs/a.py").write_text(CRASHES)
    done, outputs = job.run("check")
    assert done.returncode == 1
    assert done.stdout.startswith("::error file=configs/a.py,line=1,")
    assert outputs == {"exit-code": "1"}


def test_clean_configs_pass(tmp_path: Path) -> None:
    job = Job(tmp_path, format="concise", paths="a.py\n")
    (job.workspace / "a.py").write_text(FINE)
    done, outputs = job.run("check")
    assert (done.returncode, outputs) == (0, {"exit-code": "0"})


def test_sarif_is_there_to_be_uploaded(tmp_path: Path) -> None:
    job = Job(tmp_path, paths="a.py", sarif="true")
    (job.workspace / "a.py").write_text(CRASHES)
    done, outputs = job.run("check")
    assert (done.returncode, outputs["exit-code"]) == (1, "1")
    log = json.loads(Path(outputs["sarif-file"]).read_text(encoding="utf-8"))
    assert [result["ruleId"] for result in log["runs"][0]["results"]] == ["MMF101"]
    (upload,) = [step for step in STEPS if "upload-sarif" in step.get("uses", "")]
    assert upload["with"]["sarif_file"] == "${{ steps.check.outputs.sarif-file }}"
    assert "!cancelled()" in upload["if"]  # it is uploaded when the check has failed


def test_an_old_sarif_file_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    job = Job(tmp_path, paths="a.py", sarif="true", args="--nosuch")
    (tmp_path / "runner temp/mmfix.sarif").write_text("old")
    done, outputs = job.run("check")
    assert (done.returncode, outputs) == (2, {"exit-code": "2"})


def test_paths_are_lines_and_args_are_words(tmp_path: Path) -> None:
    job = Job(
        tmp_path,
        paths="a b.py\r\n\n  c*.py\n-h",
        args="--launcher none\n--statistics",
        format="text",
        **{"working-directory": "sub folder"},
    )
    folder = job.workspace / "sub folder"
    folder.mkdir()
    for name in ("a b.py", "cd.py"):
        (folder / name).write_text(CRASHES)
    done, outputs = job.run("check")
    assert outputs == {"exit-code": "2"}
    assert done.stdout.count("error: ") == 2  # the last two are no files
    assert "Usage" not in done.stdout
    assert "1 config checked" in done.stdout or "3 configs checked" in done.stdout


EVIL = [
    "$(touch pwned)",
    "`touch pwned`",
    "a; touch pwned",
    "a\ntouch pwned",
    '"; touch pwned; "',
    "' && touch pwned '",
]


@pytest.mark.parametrize("text", EVIL)
@pytest.mark.parametrize("name", ["paths", "args", "format", "sarif"])
def test_an_input_is_never_run(name: str, text: str, tmp_path: Path) -> None:
    job = Job(tmp_path, **{"paths": "a.py", "sarif": "true", name: text})
    (job.workspace / "a.py").write_text(FINE)
    done, outputs = job.run("check")
    assert not [path for path in tmp_path.rglob("*") if path.name == "pwned"]
    assert outputs["exit-code"] == str(done.returncode)


@pytest.mark.slow
@pytest.mark.parametrize("version", ["", "0.0.0; touch pwned"])
def test_it_installs_what_it_is_a_part_of(version: str, tmp_path: Path) -> None:
    job = Job(tmp_path, paths="a.py", version=version)
    (job.workspace / "a.py").write_text(CRASHES)
    done, outputs = job.run("install")
    assert not [path for path in tmp_path.rglob("*") if path.name == "pwned"]
    if version:
        assert done.returncode != 0
        return
    assert done.returncode == 0, done.stdout
    assert Path(outputs["program"]).parts[-3] == "mmfix-venv"
    assert job.run("check")[1] == {"exit-code": "1"}


def test_the_workflow_of_the_page_uses_it_as_it_is() -> None:
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    workflows = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(name: .*?)```", page, flags=re.S)]
    (steps,) = [workflow["jobs"]["mmfix"]["steps"] for workflow in workflows]
    (step,) = [one for one in steps if one["uses"].startswith("OWNER/mmfix@")]
    assert set(step["with"]) <= set(ACTION["inputs"])
    assert str(step["with"]["sarif"]).lower() == "true"
