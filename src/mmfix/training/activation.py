"""MMEngine's own switch, top-level ``activation_checkpointing``: reentrant, and without any guard.

The wrapper calls ``checkpoint(forward, *args)`` whatever the input is
(``mmengine/runner/activation_checkpointing.py: wrap_forward``). A reentrant checkpoint of an input without
a gradient gives an output without one: the module gets no gradient at all. So each entry needs an answer
to one question, whether its input has a gradient.
"""

from __future__ import annotations

import re
from typing import Any, List, Optional

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath, get_path
from mmfix.config.names import type_name
from mmfix.config.origin import Unknown
from mmfix.training.freezing import is_frozen
from mmfix.training.parts import Part
from mmfix.training.table import table
from mmfix.training.types import CheckpointSite

KEY: KeyPath = ("activation_checkpointing",)
#: Attributes of a model that are fed with the batch itself.
WHOLE_BACKBONES = frozenset({"backbone", "img_backbone"})

_DATA_FED = WHOLE_BACKBONES | {"generator"}
_FIRST = frozenset({"patch_embed", "conv1", "stem"})
# A point cloud detector has trainable layers before its backbone (mmdet3d 1.4.0 detectors/voxelnet.py).
_BEFORE_BACKBONE = ("voxel_encoder", "middle_encoder")
_LAYER = re.compile(r"layer([1-9]\d*)")
_EVIDENCE = "mmengine 0.10.7 mmengine/runner/activation_checkpointing.py: turn_on_activation_checkpointing"


def activation_sites(document: ConfigDocument, parts: List[Part], unknown: List[str]) -> List[CheckpointSite]:
    """One site for each entry, an attribute path of the model.

    Entries that are frozen as a whole are left out. An empty list turns all of them off.
    """
    value = document.tree.get(KEY[0])
    if isinstance(value, Unknown):
        unknown.append(f"{KEY[0]}: {value.reason}")
        return []
    entries = [value] if isinstance(value, str) else value if isinstance(value, (list, tuple)) else []
    sites = []
    for entry in entries:
        if isinstance(entry, Unknown):
            unknown.append(f"{KEY[0]}: {entry.reason}")
        elif isinstance(entry, str) and not _is_frozen_entry(entry, parts):
            node = get_path(document.tree, ("model", *entry.split(".")))
            name = type_name(node.get("type")) if isinstance(node, dict) else None
            sites.append(
                CheckpointSite(
                    key=KEY, value=entry, in_config=True, off=[], type_name=name or entry, reentrant=True,
                    guarded=False, evidence=_EVIDENCE, known=True,
                    input_has_grad=_input_has_grad(entry, parts),
                )
            )  # fmt: skip
    return sites


def _is_frozen_entry(entry: str, parts: List[Part]) -> bool:
    """No parameter of the entry is trained: without a gradient nothing is lost."""
    *above, last = entry.split(".")
    for depth in range(1, len(above) + 2):
        part = _part(entry.split(".")[:depth], parts)
        if part is not None and is_frozen(part, parts[0].node):
            return True
    stages = _frozen_stages(_part(above, parts))
    stage = _stage(last)
    return stages is not None and stage is not None and stage <= stages


def _input_has_grad(entry: str, parts: List[Part]) -> Optional[bool]:
    """False for what is fed with data or directly follows what is frozen; None: not known."""
    *above, last = entry.split(".")
    model = parts[0].node if parts else {}
    if last == "backbone" and any(model.get(name) for name in _BEFORE_BACKBONE):
        return None
    if last in _DATA_FED or (last in _FIRST and (not above or above[-1] in WHOLE_BACKBONES)):
        return False
    part = _part(above, parts)
    stages, stage = _frozen_stages(part), _stage(last)
    if part is None or stages is None or not stage:
        return None
    if stage == stages + 1 and stages >= 0:
        return False
    return None if _freezes_more(model) or _freezes_more(part.node) else True


def _part(names: List[str], parts: List[Part]) -> Optional[Part]:
    return next((part for part in parts if part.path == ("model", *names)), None)


def _stage(name: str) -> Optional[int]:
    """``layer2`` of a ResNet is its stage 2; what runs before ``layer1`` is frozen as stage 0."""
    match = _LAYER.fullmatch(name)
    return int(match.group(1)) if match else 0 if name in _FIRST else None


def _frozen_stages(part: Optional[Part]) -> Optional[int]:
    """``frozen_stages`` of a ResNet (default -1, nothing; 0 is the stem); None where it is not one."""
    if part is None or part.name not in table("stages"):
        return None
    frozen = part.node.get("frozen_stages", -1)
    return frozen if type(frozen) is int else None


def _freezes_more(node: Any) -> bool:
    return any(isinstance(key, str) and key.startswith("freeze") and value for key, value in node.items())
