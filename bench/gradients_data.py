"""Made-up training batches for `gradients.py`: small, with ground truth of every kind the pipelines would give."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, List

import numpy as np
import torch
from mmengine.dataset import Compose, default_collate
from mmengine.logging import MessageHub
from mmengine.structures import InstanceData, PixelData

SAMPLES = 2  # batch normalisation refuses to train on one


def class_counts(node: Any) -> List[int]:
    """Every `num_classes` in a model config; the smallest is a bound for labels that suits all heads."""
    if isinstance(node, dict):
        found = [
            value
            for key, value in node.items()
            if key in ("num_classes", "num_things_classes") and isinstance(value, int) and value > 0
        ]
        return found + [count for value in node.values() for count in class_counts(value)]
    if isinstance(node, (list, tuple)):
        return [count for value in node for count in class_counts(value)]
    return []


def image(channels: int, height: int, width: int) -> Any:
    """Noise, as a pipeline packs it: channels x height x width, bytes."""
    return torch.randint(0, 255, (channels, height, width), dtype=torch.uint8)


def detection(config: Any, _model: Any) -> Dict[str, Any]:
    """mmdet: six boxes of six sizes, so that every level of a pyramid gets positives; masks and semantics if asked."""
    from mmdet.structures import DetDataSample
    from mmdet.structures.bbox import HorizontalBoxes
    from mmdet.structures.mask import BitmapMasks

    side, sizes = 320, np.array([20, 40, 60, 90, 120, 180])
    pipeline = str(config.train_dataloader)
    panoptic = "LoadPanopticAnnotations" in pipeline
    classes = min([*class_counts(config.model), 2])
    random = np.random.RandomState(1)
    samples = []
    for index in range(SAMPLES):
        corner = random.rand(len(sizes), 2) * (side - sizes - 1)[:, None]
        boxes = np.concatenate([corner, corner + sizes[:, None]], axis=1)
        sample = DetDataSample(
            metainfo={
                "img_id": index, "img_shape": (side, side), "ori_shape": (side, side), "pad_shape": (side, side),
                "batch_input_shape": (side, side), "scale_factor": (1.0, 1.0), "flip": False, "border": [0, 0, 0, 0],
            }
        )  # fmt: skip
        found = InstanceData(
            bboxes=HorizontalBoxes(torch.tensor(boxes, dtype=torch.float32)),
            labels=torch.tensor(random.randint(0, classes, len(sizes))),
        )
        if "'with_mask': True" in pipeline or panoptic:
            masks = np.zeros((len(sizes), side, side), dtype=np.uint8)
            for mask, (x1, y1, x2, y2) in zip(masks, boxes.astype(int)):
                mask[y1:y2, x1:x2] = 1
            found.masks = BitmapMasks(masks, side, side)
        if "'with_seg': True" in pipeline or panoptic:
            sample.gt_sem_seg = PixelData(sem_seg=torch.randint(0, classes, (1, side, side)).to(torch.uint8))
        sample.gt_instances = found
        sample.ignored_instances = InstanceData(
            bboxes=HorizontalBoxes(torch.zeros(0, 4)), labels=torch.zeros(0, dtype=torch.long)
        )
        samples.append(sample)
    return {"inputs": [image(3, side, side) for _ in samples], "data_samples": samples}


def segmentation(config: Any, _model: Any) -> Dict[str, Any]:
    """mmsegmentation: label, edge and depth maps of the size the preprocessor asks for."""
    from mmseg.structures import SegDataSample

    settings = config.model.data_preprocessor
    height, width = settings.get("size") or (256, 256)
    classes = max(min([*class_counts(config.model), 19]), 2)
    samples = []
    for _ in range(SAMPLES):
        sample = SegDataSample(metainfo={"img_shape": (height, width), "ori_shape": (height, width)})
        sample.gt_sem_seg = PixelData(data=torch.randint(0, classes, (1, height, width)))
        sample.gt_edge_map = PixelData(data=torch.randint(0, 2, (1, height, width)))
        sample.gt_depth_map = PixelData(data=torch.rand(1, height, width))
        samples.append(sample)
    channels = len(settings.get("mean", "rgb"))
    return {"inputs": [image(channels, height, width) for _ in samples], "data_samples": samples}


def pretraining(config: Any, _model: Any) -> Any:
    """mmpretrain: what the config's own pipeline makes of one image of noise (crops, views, masks)."""
    import cv2

    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "noise.png")
        cv2.imwrite(path, np.random.RandomState(0).randint(0, 255, (256, 256, 3), dtype=np.uint8))
        dataset = config.train_dataloader.dataset
        while "pipeline" not in dataset:
            dataset = dataset.dataset
        pipeline = Compose(dataset.pipeline)
        return default_collate([pipeline({"img_path": path, "gt_label": index}) for index in range(SAMPLES)])


def pose(config: Any, model: Any) -> Dict[str, Any]:
    """mmpose: DEKR's maps, or the SimCC labels of DWPose."""
    from mmpose.testing import get_packed_inputs

    if config.model.type == "DWPoseDistiller":
        head = model.student.head
        hub = MessageHub.get_instance("gradients")  # DWPose reads the epoch from the current hub
        hub.update_info("epoch", 0)
        hub.update_info("max_epochs", 10)
        width, height = head.input_size
        labelled: Dict[str, Any] = get_packed_inputs(
            SAMPLES,
            num_keypoints=head.out_channels,
            img_shape=(height, width),
            input_size=(width, height),
            simcc_split_ratio=head.simcc_split_ratio,
        )
        return labelled
    if config.model.head.type != "DEKRHead":
        raise NotImplementedError(f"no data is made for {config.model.head.type}")
    points, side = config.model.head.num_keypoints, 256
    batch: Dict[str, Any] = get_packed_inputs(
        SAMPLES, num_keypoints=points, img_shape=(side, side), input_size=(side, side)
    )
    shape = (side // 4, side // 4)
    for sample in batch["data_samples"]:
        sample.gt_fields = PixelData(
            heatmaps=torch.rand(points + 1, *shape),
            heatmap_weights=torch.ones(points + 1, *shape),
            displacements=torch.rand(2 * points, *shape),
            displacement_weights=torch.rand(2 * points, *shape),
        )
    return batch


def action(config: Any, _model: Any) -> Dict[str, Any]:
    """mmaction2: one clip of 16 frames, or as many segments as the head wants."""
    from mmaction.structures import ActionDataSample

    video = config.model.data_preprocessor.format_shape == "NCTHW"
    shape = (1, 3, 16, 112, 112) if video else (config.model.cls_head.get("num_segments", 8), 3, 112, 112)
    clips = [torch.randint(0, 255, shape, dtype=torch.uint8) for _ in range(SAMPLES)]
    return {"inputs": clips, "data_samples": [ActionDataSample().set_gt_label(i) for i in range(SAMPLES)]}


def restoration(config: Any, model: Any) -> Dict[str, Any]:
    """mmagic: a few small frames and the large ones they came from; EDVR restores one frame only."""
    from mmagic.structures import DataSample

    scale = 4 if getattr(model.generator, "is_low_res_input", True) else 1
    count = 7 if config.model.generator.get("padding") == 3 else 5  # IconVSR pads with the 7th frame
    target = (3, 256, 256) if config.model.type == "EDVR" else (count, 3, 64 * scale, 64 * scale)
    frames = torch.randint(0, 255, (count, 3, 64, 64), dtype=torch.uint8)
    return {
        "inputs": [frames],
        "data_samples": [DataSample(gt_img=torch.randint(0, 255, target, dtype=torch.uint8))],
    }


#: The maker of data for a config's `default_scope`; called with the config and the built model.
MAKERS: Dict[str, Callable[[Any, Any], Any]] = {
    "mmdet": detection,
    "mmseg": segmentation,
    "mmpretrain": pretraining,
    "mmpose": pose,
    "mmaction": action,
    "mmagic": restoration,
}
