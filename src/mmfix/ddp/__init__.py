"""What the DDP reducer does: settings and graph traits in, outcome out.

The one place that knows. Every cell of its table is measured by ``tests/ddp/test_outcome_measured.py``.
"""

from __future__ import annotations

from mmfix.ddp.outcome import outcome, possible_outcomes
from mmfix.ddp.types import Checkpoint, Outcome, Settings, Traits, Unused

__all__ = ["Checkpoint", "Outcome", "Settings", "Traits", "Unused", "outcome", "possible_outcomes"]
