"""Cures that change something and that can be used where the config is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mmfix.config.memory import from_mapping
from mmfix.findings import Override, Remedy
from mmfix.remedies import solve
from mmfix.remedies.advice import to_save_memory
from mmfix.remedies.releases import for_torch
from mmfix.rules.rule import MMCV1
from mmfix.training import TrainingSetup, read

MODEL = {"type": "FCOS", "backbone": {"type": "ResNet", "depth": 50, "with_cp": True}}
SMALLER1, SMALLER2 = "a smaller data.samples_per_gpu", "a smaller train_dataloader.batch_size"
FP16, STEPS = "mixed precision (optimizer_config type Fp16OptimizerHook)", "accumulation ({})"
BOTH = "GradientCumulativeFp16OptimizerHook"


def mmcv1(size: int = 1, **top: Any) -> TrainingSetup:
    data = {"samples_per_gpu": size, "train": {"type": "CocoDataset"}}
    return read(from_mapping({"data": data, "optimizer": {"type": "SGD"}, "model": MODEL, **top}))


def mmengine(size: int = 1, **wrapper: Any) -> TrainingSetup:
    config = {"train_dataloader": {"batch_size": size}, "train_cfg": {"max_epochs": 1}, "model": MODEL}
    return read(from_mapping({**config, "optim_wrapper": {"optimizer": {"type": "SGD"}, **wrapper}}))


@pytest.mark.parametrize(
    ("setup", "expected"),
    [
        (mmcv1(4), f"{SMALLER1}, {FP16} or {STEPS.format('GradientCumulativeOptimizerHook')}"),
        (mmcv1(optimizer_config={}), f"{FP16} or {STEPS.format('GradientCumulativeOptimizerHook')}"),
        (mmcv1(optimizer_config={"type": "Fp16OptimizerHook"}), STEPS.format(BOTH)),
        (mmcv1(optimizer_config={"type": "GradientCumulativeOptimizerHook"}), f"mixed precision ({BOTH})"),
        (mmcv1(optimizer_config={"type": BOTH}), ""),
        (mmcv1(optimizer_config={"type": "CustomFp16OptimizerHook"}), ""),
        (mmcv1(2, fp16={"loss_scale": 512.0}), SMALLER1),
        (
            mmengine(2),
            f"{SMALLER2}, mixed precision (optim_wrapper type AmpOptimWrapper) or "
            "accumulation (optim_wrapper.accumulative_counts)",
        ),
        (mmengine(type="AmpOptimWrapper"), "accumulation (optim_wrapper.accumulative_counts)"),
        (mmengine(type="AmpOptimWrapper", accumulative_counts=2), ""),
        (mmengine(type="MyOptimWrapper"), ""),
    ],
)  # fmt: skip
def test_memory_advice_is_what_is_not_there_yet(setup: TrainingSetup, expected: str) -> None:
    assert to_save_memory(setup) == expected
    costs = " ".join(remedy.cost for remedy in solve(setup))
    assert ("if memory is short" in costs) == bool(expected and solve(setup))


def test_the_cure_of_those_who_made_the_model_is_there_for_review() -> None:
    """PETR's VoVNetCP has no switch, and its configs all say ``find_unused_parameters = False``."""
    backbone = {"type": "VoVNetCP", "frozen_stages": -1}
    setup = mmcv1(find_unused_parameters=True, model={"type": "Petr3D", "img_backbone": backbone})
    cures = {remedy.name: remedy for remedy in solve(setup)}
    assert list(cures) == ["non-reentrant", "find-unused-off"]
    assert cures["find-unused-off"].disposition == "review"
    assert any("behind a stem that is trained" in line for line in cures["find-unused-off"].assumes)


IMPORT = Override(("custom_imports", "imports"), ["a", "mmfix.nonreentrant_checkpoint"], "")
REMEDIES = [
    Remedy("checkpoint-off", "safe", "", ()),
    Remedy("non-reentrant", "safe", "", (IMPORT,)),
    Remedy("wrapper-keys", "review", "", (IMPORT,)),
    Remedy("static-graph", "review", "", ()),
]


@pytest.mark.parametrize(
    ("torch", "kept", "gone"),
    [
        ("", 4, ""),
        ("1.11.0", 4, ""),
        ("2.1.0a0+git", 4, ""),
        ("1.9.0+cu111", 1, "non-reentrant, wrapper-keys, static-graph"),
    ],
)
def test_a_torch_too_old_for_a_cure(torch: str, kept: int, gone: str) -> None:
    found, names = for_torch(REMEDIES, torch)
    assert (len(found), names) == (kept, gone)


def test_the_torch_beside_mmfix_is_found_without_importing_it(tmp_path: Path, mmfix: Any) -> None:
    (tmp_path / "here" / "torch").mkdir(parents=True)
    (tmp_path / "here" / "torch" / "__init__.py").write_text("raise SystemExit('imported')\n")
    (tmp_path / "here" / "torch" / "version.py").write_text("__version__ = '1.9.0+cu111'\n")
    model = "model = dict(type='FCOS', backbone=dict(type='ResNet', with_cp=True))\n"
    (tmp_path / "a.py").write_text(f"{MMCV1}{model}find_unused_parameters = True\n")
    old = mmfix("check", "a.py", env={"PYTHONPATH": str(tmp_path / "here")})
    assert "note: torch 1.9.0+cu111 is too old for non-reentrant, which need 1.11: left out" in old.stdout
    assert "non-reentrant (" not in old.stdout
    assert "non-reentrant (safe)" in mmfix("check", "a.py").stdout
