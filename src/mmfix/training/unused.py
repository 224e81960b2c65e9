"""Model types and flags known for parameters that take no part in the loss.

These are patterns, not readings of the model's code: nothing here is more than ``possible`` unless the
framework's own code says so.
"""

from __future__ import annotations

import re
from typing import List

from mmfix.config.keypath import KeyPath
from mmfix.training.parts import Part
from mmfix.training.table import table
from mmfix.training.types import ModelFact
from mmfix.wording import say

# A flag that names a module of its own; the words keep ordinary flags (`with_cp`, `use_sigmoid`) out.
_FLAG = re.compile(r"(?:use|with|enable)_(?:\w+_)?(?:fusion|distill|distillation|teacher|auxiliary)(?:_|$)")

_STAGED_EVIDENCE = "mmdet 3.3.0 mmdet/models/backbones/resnet.py: ResNet.forward"
# These end with a 1x1 convolution as layer 7, which always runs (mmseg's MobileNetV2 has none).
_MOBILENET_PACKAGES = frozenset({None, "mmdet", "mmpretrain", "mmcls", "mmpose"})
_MOBILENET_EVIDENCE = "mmdet 3.3.0 mmdet/models/backbones/mobilenet_v2.py: MobileNetV2.forward"


def unused_parts(parts: List[Part]) -> List[ModelFact]:
    """Facts of kind ``unused``, the surest first."""
    return [*teachers(parts), *_stages(parts), *_types(parts), *_flags(parts)]


def teachers(parts: List[Part]) -> List[ModelFact]:
    """Teachers that a semi-supervised detector holds with trainable parameters."""
    facts = []
    for part in parts:
        config = part.node.get("semi_train_cfg")
        if isinstance(config, dict) and config.get("freeze_teacher", True) is False:
            facts.append(
                ModelFact(
                    kind="unused",
                    key=(*part.path, "semi_train_cfg", "freeze_teacher"),
                    type_name=part.label,
                    confidence="likely",
                    why=say(
                        "The teacher is inside DDP with trainable parameters and takes no part in the loss."
                    ),
                    evidence=("mmdet 3.3.0 mmdet/models/detectors/semi_base.py:52",),
                    scope=part.path,
                )
            )
    return facts


def _stages(parts: List[Part]) -> List[ModelFact]:
    """Stages behind the last output: computed, then dropped."""
    facts = []
    for part in parts:
        outputs = part.node.get("out_indices")
        if not isinstance(outputs, (list, tuple)) or not all(type(index) is int for index in outputs):
            continue
        if part.name in table("stages") and str(part.path[-1]).endswith("backbone"):
            last, evidence = part.node.get("num_stages", 4), _STAGED_EVIDENCE
            what = say("stage {number}", number=last)
        elif part.name == "MobileNetV2" and part.package in _MOBILENET_PACKAGES:
            last, evidence, what = 8, _MOBILENET_EVIDENCE, say("the last convolution")
        else:
            continue
        frozen = part.node.get("frozen_stages", -1)
        if not outputs or type(last) is not int or type(frozen) is not int:
            continue
        if max(outputs) + 1 < last and min(outputs) >= 0 and frozen < last:
            facts.append(
                ModelFact(
                    kind="unused",
                    key=(*part.path, "out_indices"),
                    type_name=part.label,
                    confidence="likely",
                    why=say(
                        "{part} runs {what}, but out_indices={indices} returns nothing of it.",
                        part=part.label,
                        what=what,
                        indices=tuple(outputs),
                    ),
                    evidence=(evidence,),
                    scope=part.path,
                )
            )
    return facts


def _types(parts: List[Part]) -> List[ModelFact]:
    known = table("unused")
    return [
        ModelFact(
            kind="unused",
            key=(*part.path, "type"),
            type_name=part.label,
            confidence="possible",
            why=say(
                "Published {type} configs set find_unused_parameters=True: some of its parameters may "
                "take no part in the loss.",
                type=part.name,
            ),
            evidence=(known[part.name],),
            scope=part.path,
        )
        for part in parts
        if part.name in known and "type" in part.node
    ]


def by_name(key: KeyPath) -> str:
    """Evidence: nothing but the name of a flag."""
    return say("the name of the flag {flag}", flag=key[-1])


def _flags(parts: List[Part]) -> List[ModelFact]:
    facts = []
    for part in parts:
        for key, value in part.node.items():
            if not isinstance(value, bool) or not isinstance(key, str) or not _FLAG.match(key):
                continue
            if value:
                why = say("The module behind {flag} may take no part in the loss of every step.", flag=key)
            else:
                why = say("{flag} is off, but its module may have been made all the same.", flag=key)
            facts.append(
                ModelFact(
                    kind="unused",
                    key=(*part.path, key),
                    type_name=part.label,
                    confidence="possible",
                    why=why,
                    evidence=(by_name((*part.path, key)),),
                    scope=part.path,
                )
            )
    return facts
