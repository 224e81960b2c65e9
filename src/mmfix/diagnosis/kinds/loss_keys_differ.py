"""The ranks have different losses to average.

``_parse_losses`` of the mmcv 1.x era compares the number of losses between the ranks before it reduces them,
and each rank names its own (``mmdet 2.28.2 mmdet/models/detectors/base.py``). MMEngine has no such check;
there the same cause ends in a hang or in parameters without a gradient.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Dict, List, Sequence, Tuple

from mmfix.diagnosis.types import Kind, Sighting, sign
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.config.document import ConfigDocument
    from mmfix.config.keypath import KeyPath

_MOST = 4
#: Which part makes a loss, by its name: ``mmdet 2.28.2 mmdet/models/detectors/two_stage.py`` and
#: ``cascade_roi_head.py``; ``mmsegmentation 0.30.0 mmseg/models/segmentors/encoder_decoder.py``.
_PARTS: Tuple[Tuple[str, str, str], ...] = (
    (r"loss_rpn_\w+", "rpn_head", say("the RPN head")),
    (r"decode\.\w+|decode_\d\.\w+", "decode_head", say("the decode head")),
    (r"aux\.\w+|aux_\d\.\w+", "auxiliary_head", say("the auxiliary head")),
)
#: Of a detector with an RPN these are the losses of its RoI head.
_OF_ROI_HEAD = re.compile(r"(s\d\.)?(loss_cls|loss_bbox|loss_mask|acc)")
_ROI_HEAD = ("roi_head", say("the RoI head"))


def lacking(sighting: Sighting) -> Dict[int, Tuple[str, ...]]:
    """By rank, the losses that another rank has and it has not."""
    ranks = {item.rank: item.names for item in sighting.listed if item.rank is not None}
    every = dict.fromkeys(name for names in ranks.values() for name in names)
    return {
        rank: tuple(name for name in every if name not in ranks[rank])
        for rank in sorted(ranks)
        if len(ranks[rank]) < len(every)
    }


def _parts(sighting: Sighting) -> Tuple[Tuple[str, str], ...]:
    """Key in the model, and name, of each part whose losses a rank lacks."""
    every = {name for item in sighting.listed for name in item.names}
    has_rpn = any(name.startswith("loss_rpn_") for name in every)
    found: List[Tuple[str, str]] = []
    for name in (name for names in lacking(sighting).values() for name in names):
        found += [(key, what) for pattern, key, what in _PARTS if re.fullmatch(pattern, name)]
        found += [_ROI_HEAD] if has_rpn and _OF_ROI_HEAD.fullmatch(name) else []
    return tuple(dict.fromkeys(found))


def more(sighting: Sighting) -> Tuple[str, ...]:
    """Which rank lacks which losses, and which part of the model makes them."""
    ranks: Dict[Tuple[str, ...], List[int]] = {}
    for rank, names in lacking(sighting).items():
        ranks.setdefault(names, []).append(rank)
    lines = [_lacks(numbers, names) for names, numbers in list(ranks.items())[:_MOST]]
    if not lines and len(sighting.listed) == 1 and sighting.listed[0].rank is not None:
        only = sighting.listed[0]
        lines.append(
            say(
                "Rank {rank} has {names}; what the others have is not in this text.",
                rank=only.rank,
                names=_listed(only.names),
            )
        )
    parts = [what for _, what in _parts(sighting)]
    if parts:
        lines.append(say("They are made by {parts}.", parts=say(" and ").join(parts)))
    return tuple(lines)


def _lacks(numbers: Sequence[int], names: Sequence[str]) -> str:
    shown, losses = ", ".join(str(number) for number in numbers[:_MOST]), _listed(names)
    if len(numbers) == 1:
        return say("Rank {rank} has no {losses}.", rank=shown, losses=losses)
    shown += ", ..." if len(numbers) > _MOST else ""
    return say("Ranks {ranks} have no {losses}.", ranks=shown, losses=losses)


def _listed(names: Sequence[str]) -> str:
    shown, more = ", ".join(names[:8]), len(names) - 8
    return say("{names} and {count} more", names=shown, count=more) if more > 0 else shown


def places(document: ConfigDocument, sighting: Sighting) -> Tuple[KeyPath, ...]:
    """The parts that make the losses that a rank lacks."""
    keys = tuple(("model", key) for key, _ in _parts(sighting))
    return tuple(key for key in keys if document.get(key, None) is not None)


KIND = Kind(
    id="loss-keys-differ",
    title=say("ranks with different losses"),
    message="loss log variables are different across GPUs",
    outcome=None,
    signs=(
        sign("loss log variables are different across"),
        sign(
            "len(log_vars): ",
            r"\d+ keys: (?P<names_here>)",
            line=r"rank (?P<rank>\d{1,9}) len\(log_vars\)",
        ),
    ),
    explanation=say(
        "One rank has more entries in its loss dict than another. Most often an image without ground "
        "truth, or without positive samples, makes a head leave a loss out; a loss that became NaN does "
        "it, too."
    ),
    hints=(
        say("Leave images without ground truth out: filter_empty_gt=True in data.train."),
        say(
            "In your own head, return the loss times 0 where there are no positives, so that its key is "
            "always there."
        ),
        say("If the losses grew before: lower the learning rate."),
    ),
    more=more,
    of_losses=True,
    places=places,
    confidence="possible",
    rules=("MMF115", "MMF102"),
)
