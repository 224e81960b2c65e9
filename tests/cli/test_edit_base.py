"""``mmfix patch --edit-base``: the base that sets a value is changed, with every config that inherits it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Sequence

import pytest

import mmfix as api
from mmfix.errors import PatchError
from mmfix.findings import Finding
from mmfix.jobs.patching import Choice

MODEL = """# the model
model = dict(type='RetinaNet', backbone=dict(
    type='ResNet', depth=18,
    with_cp=True,  # saves memory
))
"""
CURED = MODEL.replace("with_cp=True", "with_cp=False")
RUNTIME = """default_scope = 'mmdet'
train_cfg = dict(by_epoch=True, max_epochs=1)
train_dataloader = dict(batch_size=1)
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))
"""
LEAF = "_base_ = ['./_base_/model.py', './_base_/runtime.py']\nfind_unused_parameters = True\n"
FILES = {
    "configs/_base_/model.py": MODEL,
    "configs/_base_/runtime.py": RUNTIME,
    "configs/a.py": LEAF,
    "configs/b.py": LEAF,
    "configs/own.py": "_base_ = './a.py'\nmodel = dict(backbone=dict(with_cp=False))\n",
    "projects/x/configs/c.py": "_base_ = '../../../configs/a.py'\n",
}


def write(folder: Path, files: Dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    write(tmp_path, FILES)
    return tmp_path


def texts(folder: Path) -> Dict[str, str]:
    return {name: (folder / name).read_text() for name in FILES}


def test_a_base_is_changed_with_all_that_inherit_it_and_undone(repository: Path, mmfix: Any) -> None:
    named = "configs/a.py, configs/b.py, projects/x/configs/c.py"
    shown = mmfix("patch", "configs/a.py", "--edit-base", "--diff")
    assert shown.stdout.startswith("--- a/configs/_base_/model.py\n+++ b/configs/_base_/model.py\n")
    assert f"would change with it, 3 configs: {named}" in " ".join(shown.stdout.split())
    assert texts(repository) == FILES

    done = mmfix("patch", "configs/a.py", "--edit-base")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"changed with it, 3 configs: {named}" in " ".join(done.stdout.split())
    assert "configs/_base_/model.py: patched with checkpoint-off (confirmed by mmengine" in done.stdout
    changed = texts(repository)
    assert changed.pop("configs/_base_/model.py").startswith(CURED)
    assert changed == {name: text for name, text in FILES.items() if name in changed}
    assert mmfix("check", "configs", "projects").returncode == 0

    changed = texts(repository)
    for again in (("configs/a.py",), ("configs",), ("configs/a.py", "--remedy", "checkpoint-off")):
        assert mmfix("patch", *again, "--edit-base").returncode == 0
        assert texts(repository) == changed
    hint = mmfix("patch", "configs/a.py", "--undo").stdout
    assert "mmfix patch configs/_base_/model.py --undo undoes that" in " ".join(hint.split())
    assert mmfix("patch", "configs/_base_/model.py", "--undo").returncode == 0
    assert texts(repository) == FILES


@pytest.mark.parametrize("path", ["configs", "configs/_base_/model.py", "projects/x/configs/c.py"])
def test_whatever_is_named_the_base_is_what_changes(path: str, repository: Path, mmfix: Any) -> None:
    done = mmfix("patch", path, "--edit-base")
    assert done.returncode == 0
    assert texts(repository)["configs/_base_/model.py"].startswith(CURED)
    assert done.stdout.count("would change") + done.stdout.count("changed with it") == 1


def test_a_config_that_has_no_such_finding_stands_in_the_way(repository: Path, mmfix: Any) -> None:
    write(repository, {"configs/idle.py": LEAF.replace("True", "False")})
    refused = mmfix("patch", "configs/a.py", "--edit-base")
    assert refused.returncode == 2
    assert "it cures nothing in 1 of the 4 configs that would change: configs/idle.py" in refused.stderr
    assert "--all-heirs" in refused.stderr
    assert "would change with it, 4 configs: configs/a.py, configs/b.py, configs/idle.py" in refused.stdout
    assert texts(repository) == FILES
    assert mmfix("patch", "configs/a.py", "--edit-base", "--all-heirs").returncode == 0
    assert texts(repository)["configs/_base_/model.py"].startswith(CURED)


RAPSAM = "model = dict(type='RapSam', backbone=dict(type='ResNet', depth=50), use_learnable_fusion=True)\n"


def test_what_is_worse_for_another_config_is_never_done(repository: Path, mmfix: Any) -> None:
    runtime = "configs/_base_/runtime.py"
    write(repository, {runtime: f"{RUNTIME}find_unused_parameters = False\n"})
    write(repository, {"configs/a.py": f"_base_ = './_base_/runtime.py'\n{RAPSAM}", "configs/own.py": ""})
    write(repository, {"configs/b.py": LEAF.replace("find_unused_parameters = True\n", "")})
    for more in ((), ("--all-heirs",)):
        done = mmfix("patch", "configs/a.py", "--edit-base", "--remedy", "find-unused", *more)
        assert done.returncode == 2
        assert "that would cause MMF101 in configs/b.py" in done.stderr
        assert "find_unused_parameters = False" in (repository / runtime).read_text()


def test_a_config_that_cannot_be_judged_counts_as_one_that_is_not_cured(repository: Path, mmfix: Any) -> None:
    write(repository, {"configs/broken.py": LEAF.replace("True", "(")})
    write(repository, {"configs/gone.py": LEAF.replace("['./_base_", "['./nowhere.py', './_base_")})
    refused = mmfix("patch", "configs/a.py", "--edit-base")
    assert refused.returncode == 2
    assert "configs/broken.py, configs/gone.py" in refused.stderr
    forced = mmfix("patch", "configs/a.py", "--edit-base", "--all-heirs")
    assert "configs/broken.py inherits it, or may, and cannot be judged" in forced.stdout


@pytest.mark.parametrize("folder", ["lib/python3.11/site-packages/zoo", "../other"])
def test_what_is_of_another_repository_is_left_alone(folder: str, repository: Path, mmfix: Any) -> None:
    base = repository / folder / "model.py"
    base.parent.mkdir(parents=True)
    base.write_text(MODEL)
    name = os.path.relpath(base, repository / "configs")
    write(repository, {"configs/z.py": LEAF.replace("./_base_/model.py", name)})
    refused = mmfix("patch", "configs/z.py", "--edit-base")
    assert refused.returncode == 2
    assert "it is no file of the repository of configs/z.py" in refused.stderr
    assert base.read_text() == MODEL


def test_what_cannot_be_changed_there_is_appended_here(repository: Path, mmfix: Any) -> None:
    model = MODEL.replace("with_cp=True", "with_cp=1 == 1")
    write(repository, {"configs/_base_/model.py": model})
    done = mmfix("patch", "configs/a.py", "--edit-base")
    assert done.returncode == 0
    said = " ".join(done.stdout.split())
    assert "with_cp is not changed in this base: an expression sets it (line 4)" in said
    assert (repository / "configs/_base_/model.py").read_text() == model
    assert "with_cp=False" in (repository / "configs/a.py").read_text()


def test_what_stands_in_the_file_itself_is_changed_there(repository: Path, mmfix: Any) -> None:
    text = LEAF + "model = dict(backbone=dict(with_cp=True))\n"
    write(repository, {"configs/a.py": text, "projects/x/configs/c.py": "", "configs/own.py": ""})
    assert mmfix("patch", "configs/a.py", "--edit-base").returncode == 0
    changed = (repository / "configs/a.py").read_text()
    assert changed.startswith(text.replace("with_cp=True", "with_cp=False"))
    assert (repository / "configs/_base_/model.py").read_text() == MODEL


def test_what_settings_leave_out_of_a_walk_is_not_looked_at(repository: Path, mmfix: Any) -> None:
    write(repository, {"configs/old/idle.py": LEAF.replace("True", "False").replace("./_base_", "../_base_")})
    assert mmfix("patch", "configs/a.py", "--edit-base").returncode == 2
    write(repository, {"mmfix.toml": 'exclude = ["configs/old/**"]\n'})
    assert mmfix("patch", "configs/a.py", "--edit-base").returncode == 0


def test_the_value_under_another_key_is_the_same_value(repository: Path, mmfix: Any) -> None:
    text = LEAF + "model = dict(_delete_=True, type='Q', detector={{ _base_.model }})\n"
    write(repository, {"configs/q.py": text})
    assert "configs/q.py" in mmfix("patch", "configs/a.py", "--edit-base", "--diff").stdout
    assert mmfix("patch", "configs/a.py", "--edit-base", "--all-heirs").returncode == 0
    shown = mmfix("show", "configs/q.py", "model.detector.backbone.with_cp")
    assert "False" in shown.stdout.splitlines()[0]


def test_what_else_would_change_stands_in_the_way(tmp_path: Path, mmfix: Any) -> None:
    head = "from mmengine.config import read_base\n\nwith read_base():\n    from .base import *\n"
    leaf = f"{head}    from .runtime import *\n\nfind_unused_parameters = True\n"
    depth = "depth = 50 if model['backbone']['with_cp'] else 18\n"
    write(tmp_path, {"base.py": MODEL, "runtime.py": RUNTIME, "a.py": leaf, "q.py": leaf + depth})
    for more in ((), ("--all-heirs",)):
        refused = mmfix("patch", "a.py", "--edit-base", *more)
        assert refused.returncode == 2
        assert "q.py would also change in depth" in refused.stderr


def test_a_lazy_config(tmp_path: Path, mmfix: Any) -> None:
    head = "from mmengine.config import read_base\n\nwith read_base():\n    from .base import *\n"
    leaf = f"{head}    from .runtime import *\n\nfind_unused_parameters = True\n"
    write(tmp_path, {"base.py": MODEL, "runtime.py": RUNTIME, "a.py": leaf})
    assert mmfix("patch", "a.py", "--edit-base").returncode == 0
    assert (tmp_path / "base.py").read_text().startswith(CURED)


def test_a_base_that_is_a_link_is_not_changed_under_its_other_name(repository: Path, mmfix: Any) -> None:
    (repository / "configs/link.py").symlink_to("_base_/model.py")
    (repository / "configs/l.py").write_text(LEAF.replace("./_base_/model.py", "./link.py"))
    before = texts(repository)
    done = mmfix("patch", "configs/l.py", "--edit-base")
    assert done.returncode == 2
    assert "configs/link.py: error: is a link to configs/_base_/model.py, and is not changed" in done.stderr
    assert texts(repository) == before


@pytest.mark.parametrize("through", ["./link.py", "./bl/model.py"])
def test_who_inherits_a_base_through_a_link_is_not_forgotten(
    through: str, repository: Path, mmfix: Any
) -> None:
    (repository / "configs/link.py").symlink_to("_base_/model.py")
    (repository / "configs/bl").symlink_to("_base_", target_is_directory=True)
    (repository / "configs/l.py").write_text(LEAF.replace("./_base_/model.py", through))
    before = texts(repository)
    done = mmfix("patch", "configs/a.py", "--edit-base")
    assert done.returncode == 2
    assert "it cures nothing in 1 of the 4 configs that would change: configs/l.py" in done.stderr
    assert texts(repository) == before
    told = mmfix("patch", "configs/a.py", "--edit-base", "--all-heirs", "--diff").stdout
    assert "configs/l.py inherits it, or may, and cannot be judged: it inherits it through a link" in told


def test_without_a_loader_the_block_says_so(repository: Path, mmfix: Any) -> None:
    assert mmfix("patch", "configs/a.py", "--edit-base", "--no-loader").returncode == 0
    assert "not verified by loading" in (repository / "configs/_base_/model.py").read_text()


def test_json(repository: Path, mmfix: Any) -> None:
    done = mmfix("patch", "configs/a.py", "--edit-base", "--format", "json")
    found = json.loads(done.stdout)["patches"][0]
    assert found["path"] == found["target"] == "configs/_base_/model.py"
    assert found["heirs"] == ["configs/a.py", "configs/b.py", "projects/x/configs/c.py"]
    assert found["in_place"] == [{"line": 4, "key": "model.backbone.with_cp", "was": "True", "now": "False"}]


def test_in_python(repository: Path) -> None:
    result = api.patch(repository / "configs/a.py", edit_base=True)
    assert result.target == str(repository / "configs/_base_/model.py")
    assert len(result.heirs) == 3
    assert "-    with_cp=True" in result.diff()
    write(repository, {"configs/idle.py": LEAF.replace("True", "False")})
    with pytest.raises(PatchError, match="cures nothing in 1 of the 4"):
        api.patch(repository / "configs/a.py", edit_base=True)
    own = repository / "configs/own.py"
    assert api.patch(own, edit_base=True).target == str(own)


def test_two_configs_that_want_two_values(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = iter((False, None, 5))

    def choose(findings: Sequence[Finding], *_: Any) -> Choice:
        wanted = findings[0].remedies[0].overrides if findings else ()
        return Choice(("checkpoint-off",), tuple(replace(each, value=next(values)) for each in wanted))

    monkeypatch.setattr("mmfix.jobs.editing_bases.choose", choose)
    with pytest.raises(PatchError, match=r"want two values of model\.backbone\.with_cp"):
        api.patch(repository / "configs/_base_/model.py", edit_base=True)


@pytest.mark.parametrize(
    "more", [("--all-heirs",), ("--edit-base", "--output", "x.py"), ("--edit-base", "--undo")]
)
@pytest.mark.usefixtures("repository")
def test_options_that_do_not_go_together(more: Any, mmfix: Any) -> None:
    assert mmfix("patch", "configs/a.py", *more).returncode == 2
