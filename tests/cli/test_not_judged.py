"""What could not be judged is said, counted and named; it is never taken for healthy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

MMCV1 = (
    "data = dict(samples_per_gpu=2, train=dict(type='D'))\noptimizer = dict(type='SGD')\ntotal_epochs = 1\n"
)
POINTCEPT = """\
model = dict(type='DefaultSegmentorV2', backbone=dict(type='PT', enable_flash=True))
data = dict(train=dict(type='ScanNet'))
optimizer = dict(type='AdamW')
epoch = 800
save_path = 'exp'
hooks = [dict(type='CheckpointLoader')]
train = dict(type='DefaultTrainer')
"""
NET = """\
import torch.nn as nn

from mmdet.models import DETECTORS


@DETECTORS.register_module()
class Net(nn.Module):
    def __init__(self, used=True):
        super().__init__()
        self.a = nn.Linear(2, 2)
        self.b = nn.Linear(2, 2)
        self.used = used

    def forward_train(self, img):
        x = self.a(img)
        return dict(loss=(self.b(x) if self.used else x).mean())
"""


LOADER = "train_dataloader = dict(batch_size=2)\noptim_wrapper = dict(optimizer=dict(type='SGD'))\n"
FAR = """\
from far.models import Base
from mmengine.registry import MODELS


@MODELS.register_module()
class Far(Base):
    def __init__(self):
        super().__init__()
        self.numbers = [[[i + j + k for i in range(300)] for j in range(300)] for k in range(300)]
"""
LONG = """\
from mmengine.model import BaseModel
from mmengine.registry import MODELS
from torch import nn


@MODELS.register_module()
class Long(BaseModel):
    def __init__(self):
        super().__init__()
        self.cars = nn.ModuleList(nn.Linear(3, 3) for _ in range(300))

    def forward(self, inputs, data_samples=None, mode='tensor'):
        for car in self.cars:
            inputs = car(inputs)
        return dict(loss=inputs.sum())
"""


def project(folder: Path, **configs: str) -> None:
    (folder / ".git").mkdir()
    (folder / "plug").mkdir()
    (folder / "plug" / "__init__.py").write_text("from .net import Net\n")
    (folder / "plug" / "net.py").write_text(NET)
    (folder / "configs").mkdir()
    for name, text in configs.items():
        (folder / "configs" / f"{name}.py").write_text(text)


OWN = MMCV1 + "plugin = True\nplugin_dir = 'plug/'\n"
GONE = "_base_ = ['../../mmdetection3d/configs/_base_/default_runtime.py']\n"


def test_configs_whose_bases_are_not_in_the_clone(tmp_path: Path, mmfix: Any) -> None:
    text = GONE + OWN + "find_unused_parameters = True\nmodel = dict(type='Net', img=dict(with_cp=True))\n"
    project(tmp_path, a=text, b=text, c=GONE + OWN + "model = dict(type='Net')\n")
    done = mmfix("check", "configs")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("warning[MMF101]") == 2, "what the config sets itself is judged"
    entry = "../../mmdetection3d/configs/_base_/default_runtime.py"
    assert done.stdout.splitlines()[-4:] == [
        f"note: the base {entry} is not here (configs/a.py:1; 3 configs need it)",
        "note: what these bases may set is unknown; --base-dir DIR names a folder that holds them",
        f"3 configs: source followed in part (the base {entry[6:]} is not here)",
        "3 configs checked: 2 warnings (only possible)",
    ]
    found = json.loads(mmfix("check", "configs", "--format", "json").stdout)["configs"][2]
    base = {"kind": "base", "what": "mmdetection3d/configs/_base_/default_runtime.py"}
    assert found["judged"] == {"extent": "partly", "gaps": [base]}
    assert found["missing_bases"][0]["entry"] == entry


def test_what_rests_on_an_absent_key_is_only_possible(tmp_path: Path, mmfix: Any) -> None:
    own = OWN + "model = dict(type='Net', used=False)\n"
    project(tmp_path, a=own, b=GONE + own, c=GONE + own + "find_unused_parameters = False\n")
    done = mmfix("check", "configs", "--format", "json")
    found = {item["path"][-4:]: item["findings"][0] for item in json.loads(done.stdout)["configs"]}
    assert [found[name]["code"] for name in found] == ["MMF102"] * 3
    assert [found[name]["confidence"] for name in found] == ["likely", "possible", "likely"]
    assert found["b.py"]["evidence"][-1] == (
        "assumed: find_unused_parameters is not set in "
        "../../mmdetection3d/configs/_base_/default_runtime.py (not here)"
    )


def test_a_model_that_is_partly_in_a_missing_base(tmp_path: Path, mmfix: Any) -> None:
    gone = "_base_ = './gone.py'\n"
    flags = "find_unused_parameters = False\nmodel = dict(type='Net'"
    project(tmp_path, a=gone + OWN + f"{flags})\n", b=gone + OWN + f"{flags}, used=False)\n")
    done = mmfix("check", "configs", "--format", "json")
    first, second = json.loads(done.stdout)["configs"]
    assert [item["confidence"] for item in first["findings"]] in ([], ["possible"]), "used may be set there"
    assert [item["confidence"] for item in second["findings"]] == ["likely"]


def test_the_folder_that_holds_the_base(tmp_path: Path, mmfix: Any) -> None:
    project(tmp_path, a=GONE + OWN + "model = dict(type='Net', used=False)\n")
    folder = tmp_path / "clone" / "configs" / "_base_"
    folder.mkdir(parents=True)
    (folder / "default_runtime.py").write_text("find_unused_parameters = True\n")
    done = mmfix("check", "configs/a.py", "--base-dir", "clone")
    assert done.returncode == 0
    assert "; read clone/configs/_base_/default_runtime.py instead (--base-dir clone)\n" in done.stdout
    assert done.stdout.endswith("1 config: source followed to the loss\n1 config checked: nothing found\n")


@pytest.mark.parametrize("options", [["--diff"], ["--no-loader"], []], ids=" ".join)
def test_a_patch_needs_the_bases(options: list[str], tmp_path: Path, mmfix: Any) -> None:
    text = GONE + OWN + "find_unused_parameters = True\nmodel = dict(type='Net', img=dict(with_cp=True))\n"
    project(tmp_path, a=text, b=text, c=GONE + OWN + "model = dict(type='Net')\n")
    done = mmfix("patch", "configs", *options, "--remedy", "checkpoint-off")
    assert done.returncode == 2
    line = (
        "/mmdetection3d/configs/_base_/default_runtime.py: error: this base is not here, so no loader can "
        "confirm a patch (put it where the config says; until then, nothing is written) "
        "[read by configs/a.py and 1 more]\n"
    )
    assert done.stderr.endswith(line)
    assert len(done.stderr.splitlines()) == 1
    assert (tmp_path / "configs" / "a.py").read_text() == text


def test_a_config_of_another_framework(tmp_path: Path, mmfix: Any) -> None:
    project(tmp_path, a=POINTCEPT, b=POINTCEPT)
    line = "looks like a config of Pointcept, which is none of OpenMMLab's frameworks"
    named = mmfix("check", "configs/a.py")
    assert named.returncode == 2
    assert named.stderr == f"configs/a.py: error: {line} (mmfix reads configs of mmcv 1.x and MMEngine)\n"
    folder = mmfix("check", "configs")
    assert (folder.returncode, folder.stderr) == (2, ""), "nothing in it could be judged"
    last = ["2 configs: not judged (written for Pointcept)", "2 configs checked: 2 not judged"]
    assert folder.stdout.splitlines() == last
    (tmp_path / "configs" / "own.py").write_text(OWN + "model = dict(type='Net')\n")
    assert mmfix("check", "configs").returncode == 0
    assert mmfix("check", "--allow-unjudged", "configs/a.py").returncode == 0
    patched = mmfix("patch", "configs", "--diff")
    assert patched.stdout.splitlines()[-1].startswith("3 configs: 2 not judged")
    assert mmfix("patch", "configs/a.py", "--diff").returncode == 2


def test_a_config_that_torchpack_puts_together(tmp_path: Path, mmfix: Any) -> None:
    below = tmp_path / "configs" / "det" / "lidar"
    below.mkdir(parents=True)
    texts = {
        "configs/default.yaml": "optimizer: {type: SGD}\nrunner: {max_epochs: 1}\n",
        "configs/det/default.yaml": "model: {type: Net}\ndata: {samples_per_gpu: 1}\n",
        "configs/det/lidar/default.yaml": "model: {head: {type: Head}}\n",
        "configs/det/lidar/second.yaml": "model: {backbone: {type: SECOND, depth: '${depth}'}}\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    named = mmfix("check", "configs/det/lidar/second.yaml")
    assert named.returncode == 2
    assert named.stderr == (
        "configs/det/lidar/second.yaml: error: torchpack adds to it the default.yaml of each folder above, "
        "which mmfix does not read (check the whole config that a run writes: configs.yaml in its run "
        "directory)\n"
    )
    folder = mmfix("check", "configs")
    assert (folder.returncode, folder.stderr) == (2, "")
    assert folder.stdout.splitlines()[-1] == "3 configs checked: 3 not judged"
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "configs.yaml").write_text("".join(texts[name] for name in list(texts)[:2]))
    assert mmfix("check", "run/configs.yaml").returncode == 0


def test_a_config_whose_model_is_in_a_missing_base(tmp_path: Path, mmfix: Any) -> None:
    project(tmp_path, a="_base_ = './gone.py'\nlr = 1\n", own=OWN + "model = dict(type='Net')\n")
    folder = mmfix("check", "configs")
    assert (folder.returncode, folder.stderr) == (0, "")
    assert "1 config: not judged (the base gone.py is not here)\n" in folder.stdout
    named = mmfix("check", "configs/a.py")
    assert named.returncode == 2
    assert named.stderr.startswith("configs/a.py:1: error: the base ./gone.py is not here, and the model ")


def test_a_base_whose_heirs_are_elsewhere_is_a_note(tmp_path: Path, mmfix: Any) -> None:
    project(tmp_path, base="dataset_type = 'D'\n")
    done = mmfix("check", "configs/base.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        "note: configs/base.py cannot be trained by itself (missing: model), and no config inherits it\n"
        in done.stdout
    )


def test_a_script_in_a_folder_is_no_config(tmp_path: Path, mmfix: Any) -> None:
    project(tmp_path, own=OWN + "model = dict(type='Net')\n")
    (tmp_path / "tools").mkdir()
    script = "import torch\n\nmodel = torch.load('x.pth')\n\n\ndef main():\n    model = build(1)\n"
    (tmp_path / "tools" / "convert.py").write_text(script)
    done = mmfix("check", ".")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "1 config checked: nothing found"


def test_one_process_has_no_ddp(tmp_path: Path, mmfix: Any) -> None:
    project(tmp_path, own=OWN + "model = dict(type='Net', used=False)\n")
    done = mmfix("check", "configs", "--launcher", "none")
    assert "source followed" not in done.stdout
    assert "in one process DDP plays no part" in done.stdout


def test_a_key_that_a_missing_base_may_set(tmp_path: Path, mmfix: Any) -> None:
    project(tmp_path, a="_base_ = './gone.py'\nmodel = dict(type='Net')\n")
    for key in ("find_unused_parameters", "model.used"):
        done = mmfix("show", "configs/a.py", key)
        said = f"no key {key} in the files that are here: it may be set in ./gone.py, which is not here"
        assert (done.returncode, done.stderr) == (2, f"configs/a.py: error: {said}\n")


BLIND = """\
import torch.nn as nn

from mmdet.models import DETECTORS


@DETECTORS.register_module()
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(2, 2)
        self.b = nn.Linear(2, 2)

    def forward_train(self, img, names):
        return dict(loss=sum(getattr(self, name)(img).mean() for name in names))
"""


def test_a_model_of_which_nothing_can_be_told_is_not_followed_fully(tmp_path: Path, mmfix: Any) -> None:
    project(tmp_path, a=OWN + "model = dict(type='Net')\n")
    (tmp_path / "plug" / "net.py").write_text(BLIND)
    [found] = json.loads(mmfix("check", "configs", "--format", "json").stdout)["configs"]
    assert found["judged"]["extent"] != "fully"
    assert found["judged"]["gaps"]
    done = mmfix("check", "configs")
    assert "followed to the loss" not in done.stdout


def test_the_time_for_reading_can_be_set(mmfix: Any, tmp_path: Path) -> None:
    (tmp_path / "setup.py").write_text("")
    (tmp_path / "net.py").write_text(LONG)
    (tmp_path / "c.py").write_text(
        "model = dict(type='Long')\ntrain_cfg = dict(by_epoch=True, max_epochs=1)\n" + LOADER
    )
    short = mmfix("check", "--reading-seconds", "0.0001", "c.py")
    assert "more than 0.0001 seconds of CPU time (check --reading-seconds gives it more)" in short.stdout
    assert "followed to the loss" in mmfix("check", "c.py").stdout


def test_a_class_that_is_not_here_is_not_all_where_the_time_was_up(tmp_path: Path, mmfix: Any) -> None:
    """Who installs the class would be told the same again."""
    (tmp_path / "models.py").write_text(FAR)
    (tmp_path / "c.py").write_text(
        LOADER + "custom_imports = dict(imports=['models'])\nmodel = dict(type='Far')\n"
    )
    done = mmfix("check", "c.py", "--reading-seconds", "0.1")
    told = "(Base (far) is not here; its time was up: --reading-seconds gives it more)"
    assert told in " ".join(done.stdout.split())
