"""Cures inside the model: a part that takes no part in the loss is frozen, or not made at all."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from mmfix.config.document import to_plain
from mmfix.config.names import type_name
from mmfix.findings import Override
from mmfix.remedies.change import Change
from mmfix.training.table import table
from mmfix.training.types import ModelFact, TrainingSetup
from mmfix.wording import say

#: Keys whose values count or list stages; an unused part behind one of them is a stage nobody reads.
STAGE_KEYS = frozenset({"out_indices", "num_stages"})

# ResNets that can be cut take `num_stages`, and these lists must have one item for each stage: mmdet 3.3.0
# mmdet/models/backbones/resnet.py: ResNet.__init__, mmseg and mmpretrain alike.
_LISTS: Dict[str, Optional[Tuple[int, ...]]] = {
    "strides": (1, 2, 2, 2),
    "dilations": (1, 1, 1, 1),
    "stage_with_dcn": None,
}
# what follows the last stage, whichever it is, or has a list of stages of its own
_TIED_TO_STAGES = ("multi_grid", "plugins")


def trainable_teachers(setup: TrainingSetup) -> Tuple[ModelFact, ...]:
    """Facts about a teacher that ``freeze_teacher=False`` keeps trainable."""
    return tuple(fact for fact in setup.facts_of("unused") if fact.key[-1] == "freeze_teacher")


def dropped_stages(setup: TrainingSetup) -> Tuple[ModelFact, ...]:
    """Facts about stages that are computed and not returned.

    Where the last stage is returned, such a part is no stage.
    """
    facts = (fact for fact in setup.facts_of("unused") if fact.key[-1] in STAGE_KEYS)
    return tuple(fact for fact in facts if not _returns_the_last(setup, fact))


def _returns_the_last(setup: TrainingSetup, fact: ModelFact) -> bool:
    node = setup.document.get(fact.key[:-1], None)
    count, outputs = (node.get("num_stages"), node.get("out_indices")) if isinstance(node, dict) else (0, 0)
    return (
        type(count) is int
        and isinstance(outputs, (list, tuple))
        and any(type(index) is int and index + 1 >= count for index in outputs)
    )


def freeze_teachers(setup: TrainingSetup) -> Optional[Change]:
    """Every teacher frozen, as by default; None without one."""
    facts = trainable_teachers(setup)
    if not facts:
        return None
    reason = say("the teacher learns from the student, not from gradients")
    return Change(model=tuple(Override(fact.key, True, reason) for fact in facts), cures=facts)


def fewer_stages(setup: TrainingSetup) -> Optional[Change]:
    """ResNets without the stages that nobody reads; None where a backbone cannot be cut by keys alone."""
    facts = dropped_stages(setup)
    overrides: List[Override] = []
    for fact in facts:
        cut = _cut(setup, fact)
        if not cut:
            return None
        overrides += cut
    return Change(model=tuple(overrides), cures=facts) if facts else None


def _cut(setup: TrainingSetup, fact: ModelFact) -> List[Override]:
    path = fact.key[:-1]
    node = setup.document.get(path, None)
    known = table("stages").get(type_name(node.get("type")) or "") if isinstance(node, dict) else None
    if not known or not known["cut"]:
        return []
    outputs = node.get("out_indices")
    if not isinstance(outputs, (list, tuple)) or not outputs:
        return []
    if any(type(index) is not int or index < 0 for index in outputs):
        return []
    count, frozen = max(outputs) + 1, node.get("frozen_stages", -1)
    if type(frozen) is not int or frozen > count or any(node.get(name) for name in _TIED_TO_STAGES):
        return []
    reason = say("stage {stage} is the last one that is read", stage=count)
    overrides = [Override((*path, "num_stages"), count, reason)]
    for name, default in _LISTS.items():
        value: Any = node.get(name, default)
        if value is None:
            continue
        if not isinstance(value, (list, tuple)) or len(value) < count:
            return []
        overrides.append(Override((*path, name), to_plain(value)[:count], reason))
    return overrides
