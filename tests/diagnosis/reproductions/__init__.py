"""Every error that `mmfix explain` knows, made for real: what a user sees in the terminal when it happens."""

from __future__ import annotations

from reproductions.ddp import DDP
from reproductions.settings import SETTINGS
from reproductions.types import Reproduction

__all__ = ["REPRODUCTIONS", "Reproduction"]

#: (name, diagnosis, outcome, ...) of each text.
REPRODUCTIONS = (*DDP, *SETTINGS)
