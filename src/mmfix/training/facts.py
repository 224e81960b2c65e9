"""Traits of the model that a config alone reveals."""

from __future__ import annotations

from typing import List, Tuple

from mmfix.training.freezing import late_freezing
from mmfix.training.parts import Part
from mmfix.training.reuse import reused_parts
from mmfix.training.types import ModelFact
from mmfix.training.unused import unused_parts


def model_facts(parts: List[Part], era: str) -> Tuple[ModelFact, ...]:
    """Late freezing, unused and reused parts, from tables of known classes.

    This is the one place where facts about model code enter: what is read from the classes themselves
    (package ``mmfix.code``) replaces or confirms the tables here.
    """
    return (*late_freezing(parts, era), *unused_parts(parts), *reused_parts(parts))
