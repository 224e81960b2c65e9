"""MMEngine's message hub: what the runner tells the model, how many iterations there were among it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict

from mmfix.model.machine.values import DATA, Instance, Method, NativeClass, Opaque

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

#: Both are 0 in the first step, and told before each (``mmengine/hooks/runtime_info_hook.py``).
_COUNTS = frozenset({"iter", "epoch"})
#: What else a hub can be asked; it keeps numbers and texts.
_OTHERS = (
    "get_scalar", "update_scalar", "update_scalars", "update_info", "update_info_dict", "pop_info",
    "log_scalars", "runtime_info", "resumed_keys", "state_dict", "load_state_dict", "instance_name",
)  # fmt: skip


def _current(m: Machine) -> Instance:
    """``MessageHub.get_current_instance()``, of ``mmengine/logging/message_hub.py``."""
    return _hub()


def _named(m: Machine, name: Any, **kwargs: Any) -> Instance:
    return _hub()


def _hub() -> Instance:
    hub = Instance(NativeClass("mmengine.logging.MessageHub", False))
    hub.items["get_info"] = Method("get_info", hub, get_info)
    for name in _OTHERS:
        hub.items[name] = Opaque(0, 0, DATA)
    return hub


def get_info(m: Machine, receiver: Any, key: Any, default: Any = None) -> Any:
    """What the runner told: known are the counts of iterations and epochs, which begin with 0."""
    known = isinstance(key, str) and key in _COUNTS and m.phase == "step"
    return m.between_steps.count(key) if known else Opaque(0, 0, DATA)


CALLS: Dict[str, Callable[..., Any]] = {
    "openmmlab.MessageHub.get_current_instance": _current,
    "openmmlab.MessageHub.get_instance": _named,
}
