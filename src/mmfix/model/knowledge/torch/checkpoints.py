"""Calls of gradient checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Tuple

from mmfix.model.machine.state import CheckpointCall
from mmfix.model.machine.values import LOST, TENSOR, Instance, Method, Opaque, PyList
from mmfix.python.place import Place

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine


def _checkpoint(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    """``torch.utils.checkpoint.checkpoint(function, *args, use_reentrant=...)``."""
    options = dict(kwargs)
    given = options.pop("use_reentrant", None)
    for name in ("preserve_rng_state", "context_fn", "determinism_check", "debug"):
        options.pop(name, None)
    function = args[0] if args else options.pop("function", None)
    return run(m, function, args[1:], options, given if isinstance(given, bool) else None, "torch")


def run(
    m: Machine,
    function: Any,
    args: List[Any],
    kwargs: Dict[str, Any],
    reentrant: Optional[bool],
    library: str,
    switched_on: Optional[Tuple[Optional[Place], Optional[Instance]]] = None,
) -> Any:
    """Run ``function`` under a checkpoint and remember it, with what switched it on, if not this call."""
    given = m.depend([*args, *kwargs.values()])
    place, owner = switched_on or (m.here, _owner(m))
    before, m.used, m.checkpointed, beside = m.used, {}, 0, m.checkpointed
    result = m.call(function, args, kwargs)
    inside, m.used, within = m.used, before, m.checkpointed
    m.checkpointed = beside | within
    for bit, where in inside.items():
        m.used.setdefault(bit, where)
    lost = any(isinstance(value, Opaque) and value.kind == LOST for value in (*args, *kwargs.values()))
    has_grad = True if given.must else None if given.may or lost else False
    if m.grad and m.phase == "step" and place is not None:
        params = sum(inside)
        m.checkpoints.append(
            CheckpointCall(place, reentrant, library, has_grad, params, params & ~within, owner)
        )
        m.checkpointed |= params
    if has_grad is False and reentrant is not False and m.phase == "step":
        # without an input that requires grad, a reentrant checkpoint gives a result without one
        return _cut(m, result)
    return result


def _cut(m: Machine, result: Any) -> Any:
    if isinstance(result, tuple):
        return tuple(_cut(m, item) for item in result)
    if isinstance(result, PyList):
        return PyList([_cut(m, item) for item in result.items], result.open)
    return Opaque(0, 0, TENSOR) if isinstance(result, Opaque) else result


def _owner(m: Machine) -> Optional[Instance]:
    for frame in reversed(m.frames):
        receiver = next(iter(frame.items.values()), None)
        if frame.function is not None and frame.function.cls is not None and isinstance(receiver, Instance):
            return receiver
    return None


def _sequential(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    """``checkpoint_sequential(functions, segments, input)``."""
    given = kwargs.get("use_reentrant")
    functions = m.items_of(args[0])
    value = args[2] if len(args) > 2 else kwargs.get("input")
    segments = args[1] if len(args) > 1 and isinstance(args[1], int) else 1
    size = max(len(functions.items) // max(segments, 1), 1)
    for start in range(0, len(functions.items), size):
        part = functions.items[start : start + size]
        if start + size >= len(functions.items):  # the last segment is not checkpointed
            for function in part:
                value = m.call(function, [value], {})
            break
        value = run(m, _chain(part), [value], {}, given if isinstance(given, bool) else None, "torch")
    return value


def _chain(functions: List[Any]) -> Method:
    """One function for several, each called with what the one before gives."""

    def all_of(m: Machine, receiver: Any, args: List[Any], kwargs: Dict[str, Any]) -> Any:
        value = args[0]
        for function in functions:
            value = m.call(function, [value], {})
        return value

    return Method("segment", functions, all_of)


def wrap(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    """fairscale's ``checkpoint_wrapper(module)``: from now on its forward runs in a checkpoint."""
    if args and isinstance(args[0], Instance):
        m.touch(args[0])
        args[0].notes = args[0].notes._replace(checkpointed=(m.here, _owner(m)))
    return args[0] if args else None


CALLS: Dict[str, Callable[[Machine, List[Any], Dict[str, Any]], Any]] = {
    "torch.utils.checkpoint.checkpoint": _checkpoint,
    "torch.utils.checkpoint.checkpoint_sequential": _sequential,
}
