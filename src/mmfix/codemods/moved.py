"""Which line of a file became which, and what is left of two syntax trees when both say the same."""

from __future__ import annotations

import difflib
from typing import Dict, List


def moved_lines(before: bytes, after: bytes) -> Dict[int, int]:
    """By each line of a file, 1-based, the line that it is afterwards."""
    old, new = before.split(b"\n"), after.split(b"\n")
    found: Dict[int, int] = {}
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for _, start, end, new_start, new_end in matcher.get_opcodes():
        for offset in range(end - start):
            found[start + offset + 1] = min(new_start + offset, max(new_end - 1, new_start)) + 1
    return found


def changed_lines(before: bytes, after: bytes) -> List[int]:
    """The lines of the file as it was that are others afterwards, or behind which there are new ones."""
    matcher = difflib.SequenceMatcher(None, before.split(b"\n"), after.split(b"\n"), autojunk=False)
    found: List[int] = []
    for tag, start, end, _, _ in matcher.get_opcodes():
        if tag != "equal":
            found += range(start + 1, end + 1) if end > start else [start]
    return found
