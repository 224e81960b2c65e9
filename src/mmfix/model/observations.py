"""Beside the gradients: what is frozen late, toggled in mid-training, and checkpointed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Dict, Iterable, Iterator, List, Optional, Set, Tuple

from mmfix.config.keypath import KeyPath
from mmfix.model.deciding import Configs, key_of, mention_at, names_deciding
from mmfix.model.knowledge.torch import parts
from mmfix.model.machine.classes import ClassInfo
from mmfix.model.machine.conditions import excludes
from mmfix.model.machine.machine import Machine
from mmfix.model.machine.passes import CheckpointCall
from mmfix.model.machine.values import Instance, Param
from mmfix.model.types import CheckpointUse, LateFreeze, Toggle
from mmfix.python.place import Place

_FREEZES = re.compile("fr[eo]ez|frozen|fix")
_SWITCHES = re.compile("checkpoint|ckpt|(?:^|_)cp(?:_|$)", re.IGNORECASE)
_Chain = Tuple[Tuple[Instance, KeyPath], ...]


class Homes:
    """For every parameter and module, the objects of the source that hold it, the nearest first."""

    def __init__(self, m: Machine, root: Instance, configs: Configs) -> None:
        self.configs = configs
        self.of_param: Dict[int, _Chain] = {}
        self.of_module: Dict[Instance, _Chain] = {}
        self._m = m
        self._walk(root, (), ("model",), set())

    def _walk(self, module: Instance, above: _Chain, key: KeyPath, seen: Set[Instance]) -> None:
        if module in seen:
            return
        seen.add(module)
        key = module.key or key
        chain = ((module, key), *above) if isinstance(module.cls, ClassInfo) else above
        self.of_module[module] = chain
        for _, param in parts.own_params(module):
            self.of_param.setdefault(param.bit, chain)
        for _, child in parts.children(self._m, module):
            self._walk(child, chain, key, seen)


def late_freezes(
    m: Machine, homes: Homes, frozen: Dict[Param, str], names: Dict[Param, str]
) -> Tuple[LateFreeze, ...]:
    """One entry for each line that freezes after the wrap and each config dict it happens in.

    Args:
        m: The machine.
        homes: Of the model.
        frozen: Parameter -> the phase that froze it.
        names: Of all parameters.
    """
    groups: Dict[Tuple[Optional[Place], KeyPath, str], List[Param]] = {}
    decided: Dict[Tuple[Optional[Place], KeyPath, str], Tuple[str, Optional[KeyPath]]] = {}
    for param, phase in sorted(frozen.items(), key=lambda item: item[0].bit):
        chain = homes.of_param.get(param.bit, ())
        key, name, switch = _decision(m, homes, chain, param.frozen_at, param.frozen_by)
        group = (param.frozen_at, key, phase)
        groups.setdefault(group, []).append(param)
        decided.setdefault(group, (name, switch))
    return tuple(
        LateFreeze(
            key, decided[group][0], place, phase, decided[group][1], tuple(names[param] for param in params)
        )
        for group, params in groups.items()
        for place, key, phase in [group]
    )


def toggles(m: Machine, homes: Homes) -> Tuple[Toggle, ...]:
    """One entry for each line that sets ``requires_grad`` while the training step runs."""
    found: Dict[Place, Toggle] = {}
    for place, bit in m.toggled:
        if place not in found:
            key, _, switch = _decision(m, homes, homes.of_param.get(bit, ()), place)
            found[place] = Toggle(key, place, switch)
    return tuple(found.values())


def _decision(
    m: Machine, homes: Homes, chain: _Chain, place: Optional[Place], by: Optional[Instance] = None
) -> Tuple[KeyPath, str, Optional[KeyPath]]:
    """The config dict, class and key behind a line that one of the objects of ``chain`` runs.

    A line that is in none of their classes, such as that of a helper, was run by a method of ``by``.
    """
    nearest = (chain[0][1], chain[0][0].cls.name) if chain else (("model",), "")
    if place is not None:
        for instance, key in chain:
            mention = mention_at(m, instance, place)
            if mention is not None:
                config = homes.configs.get(key)
                # of all that is asked around the line, what is named after it decides: `frozen_stages`
                named = [name for name in (*mention.conditions, *mention.beside) if _FREEZES.search(name)]
                decided = key_of(m, instance, key, named, config, dicts=False)
                decided = decided or key_of(m, instance, key, mention.conditions, config)
                decided = decided or key_of(m, instance, key, mention.beside, config, dicts=False)
                return key, instance.cls.name, decided
    for instance, key in chain:
        if instance is by:
            return key, instance.cls.name, None
    return nearest[0], nearest[1], None


def checkpoints(m: Machine, homes: Homes) -> Tuple[CheckpointUse, ...]:
    """One entry for each line that checkpoints and each config dict whose class runs it."""
    inside: Dict[int, List[CheckpointCall]] = {}
    for call in m.checkpoints:
        for bit in _bits(call.own):
            inside.setdefault(bit, []).append(call)
    reused = {bit: _reused(calls) for bit, calls in inside.items()}
    found: Dict[Tuple[KeyPath, Place], CheckpointUse] = {}
    for call in m.checkpoints:
        chain = homes.of_module.get(call.owner, ()) if call.owner is not None else ()
        key, switch, guarded = (chain[0][1] if chain else ("model",)), None, False
        name = call.owner.cls.name if call.owner is not None else ""
        if chain:
            mention = mention_at(m, chain[0][0], call.place)
            guarded = mention is not None and mention.asks_for_grad
            asked = () if mention is None else mention.conditions
            for names in (asked, _asked_elsewhere(m, chain[0][0], call)):
                for instance, above in chain if switch is None else ():
                    switch = key_of(m, instance, above, names, homes.configs.get(above))
                    if switch is not None:
                        key = above
                        break
        entry = CheckpointUse(
            key, name, switch, call.place, call.reentrant, call.library, guarded, call.input_has_grad,
            _any(reused[bit] for bit in _bits(call.own)), () if call.called_at is None else (call.called_at,),
        )  # fmt: skip
        before = found.get((key, call.place))
        found[key, call.place] = entry if before is None else _both(before, entry)
    return tuple(found.values())


def _asked_elsewhere(m: Machine, instance: Instance, call: CheckpointCall) -> Tuple[str, ...]:
    """Names of switches in tests that a call is not inside of: they leave before it, or are at its caller.

    Of these only names that speak of checkpoints count: much else may be asked there.
    """
    found: List[str] = []
    for place in (call.place, call.called_at):
        if place is not None:
            around = mention_at(m, instance, place) if place is call.called_at else None
            found += () if around is None else around.conditions
            found += names_deciding(m, instance, place)
    return tuple(name for name in found if _SWITCHES.search(name))


def _both(a: CheckpointUse, b: CheckpointUse) -> CheckpointUse:
    has_grad = a.input_has_grad if a.input_has_grad is b.input_has_grad else None
    if a.input_has_grad is False or b.input_has_grad is False:
        has_grad = False
    called = tuple(dict.fromkeys((*a.called, *b.called)))
    return replace(a, input_has_grad=has_grad, reused=_any((a.reused, b.reused)), called=called)


def _reused(calls: List[CheckpointCall]) -> Optional[bool]:
    """Whether a gradient comes more than once a step, through several calls; None when that depends.

    Torch runs the hooks of a parameter for each backward pass of a call (``torch/utils/checkpoint.py:
    CheckpointFunction.backward``), and only calls that the loss depends on have one.
    """
    if sum(map(_carries_for_sure, calls)) > 1:
        return True
    calls = [call for call in calls if call.carries is not False]
    pairs = ((a, b) for number, a in enumerate(calls) for b in calls[:number])
    if any(call.repeats for call in calls) or any(not excludes(a.path, b.path) for a, b in pairs):
        return None
    return False


def _carries_for_sure(call: CheckpointCall) -> bool:
    """A reentrant call is cut off where none of its inputs requires grad: the loss then does without."""
    return call.carries is True and (call.reentrant is False or call.input_has_grad is True)


def _any(answers: Iterable[Optional[bool]]) -> Optional[bool]:
    found = set(answers)
    return True if True in found else None if None in found else False


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low
        mask ^= low
