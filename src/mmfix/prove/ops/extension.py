"""The module that takes the place of ``mmcv._ext``."""

from __future__ import annotations

import functools
import importlib
import importlib.machinery
import re
import sys
import types
from typing import Any, Callable, Dict, Mapping, Set, Tuple

import torch

from mmfix.prove.ops import deform, losses, masks, nms, pooling, roi, rotated, upsample
from mmfix.wording import say

Function = Callable[..., Any]
NAME = "mmcv._ext"

#: Operator, as mmcv.ops calls it, to the functions of the extension that it is made of.
STAND_INS: Mapping[str, Mapping[str, Function]] = {
    "bbox_overlaps": {"bbox_overlaps": nms.bbox_overlaps},
    "border_align": {
        "border_align_forward": pooling.border_align_forward,
        "border_align_backward": pooling.border_align_backward,
    },
    "box_iou_rotated": {"box_iou_rotated": rotated.box_iou_rotated},
    "carafe": {"carafe_forward": upsample.carafe_forward, "carafe_backward": upsample.carafe_backward},
    "carafe_naive": {
        "carafe_naive_forward": upsample.naive_forward,
        "carafe_naive_backward": upsample.naive_backward,
    },
    "deform_conv2d": {
        "deform_conv_forward": deform.conv_forward,
        "deform_conv_backward_input": deform.conv_backward_input,
        "deform_conv_backward_parameters": deform.conv_backward_parameters,
    },
    "deform_roi_pool": {
        "deform_roi_pool_forward": pooling.deform_pool_forward,
        "deform_roi_pool_backward": pooling.deform_pool_backward,
    },
    "masked_conv2d": {
        "masked_im2col_forward": masks.masked_im2col,
        "masked_col2im_forward": masks.masked_col2im,
    },
    "modulated_deform_conv2d": {
        "modulated_deform_conv_forward": deform.modulated_forward,
        "modulated_deform_conv_backward": deform.modulated_backward,
    },
    "ms_deform_attn": {
        "ms_deform_attn_forward": deform.attention_forward,
        "ms_deform_attn_backward": deform.attention_backward,
    },
    "nms": {"nms": nms.nms},
    "nms_match": {"nms_match": nms.nms_match},
    "nms_rotated": {"nms_rotated": nms.nms_rotated},
    "psa_mask": {"psamask_forward": masks.psa_forward, "psamask_backward": masks.psa_backward},
    "roi_align": {"roi_align_forward": roi.align_forward, "roi_align_backward": roi.align_backward},
    "roi_align_rotated": {
        "roi_align_rotated_forward": rotated.align_forward,
        "roi_align_rotated_backward": rotated.align_backward,
    },
    "roi_pool": {
        "roi_pool_forward": pooling.roi_pool_forward,
        "roi_pool_backward": pooling.roi_pool_backward,
    },
    "sigmoid_focal_loss": {
        "sigmoid_focal_loss_forward": losses.sigmoid_forward,
        "sigmoid_focal_loss_backward": losses.sigmoid_backward,
    },
    "soft_nms": {"softnms": nms.soft_nms},
    "softmax_focal_loss": {
        "softmax_focal_loss_forward": losses.softmax_forward,
        "softmax_focal_loss_backward": losses.softmax_backward,
    },
    "tin_shift": {"tin_shift_forward": masks.tin_forward, "tin_shift_backward": masks.tin_backward},
}

_used: Set[str] = set()


class OpNotAvailable(RuntimeError):
    """A compiled operator was called that is not there and has no stand-in; ``op`` is its name."""

    def __init__(self, op: str) -> None:
        self.op = op
        super().__init__(
            say(
                "op {name} is not available: mmcv has no compiled ops here, and mmfix has no stand-in",
                name=op,
            )
        )


def _recorded(op: str, function: Function) -> Function:
    """``function``, noted as used when called, and outside of autocast, as a compiled operator is."""

    @functools.wraps(function)
    def call(*arguments: Any, **settings: Any) -> Any:
        _used.add(op)
        tensor = next(value for value in arguments if isinstance(value, torch.Tensor))
        with torch.autocast(device_type=tensor.device.type, enabled=False):
            return function(*arguments, **settings)

    return call


def _missing(name: str) -> Function:
    """Any attribute of the module: mmcv asserts while it is imported that all of its operators are there."""
    if name.startswith("__"):
        raise AttributeError(name)

    def call(*_arguments: Any, **_settings: Any) -> None:
        raise OpNotAvailable(re.sub(r"_(forward|backward)$", "", name))

    return call


def _module() -> types.ModuleType:
    module = types.ModuleType(NAME, "Plain-torch stand-ins for mmcv's compiled operators.")
    module.__spec__ = importlib.machinery.ModuleSpec(NAME, None)
    contents: Dict[str, Function] = {"__getattr__": _missing}
    for op, functions in STAND_INS.items():
        contents.update((name, _recorded(op, function)) for name, function in functions.items())
    # what mmcv prints about its build
    contents.update(get_compiler_version=lambda: "none", get_compiling_cuda_version=lambda: "none")
    module.__dict__.update(contents)
    return module


def install() -> Tuple[str, ...]:
    """Put the stand-ins in place if mmcv's compiled operators cannot be imported.

    Call it before a package that imports ``mmcv.ops``. Returns the names of the operators that have a
    stand-in; ``()``, and nothing is touched, if the compiled operators are there or mmcv >= 1.3 is not.
    A second call changes nothing.
    """
    present = sys.modules.get(NAME)
    if present is not None and getattr(present, "__file__", None) is None and "__getattr__" in vars(present):
        return tuple(STAND_INS)
    try:
        version = importlib.import_module("mmcv").__version__
    except ImportError:
        return ()
    if tuple(int(part) for part in version.split(".")[:2]) < (1, 3):
        return ()
    try:
        importlib.import_module(NAME)
    except ImportError:
        sys.modules[NAME] = sys.modules["mmcv"]._ext = _module()  # type: ignore[attr-defined]
        _used.clear()
        return tuple(STAND_INS)
    return ()


def used() -> Tuple[str, ...]:
    """Names of the operators whose stand-in was called since :func:`install`, in alphabetical order."""
    return tuple(sorted(_used))
