"""A model's own ``train_step``: what it sums, or hands to ``backward()`` itself."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import Any, Optional

from mmfix.model.knowledge.openmmlab.losses import summed
from mmfix.model.machine.classes import ClassInfo
from mmfix.model.machine.machine import Machine
from mmfix.model.machine.values import (
    GIVEN,
    MISSING,
    UNKNOWN,
    Bound,
    Either,
    Function,
    GaveUp,
    Instance,
    Method,
    NativeClass,
    Opaque,
    PyDict,
)
from mmfix.wording import say

#: What the ``train_step`` of the frameworks' base classes of the mmcv 1.x era does with the model: all of it
#: happens in ``forward`` (``mmdet/models/detectors/base.py``, ``mmseg/models/segmentors/base.py``,
#: ``mmcls/models/classifiers/base.py``, ``mmpose/models/detectors/base.py``).
_HANDS_ON = frozenset({"forward", "_parse_losses"})
#: Methods of ``mmengine/optim/optimizer/optimizer_wrapper.py`` that take a module and leave it alone.
_LEAVES_ALONE = (
    "optim_context",
    "initialize_count_status",
    "should_update",
    "should_sync",
    "zero_grad",
    "step",
)


def own_step(m: Machine, root: Instance) -> Optional[Function]:
    """The ``train_step`` that is worth following; None where ``forward`` tells the same.

    The wrapper calls ``module.train_step`` (``mmengine/model/wrappers/distributed.py``,
    ``mmcv/parallel/distributed.py``: ``train_step``): with one of its own, ``forward_train`` may be a stub.
    """
    own = root.cls.find(m, "train_step") if isinstance(root.cls, ClassInfo) else MISSING
    if not isinstance(own, Function) or (m.era == "mmcv1" and _hands_on(own.node)):
        return None
    return own


@lru_cache(maxsize=256)
def _hands_on(node: ast.FunctionDef) -> bool:
    """Whether all it asks of the model is ``self(**data)`` and the sum of that."""
    receiver = node.args.args[0].arg if node.args.args else ""
    asked = set()
    for item in ast.walk(node):
        if isinstance(item, ast.Call):
            function = item.func
            if isinstance(function, ast.Attribute) and _is_named(function.value, receiver):
                asked.add(function.attr)
            elif _is_named(function, receiver):
                asked.add("forward")
    mentions = sum(_is_named(item, receiver) for item in ast.walk(node))
    calls = sum(isinstance(item, ast.Call) and _root_is(item.func, receiver) for item in ast.walk(node))
    return asked == _HANDS_ON and mentions == calls


def _is_named(node: Any, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _root_is(node: Any, name: str) -> bool:
    return _is_named(node, name) or (isinstance(node, ast.Attribute) and _is_named(node.value, name))


def losses_of(m: Machine, root: Instance, own: Function) -> Opaque:
    """What a training step of that model sums: what it hands to ``backward()``, and the ``loss`` it returns.

    Raises GaveUp when there is neither.
    """
    m.losses.clear()
    data = Opaque(0, 0, GIVEN)
    if m.era == "mmcv1":
        # no dataset gives `return_loss`, but `self(**data_batch)` means the loss
        result = m.call(Bound(own, root), [PyDict({"return_loss": True}, None, data), UNKNOWN], {})
        returned = [_loss(item) for item in (result.values if isinstance(result, Either) else (result,))]
    else:
        m.call(Bound(own, root), [PyDict({}, None, data), optimizer()], {})
        returned = []
    found = [*m.losses, *(item for item in returned if item is not MISSING)]
    if not found:
        raise GaveUp(say("no loss was seen in the train_step of {type}", type=root.cls.name))
    return m.flow(*(summed(m, item) for item in found))


def _loss(result: Any) -> Any:
    """The loss in what ``train_step`` returned, as the OptimizerHook takes it
    (``mmcv/runner/hooks/optimizer.py``: ``runner.outputs['loss'].backward()``)."""
    if isinstance(result, PyDict):
        return result.items.get("loss", MISSING)
    return result if isinstance(result, Opaque) else MISSING


def optimizer() -> Instance:
    """What a model's own ``train_step`` updates through: it collects the losses it is given."""
    wrapper = Instance(NativeClass("mmengine.optim.OptimWrapper", False))

    def update_params(
        m: Machine, receiver: Any, loss: Any, step_kwargs: Any = None, zero_kwargs: Any = None
    ) -> None:
        m.losses.append(summed(m, loss))

    def backward(m: Machine, receiver: Any, /, loss: Any, **kwargs: Any) -> None:
        m.losses.append(summed(m, loss))

    def scale_loss(m: Machine, receiver: Any, loss: Any) -> Any:
        return loss

    def leave(m: Machine, receiver: Any, /, *args: Any, **kwargs: Any) -> Any:
        return UNKNOWN  # it counts steps, accumulates gradients or casts; which parts take part is the same

    for name in _LEAVES_ALONE:
        wrapper.items[name] = Method(name, wrapper, leave)
    for run in (update_params, backward, scale_loss):
        wrapper.items[run.__name__] = Method(run.__name__, wrapper, run)
    return wrapper
