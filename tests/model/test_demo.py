"""What is read from the model of the first example is what its training step does."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import mmfix
from mmfix.config.reader import Reader
from mmfix.model.types import NEVER, SOMETIMES
from mmfix.training.reading import code_reading

CONFIG = "configs/rapsam/regnet_ade20k.py"


def test_what_check_reads(repository: Path) -> None:
    findings = mmfix.check(repository / CONFIG).findings
    assert [(item.code, item.confidence, str(item.key[-1])) for item in findings] == [
        ("MMF102", "likely", "use_learnable_fusion"),
        ("MMF102", "likely", "use_sam_distill"),
        ("MMF102", "possible", "use_resolution_distill"),
    ]
    assert all("models/rapsam.py" in line for item in findings for line in item.evidence[:2])


@pytest.mark.slow
@pytest.mark.parametrize("low", [False, True])
def test_the_step_agrees(low: bool, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("mmengine.model")  # registers its own
    registry = pytest.importorskip("mmengine.registry").MODELS
    monkeypatch.syspath_prepend(str(repository / "configs/rapsam"))
    document = Reader().load(str(repository / CONFIG))
    before = set(registry.module_dict)
    try:
        importlib.import_module("models")
        config = {**document.tree["model"], "data_preprocessor": None}
        model = registry.build(config)
        size = 256 if low else 512
        sample = SimpleNamespace(
            gt_sem_seg=SimpleNamespace(data=torch.zeros(1, size // 4, size // 4, dtype=torch.long))
        )
        losses = model(torch.randn(1, 3, size, size), [sample], mode="loss")
        sum(losses.values()).backward()
    finally:
        for name in set(registry.module_dict) - before:
            del registry.module_dict[name]
        for name in [name for name in sys.modules if name.partition(".")[0] == "models"]:
            del sys.modules[name]
    silent = {name.split(".")[0] for name, item in model.named_parameters() if item.grad is None}
    code = code_reading(document, "mmengine", "Runner")
    assert code is not None
    read = {item.name: item.verdict for item in code.reading.submodules}
    assert {name for name, verdict in read.items() if verdict == NEVER} <= silent
    assert silent <= {name for name, verdict in read.items() if verdict in (NEVER, SOMETIMES)}
    assert ("resolution_distill_module" in silent) is not low
