"""Model types that run a module more than once a step with gradients.

Harmless by itself; with a reentrant checkpoint inside, each parameter becomes ready twice. Only types whose
code calls the same module twice *with* gradients are listed: passes under ``no_grad()`` (a teacher, the
history frames of BEVDet4D, a momentum encoder) do not count, nor does a loop inside one checkpointed call
(TridentNet branches).
"""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Tuple

from mmfix.config.keypath import KeyPath
from mmfix.training.parts import Part
from mmfix.training.types import ModelFact


class _Reuse(NamedTuple):
    """What runs more than once; ``parts``: the parts of the type that do, where it is not the whole."""

    what: str
    confidence: str
    evidence: str
    frozen_by: str = ""
    parts: Tuple[str, ...] = ()  # the parts it is about; empty: all of the model


_SIAMESE = "both views go through the same backbone"
_FRAMES = "key and reference frames go through the same backbone"
_SEMI = "labelled and unlabelled batches go through the same student"

_TYPES: Dict[str, _Reuse] = {
    "QDTrack": _Reuse(_FRAMES, "likely", "mmdet 3.3.0 mmdet/models/mot/qdtrack.py", "freeze_detector"),
    "MaskTrackRCNN": _Reuse(_FRAMES, "likely", "mmdet 3.3.0 mmdet/models/vis/masktrack_rcnn.py"),
    "SELSA": _Reuse(_FRAMES, "likely", "mmtrack 0.14.0 mmtrack/models/vid/selsa.py"),
    "FGFA": _Reuse(_FRAMES, "likely", "mmtrack 0.14.0 mmtrack/models/vid/fgfa.py"),
    "Stark": _Reuse(
        "template and search images go through the same backbone", "likely",
        "mmtrack 0.14.0 mmtrack/models/sot/stark.py",
    ),
    "DfM": _Reuse(_FRAMES, "likely", "mmdet3d 1.4.0 mmdet3d/models/detectors/dfm.py"),
    "H2RBox": _Reuse("both views go through the same backbone", "possible", "mmrotate H2RBox"),
    "H2RBoxDetector": _Reuse("both views go through the same backbone", "possible", "mmrotate H2RBox"),
    "H2RBoxV2Detector": _Reuse("both views go through the same backbone", "possible", "mmrotate H2RBox-v2"),
    "SemiBaseDetector": _Reuse(_SEMI, "likely", "mmdet 3.3.0 mmdet/models/detectors/semi_base.py"),
    "SoftTeacher": _Reuse(_SEMI, "likely", "mmdet 3.3.0 mmdet/models/detectors/soft_teacher.py"),
    "BYOL": _Reuse(_SIAMESE, "likely", "mmpretrain 1.2.0 mmpretrain/models/selfsup/byol.py"),
    "SimSiam": _Reuse(_SIAMESE, "likely", "mmpretrain 1.2.0 mmpretrain/models/selfsup/simsiam.py"),
    "BarlowTwins": _Reuse(_SIAMESE, "likely", "mmpretrain 1.2.0 mmpretrain/models/selfsup/barlowtwins.py"),
    "MoCoV3": _Reuse(_SIAMESE, "likely", "mmpretrain 1.2.0 mmpretrain/models/selfsup/mocov3.py"),
    "SwAV": _Reuse(
        "crops of each size go through the same backbone", "likely",
        "mmpretrain 1.2.0 mmpretrain/models/selfsup/swav.py",
    ),
    "RecognizerOmni": _Reuse(
        "images and videos go through the same backbone", "likely",
        "mmaction2 1.2.0 mmaction/models/recognizers/recognizer_omni.py",
    ),
    "MSPetr3D": _Reuse(  # one pass for each of `multi_scale`
        "images of every scale go through the same backbone and neck", "likely",
        "megvii-research/PETR projects/mmdet3d_plugin/models/detectors/mspetr3d.py:78",
        parts=("img_backbone", "img_neck"),
    ),
}  # fmt: skip

_STREAM = "exiawsh/StreamPETR projects/mmdet3d_plugin/models/detectors/petr3d.py: obtain_history_memory"


def reused_parts(parts: List[Part]) -> List[ModelFact]:
    """Facts of kind ``reused``; ``scope`` is the part whose parameters are used more than once."""
    facts = []
    for part in parts:
        entry = _TYPES.get(part.name or "")
        if entry is not None and "type" in part.node and not part.node.get(entry.frozen_by):
            scopes = [(*part.path, name) for name in entry.parts] or [part.path]
            facts += [_fact((*part.path, "type"), part, entry, scope) for scope in scopes]
        frames = _frames_with_losses(part.node)
        if frames > 1:
            entry = _Reuse(f"the head runs once for each of {frames} frames", "likely", _STREAM)
            facts.append(
                _fact((*part.path, "num_frame_head_grads"), part, entry, (*part.path, "pts_bbox_head"))
            )
    return facts


def _frames_with_losses(node: Dict[object, object]) -> int:
    """Frames whose pass through the head has gradients and losses; the memory between them is detached."""
    counts = [node.get("num_frame_head_grads", 0), node.get("num_frame_losses", 2)]
    return min(count if isinstance(count, int) else 0 for count in counts)


def _fact(key: KeyPath, part: Part, entry: _Reuse, scope: Tuple[object, ...]) -> ModelFact:
    return ModelFact(
        kind="reused",
        key=key,
        type_name=part.label,
        confidence=entry.confidence,
        why=f"In one training step of {part.label}, {entry.what}.",
        evidence=(entry.evidence,),
        scope=scope,  # type: ignore[arg-type]
    )
