"""Where paths part of which one uses a parameter and one does not."""

from __future__ import annotations

from typing import Dict, List, Tuple

from mmfix.model.machine.frame import Frame
from mmfix.model.machine.values import Opaque


class Watch:
    """Where values begin to depend on a parameter only maybe.

    Attributes:
        frames: The calls that run.
        parted: File and class of the code that two paths met in -> bits that only one of them depends on;
            without a file where two whole steps are compared.
    """

    def __init__(self, frames: List[Frame]) -> None:
        self.frames = frames
        self.parted: Dict[Tuple[str, str], int] = {}

    def part(self, bits: int) -> None:
        """Two paths meet, and one of them alone depends on these parameters."""
        place = ("", "")
        if self.frames:
            frame = self.frames[-1]
            cls = None if frame.function is None else frame.function.cls
            place = (frame.scope.path, "" if cls is None else cls.name)
        self.parted[place] = self.parted.get(place, 0) | bits


#: Who is told, while a training step is followed.
watches: List[Watch] = []


def compare(a: Opaque, b: Opaque) -> None:
    """Two paths meet with these values."""
    if watches and (a.may != b.may or a.must != b.must):
        watches[-1].part((a.may ^ b.may) | (a.must ^ b.must))
