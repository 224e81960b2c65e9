"""What the frameworks sum to the loss."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from mmfix.model.machine.joining import joined_summary, weaken, without_none
from mmfix.model.machine.values import MISSING, Either, Opaque, Param, PyDict, PyList

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine


def summed(m: Machine, losses: Any) -> Opaque:
    """What the sum of the losses depends on.

    Of a dict only entries whose name contains ``loss`` count (``mmengine/model/base_model/base_model.py:
    parse_losses``; ``_parse_losses`` of the mmcv 1.x detectors, segmentors and classifiers).
    """
    losses = without_none(losses)  # the frameworks end the run over None
    if isinstance(losses, Either):
        either = [summed(m, item) for item in losses.values]
        m.same_losses = False
        return reduce(joined_summary, either)
    if not isinstance(losses, PyDict):
        if isinstance(losses, (tuple, PyList)):
            parts = [summed(m, item) for item in m.items_of(losses).items if not isinstance(item, str)]
            return m.flow(*parts)
        return m.flow(losses)
    always = not losses.maybe and losses.rest is MISSING
    m.same_losses = always and m.same_losses is not False
    values = [
        weaken(m.flow(value))  # not there on every path
        if key in losses.maybe and isinstance(value, (Param, PyList, PyDict))
        else without_none(value)
        for key, value in losses.items.items()
        if not isinstance(key, str) or "loss" in key
    ]
    return m.flow(*values, *([] if losses.rest is MISSING else [losses.rest]))
