"""How a repository's own training script wraps the model: read from its syntax tree, never imported."""

from __future__ import annotations

from mmfix.scripts.places import read_training_script

__all__ = ["read_training_script"]
