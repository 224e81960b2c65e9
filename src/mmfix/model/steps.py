"""The losses of one training step, and of later ones where these differ."""

from __future__ import annotations

from typing import Any, Callable, Dict, Tuple

from mmfix.model.knowledge.openmmlab.losses import summed
from mmfix.model.machine.classes import ClassInfo
from mmfix.model.machine.conditions import when_full
from mmfix.model.machine.joining import joined_summary
from mmfix.model.machine.machine import Machine
from mmfix.model.machine.parting import compare
from mmfix.model.machine.single import Single, plain
from mmfix.model.machine.values import DATA, GIVEN, MISSING, UNKNOWN, Bound, Function, Instance, Opaque
from mmfix.model.own_step import losses_of, own_step
from mmfix.model.phases import run_phase
from mmfix.model.uneven import LeftOut, left_out, left_out_of_another, left_to_chance
from mmfix.python.place import ABSENT
from mmfix.python.signatures import signature_of
from mmfix.wording import say

#: What a counter of iterations stands at in the later step that is followed.
_LATE = 10**9


def any_step(m: Machine, root: Instance) -> Tuple[Any, LeftOut]:
    """The losses of the first step or a much later one, counters run far; what some steps leave out.

    Args:
        m: The machine, in the phase ``step``.
        root: The model.
    """
    m.draws.decides, m.draws.looked_at = False, True
    begun = m.begin()
    loss = _weighed_step(m, root)
    m.end(begun)
    m.draws.looked_at = False
    if not isinstance(loss, Opaque):
        return loss, LeftOut()

    def another() -> Any:
        return run_phase(m, "step", lambda: _step(m, root))[0]

    uneven = LeftOut(left_to_chance(m, begun, another))
    if m.between_steps.differ:
        m.between_steps.move(1)
        return _later_steps(m, root, loss, uneven, another)
    return loss, uneven


def _later_steps(
    m: Machine, root: Instance, loss: Opaque, uneven: LeftOut, another: Callable[[], Any]
) -> Tuple[Any, LeftOut]:
    """The losses of the step that was followed or of a later one; what some steps leave out.

    Where nothing is counted, all steps after the first are alike.
    """
    by_count = left_out(m, loss)
    alike = not _counts(m)
    if not alike:
        by_count |= left_out_of_another(m, another)
        _run_far(m)
    first, m.checkpoints = m.checkpoints, []
    astray, m.astray = m.astray, ""
    later = _weighed_step(m, root)
    if alike:
        by_count |= left_out(m, later)
        if _counts(m):  # since the second step
            _run_far(m)
            later = joined_summary(later, _weighed_step(m, root)) if isinstance(later, Opaque) else later
    m.astray = astray or m.astray
    m.checkpoints = max(first, m.checkpoints, key=len)  # what one step calls, not what two do
    uneven = uneven._replace(by_count=by_count)
    if not isinstance(later, Opaque):
        return loss, uneven
    loss = joined_summary(loss, later)
    may, must = loss.may | _now_and_then(m, root), loss.must & ~by_count
    some = Opaque(may, must, loss.kind, loss.given, loss.note)
    compare(loss, some)
    return some, uneven


def _counts(m: Machine) -> bool:
    """Whether the steps are counted, by the model or by the trainer."""
    counters = m.between_steps.counters
    return m.between_steps.asked or any(_is_counter(target.items.get(name)) for target, name in counters)


def _run_far(m: Machine) -> None:
    """Let all counters stand where they are in a very late step."""
    m.between_steps.move(_LATE)
    for target, name in m.between_steps.counters:
        count = target.items.get(name)
        if _is_counter(count):
            target.items[name] = Single(_LATE) if isinstance(count, Single) else _LATE


def _weighed_step(m: Machine, root: Instance) -> Any:
    """The losses of one training step; the checkpointed calls then say whether the loss depends on them."""
    loss = _step(m, root)
    if isinstance(loss, Opaque):
        m.checkpoints = [
            call._replace(
                carries=True
                if loss.must & call.mark
                else None
                if (loss.may | m.escaped | m.added_in_place) & call.mark
                else False
            )
            for call in m.checkpoints
        ]
        loss.given = when_full(loss.given)
    return loss


def _is_counter(value: Any) -> bool:
    return isinstance(plain(value), (int, float)) and not isinstance(plain(value), bool)


def _now_and_then(m: Machine, root: Instance) -> int:
    """What some step in between may use: every fifth one, say."""
    counters = [
        (target, name) for target, name in m.between_steps.counters if _is_counter(target.items.get(name))
    ]
    if not counters and not m.between_steps.asked:
        return 0
    m.between_steps.move(UNKNOWN.like())
    for target, name in counters:
        target.items[name] = UNKNOWN.like()  # each is one and the same whenever it is asked for
    kept = m.checkpoints, m.toggled
    m.checkpoints, m.toggled = [], []
    loss = _step(m, root)
    m.checkpoints, m.toggled = kept
    return loss.may if isinstance(loss, Opaque) else 0


def _step(m: Machine, root: Instance) -> Any:
    """The losses of one training step, as one value."""
    m.between_steps.begin()
    own = own_step(m, root)
    if own is not None:
        return losses_of(m, root, own)
    if m.era == "mmcv1":
        if _has(m, root, "forward_train"):
            return summed(m, call_with_data(m, root, "forward_train", {}))
        return summed(m, call_with_data(m, root, "forward", {"return_loss": True}))
    losses = call_with_data(m, root, "forward", {"mode": "loss"})
    parse = root.cls.find(m, "parse_losses") if isinstance(root.cls, ClassInfo) else MISSING
    if isinstance(parse, Function):
        result = m.call(Bound(parse, root), [losses], {})
        return m.flow(result[0] if isinstance(result, tuple) and result else result)
    return summed(m, losses)


def _has(m: Machine, root: Instance, name: str) -> bool:
    return isinstance(method_of(m, root, name), Function)


def method_of(m: Machine, root: Instance, name: str) -> Any:
    """The function behind a method of the model: its constructor may have put another in its place."""
    own = root.items.get(name)
    if own is not None:
        return own.function if isinstance(own, Bound) and own.receiver is root else MISSING
    return root.cls.find(m, name) if isinstance(root.cls, ClassInfo) else MISSING


def call_with_data(m: Machine, root: Instance, name: str, known: Dict[str, Any]) -> Any:
    """Call a method as the trainer does: every parameter gets data, except those in ``known``."""
    method = method_of(m, root, name)
    if not isinstance(method, Function):
        kind = ABSENT if isinstance(root.cls, ClassInfo) and root.cls.absent_base else ""
        return m.lost(
            say("{type}.{method} was not found in source", type=root.cls.name, method=name), root, kind=kind
        )
    signature = signature_of(method.node.args)
    first_default = len(signature.positional) - len(signature.defaults)
    kwargs: Dict[str, Any] = {}
    for position, parameter in enumerate(signature.positional[1:], 1):
        if parameter in known:
            kwargs[parameter] = known[parameter]
        elif position < first_default or m.era != "mmcv1":
            kwargs[parameter] = Opaque(0, 0, GIVEN)
        else:
            kwargs[parameter] = Opaque(0, 0, DATA)  # given or not, as the data pipeline decides
    if known and signature.double_star is not None:
        kwargs.update({key: value for key, value in known.items() if key not in kwargs})
    rest = UNKNOWN if signature.double_star is not None else MISSING
    return m.call(Bound(method, root), [], kwargs, rest)
