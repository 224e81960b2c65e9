"""Whether images without ground truth can get into training."""

from __future__ import annotations

from typing import Any, Iterator, List, Mapping, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath
from mmfix.training.era import MMCV1

_INNER = ("dataset", "datasets")
_KEY = "filter_empty_gt"


def lets_empty_in(document: ConfigDocument, era: str) -> Iterator[KeyPath]:
    """Every key that lets such images into the training data, through whatever wraps the dataset."""
    root: KeyPath = ("data", "train") if era == MMCV1 else ("train_dataloader", "dataset")
    stack: List[Tuple[KeyPath, Any]] = [(root, document.get(root, None))]
    while stack:
        path, node = stack.pop()
        if isinstance(node, dict):
            if node.get(_KEY) is False:
                yield (*path, _KEY)
            stack += [((*path, key), node[key]) for key in (*_INNER, "filter_cfg") if key in node]
        elif isinstance(node, (list, tuple)):
            stack += [((*path, index), item) for index, item in enumerate(node)]


def leaves_empty_out(tree: Mapping[str, Any]) -> bool:
    """Whether every training dataset leaves images without ground truth out (``filter_empty_gt=True``).

    Source: ``mmdet/datasets/coco.py: CocoDataset.filter_data``; without the key nothing is filtered there.

    Args:
        tree: A resolved config with a ``train_dataloader``.
    """
    loader = tree.get("train_dataloader")
    found = list(_filters(loader.get("dataset"))) if isinstance(loader, dict) else []
    return bool(found) and all(found)


def lets_none_in(tree: Mapping[str, Any]) -> bool:
    """Whether no training dataset of the mmcv 1.x era lets images without ground truth in.

    ``filter_empty_gt`` is True by default there (mmdet 2.28.2 ``mmdet/datasets/custom.py``, mmdet3d
    1.0.0rc6 ``mmdet3d/datasets/custom_3d.py``).
    """
    data = tree.get("data")
    stack = [data.get("train")] if isinstance(data, dict) else []
    while stack:
        node = stack.pop()
        if isinstance(node, (list, tuple)):
            stack.extend(node)
        elif isinstance(node, dict):
            if node.get("filter_empty_gt", True) is not True:
                return False
            stack.extend(node[key] for key in _INNER if key in node)
    return isinstance(data, dict)


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
            yield isinstance(settings, dict) and settings.get(_KEY) is True
