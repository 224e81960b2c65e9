"""Small configs for the tests of ``mmfix.training``."""

# ruff: noqa: C408 - configs are written with dict(...)

from __future__ import annotations

from typing import Any, Dict, Optional

from mmfix.config.keypath import format_key
from mmfix.config.memory import from_mapping
from mmfix.training import TrainingSetup, read

DATA = dict(train=dict(type="CocoDataset"))


def mmcv1(model: Any = None, **top: Any) -> Dict[str, Any]:
    base = dict(data=DATA, runner=dict(type="EpochBasedRunner", max_epochs=12), optimizer=dict(type="SGD"))
    return {**base, "model": model or dict(type="FasterRCNN"), **top}


def mmengine(model: Any = None, **top: Any) -> Dict[str, Any]:
    base = dict(
        train_dataloader=dict(batch_size=2),
        train_cfg=dict(by_epoch=True, max_epochs=12),
        optim_wrapper=dict(type="OptimWrapper", optimizer=dict(type="SGD")),
    )
    return {**base, "model": model or dict(type="FasterRCNN"), **top}


def setup_of(config: Dict[str, Any], launcher: Optional[str] = None) -> TrainingSetup:
    return read(from_mapping(config), launcher)


def site_keys(setup: TrainingSetup) -> Dict[str, Any]:
    """Key path -> value that turns it off."""
    return {format_key(site.key): site.off for site in setup.checkpoints}


def fact_keys(setup: TrainingSetup) -> Dict[str, str]:
    """``kind key`` -> confidence."""
    return {f"{fact.kind} {format_key(fact.key)}": fact.confidence for fact in setup.facts}
