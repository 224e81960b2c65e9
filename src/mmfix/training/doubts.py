"""Of which parts of a model it is open which of several classes of one name is meant."""

from __future__ import annotations

from typing import Dict, List, Optional

from mmfix.config.keypath import KeyPath
from mmfix.training.parts import Part
from mmfix.training.reading import CodeReading


def doubts(code: CodeReading, parts: List[Part]) -> Dict[KeyPath, str]:
    """The config dicts whose class shares its name with others, each with the line that says so.

    The root stands for all of them, where code builds by such a name: that may be in any part.
    """
    found: Dict[KeyPath, str] = {}
    for name, line in code.reading.ambiguous:
        found.update((path, line) for path in [part.path for part in parts if part.name == name] or [()])
    return found


def doubt_of(key: KeyPath, doubtful: Dict[KeyPath, str]) -> Optional[KeyPath]:
    """The innermost dict around a key of which it is open which class is meant; None: of none."""
    return next((key[:depth] for depth in range(len(key), -1, -1) if key[:depth] in doubtful), None)
