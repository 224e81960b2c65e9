"""Batches of the mmcv 1.x era: what the pipeline collects decides. No package of that era is needed."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest

torch = pytest.importorskip("torch")
from mmengine.config import Config  # noqa: E402

from mmfix.prove.inputs import NoInputs, Request  # noqa: E402
from mmfix.prove.inputs.collected import maker  # noqa: E402

MEANS = {"type": "Normalize", "mean": [1.0, 2.0, 3.0, 4.0]}


def config(keys: List[str], *transforms: Dict[str, Any]) -> Any:
    pipeline = [*transforms, {"type": "DefaultFormatBundle"}, {"type": "Collect", "keys": ["img", *keys]}]
    heads = {"bbox_head": {"num_classes": 3}, "decode_head": {"num_classes": 3}, "head": {"num_classes": 3}}
    # as a training set that is repeated
    train = {"type": "RepeatDataset", "dataset": {"pipeline": pipeline}}
    return Config({"model": {"type": "Model", **heads}, "data": {"train": train}})


def shapes(value: Any) -> Any:
    if isinstance(value, list):
        return [shapes(item) for item in value]
    return tuple(value.shape) if isinstance(value, torch.Tensor) else type(value).__name__


@pytest.mark.parametrize(
    ("keys", "transforms", "kind", "expected"),
    [
        (["gt_bboxes", "gt_labels"], [], "normal", {"gt_bboxes": [(7, 4)] * 2, "gt_labels": [(7,)] * 2}),
        (["gt_bboxes"], [], "empty", {"gt_bboxes": [(0, 4)] * 2}),
        (["gt_bboxes"], [], "single", {"gt_bboxes": [(1, 4), (0, 4)]}),
        (["gt_bboxes", "gt_bboxes_ignore"], [], "single", {"gt_bboxes_ignore": [(0, 4)] * 2}),
        (["gt_bboxes", "proposals"], [], "normal", {"proposals": [(23, 4)] * 2}),
        (["gt_bboxes", "gt_semantic_seg"], [], "normal", {"gt_semantic_seg": (2, 1, 64, 96)}),
        (
            ["gt_bboxes", "gt_semantic_seg"],
            [{"type": "SegRescale", "scale_factor": 1 / 8}],
            "empty",
            {"gt_semantic_seg": (2, 1, 8, 12)},
        ),
        (["gt_semantic_seg"], [], "normal", {"img": (2, 3, 64, 96), "gt_semantic_seg": (2, 1, 64, 96)}),
        (["gt_semantic_seg"], [MEANS], "normal", {"img": (2, 4, 64, 96), "img_metas": ["dict", "dict"]}),
        (["gt_label"], [], "normal", {"gt_label": (2,)}),
    ],
)
def test_shapes(
    keys: List[str], transforms: List[Dict[str, Any]], kind: str, expected: Dict[str, Any]
) -> None:
    given = config(keys, *transforms)
    batch = maker(given).batch(Request(given, kind, (64, 96), 2, 5))
    assert set(batch) == {"img", "img_metas", *keys}
    assert {key: shapes(batch[key]) for key in expected} == expected


def test_the_same_request_gives_the_same_batch() -> None:
    given = config(["gt_semantic_seg"])
    first, second, other = (maker(given).batch(Request(given, "normal", (64, 64), 2, s)) for s in (1, 1, 2))
    assert torch.equal(first["img"], second["img"])
    assert torch.equal(first["gt_semantic_seg"], second["gt_semantic_seg"])
    assert not torch.equal(first["img"], other["img"])


def test_labels_are_classes_that_every_head_knows() -> None:
    given = config(["gt_bboxes", "gt_labels"])
    labels = torch.cat(maker(given).batch(Request(given, "normal", (64, 64), 8, 0))["gt_labels"])
    assert set(labels.tolist()) == {0, 1, 2}


def test_what_is_not_served_is_named() -> None:
    given = config(["points", "gt_bboxes"])
    with pytest.raises(NoInputs, match="no made-up batches for points"):
        maker(given).batch(Request(given, "normal", (64, 64), 2, 0))
    with pytest.raises(NoInputs, match="no made-up batches for points"):
        maker(config(["points"]))


def test_a_classifier_gets_images_of_the_size_it_crops_to() -> None:
    given = config(["gt_label"], {"type": "RandomCrop", "size": 32, "padding": 4})
    assert maker(given).size(given) == (32, 32)
