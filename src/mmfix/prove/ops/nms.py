"""Non-maximum suppression: ``nms``, ``softnms``, ``nms_match``, ``nms_rotated``, and ``bbox_overlaps``."""

from __future__ import annotations

from typing import Callable, List

import torch
from torch import Tensor

from mmfix.prove.ops.rotated import rotated_iou

#: Boxes that are compared with each other at once; earlier blocks only matter by the boxes they kept.
BLOCK = 256


def overlaps(first: Tensor, second: Tensor, offset: int = 0, mode: str = "iou") -> Tensor:
    """``[..., N, M]``: intersection over union, or over the first's area (``iof``), of boxes ``[..., 4]``."""
    left, top, right, bottom = first[..., :, None, :4].unbind(dim=-1)
    left2, top2, right2, bottom2 = second[..., None, :, :4].unbind(dim=-1)
    width = (torch.min(right, right2) - torch.max(left, left2) + offset).clamp_(min=0)
    common = width * (torch.min(bottom, bottom2) - torch.max(top, top2) + offset).clamp_(min=0)
    area = (right - left + offset) * (bottom - top + offset)
    if mode == "iof":
        return common / area
    return common / (area + (right2 - left2 + offset) * (bottom2 - top2 + offset) - common)


def greedy(boxes: Tensor, scores: Tensor, covers: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Numbers of the boxes that no better kept box covers, best first.

    ``covers(better, worse)`` is a boolean matrix. Within a block the answer is the fixed point of "kept is
    what no kept box covers", found in as many steps as the longest chain of boxes that cover each other.
    """
    order = scores.sort(dim=0, descending=True, stable=True)[1]
    kept = order[:0]
    for block in torch.split(order, BLOCK):
        candidates = boxes[block]
        free = ~covers(boxes[kept], candidates).any(dim=0)
        inside = covers(candidates, candidates).triu(diagonal=1)
        alive = free
        while True:
            after = free & ~(inside & alive[:, None]).any(dim=0)
            if torch.equal(after, alive):
                break
            alive = after
        kept = torch.cat([kept, block[alive]])
    return kept


def nms(bboxes: Tensor, scores: Tensor, iou_threshold: float, offset: int) -> Tensor:
    """Numbers of the boxes ``[N, 4]`` to keep, best first (``mmcv/ops/nms.py: NMSop``)."""
    return greedy(bboxes, scores, lambda better, worse: overlaps(better, worse, offset) > iou_threshold)


def soft_nms(
    boxes: Tensor,
    scores: Tensor,
    dets: Tensor,
    iou_threshold: float,
    sigma: float,
    min_score: float,
    method: int,
    offset: int,
) -> Tensor:
    """Numbers of the boxes in the order they are taken; ``dets`` ``[N, 5]`` gets boxes and lowered scores.

    ``method`` 0 drops what overlaps, 1 lowers its score linearly, 2 lowers all scores by a Gaussian.
    """
    scores, left = scores.clone(), torch.ones_like(scores, dtype=torch.bool)
    taken: List[int] = []
    while left.any():
        best = int(scores.masked_fill(~left, -float("inf")).argmax())
        dets[len(taken), :4], dets[len(taken), 4] = boxes[best], scores[best]
        taken.append(best)
        left[best] = False
        iou = overlaps(boxes[best : best + 1], boxes, offset)[0]
        if method == 2:
            weight = torch.exp(-iou * iou / sigma)
        else:
            weight = torch.where(iou >= iou_threshold, (1 - iou) * method, torch.ones_like(iou))
        scores = torch.where(left, scores * weight, scores)
        left = left & ~(scores < min_score)
    return torch.tensor(taken, dtype=torch.long, device=boxes.device)


def nms_match(dets: Tensor, iou_threshold: float) -> List[List[int]]:
    """Groups of boxes ``[N, 5]``: first one that is kept, then those it covers, best first."""
    order = dets[:, 4].sort(descending=True, stable=True)[1]
    groups: List[List[int]] = []
    while order.numel():
        iou = overlaps(dets[order[:1], :4], dets[order, :4])[0]
        covered = iou >= iou_threshold
        covered[0] = True  # a box without an area has no overlap with itself
        groups.append(order[covered].tolist())
        order = order[~covered]
    return groups


def nms_rotated(
    dets: Tensor,
    scores: Tensor,
    order: Tensor,
    dets_sorted: Tensor,
    labels: Tensor,
    iou_threshold: float,
    multi_label: bool,
) -> Tensor:
    """Numbers of the rotated boxes ``[N, 5]`` to keep; with ``multi_label`` the sixth column is the label."""
    del order, dets_sorted, labels

    def covers(better: Tensor, worse: Tensor) -> Tensor:
        found = rotated_iou(better[:, None, :5], worse[None, :, :5]) > iou_threshold
        return found & (better[:, None, 5] == worse[None, :, 5]) if multi_label else found

    return greedy(dets, scores, covers)


def bbox_overlaps(
    bboxes1: Tensor, bboxes2: Tensor, ious: Tensor, mode: int, aligned: bool, offset: int
) -> None:
    """Fill ``ious``: ``[N, M]``, or ``[N]`` for pairs if ``aligned``."""
    kind = ("iou", "iof")[mode]
    if aligned:
        ious.copy_(overlaps(bboxes1[:, None], bboxes2[:, None], offset, kind)[:, 0, 0])
    else:
        ious.copy_(overlaps(bboxes1, bboxes2, offset, kind))
