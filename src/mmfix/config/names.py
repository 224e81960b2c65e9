"""Class names as configs write them: ``'ResNet'``, ``'mmdet.ResNet'``, a dotted path, an imported name."""

from __future__ import annotations

from typing import Any, Optional

from mmfix.config.values import LazyName


def type_name(value: Any) -> Optional[str]:
    """The class name a ``type`` value stands for, scope and package stripped.

    Takes ``'ResNet'``, ``'mmdet.ResNet'``, ``'mmengine.model.MMDistributedDataParallel'``, a
    :class:`LazyName`, or a class (in-memory configs). None for anything else, :class:`Unknown` included.
    """
    text = _text(value)
    return text.rpartition(".")[2] or None if text else None


def type_scope(value: Any) -> Optional[str]:
    """The package a ``type`` value names: ``mmdet`` in ``'mmdet.ResNet'``; None when it names none."""
    text = _text(value)
    return text.partition(".")[0] if text and "." in text else None


def _text(value: Any) -> Optional[str]:
    if isinstance(value, str):
        return value
    if isinstance(value, LazyName):
        return value.text
    if isinstance(value, type):
        return f"{value.__module__}.{value.__name__}"
    return None
