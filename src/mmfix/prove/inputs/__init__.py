"""Made-up training batches for a rehearsal, and the protocol for making one's own (see docs/inputs.md).

A rehearsal replaces the data: `mmfix prove` asks the *input maker* of the config's scope for batches. There
are makers for mmdet, mmseg and mmpretrain. Other packages bring their own, by an entry point of the group
``mmfix.inputs`` or by :func:`register`.
"""

from __future__ import annotations

from mmfix.prove.inputs.finding import default_size, maker_for, register
from mmfix.prove.inputs.protocol import InputMaker, NoInputs, Request

__all__ = ["InputMaker", "NoInputs", "Request", "default_size", "maker_for", "register"]
