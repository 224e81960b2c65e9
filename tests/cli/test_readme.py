"""What the README shows is what mmfix prints, and what it tells people to type works."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any, List, Tuple

import pytest
from code_repository import repository

from openmmlab_packages import openmmlab_folder

REPOSITORY = Path(__file__).resolve().parents[2]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
BLOCKS: List[Tuple[str, str]] = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
#: Command -> what is shown of its output.
SHOWN = dict(block[len("$ mmfix ") :].split("\n", 1) for kind, block in BLOCKS if kind == "console")
#: The same for what takes longer, and prints figures that differ each time.
MEASURED = dict(block[len("$ mmfix ") :].split("\n", 1) for kind, block in BLOCKS if kind == "text")
#: Configs that are shown in full: their first line is their name.
WRITTEN = dict(block[len("# ") :].split("\n", 1) for kind, block in BLOCKS if block.startswith("# "))
PROSE = re.sub(r"^```.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)
#: Commands in the tables and the text, of both languages.
NAMED = sorted(set(re.findall(r"`(mmfix [^`]*)`", PROSE)))
IDENTITY = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
CRASHES = """\
model = dict(type='FCOS', backbone=dict(type='ResNet', depth=50, with_cp=True))
train_dataloader = dict(batch_size=2)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01))
train_cfg = dict(by_epoch=True, max_epochs=12)
find_unused_parameters = True
"""


@pytest.fixture
def folder(examples: Path) -> Path:
    """What a reader has who followed the text: the examples, and the files that it shows or links."""
    for name, text in WRITTEN.items():
        (examples.parent / name).write_text(text)
    shutil.copy(REPOSITORY / "tests/model/planted/fusion_flag.py", examples.parent)
    return examples.parent


def test_every_block_is_one_that_is_tested_here() -> None:
    kinds = [kind for kind, _ in BLOCKS]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "": 1,  # the two errors
        "bash": 2,  # what CI runs
        "console": len(SHOWN),
        "text": len(MEASURED),
        "python": len(WRITTEN) + 1,
        "yaml": 1,
    }
    assert (len(SHOWN), len(MEASURED), len(WRITTEN)) == (6, 1, 2)


@pytest.mark.parametrize("command", SHOWN)
@pytest.mark.usefixtures("folder")
def test_the_output_shown_is_the_output_printed(command: str, mmfix: Any) -> None:
    assert mmfix(*shlex.split(command), env={"COLUMNS": "100"}).stdout == SHOWN[command]


@pytest.mark.slow
@pytest.mark.parametrize("command", MEASURED)
@pytest.mark.usefixtures("folder")
def test_the_rehearsal_shown_is_the_rehearsal_printed(command: str, mmfix: Any) -> None:
    done = mmfix(*shlex.split(command), env={"PYTHONPATH": str(openmmlab_folder()), "COLUMNS": "100"})
    # a step's ratio is told only where it is beyond the noise of the machine (proofs/price.py)
    ratio = re.compile(r" \(about [\d.]+x\)")
    figures = re.compile(r"[\d.]+(?= MB| s\b|x\))|(?<=torch )[\d.]+(\+\w+)?")
    shown, printed = (figures.sub("#", ratio.sub("", text)) for text in (MEASURED[command], done.stdout))
    head, tail = shown.split("           ...\n")
    assert (printed[: len(head)], printed[-len(tail) :]) == (head, tail), done.stderr


def test_the_errors_at_the_top_are_explained() -> None:
    import mmfix

    ((_, errors),) = (block for block in BLOCKS if block[0] == "")
    found = [mmfix.explain(f"{line}\n").outcome for line in errors.splitlines()]
    assert found == ["UNUSED", "READY_TWICE"]


def test_the_python_shown_runs(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    from mmengine.config import Config

    class Runner:
        @classmethod
        def from_cfg(cls, cfg: Any) -> Any:
            return cfg

    monkeypatch.chdir(folder)
    (folder / ".git").mkdir()  # it is shown for a training script, which runs in its repository
    ((_, code),) = (block for block in BLOCKS if block[0] == "python" and not block[1].startswith("# "))
    names = {"Config": Config, "Runner": Runner}
    exec(code, names)
    assert isinstance(names["runner"], Config)
    assert names["runner"].filename == "configs/rapsam/regnet_ade20k.py"
    assert names["runner"].find_unused_parameters is True
    assert "rapsam/regnet_ade20k.py" in capsys.readouterr().out


def test_the_hooks_shown_exist() -> None:
    import yaml

    ((_, code),) = (block for block in BLOCKS if block[0] == "yaml")
    hooks = {hook["id"] for hook in yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text())}
    (shown,) = yaml.safe_load(code)["repos"]
    assert {hook["id"] for hook in shown["hooks"]} | {*re.findall(r"mmfix-(?:check|patch)", README)} == hooks


@pytest.mark.slow
@pytest.mark.parametrize("command", NAMED)
def test_every_command_in_the_text_works(command: str, folder: Path, mmfix: Any) -> None:
    name, *rest = shlex.split(command)[1:]
    if name == "prove":  # runs a model; its options are tested below, and tests/prove has the rest
        return
    (folder / "my.py").write_text(CRASHES)
    (folder / "train.log").write_text(BLOCKS[0][1])
    if "non-reentrant-in-code" in rest:  # it changes code of one's own
        (folder / "own").mkdir()
        shutil.copy(repository(folder / "own", "x = cp.checkpoint(self.a, x)"), folder / "own" / "my.py")
        assert mmfix(name, *rest, cwd=folder / "own").returncode == 0
        return
    if "projects/" in rest:
        (folder / "projects").mkdir()
        (folder / "projects" / "my.py").write_text(CRASHES)
    if "--undo" in rest:
        mmfix("patch", "my.py")
    if "--since" in rest:
        for arguments in (
            ["init", "-q", "-b", "main"],
            ["add", "-A"],
            [*IDENTITY, "commit", "-q", "-m", "state"],
        ):
            subprocess.run(["git", *arguments], cwd=str(folder), check=True)
    if "--baseline" in rest:
        mmfix("check", "configs", "--write-baseline", "known.json")
    known = {"NAME": "checkpoint-off", "[KEY]": "model.backbone.with_cp", "FILE": "known.json"}
    known["OTHER.py"] = "configs/rapsam/regnet_ade20k.py"
    given = ""
    if "<" in rest:
        given, rest = CRASHES, rest[: rest.index("<")]
    elif "-" in rest:
        known["-"] = "train.log"
    if command == "mmfix patch":
        rest = ["my.py"]
    done = mmfix(name, *(known.get(word, word) for word in rest), given=given)
    said = "mmfix: wrote 5 comments into 3 files\n" if "--add-ignore" in rest else ""
    assert (done.returncode in (0, 1), done.stderr) == (True, said), done.stderr
    if name in ("patch", "show", "rule", "rules"):
        assert done.returncode == 0, done.stdout


def test_every_option_in_the_command_table_exists(mmfix: Any) -> None:
    commands = re.findall(r"^\| `mmfix ([^`]*)`", README, re.MULTILINE)
    assert len(commands) > 10
    helps = {name: mmfix(name, "--help").stdout for name in {command.split()[0] for command in commands}}
    for command in commands:
        name, *rest = command.split()
        for option in (word for word in rest if word.startswith("--")):
            assert option in helps[name], command


def test_every_file_named_exists() -> None:
    named = {
        path for path in re.findall(r"(?<![\w./-])(?:\w[\w.-]*/)+[\w-]+\.\w+|\]\(([^)#:]+)\)", README) if path
    }
    named |= set(re.findall(r"(?<![\w./:-])(?:bench|configs|docs|src|tests)/[\w./-]*[\w/]", README))
    assert len(named) > 12
    assert [path for path in sorted(named) if not (REPOSITORY / path).exists()] == []


def test_ci_runs_the_commands_of_the_readme() -> None:
    blocks = re.findall(r"^```bash\n(.*?)\n```$", README, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    assert not any("\n" in block for block in blocks), "one line each"
    assert blocks[0].startswith("pip install . &&")
    assert re.match(
        r'pip install torch==[\d.]+ && pip install "\.\[test\]" -c tests/locked/python310\.txt && pytest$',
        blocks[1],
    )
    torch = re.search(r"^torch==\S+", (REPOSITORY / "tests/locked/python310.txt").read_text(), re.MULTILINE)
    assert torch is not None
    assert torch.group() in blocks[1], "the version that is locked"
