"""What the framework will really do with a config."""

from __future__ import annotations

from mmfix.config.names import type_name
from mmfix.training.era import era, is_trainable
from mmfix.training.setup import read
from mmfix.training.types import CheckpointSite, ModelFact, Setting, TrainingSetup

__all__ = [
    "CheckpointSite",
    "ModelFact",
    "Setting",
    "TrainingSetup",
    "era",
    "is_trainable",
    "read",
    "type_name",
]
