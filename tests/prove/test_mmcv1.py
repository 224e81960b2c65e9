"""The mmcv 1.x era: its runner, its DDP class, mmdet 2.28.2, mmseg 0.30.0 and mmcls 0.25.0."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Tuple

import pytest
from cells import table
from prove_ranks import CHECKPOINT, FROZEN, UNUSED, rehearse_all, unused_by_ddp

from mmfix.config.reader import Reader
from mmfix.ddp import Settings
from mmfix.jobs.proving import settings_of_script
from mmfix.proofs.types import Rehearsal
from mmfix.prove.job import Job
from mmfix.remedies import solve
from mmfix.training import read

pytestmark = [pytest.mark.zoo, pytest.mark.ddp, pytest.mark.xdist_group("prove-mmcv1")]

TOY = Path(__file__).parent / "toy"
ROOT = Path(__file__).parents[2]
CMT = "configs/cmt/cmt_aqr_voxel0100_r50_800x320_cbgs.py"

CELLS = [cell for cell in table() if cell.settings.bypasses_forward]

SMALL: Dict[Any, Any] = {
    ("model", "train_cfg", "rcnn", "sampler", "num"): 32,
    ("model", "backbone", "depth"): 18,
    ("model", "neck", "in_channels"): [64, 128, 256, 512],
}
FASTER = "mmdet/.mim/configs/faster_rcnn/faster_rcnn_r50_fpn_1x_coco.py"
PANOPTIC = "mmdet/.mim/configs/panoptic_fpn/panoptic_fpn_r50_fpn_1x_coco.py"
SWIN = "mmdet/.mim/configs/swin/retinanet_swin-t-p4-w7_fpn_1x_coco.py"
FAST_SCNN = "mmseg/.mim/configs/fastscnn/fast_scnn_lr0.12_8x4_160k_cityscapes.py"
CLASSIFIER = "mmcls/.mim/configs/resnet/resnet18_8xb16_cifar10.py"
HALF: Dict[Any, Any] = {
    ("optimizer_config",): {
        "type": "GradientCumulativeFp16OptimizerHook",
        "loss_scale": 512.0,
        "cumulative_iters": 2,
    }
}
CONDITIONAL: Dict[Any, Any] = {
    ("custom_imports",): {"imports": ["conditional_mmcv1"], "allow_failed_imports": False},
    ("model", "type"): "RapSAM",
    ("model", "use_learnable_fusion"): True,
    ("model", "use_resolution_distill"): True,
    ("model", "use_sam_distill"): False,
}


class Case(NamedTuple):
    name: str
    config: str
    overrides: Dict[Any, Any]
    outcome: str
    group: str = ""
    kinds: Tuple[str, ...] = ("normal",)


BOTH = {**SMALL, **CHECKPOINT, **UNUSED}
LATE = "never backbone.patch_embed train"
CASES = (
    Case("a segmentor", FAST_SCNN, {}, "OK", kinds=("normal", "empty", "single", "uneven")),
    Case("a detector", FASTER, SMALL, "OK", kinds=("normal", "single")),
    Case("accumulation in half precision", FASTER, {**SMALL, **HALF}, "OK"),
    Case("masks and semantic maps", PANOPTIC, SMALL, "OK"),
    Case("a classifier", CLASSIFIER, {}, "OK"),
    Case("checkpoint + find unused", FASTER, BOTH, "READY_TWICE", "ready twice backbone"),
    Case("Swin frozen late", SWIN, FROZEN, "UNUSED", LATE),
    Case("Swin frozen late, the cure", SWIN, {**FROZEN, **UNUSED}, "OK", LATE),
    Case("conditional modules", FAST_SCNN, CONDITIONAL, "UNUSED", "never resolution_distill_module"),
    Case("conditional, the cure", FAST_SCNN, {**CONDITIONAL, **UNUSED}, "OK", "never sam_distill_module"),
)


def job_of(path: Path, overrides: Dict[Any, Any], **options: Any) -> Job:
    setup = read(Reader().load(str(path)))
    assert setup.era == "mmcv1"
    given = tuple(overrides.items())
    return Job(str(path), "", given, era="mmcv1", settings=settings_of_script(setup, given), **options)


def cell_job(cell: Any) -> Job:
    traits = cell.traits
    overrides: Dict[Any, Any] = {
        ("model", "cp"): traits.checkpoint.value,
        ("model", "unused"): traits.unused.value,
        ("model", "late_freeze"): traits.late_freeze,
        ("model", "reused"): traits.reused,
        ("model", "input_has_grad"): traits.input_has_grad,
    }
    if cell.settings.accumulation > 1:
        hook = {"type": "GradientCumulativeOptimizerHook", "cumulative_iters": cell.settings.accumulation}
        overrides[("optimizer_config",)] = hook
    job = job_of(TOY / "toy1.py", overrides, scenarios=("normal",), iterations=4)
    # a static graph comes from code alone in this era
    return replace(job, settings=replace(cell.settings, bypasses_forward=True))


@pytest.fixture(scope="module")
def rehearsed(openmmlab1: Path, tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Rehearsal]:
    """Everything in one start of two ranks; the cure that changes torch's default comes last."""
    jobs = {cell.name: cell_job(cell) for cell in CELLS}
    for case in CASES:
        size = None if case.config == CLASSIFIER else (64, 64)
        jobs[case.name] = job_of(openmmlab1 / case.config, case.overrides, scenarios=case.kinds, size=size)
    jobs["real data"] = job_of(TOY / "toy1.py", {}, scenarios=("normal",), data="real")
    root = tmp_path_factory.mktemp("repository")
    shutil.copytree(ROOT / "configs" / "cmt", root / "configs" / "cmt")
    shutil.copytree(TOY / "projects", root / "projects")
    example = root / CMT
    jobs["the example"] = job_of(example, {}, scenarios=("normal",))
    for remedy in remedies():
        overrides = {override.key: override.value for override in remedy.overrides}
        jobs[f"the example, {remedy.name}"] = job_of(example, overrides, scenarios=("normal",))
    found = rehearse_all(list(jobs.values()), f"{openmmlab1}:{TOY}")
    return dict(zip(jobs, found))


def remedies() -> List[Any]:
    found = solve(read(Reader().load(str(ROOT / CMT))))
    return sorted(found, key=lambda remedy: remedy.name == "non-reentrant")


@pytest.mark.parametrize("cell", CELLS, ids=[cell.name for cell in CELLS])
def test_cell(cell: Any, rehearsed: Dict[str, Rehearsal]) -> None:
    found = rehearsed[cell.name]
    assert found.outcome == cell.expected.value, found
    assert [scenario.disagreement for scenario in found.scenarios] == [""]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_outcome(case: Case, rehearsed: Dict[str, Rehearsal]) -> None:
    found = rehearsed[case.name]
    assert found.outcome == case.outcome, found
    assert [scenario.name for scenario in found.scenarios] == list(case.kinds)
    assert [scenario.disagreement for scenario in found.scenarios] == [""] * len(found.scenarios)
    groups = [f"{group.status} {group.module} {group.frozen_by}" for group in found.groups]
    assert not case.group or any(text.startswith(case.group) for text in groups), groups
    assert len(found.parameters) == found.trainable
    if found.outcome == "UNUSED":
        assert unused_by_ddp(found) == found.scenarios[0].unused


def test_data_of_the_package_s_own_loader(rehearsed: Dict[str, Rehearsal]) -> None:
    found = rehearsed["real data"]
    assert found.outcome == "OK", found
    assert not any(line.startswith("data: synthetic") for line in found.replaced)


def test_the_example(rehearsed: Dict[str, Rehearsal]) -> None:
    found = {name: each.outcome for name, each in rehearsed.items() if name.startswith("the example")}
    assert found == {
        "the example": "READY_TWICE",
        "the example, checkpoint-off": "OK",
        "the example, non-reentrant": "OK",
        "the example, find-unused-off": "UNUSED",
    }


@pytest.mark.parametrize(
    ("environment", "config", "era", "reason"),
    [
        ("", "toy1.py", "mmcv1", "this config is for mmcv 1.x, and mmcv is not installed; run it where"),
        ("openmmlab", "toy1.py", "mmcv1", "this config is for mmcv 1.x, and mmcv 2.1.0 is installed; run it"),
        (
            "openmmlab1",
            "toy_mmdet.py",
            "mmengine",
            "this config is for MMEngine, and mmcv 1.7.2 is installed;",
        ),
    ],
)
def test_the_other_era_is_said_in_one_line(
    environment: str, config: str, era: str, reason: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    (tmp_path / "toy_mmdet.py").write_text("default_scope = 'mmdet'\nmodel = dict(type='RetinaNet')\n")
    (tmp_path / "toy1.py").write_text("model = dict(type='RetinaNet')\n")
    where = request.getfixturevalue(environment) if environment else tmp_path
    job = Job(str(tmp_path / config), "", era=era, settings=Settings(bypasses_forward=True))
    found = rehearse_all([job], where)[0]
    assert found.outcome == "NOT_PROVED"
    assert found.reason.startswith(reason), found.reason
    assert "\n" not in found.reason


def test_a_model_that_no_package_has_is_named(openmmlab1: Path, tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text("model = dict(type='NoSuchModel')\n")
    settings = Settings(bypasses_forward=True)
    job = Job(str(tmp_path / "config.py"), "", era="mmcv1", settings=settings)
    own_loop = replace(job, settings=Settings())
    found = [rehearsal.reason for rehearsal in rehearse_all([job, own_loop], openmmlab1)]
    assert "mmseg or mmcls has no model NoSuchModel; install the package that has it" in found[0]
    assert found[1] == "the repository's training script has a loop of its own, which mmfix cannot run"
