"""The stand-ins in mmcv itself: when they are put in place, and that mmcv's operators train with them."""

from __future__ import annotations

from pathlib import Path

import pytest
from fresh_python import run

pytest.importorskip("torch")


GRADIENTS = """
import torch
from mmfix.prove import ops
assert "roi_align" in ops.install()
from mmcv.ops import *
from mmcv.ops import carafe_naive
from mmcv.ops.multi_scale_deform_attn import MultiScaleDeformableAttnFunction
torch.manual_seed(0)

def random(*shape, grad=True):
    return torch.rand(*shape, dtype=torch.double).requires_grad_(grad)

features, rois = random(2, 4, 6, 7), torch.tensor([[0., 1, 2, 13, 14], [1, -3, 2, 30, 23]]).double()
turned = torch.tensor([[0., 9, 8, 11, 7, .3], [1, 10, 12, 20, 9, -2]]).double()
levels, starts = torch.tensor([[3, 4], [2, 2]]), torch.tensor([0, 12])
target = torch.tensor([0, 2, 3, 1])
pixels = (random(1, 6, 7, grad=False) > 0.5).double()
cases = {
    "roi_align": (lambda x: roi_align(x, rois, (2, 3), 0.25, 0, "avg", True), [features]),
    "roi_align max": (lambda x: roi_align(x, rois, 2, 0.25, 2, "max", False), [features]),
    "roi_pool": (lambda x: roi_pool(x, rois, 2, 0.25), [features]),
    "roi_align_rotated": (lambda x: roi_align_rotated(x, turned, 2, 0.25, 0, True, False), [features]),
    "deform_roi_pool": (lambda x, o: deform_roi_pool(x, rois[:1], o, (2, 2), 0.25, 2, 0.1),
                        [features, random(1, 2, 2, 2)]),
    "border_align": (lambda x: border_align(x, rois[:, None, 1:] / 4, 5), [features]),
    "deform_conv2d": (lambda x, o, w: deform_conv2d(x, o, w, 2, 1, 1, 2, 2),
                      [features, random(2, 36, 3, 4), random(6, 2, 3, 3)]),
    "modulated_deform_conv2d": (
        lambda x, o, m, w, b: modulated_deform_conv2d(x, o, m, w, b, 1, 1, 2, 1, 2),
        [features, random(2, 36, 4, 5), random(2, 18, 4, 5), random(3, 4, 3, 3), random(3)],
    ),
    "modulated without bias": (lambda x, o, m, w: modulated_deform_conv2d(x, o, m, w, None, 1, 1),
                               [features, random(2, 18, 6, 7), random(2, 9, 6, 7), random(2, 4, 3, 3)]),
    "carafe": (lambda x, m: carafe(x, m, 3, 2, 2), [features, random(2, 18, 12, 14)]),
    "carafe_naive": (lambda x, m: carafe_naive(x, m, 3, 2, 2), [features, random(2, 18, 12, 14)]),
    "psa_mask collect": (lambda x: PSAMask("collect", (5, 3))(x), [random(2, 15, 4, 5)]),
    "psa_mask distribute": (lambda x: PSAMask("distribute", (5, 3))(x), [random(2, 15, 4, 5)]),
    "sigmoid_focal_loss": (lambda x: sigmoid_focal_loss(x, target, 2.0, 0.25, None, "mean"), [random(4, 3)]),
    "softmax_focal_loss": (lambda x: softmax_focal_loss(x, target, 2.0, 0.25, None, "sum"), [random(4, 4)]),
    "tin_shift": (lambda x: tin_shift(x, torch.tensor([[1, -1], [0, 2]])), [random(2, 3, 4, 5)]),
    "ms_deform_attn": (lambda v, l, a: MultiScaleDeformableAttnFunction.apply(v, levels, starts, l, a, 64),
                       [random(1, 16, 2, 3), random(1, 3, 2, 2, 4, 2), random(1, 3, 2, 2, 4)]),
}
for name, (function, inputs) in cases.items():
    assert torch.autograd.gradcheck(function, inputs, fast_mode=True), name
    print(name)
weight, bias = random(2, 4, 3, 3), random(2)
masked = masked_conv2d(features[:1], pixels, weight, bias, 1)
assert torch.allclose(masked, torch.nn.functional.conv2d(features[:1], weight, bias, padding=1) * pixels)

boxes, scores = torch.tensor([[0., 0, 9, 9], [0, 0, 9, 8], [0, 0, 9, 9]]), torch.tensor([.5, .9, .7])
same = dict(type="nms", iou_threshold=0.5, max_num=5)
assert batched_nms(boxes, scores, torch.tensor([0, 0, 1]), same)[1].tolist() == [1, 2]
apart = boxes + torch.tensor([[0.], [20], [40]])
assert nms(apart, scores, 0.5)[1].tolist() == [1, 2, 0]
assert nms(apart, scores, 0.5, score_threshold=0.6)[1].tolist() == [1, 2]
assert nms(apart, scores, 0.5, max_num=1)[1].tolist() == [1]
dets, kept = soft_nms(boxes[:2], scores[:2], 0.3, method="linear")
assert kept.tolist() == [1, 0] and 0 < dets[1, 4] < 0.1, dets
assert [group.tolist() for group in nms_match(torch.cat([boxes, scores[:, None]], 1), 0.5)] == [[1, 2, 0]]
assert nms_rotated(turned[:, 1:], scores[:2].double(), 0.9)[1].tolist() == [1, 0]
assert box_iou_rotated(turned[:, 1:], turned[:, 1:]).diagonal().tolist() == [1, 1]
assert bbox_overlaps(rois[:, 1:], rois[:, 1:]).diagonal().tolist() == [1, 1]
print("used", *ops.used())
"""


@pytest.mark.slow
def test_mmcv_operators_pass_gradcheck_in_place(openmmlab: Path) -> None:
    *names, used = run(GRADIENTS, openmmlab).splitlines()
    assert len(names) == 17
    assert used.split()[1:] == [
        *("bbox_overlaps", "border_align", "box_iou_rotated", "carafe", "carafe_naive", "deform_conv2d"),
        *(
            "deform_roi_pool",
            "masked_conv2d",
            "modulated_deform_conv2d",
            "ms_deform_attn",
            "nms",
            "nms_match",
        ),
        *("nms_rotated", "psa_mask", "roi_align", "roi_align_rotated", "roi_pool", "sigmoid_focal_loss"),
        *("soft_nms", "softmax_focal_loss", "tin_shift"),
    ]


LAYERS = """
import torch
from mmfix.prove import ops
first, again = ops.install(), ops.install()
assert first == again and ops.used() == ()
import mmdet.models, mmseg.models
from mmcv.cnn import build_conv_layer
from mmcv.ops import RoIAlign, batched_nms
from mmdet.models.layers.bbox_nms import multiclass_nms
layer = build_conv_layer(dict(type="DCNv2"), 4, 6, 3, padding=1)
features = torch.rand(2, 4, 16, 16)
with torch.autocast("cpu", dtype=torch.bfloat16):
    found = layer(features)
boxes = torch.tensor([[0, 0., 0, 9, 9]])
loss = found.float().sum() + RoIAlign(7, 0.5)(layer(features), boxes).sum()
loss.backward()
assert all(value.grad is not None for value in layer.parameters())
multiclass_nms(torch.rand(5, 4), torch.rand(5, 3), 0.05, dict(type="nms", iou_threshold=0.5))
print(*ops.used())
"""


@pytest.mark.slow
def test_packages_are_imported_and_their_layers_run(openmmlab: Path) -> None:
    assert run(LAYERS, openmmlab).split() == ["modulated_deform_conv2d", "nms", "roi_align"]


MISSING = """
from mmfix.prove import ops
ops.install()
import torch
from mmcv.ops import three_nn
try:
    three_nn(torch.rand(1, 4, 3), torch.rand(1, 4, 3))
except ops.OpNotAvailable as error:
    print(error.op, isinstance(error, RuntimeError), error, sep="\\n")
"""


@pytest.mark.slow
def test_an_operator_without_a_stand_in_says_so_when_called(openmmlab: Path) -> None:
    op, runtime, text = run(MISSING, openmmlab).splitlines()
    assert (op, runtime) == ("three_nn", "True")
    assert text == "op three_nn is not available: mmcv has no compiled ops here, and mmfix has no stand-in"


#: What is installed -> what ``ops.install`` does: names put in place, names used, whether mmcv has an
#: extension module then; whether that comes from a file, has ``nms``, has any name.
PUT_IN_PLACE = {
    ("2.1.0", "nms = 1"): "0 () True|True True False",  # compiled operators are there: not touched
    ("2.1.0", ""): "21 () True|False True True",
    ("2.1.0", "raise ImportError('undefined symbol')"): "21 () True|False True True",
    ("1.7.2", ""): "21 () True|False True True",
    ("2.2.0rc1", ""): "21 () True|False True True",
    ("1.2.7", ""): "0 () False|False False False",  # too old: functions had other arguments
    ("no mmcv", ""): "0 () False|False False False",
}

INSTALL = """
import sys
import torch
for folder in sys.argv[1:]:
    sys.path.insert(0, folder)
    from mmfix.prove import ops
    print(len(ops.install()), ops.used(), "mmcv._ext" in sys.modules, end="|")
    module = sys.modules.get("mmcv._ext")
    print(getattr(module, "__file__", None) is not None, hasattr(module, "nms"), hasattr(module, "anything"))
    for name in list(sys.modules):  # the next folder's mmcv is met as in a new process
        if name.split(".")[0] == "mmcv" or name.startswith("mmfix.prove"):
            del sys.modules[name]
    del sys.path[0]
"""


def fake_mmcv(folder: Path, version: str, extension: str) -> Path:
    folder.mkdir()
    if version == "no mmcv":
        (folder / "mmcv.py").write_text("raise ModuleNotFoundError('No module named mmcv', name='mmcv')")
        return folder
    (folder / "mmcv").mkdir()
    (folder / "mmcv/__init__.py").write_text(f"__version__ = {version!r}\n")
    if extension:
        (folder / "mmcv/_ext.py").write_text(extension)
    return folder


def test_when_stand_ins_are_put_in_place(tmp_path: Path) -> None:
    folders = [fake_mmcv(tmp_path / str(number), *which) for number, which in enumerate(PUT_IN_PLACE)]
    found = run(INSTALL, arguments=folders).splitlines()
    assert dict(zip(PUT_IN_PLACE, found)) == PUT_IN_PLACE
