"""Late freezing: ``requires_grad = False`` set in ``train()``, after DDP has registered every parameter.

The DDP wrapper is built before the first ``model.train()`` (``mmengine/runner/runner.py: wrap_model``;
``mmdet/apis/train.py`` in the mmcv 1.x era), so such parameters get no gradient and the reducer waits for
them. Classes that freeze in their constructor are safe, and so are all where the repository's own
script calls ``model.train()`` before it wraps the model (``scripts/types.py: TrainingScript.trained``).
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from mmfix.training.parts import Part
from mmfix.training.table import freezing, select
from mmfix.training.types import ModelFact
from mmfix.wording import say


def late_freezing(parts: List[Part], era: str) -> List[ModelFact]:
    """One fact for each key that freezes late.

    No fact where the packages that can be meant disagree and the config does not tell them apart.
    """
    facts = []
    for part in parts:
        for key, rows in freezing(part.name).items():
            if key not in part.node:
                continue  # every default freezes nothing
            value = part.node[key]
            where = (*part.path, key)
            chosen = select(rows, part.package, era)
            thresholds = [row.threshold for row in chosen]
            if None in thresholds:
                continue
            if not _freezes(value, thresholds):
                continue
            named = any(row.source.package == part.package for row in rows)
            certain = all(row.source.stock for row in chosen) and (named or part.package is None)
            facts.append(
                ModelFact(
                    kind="late-freeze",
                    key=where,
                    type_name=part.label,
                    confidence="certain" if certain else "likely",
                    why=say(
                        "{part} freezes parameters in train(), after the DDP wrap, because {key}={value!r}.",
                        part=part.label,
                        key=key,
                        value=value,
                    ),
                    evidence=(chosen[0].evidence,),
                    scope=part.path,
                )
            )
    return facts


def is_frozen(part: Part, model: Dict[Any, Any]) -> bool:
    """Whether the config freezes a part as a whole: a teacher, all stages, or ``freeze_img``."""
    head = part.path[1] if len(part.path) > 1 else ""
    if isinstance(head, str) and (
        head.startswith("teacher") or (head.startswith("img_") and model.get("freeze_img") is True)
    ):
        return True
    frozen = part.node.get("frozen_stages")
    depths = part.node.get("depths")
    stages = part.node.get("num_stages", len(depths) if isinstance(depths, (list, tuple)) else 4)
    return type(frozen) is int and type(stages) is int and frozen >= stages


def _freezes(value: Any, thresholds: List[Optional[int]]) -> bool:
    return isinstance(value, int) and all(value >= (threshold or 0) for threshold in thresholds)
