"""Rehearsals as ``mmfix prove`` returns them, and a repository to keep their proofs in."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.reader import Reader
from mmfix.findings import Finding
from mmfix.proofs.judged import judged
from mmfix.proofs.types import ParameterGroup, Proof, Rehearsal, RemedyResult, Scenario
from mmfix.rules.rule import MMENGINE
from mmfix.training import read

DATE = "2026-11-22"
LINE = "rehearsed on 2026-11-22: 2 gloo ranks, torch 2.13.0, scenarios normal, empty"
UNUSED = "Expected to have finished reduction in the prior iteration before starting a new one.\nMore."
TWICE = "Expected to mark a variable ready only once.\nMore."
ERRORS = {"UNUSED": UNUSED, "READY_TWICE": TWICE}

RESNET = "model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50, with_cp=True))\n"
SWIN = "model = dict(type='FCOS', backbone=dict(type='mmdet.SwinTransformer', frozen_stages=2))\n"
ON = "find_unused_parameters = True\n"

#: The source of a model of the user's own.
MODEL = """
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS

@MODELS.register_module()
class Own(BaseModel):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(4, 4)
    def forward(self, inputs, mode='loss'):
        return dict(loss=self.head(inputs).sum())
"""


def document(text: str, path: str = "config.py") -> ConfigDocument:
    """A config of MMEngine's era that is only in memory, read as a file."""
    return Reader().load(path, text=MMENGINE + text)


def rehearsal(
    outcome: str,
    *groups: ParameterGroup,
    scenarios: Sequence[str] = ("normal", "empty"),
    reentrant: bool = False,
    **more: Any,
) -> Rehearsal:
    """A rehearsal in which all scenarios ended alike."""
    ran = tuple(Scenario(name, outcome, error=ERRORS.get(outcome, "")) for name in scenarios)
    return Rehearsal(
        outcome,
        scenarios=ran,
        groups=groups,
        trainable=200,
        reentrant=reentrant,
        versions={"torch": "2.13.0"},
        world_size=2,
        backend="gloo",
        **more,
    )


def group(status: str, module: str, key: str, count: int = 2, frozen_by: str = "") -> ParameterGroup:
    """``count`` parameters of a module."""
    names = tuple(f"{module}.{index}.weight" for index in range(count))
    return ParameterGroup(status, module, "Block", key, names, frozen_by)


def findings(text: str, found: Rehearsal, *remedies: RemedyResult) -> Tuple[Finding, ...]:
    """What is said of a config with this proof."""
    return judged(read(document(text)), Proof("config.py", found, remedies), DATE)


def repository(folder: Path, text: str = RESNET) -> Path:
    """A config ``configs/a.py`` in a repository."""
    (folder / "setup.py").write_text("")
    (folder / "configs").mkdir()
    path = folder / "configs" / "a.py"
    path.write_text(MMENGINE + text)
    return path
