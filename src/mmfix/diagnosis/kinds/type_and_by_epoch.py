"""``train_cfg`` has both ``type`` and ``by_epoch``.

A base says ``train_cfg = dict(type='EpochBasedTrainLoop', ...)`` and a child ``dict(by_epoch=True, ...)``:
merged they are two answers to one question (``mmengine/runner/runner.py: build_train_loop``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

from mmfix.diagnosis.types import Kind, Sighting, sign
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.config.document import ConfigDocument
    from mmfix.config.keypath import KeyPath


def places(document: ConfigDocument, sighting: Sighting) -> Tuple[KeyPath, ...]:
    """Both keys."""
    loop = document.get(("train_cfg",), None)
    if not isinstance(loop, dict) or not {"type", "by_epoch"} <= set(loop):
        return ()
    return (("train_cfg", "type"), ("train_cfg", "by_epoch"))


KIND = Kind(
    id="type-and-by-epoch",
    title=say("train_cfg with both type and by_epoch"),
    message="Only one of `type` or `by_epoch` can exist",
    outcome=None,
    signs=(sign("Only one of `type` or `by_epoch` can exist in `loop_cfg`"),),
    explanation=say(
        "train_cfg says twice which loop to build: by type and by by_epoch. Mostly a base has the one "
        "and your config the other."
    ),
    hints=(
        say(
            "Take by_epoch out of your train_cfg, or write _delete_=True into it, so that it inherits "
            "no type."
        ),
    ),
    places=places,
)
