"""Batches for trackers of mmdet: frames of one video, and crops of persons for re-identification."""

from __future__ import annotations

from typing import Any, Dict, Tuple

import torch

from mmfix.prove.inputs import drawing, settings
from mmfix.prove.inputs.detection import Detection, meta
from mmfix.prove.inputs.detection import instances as make_instances
from mmfix.prove.inputs.protocol import Request
from mmfix.prove.inputs.wanted import Wanted


class Frames(Detection):
    """Each item is a key frame and its reference frames; an object keeps its identity, and moves."""

    def batch(self, request: Request) -> Dict[str, Any]:
        """Inputs are frames x channels x height x width, one ``TrackDataSample`` each."""
        from mmdet.structures import DetDataSample, TrackDataSample

        random = drawing.random_state(request.seed)
        wanted = Wanted(request.config)
        count = max([2, *settings.numbers(request.config.model, "num_frames")])
        inputs, samples = [], []
        for index in range(request.batch_size):
            objects = drawing.object_count(request.kind, index)
            labels = torch.from_numpy(random.randint(0, wanted.classes, objects))
            frames = []
            for frame in range(count):
                found, _ = make_instances(random, wanted, request.size, objects)
                found.bboxes, found.labels = found.bboxes.tensor, labels.clone()
                found.instances_ids = torch.arange(objects)
                known = {**meta(request.size, index), "frame_id": frame, "video_id": index}
                frames.append(DetDataSample(metainfo=known))
                frames[-1].gt_instances = found
                frames[-1].ignored_instances = found[:0]
            roles = {"key_frames_inds": [0], "ref_frames_inds": list(range(1, count))}
            sample = TrackDataSample(metainfo=roles)
            sample.video_data_samples = frames
            samples.append(sample)
            inputs.append(torch.stack([drawing.image(random, wanted.channels, request.size) for _ in frames]))
        return {"inputs": inputs, "data_samples": samples}


class ReIdentification(Detection):
    """Crops of persons, two of each, for a triplet loss."""

    kinds: Tuple[str, ...] = ("normal",)

    def size(self, config: Any) -> Tuple[int, int]:
        """What a pooling layer of fixed size needs after a stride of 32, else 256 x 128."""
        for _, node in settings.dicts(config.model):
            kernel = node.get("kernel_size")
            if settings.type_name(node) == "GlobalAveragePooling" and isinstance(kernel, (list, tuple)):
                return kernel[0] * 32, kernel[1] * 32
        return 256, 128

    def batch(self, request: Request) -> Dict[str, Any]:
        """A stack of crops, as the default collate function of these configs gives it."""
        from mmdet.structures import ReIDDataSample

        random = drawing.random_state(request.seed)
        crops = range(2 * max(2, request.batch_size))
        images = [drawing.image(random, settings.channels(request.config), request.size) for _ in crops]
        samples = [ReIDDataSample().set_gt_label(index // 2) for index in crops]
        return {"inputs": torch.stack(images), "data_samples": samples}
