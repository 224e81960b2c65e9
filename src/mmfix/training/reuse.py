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
from mmfix.training.table import table
from mmfix.training.types import ModelFact
from mmfix.wording import say

#: What runs more than once, by the word of the table for it.
_WHAT = {
    "crops": say("crops of each size go through the same backbone"),
    "frames": say("key and reference frames go through the same backbone"),
    "batches": say("labelled and unlabelled batches go through the same student"),
    "scales": say("images of every scale go through the same backbone and neck"),
    "template": say("template and search images go through the same backbone"),
    "videos": say("images and videos go through the same backbone"),
    "views": say("both views go through the same backbone"),
}


class _Reuse(NamedTuple):
    """What runs more than once; ``parts``: the parts of the type that do, where it is not the whole."""

    what: str
    confidence: str
    evidence: str
    frozen_by: str = ""
    parts: Tuple[str, ...] = ()  # the parts it is about; empty: all of the model


_STREAM = "exiawsh/StreamPETR projects/mmdet3d_plugin/models/detectors/petr3d.py: obtain_history_memory"


def reused_parts(parts: List[Part]) -> List[ModelFact]:
    """Facts of kind ``reused``; ``scope`` is the part whose parameters are used more than once."""
    facts = []
    for part in parts:
        row = table("reused").get(part.name or "")
        entry = None if row is None else _Reuse(**{**row, "what": _WHAT[row["what"]]})
        if entry is not None and "type" in part.node and not part.node.get(entry.frozen_by):
            scopes = [(*part.path, name) for name in entry.parts] or [part.path]
            facts += [_fact((*part.path, "type"), part, entry, scope) for scope in scopes]
        frames = _frames_with_losses(part.node)
        if frames > 1:
            entry = _Reuse(
                say("the head runs once for each of {count} frames", count=frames), "likely", _STREAM
            )
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
        why=say("In one training step of {part}, {what}.", part=part.label, what=entry.what),
        evidence=(entry.evidence,),
        scope=scope,  # type: ignore[arg-type]
    )
