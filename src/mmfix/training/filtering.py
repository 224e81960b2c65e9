"""Whether images without ground truth can get into training."""

from __future__ import annotations

from typing import Any, Iterator, Mapping

_INNER = ("dataset", "datasets")


def leaves_empty_out(tree: Mapping[str, Any]) -> bool:
    """Whether every training dataset leaves images without ground truth out (``filter_empty_gt=True``).

    Source: ``mmdet/datasets/coco.py: CocoDataset.filter_data``; without the key nothing is filtered there.

    Args:
        tree: A resolved config with a ``train_dataloader``.
    """
    loader = tree.get("train_dataloader")
    found = list(_filters(loader.get("dataset"))) if isinstance(loader, dict) else []
    return bool(found) and all(found)


def _filters(node: Any) -> Iterator[bool]:
    """For each dataset that reads images: whether it filters."""
    if isinstance(node, (list, tuple)):
        for item in node:
            yield from _filters(item)
    elif isinstance(node, dict):
        inner = [node[key] for key in _INNER if isinstance(node.get(key), (dict, list, tuple))]
        if inner:
            for item in inner:
                yield from _filters(item)
        else:
            settings = node.get("filter_cfg")
            yield isinstance(settings, dict) and settings.get("filter_empty_gt") is True
