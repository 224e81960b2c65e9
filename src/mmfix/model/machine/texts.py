"""Texts of which a part is not known: ``f"layer{index}"``, where the index is not."""

from __future__ import annotations

import re
from typing import Any, List, Mapping, Optional, Tuple

from mmfix.model.machine.counting import Counter
from mmfix.model.machine.values import DATA, UNKNOWN, Opaque

#: A longer text, or one with more holes, is the name of no part of a model.
_LONGEST, _MOST_PIECES = 1000, 20


class Text(Opaque):
    """A text with holes.

    Attributes:
        parts: Texts, and what is not known between them.
    """

    __slots__ = ("_hash", "parts")

    def __init__(self, parts: Tuple[Any, ...]) -> None:
        super().__init__(0, 0, DATA)
        self.parts = parts
        self._hash = hash(tuple(part if isinstance(part, str) else id(part) for part in parts))

    def __eq__(self, other: object) -> bool:
        """With the same words and the same values in its holes it is the same text."""
        return isinstance(other, Text) and _differences(self.parts, other.parts) == 0

    def __hash__(self) -> int:
        return self._hash

    def apart(self, other: Text) -> bool:
        """Whether the two cannot be the same: they differ in one word alone, or where they part."""
        if _differences(self.parts, other.parts) == 1:
            return True
        for first, second in zip(self.parts, other.parts):
            if first is not second and first != second:
                both = isinstance(first, str) and isinstance(second, str)
                return both and not first.startswith(second) and not second.startswith(first)
        return False

    def may_be(self, name: str) -> bool:
        """Whether it may be that name."""
        pattern = "".join(re.escape(part) if isinstance(part, str) else ".*" for part in self.parts)
        return re.fullmatch(pattern, name) is not None

    def among(self, holder: Any, items: Mapping[str, Any], conditional: int) -> List[Any]:
        """Those of the items of ``holder`` whose names it may be.

        Where its one hole is the number of a loop, they are indexed by that.
        """
        holes = [part for part in self.parts if not isinstance(part, str)]
        if len(holes) == 1 and isinstance(holes[0], Counter):
            end = holes[0].first
            while "".join(part if isinstance(part, str) else str(end) for part in self.parts) in items:
                end += 1
            holes[0].indexes(holder, end, conditional)
        return [item for name, item in items.items() if self.may_be(name)]


def _differences(a: Tuple[Any, ...], b: Tuple[Any, ...]) -> Optional[int]:
    """In how many words two texts differ; None where they have not the same holes."""
    pairs = [(x, y) for x, y in zip(a, b) if x is not y]
    if len(a) != len(b) or not all(isinstance(x, str) and isinstance(y, str) for x, y in pairs):
        return None
    return len([x for x, y in pairs if x != y])


def text_of(parts: List[Any]) -> Any:
    """These parts in a row: a text, one with holes, or UNKNOWN where no word of it is known."""
    flat = [piece for part in parts for piece in (part.parts if isinstance(part, Text) else (part,))]
    if len(flat) > _MOST_PIECES or sum(len(piece) for piece in flat if isinstance(piece, str)) > _LONGEST:
        return UNKNOWN
    if all(isinstance(piece, str) for piece in flat):
        return "".join(flat)
    known = any(isinstance(piece, str) and any(map(str.isalpha, piece)) for piece in flat)
    return Text(tuple(flat)) if known or isinstance(flat[0], Counter) else UNKNOWN


def filled(pattern: str, holes: str, value: Any) -> Any:
    """``pattern`` with ``value`` in its one hole; with more holes none of them is known."""
    pieces = re.split(holes, pattern)
    row: List[Any] = [pieces[0]]
    for piece in pieces[1:]:
        row += [value if len(pieces) == 2 else UNKNOWN.like(), piece]
    return text_of(row)
