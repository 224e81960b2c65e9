"""Batches for mmsegmentation: maps of labels, edges and depth."""

from __future__ import annotations

from typing import Any, Dict, Sequence, Tuple

import numpy as np
import torch

from mmfix.prove.inputs import drawing, settings
from mmfix.prove.inputs.protocol import InputMaker, Request

#: Backbones whose relative position tables have exactly the size of ``img_size``.
#: (mmseg/models/backbones/beit.py: BEiTAttention; mae.py inherits it)
FIXED_BACKBONES = ("BEiT", "MAE")
#: mmseg/models/decode_heads/lraspp_head.py pools windows of 49 x 49 cells at a stride of 8 pixels.
LRASPP = (400, 400)
#: Not that of mmdet, which mmseg's mask classifiers use.
CROSS_ENTROPY = ("CrossEntropyLoss", "mmseg.CrossEntropyLoss")


class Segmentation:
    """Images with a few fields of different classes."""

    def __init__(self, config: Any) -> None:
        # mmseg/models/losses/cross_entropy_loss.py looks up the class weight of each pixel, ignored ones too,
        # and fails at the first one: where classes have weights, no batch with ignored pixels ever trains
        losses = [n for _, n in settings.dicts(config.model) if n.get("type") in CROSS_ENTROPY]
        weighted = any(isinstance(loss.get("class_weight"), (list, tuple)) for loss in losses)
        self.kinds: Tuple[str, ...] = ("normal",) if weighted else ("normal", "empty", "single")

    def size(self, config: Any) -> Tuple[int, int]:
        """128 x 128, or what LRASPP's fixed pooling needs."""
        names = {settings.type_name(node) for _, node in settings.dicts(config.model)}
        return LRASPP if "LRASPPHead" in names else (128, 128)

    def adapt(self, config: Any, size: Tuple[int, int]) -> Sequence[str]:
        """The size that the data preprocessor pads to becomes `size`, and so does that of fixed backbones."""
        lines = []
        for path, node in settings.preprocessors(config):
            if node.get("size") is not None:
                lines.append(settings.replace(node, path, "size", size))
        for path, node in settings.dicts(config.model, "model"):
            if settings.type_name(node) in FIXED_BACKBONES and "img_size" in node:
                lines.append(settings.replace(node, path, "img_size", size))
        return lines

    def batch(self, request: Request) -> Dict[str, Any]:
        """One ``SegDataSample`` for each image, with every map that a head might ask for."""
        from mmengine.structures import PixelData
        from mmseg.structures import SegDataSample

        random = drawing.random_state(request.seed)
        channels = settings.channels(request.config)
        classes = class_count(request.config)
        inputs, samples = [], []
        for index in range(request.batch_size):
            count = drawing.object_count(request.kind, index)
            labels = drawing.label_map(random, classes, request.size, count)
            sample = SegDataSample(metainfo={"img_shape": request.size, "ori_shape": request.size})
            sample.gt_sem_seg = PixelData(data=torch.from_numpy(labels))
            sample.gt_edge_map = PixelData(data=torch.from_numpy(edges(labels)))
            depth = random.rand(1, *request.size) * 10 * (labels != drawing.IGNORED)
            sample.gt_depth_map = PixelData(data=torch.from_numpy(depth.astype(np.float32)))
            inputs.append(drawing.image(random, channels, request.size))
            samples.append(sample)
        return {"inputs": inputs, "data_samples": samples}


def class_count(config: Any) -> int:
    """How many classes labels may name: as many as every head knows."""
    return max(min([*settings.numbers(config.model, "num_classes"), 19]), 2)


def edges(labels: Any) -> Any:
    """1 where a label differs from the one above or to the left, 0 elsewhere."""
    found = np.zeros_like(labels)
    found[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    found[:, :, 1:] |= labels[:, :, 1:] != labels[:, :, :-1]
    return found


def maker(config: Any) -> InputMaker:
    """The maker for an mmseg config."""
    return Segmentation(config)
