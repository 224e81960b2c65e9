"""Suppression and overlap of boxes against definitions written as loops."""

from __future__ import annotations

import math
from typing import Any, List

import pytest
from op_helpers import random, seeded, torch  # noqa: F401 (an autouse fixture)

from mmfix.prove.ops import nms, rotated


def random_boxes(count: int, size: float = 20.0) -> Any:
    corner = random(count, 2) * size
    return torch.cat([corner, corner + random(count, 2) * size / 2 + 0.1], dim=1)


def iou(one: List[float], other: List[float], offset: int = 0) -> float:
    width = max(0.0, min(one[2], other[2]) - max(one[0], other[0]) + offset)
    height = max(0.0, min(one[3], other[3]) - max(one[1], other[1]) + offset)
    area1, area2 = ((box[2] - box[0] + offset) * (box[3] - box[1] + offset) for box in (one, other))
    return width * height / (area1 + area2 - width * height)


def slow_nms(boxes: Any, scores: Any, threshold: float, offset: int) -> List[int]:
    corners, kept = boxes.tolist(), []
    for index in scores.argsort(descending=True).tolist():
        if all(iou(corners[index], corners[other], offset) <= threshold for other in kept):
            kept.append(index)
    return kept


@pytest.mark.parametrize("count", [0, 1, 40, 600])  # 600: more than two blocks
@pytest.mark.parametrize("offset", [0, 1])
@pytest.mark.parametrize("threshold", [0.1, 0.6])
def test_nms_keeps_what_the_definition_keeps(count: int, offset: int, threshold: float) -> None:
    boxes, scores = random_boxes(count, 60), random(count)
    assert nms.nms(boxes, scores, threshold, offset).tolist() == slow_nms(boxes, scores, threshold, offset)


@pytest.mark.slow
def test_nms_follows_a_chain_of_covering_boxes() -> None:
    left = torch.arange(200.0)
    boxes = torch.stack([left, left * 0, left + 3, left * 0 + 1], dim=1)  # each covers its neighbours only
    assert nms.nms(boxes, 200 - left, 0.45, 0).tolist() == list(range(0, 200, 2))


def test_boxes_without_an_area_are_kept() -> None:
    assert nms.nms(torch.zeros(3, 4), torch.tensor([1.0, 3.0, 2.0]), 0.5, 0).tolist() == [1, 2, 0]


@pytest.mark.parametrize("method", [0, 1, 2])
def test_soft_nms_lowers_scores_as_the_definition_says(method: int) -> None:
    boxes, scores = random_boxes(30), random(30)
    dets = boxes.new_empty(30, 5)
    order = nms.soft_nms(boxes, scores, dets, 0.3, 0.5, 0.05, method, 0).tolist()

    left, expected = {index: float(score) for index, score in enumerate(scores)}, []
    while left:
        best = max(left, key=lambda index: left[index])
        expected.append((best, left.pop(best)))
        for index in list(left):
            common = iou(boxes[best].tolist(), boxes[index].tolist())
            left[index] *= (
                math.exp(-common * common / 0.5)
                if method == 2
                else 1
                if common < 0.3
                else (1 - common) * (method == 1)
            )
            if left[index] < 0.05:
                del left[index]
    assert order == [index for index, _ in expected]
    assert dets[: len(order), 4].tolist() == pytest.approx([score for _, score in expected])
    assert torch.equal(dets[: len(order), :4], boxes[order])


def test_nms_match_names_what_each_kept_box_covers() -> None:
    dets = torch.cat([random_boxes(50), random(50, 1)], dim=1)
    groups = nms.nms_match(dets, 0.3)
    assert sorted(index for group in groups for index in group) == list(range(50))
    assert [group[0] for group in groups] == nms.nms(dets[:, :4], dets[:, 4], 0.3, 0).tolist()
    for group in groups:
        assert dets[group, 4].tolist() == sorted(dets[group, 4].tolist(), reverse=True)
        assert all(iou(dets[group[0]].tolist(), dets[index].tolist()) >= 0.3 for index in group[1:])


@pytest.mark.parametrize("mode", [0, 1])
@pytest.mark.parametrize("offset", [0, 1])
def test_bbox_overlaps(mode: int, offset: int) -> None:
    first, second = random_boxes(5), random_boxes(5)
    table, pairs = first.new_empty(5, 5), first.new_empty(5)
    nms.bbox_overlaps(first, second, table, mode, False, offset)
    nms.bbox_overlaps(first, second, pairs, mode, True, offset)
    for row in range(5):
        one = first[row].tolist()
        for column in range(5):
            found = iou(one, second[column].tolist(), offset)
            if mode:  # common / union to common / first area
                area1, area2 = (
                    (box[2] - box[0] + offset) * (box[3] - box[1] + offset)
                    for box in (one, second[column].tolist())
                )
                found = found * (area1 + area2) / (1 + found) / area1
            assert float(table[row, column]) == pytest.approx(found)
    assert torch.equal(pairs, table.diagonal())


def test_rotated_overlap_without_rotation_is_the_plain_one() -> None:
    first, second = random_boxes(6), random_boxes(7)

    def centred(boxes: Any, turn: float) -> Any:
        size = boxes[:, 2:] - boxes[:, :2]
        size = size.flip(1) if turn else size
        return torch.cat([(boxes[:, :2] + boxes[:, 2:]) / 2, size, boxes.new_full((len(boxes), 1), turn)], 1)

    for turn in (0.0, math.pi / 2):
        ious = first.new_empty(42)
        rotated.box_iou_rotated(centred(first, turn), centred(second, 0.0), ious, 0, False)
        assert torch.allclose(ious.view(6, 7), nms.overlaps(first, second))


@pytest.mark.slow
def test_rotated_overlap_against_counted_points() -> None:
    boxes = torch.cat([5 + 3 * random(8, 2), 1 + 4 * random(8, 2), 6 * random(8, 1) - 3], dim=1)
    ious = boxes.new_empty(64)
    rotated.box_iou_rotated(boxes, boxes, ious, 0, False)
    y, x = torch.meshgrid(*[torch.arange(0, 13, 0.02, dtype=torch.double)] * 2, indexing="ij")
    inside = []
    for cx, cy, width, height, angle in boxes.tolist():
        along = (x - cx) * math.cos(angle) + (y - cy) * math.sin(angle)
        across = (y - cy) * math.cos(angle) - (x - cx) * math.sin(angle)
        inside.append((along.abs() <= width / 2) & (across.abs() <= height / 2))
    counted = [[float((a & b).sum()) / float((a | b).sum()) for b in inside] for a in inside]
    assert torch.allclose(ious.view(8, 8), torch.tensor(counted, dtype=torch.double), atol=0.01)


def test_rotated_suppression_respects_labels() -> None:
    boxes = torch.tensor([[5, 5, 4, 2, 0.3], [5, 5, 4, 2, 0.4], [5, 5, 4, 2, 0.3]], dtype=torch.double)
    scores, nothing = boxes.new_tensor([0.5, 0.9, 0.7]), boxes.new_empty(0)
    assert nms.nms_rotated(boxes, scores, nothing, nothing, nothing, 0.5, False).tolist() == [1]
    labelled = torch.cat([boxes, boxes.new_tensor([[0], [1], [0]])], dim=1)
    assert nms.nms_rotated(labelled, scores, nothing, nothing, nothing, 0.5, True).tolist() == [1, 2]
