"""docs/ecosystem.md: each row of its table is true, tried with the commands that stand in it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple
from xml.etree import ElementTree

import pytest

import schemas
from mmfix.rules.rule import MMENGINE

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "ecosystem.md").read_text(encoding="utf-8")
#: Feature -> the commands in its row.
ROWS: Dict[str, List[str]] = {
    feature: [
        command.replace("\\|", "|")
        for command in re.findall(r"`((?:[A-Z_]+=\w+ )?(?:mmfix|python) [^`]*)`", told)
        if command.startswith("python -c") or not command.startswith("python")
    ]
    for feature, told in re.findall(r"^\| ([^*|\n][^|\n]*) \| (.*) \|$", PAGE, flags=re.M)
    if feature not in ("feature", "---")
}

BASE = "model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50,\n    with_cp=True))\n"
CRASHES = "_base_ = 'base.py'\nfind_unused_parameters = True\n" + MMENGINE
MARKED = (
    "Traceback (most recent call last):\n"
    '  File "tools/train.py", line 1, in <module>\n'
    "RuntimeError: Expected to mark a variable ready only once. This error is caused by one of the "
    "following reasons\n"
)


class Done(NamedTuple):
    """What a command did."""

    code: int
    out: str
    folder: Path


def results(done: Done) -> int:
    return len(json.loads(done.out)["runs"][0]["results"])


def fixes(done: Done) -> int:
    return len(json.loads(done.out)["runs"][0]["results"][0]["fixes"])


def configs(done: Done) -> List[str]:
    return [each["path"] for each in json.loads(done.out)["configs"]]


def valid(name: str, done: Done) -> bool:
    schemas.require(name, json.loads(done.out))
    return True


Look = Callable[[Done], bool]
#: Command -> what must be so after it.
LOOKS: Dict[str, Look] = {
    "mmfix check . --format json": lambda done: (
        valid("check", done) and '"disposition": "safe"' in done.out and '"disposition": "review"' in done.out
    ),
    "mmfix patch a.py --diff": lambda done: (
        done.code == 0 and bool(re.search(r"^\+.*with_cp.*False", done.out, re.M)) and unchanged(done)
    ),
    "mmfix patch a.py --format json": lambda done: (
        valid("patch", done) and "mmengine" in json.loads(done.out)["patches"][0]["confirmed_by"]
    ),
    "mmfix patch a.py && mmfix patch a.py --undo": lambda done: done.code == 0 and unchanged(done),
    "mmfix patch a.py --output b.py": lambda done: unchanged(done) and "with_cp" in text(done, "b.py"),
    "mmfix patch a.py --overlay": lambda done: unchanged(done) and "with_cp" in text(done, "a_mmfix.py"),
    "mmfix patch a.py --diff --remedy find-unused-off": lambda done: (
        "+find_unused_parameters = False" in done.out
    ),
    "mmfix explain train.log": lambda done: done.code == 0 and "ready" in done.out,
    "mmfix explain - < train.log": lambda done: done.code == 0 and "ready" in done.out,
    "mmfix show a.py model.backbone.with_cp": lambda done: f"base.py:{BASE.count(chr(10))}" in done.out,
    "mmfix diff base.py a.py": lambda done: (
        done.code == 1 and "find_unused_parameters  added\n  + True  a.py:" in done.out
    ),
    "mmfix diff a.py --since HEAD": lambda done: done.code == 0 and "no key differs" in done.out,
    "mmfix show a.py --model": lambda done: done.code == 0 and "ResNet" in done.out,
    "mmfix check lost.py": lambda done: done.code == 1 and "gone.py" in done.out,
    "mmfix check lost.py --base-dir elsewhere": lambda done: "elsewhere/gone.py" in done.out,
    "mmfix check . --fail-on certain": lambda done: done.code == 1,
    "mmfix check . --fail-on never": lambda done: done.code == 0 and "MMF101" in done.out,
    "mmfix check train_ddp.py": lambda done: done.code == 2,
    "mmfix --version": lambda done: all(name in done.out for name in ("torch", "mmengine", "mmcv")),
    "mmfix check . --launcher none": lambda done: done.code == 0,
    "mmfix check .": lambda done: (
        "3 configs checked" in done.out and done.out.count("model.backbone.with_cp = False") == 1
    ),
    "mmfix check . --no-gitignore": lambda done: int(done.out.splitlines()[-1].split()[0]) > 8,
    "mmfix check . --since HEAD": lambda done: "new.py" in done.out and "a.py" not in done.out,
    "mmfix check base.py": lambda done: done.code == 1 and "a.py" in done.out,
    "mmfix check a.py --dependants": lambda done: done.code == 1,
    "mmfix check - --stdin-filename a.py < a.py": lambda done: done.code == 1 and "MMF101" in done.out,
    "mmfix check . --jobs 2": lambda done: done.code == 1,
    "mmfix check . --format concise": lambda done: (
        sum("MMF101" in line for line in done.out.splitlines()) == 1 and "in 3 configs" in done.out
    ),
    "mmfix check . --each": lambda done: done.out.count("model.backbone.with_cp = False") == 3,
    "mmfix check a.py": lambda done: bool(re.search(r"\n +2 \|.*with_cp=True.*\n +\| +\^\^\^\^\n", done.out)),
    "COLUMNS=60 mmfix check a.py": lambda done: max(map(len, done.out.splitlines()[1:])) <= 60,
    "mmfix settings set/a.py": lambda done: done.code == 0 and "set/mmfix.toml" in done.out,
    "mmfix check wrong/a.py": lambda done: done.code == 2,
    "mmfix check . --ignore MMF101": lambda done: done.code == 0 and "ignored" in done.out.splitlines()[-1],
    "mmfix check typo.py --select MMF2": lambda done: "[MMF101]" not in done.out and "MMF201" in done.out,
    "mmfix check said.py": lambda done: done.code == 0 and "1 ignored by a comment" in done.out,
    "mmfix check a.py --add-ignore reason": lambda done: (
        done.code == 0 and "# mmfix: ignore[MMF101] reason" in text(done, "base.py")
    ),
    "mmfix check useless.py": lambda done: "matches nothing" in done.out,
    "mmfix check . --write-baseline known.json && mmfix check . --baseline known.json": lambda done: (
        done.code == 0
    ),
    "mmfix check typo.py": lambda done: "find_unused_parameters" in done.out and "MMF201" in done.out,
    "mmfix check stale.py": lambda done: done.code == 1 and "train_pipeline" in done.out,
    "FORCE_COLOR=1 mmfix check .": lambda done: "\x1b[" in done.out,
    "mmfix check . --color always": lambda done: "\x1b[" in done.out,
    "mmfix check . --statistics": lambda done: done.out.startswith("MMF101  "),
    "mmfix check . --format sarif": lambda done: results(done) == 1 and fixes(done) > 1,
    "mmfix check . --format github": lambda done: done.out.startswith("::error file=base.py,"),
    "mmfix check . --format gitlab": lambda done: len(json.loads(done.out)) == 1,
    "mmfix check . --format junit": lambda done: ElementTree.fromstring(done.out).tag == "testsuites",
    "mmfix check . --output-file sarif:a.sarif --output-file junit:a.xml": lambda done: (
        "2.1.0" in text(done, "a.sarif") and "<testsuites>" in text(done, "a.xml")
    ),
    "mmfix --help": lambda done: "Exit codes" in done.out,
    "mmfix rules": lambda done: done.out.startswith("MMF101"),
    "mmfix rules --format json": lambda done: valid("rules", done),
    "mmfix rule reentrant": lambda done: done.out.startswith("MMF101"),
    "mmfix check . | cat": lambda done: "\x1b" not in done.out,
    "mmfix check . | head -1": lambda done: done.code == 0 and "Traceback" not in done.out,
    "mmfix show a.py model.backbone.with_cq": lambda done: (
        done.code == 2 and "model.backbone.with_cp" in done.out
    ),
    "mmfix chek .": lambda done: done.code == 2 and "check" in done.out,
    "mmfix check a.py --dependants --allow-unjudged": lambda done: done.code == 1,
    "mmfix patch a.py --fail-on-change --allow-unjudged": lambda done: done.code == 1 and not unchanged(done),
    "mmfix completion bash": lambda done: "_MMFIX_COMPLETE=bash_complete" in done.out,
    "mmfix completion zsh": lambda done: "#compdef mmfix" in done.out,
    "mmfix completion fish": lambda done: "complete" in done.out,
    """python -c "import mmfix; print(mmfix.check('a.py').exit_code)\"""": lambda done: done.out == "1\n",
    "mmfix prove a.py": lambda done: done.code == 1,
}
#: Rows whose commands are tried elsewhere, and where; or that are about no command.
ELSEWHERE = {
    "rule pages on a site": "docs/test_site.py",
    "GitHub Action": "action/test_action.py",
    "installing touches no framework": "docs/test_ecosystem.py",
    "telemetry": "cli/test_when_a_config_runs.py",
    "proof by running": "prove/test_command.py",
}


def text(done: Done, name: str) -> str:
    return (done.folder / name).read_text(encoding="utf-8")


def unchanged(done: Done) -> bool:
    return text(done, "a.py") == CRASHES


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository: a faulty base with three heirs, one of them new; what git ignores; a script; a log."""
    folder = tmp_path_factory.mktemp("template")
    for name, content in {
        "base.py": BASE,
        "a.py": CRASHES,
        "c.py": CRASHES,
        "lost.py": CRASHES.replace("base.py", "gone.py") + BASE,
        "elsewhere/gone.py": "default_scope = 'mmdet'\n",
        "out/run.py": CRASHES.replace("base.py", "../base.py"),
        ".gitignore": "out/\nlost.py\ntypo.py\nstale.py\nelsewhere/\n"
        "set/\nwrong/\nsaid.py\nquiet.py\nuseless.py\n",
        "train_ddp.py": "import torch\n\nnet = torch.nn.parallel.DistributedDataParallel(torch.nn.ReLU())\n",
        "set/a.py": CRASHES.replace("base.py", "../base.py"),
        "set/mmfix.toml": "ignore = ['MMF101']\n",
        "wrong/a.py": CRASHES.replace("base.py", "../base.py"),
        "wrong/mmfix.toml": "ignroe = ['MMF101']\n",
        "said.py": CRASHES.replace("base.py", "quiet.py"),
        "quiet.py": BASE.replace("with_cp=True))", "with_cp=True))  # mmfix: ignore[MMF101] known"),
        "useless.py": CRASHES + "# mmfix: ignore-file[MMF108] no\n",
        "typo.py": CRASHES.replace("parameters", "paramters")
        + "model = dict(backbone=dict(with_cp=False))\n",
        "pipeline.py": "train_pipeline = [dict(type='A')]\ntrain_dataloader = dict(\n"
        "    batch_size=2, dataset=dict(type='CocoDataset', pipeline=train_pipeline))\n",
        "stale.py": "_base_ = ['base.py', 'pipeline.py']\ntrain_pipeline = [dict(type='B')]\n"
        + MMENGINE.partition("\n")[2],
        "train.log": MARKED,
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    git = ("git", "-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "all")):
        subprocess.run([*git, *words], cwd=folder, check=True)
    (folder / "new.py").write_text(CRASHES)
    return folder


def run(command: str, folder: Path) -> Done:
    programs = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": programs},
        stdout=subprocess.PIPE,
        stderr=None if "json" in command or "sarif" in command or "gitlab" in command else subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
    )
    return Done(done.returncode, done.stdout, folder)


TRIED = list(
    dict.fromkeys(
        command for feature, commands in ROWS.items() for command in commands if feature not in ELSEWHERE
    )
)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="types the commands into bash")
@pytest.mark.parametrize("command", TRIED)
def test_a_command_does_what_its_row_says(command: str, template: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(template, tmp_path / "here"))
    done = run(command, folder)
    assert LOOKS[command](done), (done.code, done.out)


def test_every_row_is_tried() -> None:
    assert len(ROWS) > 30
    for feature, commands in ROWS.items():
        assert commands or feature in ELSEWHERE, feature
        assert set(commands) <= set(LOOKS), feature
    assert set(LOOKS) == {command for commands in ROWS.values() for command in commands}
    for feature, where in ELSEWHERE.items():
        assert feature in ROWS
        assert (ROOT / "tests" / where).exists()


def test_installing_brings_what_the_page_says() -> None:
    needed = {
        re.split(r"[ <>=;~!]", line)[0].lower() for line in requires("mmfix") or () if "extra ==" not in line
    }
    assert needed == {"click", "pyyaml", "tomli"}
