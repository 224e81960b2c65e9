"""Parts of a model that come from code without source here."""

from __future__ import annotations

import re
from typing import Optional

from mmfix.model.machine.scopes import is_read
from mmfix.model.machine.values import LOST, Opaque
from mmfix.python.place import Place

#: Libraries that are not read, and what is below some, from which models get whole parts.
_MODELS = ("transformers.", "fairscale.", "torchvision.models.")
#: What libraries call what is no part of a model.
_NO_PART = re.compile(r"(?:Config|Tokenizer(?:Fast)?|Processor)(?:\.|$)")


class Foreign(Opaque):
    """What code made that has no source here, and that may be a module.

    Attributes:
        dotted: What was called, ``transformers.SamModel``.
        place: The line.
    """

    __slots__ = ("dotted", "place")

    def __init__(self, value: Opaque, dotted: str, place: Optional[Place]) -> None:
        super().__init__(value.may, value.must, LOST, value.given)
        self.dotted = dotted
        self.place = place


def is_foreign(dotted: str) -> bool:
    """Whether a name of a library may stand for a part of a model that its source alone could tell."""
    unread = dotted.startswith(_MODELS) or (is_read(dotted) and not dotted.startswith("openmmlab."))
    return unread and not _NO_PART.search(dotted)
