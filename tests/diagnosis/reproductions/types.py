"""What a reproduction is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional, Tuple


@dataclass(frozen=True)
class Reproduction:
    """A text that `mmfix explain` must understand.

    Attributes:
        name: Unique.
        diagnosis: The id that `mmfix explain` must give.
        outcome: ``UNUSED``, ``READY_TWICE``, ..., or nothing where DDP is not what failed.
        says: Its key phrase, in the text when white space is taken out of both.
        make: Given an empty folder, what a user sees in the terminal.
        needs: Modules that must be importable; ``mmcv1`` stands for mmcv 1.x with mmdet 2, mmseg 0 and mmcls 0.
        ranks: Whether ranks are started.
        source: Where a text was read that cannot be made here; empty for one that is made.
    """

    name: str
    diagnosis: str
    outcome: Optional[str]
    says: str
    make: Callable[[Path], str]
    needs: Tuple[str, ...] = ("torch",)
    ranks: bool = False
    source: str = ""
