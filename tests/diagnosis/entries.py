"""The public threads that the parser must understand, each with what it is and where it was.

The texts are DDP's own (:mod:`messages`) with the indices, names, cuts and wraps of the thread; the configs are the
shortest that have what the thread says of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from messages import TWICE_1_8, TWICE_BARE, UNUSED_1_8, UNUSED_BARE, twice, unused

SWIN_FROZEN = """
model = dict(type='MaskRCNN', backbone=dict(type='SwinTransformer', frozen_stages={}))
"""
CHECKPOINTED = """
find_unused_parameters = True
model = dict(type='BEVFormer', img_backbone=dict(type='ResNet', depth=101, with_cp=True))
"""


@dataclass(frozen=True)
class Entry:
    """A thread.

    Attributes:
        id: As in the notes it was collected in.
        thread: Where it was.
        text: What was pasted there.
        diagnosis: What it is; None where the message is not in the text.
        cure: The first cure that must be offered with ``config``, else without one.
        config: What the thread says of its config; empty: nothing.
        key: The key that must be named with ``config``.
        written: The cure that must be offered with ``config``, where that is another one.
        indices, names: Parameters that must be read.
    """

    id: str
    thread: str
    text: str
    diagnosis: Optional[str]
    cure: str = ""
    config: str = ""
    key: str = ""
    written: str = ""
    indices: Tuple[int, ...] = ()
    names: Tuple[str, ...] = ()


_LATE = (*range(33), 325, 326)
#: As the thread has it, wrapped by a terminal in the middle of words and of the list.
_U01 = unused(_LATE).replace("This error indicates", "This error indicate\ns").replace(" 23 24", " 23\n24")

ENTRIES = (
    Entry("U01", "open-mmlab/mmdetection#8208", _U01, "unused-parameters", "find-unused",
          SWIN_FROZEN.format(3), "model.backbone.frozen_stages", indices=_LATE),
    Entry("U03", "open-mmlab/mmaction2#646", UNUSED_1_8, "unused-parameters", "find-unused",
          SWIN_FROZEN.format(2), "model.backbone.frozen_stages"),
    Entry("U05", "open-mmlab/mmyolo PR#945", UNUSED_BARE.replace("indicates", "indicate s").replace("\n", ""),
          "unused-parameters", "find-unused"),
    Entry("U07", "open-mmlab/mmdetection#9899", UNUSED_BARE, "unused-parameters", "find-unused",
          SWIN_FROZEN.format(2), "model.backbone.frozen_stages"),
    Entry("U09", "filaPro/unidet3d#8",
          "./tools/dist_train.sh configs/unidet3d_1xb8_scannet.py 8\n"
          "11/19 23:23:52 - mmengine - INFO - Saving checkpoint at 486 epochs\n"
          "[rank4]: Traceback (most recent call last):\n"
          '[rank4]:   File "./tools/train.py", line 135, in <module>\n'
          "[rank4]:     main()\n"
          "Parameters which did not receive grad for rank 1: decoder.out_bboxes.linear.bias, "
          "decoder.out_bboxes.linear.weight\n",
          "unused-parameters", "find-unused",
          names=("decoder.out_bboxes.linear.bias", "decoder.out_bboxes.linear.weight")),
    Entry("U11", "open-mmlab/mmdetection#8258",
          'Traceback (most recent call last):\n  File "./tools/train.py", line 243, in <module>\n    main()\n'
          '  File "mmcv/runner/epoch_based_runner.py", line 53, in train\n    self.run_iter(data_batch[...]\n', None),
    Entry("U13", "open-mmlab/mmdetection#10515",
          "RuntimeError: Expected to have finished reduction in the prior iteration before starting a new one.\n",
          "unused-parameters", "find-unused"),
    Entry("U15", "aliyun/conditional-lane-detection#29", UNUSED_BARE[:220], "unused-parameters", "find-unused"),
    Entry("U17", "open-mmlab/mmdetection#7298",
          "there produce some hint said the weight and bias of `multi_level_conv_reg` does not join the loss "
          "computation\n", None),
    Entry("U19", "open-mmlab/mmpose PR#2501",
          "when I tried to test the distributed training process, I kept running into this bug\n", None),
    Entry("U21", "open-mmlab/mmdetection#2153",
          "when i set `find_unused_parameters = True`, error disappears but training freezes.\n", None),
    Entry("U23", "open-mmlab/mmyolo#255",
          "bash tools/dist_train.sh configs/yolov5/yolov5_s.py 2 --cfg-options model.backbone.frozen_stages=4\n"
          "11/07 16:55:40 - mmengine - INFO - Epoch(train) [1][1/2730]  lr: 0.0000e+00  loss: 8.3048\n"
          'Traceback (most recent call last):\n  File "tools/train.py", line 106, in <module>\n    main()\n  [...]\n'
          '  File "site-packages/mmengine/model/wrappers/distributed.py"[...]\n', None),
    Entry("T01", "weiyithu/SurroundOcc#111",
          twice(410, "img_backbone.layer4.2.conv3.weight").replace("\n", " ")
          + "ERROR:torch.distributed.elastic.multiprocessing.api:failed (exitcode: 1) local_rank: 0\n",
          "marked-ready-twice", "checkpoint-off", CHECKPOINTED, "model.img_backbone.with_cp", indices=(410,),
          names=("img_backbone.layer4.2.conv3.weight",)),
    Entry("T03", "wudongming97/TopoMLP#25",
          twice(328, "img_backbone.stage5.OSA5_3.ese.fc.bias").replace("RuntimeError: ", ""), "marked-ready-twice",
          "checkpoint-off", CHECKPOINTED.replace("'ResNet', depth=101, with_cp=True", "'VoVNetCP'"),
          "model.img_backbone.type", "non-reentrant", (328,), ("img_backbone.stage5.OSA5_3.ese.fc.bias",)),
    Entry("T05", "fundamentalvision/BEVFormer#97",
          "Expected to mark a variable ready only once.Parameter at index 464 has been marked as ready twice.\n",
          "marked-ready-twice", "checkpoint-off", CHECKPOINTED, "model.img_backbone.with_cp", indices=(464,)),
    Entry("T07", "swc-17/SparseDrive#63",
          twice(157) + "\nParameter at index 157 with name img_backbone.layer4.2.bn3.weight has been marked as ready "
          "twice. This means that multiple autograd engine  hooks have fired for this particular parameter duri[...]\n",
          "marked-ready-twice", "checkpoint-off", CHECKPOINTED, "model.img_backbone.with_cp", indices=(157,),
          names=("img_backbone.layer4.2.bn3.weight",)),
    Entry("T09", "open-mmlab/mmdetection#10515, second user",
          "And I added  `find_unused_parameters=True` in the configuration. \nHowever, a new error showed: \n"
          + TWICE_BARE[:560] + "[...]\n", "marked-ready-twice", "checkpoint-off", CHECKPOINTED,
          "model.img_backbone.with_cp"),
    Entry("T11", "bytedance/ibot#30",
          '  File "torch/utils/checkpoint.py", line 99, in backward\n    torch.autograd.backward(outputs, args)\n'
          '  File "torch/autograd/__init__.py", line 132, in backward\n'
          "    allow_unreachable=True)  # allow_unreachable flag\n    torch.autograd.backward(outputs, args)\n"
          '  File "torch/autograd/__init__.py", line 132, in backward\n'
          + TWICE_1_8 + "\n    allow_unreachable[...]\n", "marked-ready-twice", "checkpoint-off"),
    Entry("T13", "HuangJunJie2017/BEVDet#32",
          '  File "mmcv/runner/hooks/optimizer.py", line 35, in after_train_iter\n'
          "    runner.outputs['loss'].backward()\n"
          '  File "torch/autograd/__init__.py", line 145, in backward\n    Variable._execution_engine.run_backward(\n'
          '  File "torch/autograd/functio[...]\n', None),
    Entry("T15", "open-mmlab/mmrotate#1012", "R50 works, Swin fails under DDP.\n", None),
)  # fmt: skip
