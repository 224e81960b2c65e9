"""The ranks have different losses to average.

``_parse_losses`` of the mmcv 1.x era compares the number of losses between the ranks before it reduces them
(``mmdet 2.28.2 mmdet/models/detectors/base.py``). MMEngine has no such check; there the same cause ends in
a hang or in parameters without a gradient.
"""

from __future__ import annotations

from mmfix.diagnosis.types import Kind, sign

KIND = Kind(
    id="loss-keys-differ",
    title="ranks with different losses",
    message="loss log variables are different across GPUs",
    outcome=None,
    signs=(sign("loss log variables are different across"),),
    explanation="One rank has more entries in its loss dict than another. Most often an image without "
    "ground truth, or without positive samples, makes a head leave a loss out; a loss that became NaN "
    "does it, too.",
    hints=(
        "Leave images without ground truth out: filter_empty_gt=True in data.train.",
        "In your own head, return the loss times 0 where there are no positives, so that its key is "
        "always there.",
        "If the losses grew before: lower the learning rate.",
    ),
    confidence="possible",
    rules=("MMF115", "MMF102"),
)
