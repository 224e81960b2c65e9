"""Made-up training batches for `gradients.py`: those of `mmfix prove`, and more for packages that it has none for."""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, Dict

import torch
from mmengine.logging import MessageHub
from mmengine.structures import PixelData

from mmfix.prove import inputs

SAMPLES = 2  # batch normalisation refuses to train on one


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
MAKERS: Dict[str, Callable[[Any, Any], Any]] = {"mmpose": pose, "mmaction": action, "mmagic": restoration}


def made_for(config: Any) -> Callable[[Any], Any]:
    """What makes a batch for a config's model once that is built; changes sizes in the config that would be in the way."""
    own = MAKERS.get(config.get("default_scope"))
    if own:
        return partial(own, config)
    maker = inputs.maker_for(config)
    size = maker.size(config)
    maker.adapt(config, size)
    return lambda model: maker.batch(inputs.Request(config, "normal", size, SAMPLES))
