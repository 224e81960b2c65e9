"""Calls of gradient checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, FrozenSet, List, Optional, Tuple

from mmfix.model.machine.conditions import Turns
from mmfix.model.machine.passes import CheckpointCall
from mmfix.model.machine.values import (
    LOST,
    MISSING,
    TENSOR,
    Instance,
    Method,
    Opaque,
    Param,
    PyDict,
    PyList,
    is_scalar,
)
from mmfix.python.place import Place

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine


def _checkpoint(
    m: Machine,
    rest: Any,
    /,
    function: Any,
    *args: Any,
    use_reentrant: Any = None,
    preserve_rng_state: Any = None,
    context_fn: Any = None,
    determinism_check: Any = None,
    debug: Any = None,
    early_stop: Any = None,
    **kwargs: Any,
) -> Any:
    """``torch.utils.checkpoint.checkpoint``; what it does not know goes to the function."""
    reentrant = use_reentrant if isinstance(use_reentrant, bool) else None
    given = [*args] if rest is MISSING else [*args, rest]
    return run(m, function, given, kwargs, reentrant, "torch")


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
    try:
        result = m.call(function, args, kwargs)
    finally:
        inside, m.used, within = m.used, before, m.checkpointed
        m.checkpointed = beside | within
        for bit, where in inside.items():
            m.used.setdefault(bit, where)
    lost = any(isinstance(value, Opaque) and value.kind == LOST for value in (*args, *kwargs.values()))
    has_grad = True if given.must else None if given.may or lost else False
    if m.grad and m.phase == "step" and place is not None:
        # a tensor handed in gets its gradient outside, once (torch/utils/checkpoint.py: detach_variable)
        outside = sum({value.bit for value in (*args, *kwargs.values()) if isinstance(value, Param)})
        params = sum(inside) & ~outside
        own = params & ~within
        call = CheckpointCall(place, reentrant, library, has_grad, params, own, owner, 0, m.assumed, {})
        call = call._replace(called_at=m.frames[-1].called_at if m.frames else None)
        mark = _remember(m, call)
        result = marked(m, result, mark, mark)
        m.checkpointed |= params
    if reentrant is False or m.phase != "step":
        return result
    if has_grad is False:
        # without an input that requires grad, a reentrant checkpoint gives a result without one
        return _cut(m, result)
    # an autograd function: what it is handed is ready for DDP when it is done, used inside or not
    handed = m.depend([value for value in args if isinstance(value, (Opaque, Param))])
    return marked(m, result, handed.may, handed.must)


def _remember(m: Machine, call: CheckpointCall) -> int:
    """The bit that stands for a call. In a loop of unknown length one call stands for those of many turns."""
    bit = m.new_bit()
    turns: Dict[Turns, FrozenSet[str]] = {}
    around = m.turns
    if around is not None:
        bit = around.same(call.place, bit)
    while around is not None:
        once = any(side == one.once and one.turns is around for one, side in m.assumed.items())
        turns[around] = frozenset({"once" if once else around.which})
        around = around.around
    for position, before in enumerate(m.checkpoints):
        if before.mark == bit:
            for one, which in before.turns.items():
                turns[one] = turns.get(one, frozenset()) | which
            params, own = before.params | call.params, before.own | call.own
            m.checkpoints[position] = call._replace(params=params, own=own, mark=bit, turns=turns)
            return bit
    m.checkpoints.append(call._replace(mark=bit, turns=turns))
    return bit


def marked(m: Machine, result: Any, may: int, must: int) -> Any:
    """The result of a checkpointed call, with bits that it depends on beside."""
    if isinstance(result, Opaque):
        return Opaque(result.may | may, result.must | must, result.kind, result.given, result.note)
    if isinstance(result, tuple):
        return tuple(marked(m, item, may, must) for item in result)
    if isinstance(result, PyList):
        return PyList([marked(m, item, may, must) for item in result.items], result.open)
    if isinstance(result, PyDict):
        items = {key: marked(m, item, may, must) for key, item in result.items.items()}
        made = PyDict(items, None, MISSING if result.rest is MISSING else marked(m, result.rest, may, must))
        made.maybe = result.maybe
        return made
    if not is_scalar(result):
        m.escaped |= may
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


def _sequential(
    m: Machine, /, functions: Any, segments: Any, input: Any, use_reentrant: Any = None, **kwargs: Any
) -> Any:
    """``torch.utils.checkpoint.checkpoint_sequential``."""
    reentrant = use_reentrant if isinstance(use_reentrant, bool) else None
    items = m.items_of(functions).items
    count = segments if isinstance(segments, int) else 1
    size = max(len(items) // max(count, 1), 1)
    value = input
    for start in range(0, len(items), size):
        part = items[start : start + size]
        if start + size >= len(items):  # the last segment is not checkpointed
            for function in part:
                value = m.call(function, [value], {})
            break
        value = run(m, _chain(part), [value], {}, reentrant, "torch")
    return value


def _chain(functions: List[Any]) -> Method:
    """One function for several, each called with what the one before gives."""

    def all_of(m: Machine, receiver: Any, value: Any) -> Any:
        for function in functions:
            value = m.call(function, [value], {})
        return value

    return Method("segment", functions, all_of)


def wrap(m: Machine, /, module: Any, *args: Any, **kwargs: Any) -> Any:
    """fairscale's ``checkpoint_wrapper(module)``: from now on its forward runs in a checkpoint."""
    if isinstance(module, Instance):
        m.touch(module)
        module.notes = module.notes._replace(checkpointed=(m.here, _owner(m)))
    return module


CALLS: Dict[str, Callable[..., Any]] = {"torch.utils.checkpoint.checkpoint_sequential": _sequential}
PASSING: Dict[str, Callable[..., Any]] = {"torch.utils.checkpoint.checkpoint": _checkpoint}
