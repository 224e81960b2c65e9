"""Methods of MMEngine's BaseModule and BaseModel, and of their kin in mmcv 1.x."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict

from mmfix.model.knowledge.openmmlab.losses import summed
from mmfix.model.knowledge.torch.parts import children
from mmfix.model.machine.values import UNKNOWN, Instance, NativeClass

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine


def _init_weights(m: Machine, receiver: Instance, pretrained: Any = None) -> None:
    """``mmengine/model/base_module.py: BaseModule.init_weights``: what matters is that it visits children.

    Code of the time before it hands over the path of weights (mmdet 2.9 ``mmdet/models/detectors/base.py``).
    """
    if receiver.notes.initialised:
        return
    m.touch(receiver)
    receiver.notes = receiver.notes._replace(initialised=True)
    for _, child in children(m, receiver):
        method = None
        if not isinstance(child.cls, NativeClass) or child.cls.dotted.startswith("mmengine"):
            method = m.attribute(child, "init_weights", None)
        elif child.cls.name in ("Sequential", "ModuleList", "ModuleDict"):
            _init_weights(m, child)
        if method is not None:
            m.call(method, [], {})


def _losses(m: Machine, receiver: Any, losses: Any) -> Any:
    """``parse_losses``: only entries whose name has ``loss`` in it are summed."""
    return (summed(m, losses), UNKNOWN)


def optimizers(m: Machine, /, **wrappers: Any) -> Any:
    """``OptimWrapperDict(a=one, b=another)``: a part of what the model was given, and used as that."""
    return next(iter(wrappers.values()), UNKNOWN)


MODULE: Dict[str, Callable[..., Any]] = {
    "init_weights": _init_weights,
    "parse_losses": _losses,
    "_parse_losses": _losses,
}
