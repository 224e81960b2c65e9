"""From what the machine saw to a verdict on every part of the model."""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, Iterator, List, NamedTuple, Optional, Set, Tuple

from mmfix.config.keypath import KeyPath
from mmfix.model.deciding import Configs, Mention, key_of, mention_at, mentions_of, preventing
from mmfix.model.knowledge.torch import order, parts
from mmfix.model.machine.classes import ClassInfo
from mmfix.model.machine.conditions import FULL, when_full
from mmfix.model.machine.machine import Machine
from mmfix.model.machine.values import Instance, Opaque, Param
from mmfix.model.types import (
    CANNOT_TELL,
    LEFT_TO_CHANCE,
    LEFT_TO_COUNT,
    LEFT_TO_DATA,
    NEVER,
    NO_RESULT,
    NOT_USED,
    SOMETIMES,
    USED,
    Submodule,
)
from mmfix.model.uneven import CHANCE, COUNT, LeftOut
from mmfix.python.place import Place
from mmfix.wording import say

#: Used only sometimes, by what leaves it out of some steps for certain.
_LEFT_TO = {f"{SOMETIMES}: {cause}": cause for cause in (CHANCE, COUNT)}
_BY_CHANCE, _BY_COUNT = _LEFT_TO
#: How far up the methods of a class are followed that call each other.
_CALLERS = 3


class Spot(NamedTuple):
    """Where a part of the built model sits.

    Attributes:
        name: Dotted, from the model.
        key: The nearest config dict at or above it.
        holder: The nearest object of a class of the source above it; None at the top.
        holder_key: The nearest config dict at or above the holder.
        attribute: The attribute of ``holder`` it is, or is inside of.
        above: Where the holder sits.
    """

    name: str
    key: KeyPath
    holder: Optional[Instance]
    holder_key: KeyPath
    attribute: str
    above: Optional[Spot] = None

    @property
    def is_attribute(self) -> bool:
        """Whether it is that attribute itself, not an element of it."""
        return self.name.rpartition(".")[2] == self.attribute


def judge(
    m: Machine,
    root: Instance,
    waited_for: Set[Param],
    loss: Opaque,
    configs: Configs,
    optional: FrozenSet[str],
    hanging: int,
    uneven: LeftOut,
) -> Tuple[Submodule, ...]:
    """The largest parts of one verdict each; those used throughout are left out.

    Args:
        m: The machine after the step.
        root: The model.
        waited_for: Parameters DDP waits for: trainable at the wrap and not frozen afterwards.
        loss: What the loss depends on.
        configs: The dicts of the config.
        optional: Arguments of ``forward_train`` that the data pipeline may leave out.
        hanging: Parameters that the loss depends on for certain if it leaves out none of them (bits).
        uneven: Parameters that some steps leave out for certain.
    """
    whole = Spot("", ("model",), None, ("model",), "")
    return tuple(_Judge(m, waited_for, loss, configs, optional, hanging, uneven).below(whole, root))


def reached(m: Machine, root: Instance, waited_for: Set[Param], loss: Any) -> Tuple[str, ...]:
    """The attributes of the model with a parameter that gets a gradient in every step."""
    must = sum(param.bit for param in waited_for) & (loss.must if isinstance(loss, Opaque) else 0)
    return tuple(name for name, child in parts.children(m, root) if m.bits_of(child) & must)


class _Judge:
    """Verdicts on parameters, and on the modules that hold them."""

    def __init__(
        self,
        m: Machine,
        waited_for: Set[Param],
        loss: Opaque,
        configs: Configs,
        optional: FrozenSet[str],
        hanging: int,
        uneven: LeftOut,
    ) -> None:
        self.m = m
        self.configs = configs
        self.optional = optional
        self.hanging = hanging
        self.uneven = uneven
        self.waited_for = waited_for
        self.loss = loss
        self.when_full = when_full(loss.given).get(FULL, 0)
        self._seen: Dict[Instance, Set[str]] = {}

    def of_param(self, param: Param) -> Optional[str]:
        """None for a parameter that DDP does not wait for."""
        if param not in self.waited_for:
            return None
        if self.loss.must & param.bit:
            return USED
        if self.loss.may & param.bit:  # what else may use it, does not do so in these steps
            if self.uneven.by_chance & param.bit:
                return _BY_CHANCE
            if self.uneven.by_count & param.bit:
                return _BY_COUNT
        if (self.m.escaped | self.hanging) & param.bit:
            return CANNOT_TELL
        if self.loss.may & param.bit:
            return SOMETIMES
        return CANNOT_TELL if self.m.added_in_place & param.bit else NEVER

    def _hangs_on_pipeline(self, mentions: List[Mention]) -> str:
        """The argument of ``forward_train`` in a use's conditions that the data pipeline may leave out."""
        for mention in mentions:
            for name in mention.conditions if mention.is_use else ():
                if name in self.optional:
                    return name
        return ""

    def of_module(self, module: Instance) -> Set[str]:
        """The verdicts of all parameters of a module."""
        if module not in self._seen:
            self._seen[module] = set()
            found = {self.of_param(param) for _, param in parts.own_params(module)}
            for _, child in parts.children(self.m, module):
                found |= self.of_module(child)
            self._seen[module] = {verdict for verdict in found if verdict is not None}
        return self._seen[module]

    def below(self, spot: Spot, module: Instance) -> Iterator[Submodule]:
        """The largest parts that are not used throughout."""
        spot = spot._replace(key=module.key or spot.key)
        verdicts = self.of_module(module)
        if not verdicts or verdicts == {USED}:
            return
        if len(verdicts) == 1 and spot.holder is not None:
            yield self._entry(spot, module, next(iter(verdicts)))
            return
        done: Set[Any] = set()
        for name, param in parts.own_params(module):
            verdict = self.of_param(param)
            if verdict is not None and verdict is not USED and param not in done:
                done.add(param)
                yield self._entry(self._inside(spot, module, name), param, verdict)
        for name, child in parts.children(self.m, module):
            if child not in done:
                done.add(child)
                yield from self.below(self._inside(spot, module, name), child)

    def _inside(self, spot: Spot, module: Instance, name: str) -> Spot:
        full = f"{spot.name}.{name}" if spot.name else name
        if isinstance(module.cls, ClassInfo):
            return Spot(full, spot.key, module, spot.key, name, spot)
        return spot._replace(name=full)

    def _entry(self, spot: Spot, item: Any, verdict: str) -> Submodule:
        left_to = _LEFT_TO.get(verdict, "")
        verdict = SOMETIMES if left_to else verdict
        with_grad, without = _calls(self.m, item)
        used = next(iter(with_grad or without), None)
        given = ""
        decided = None
        if spot.holder is not None:
            mentions = mentions_of(self.m, spot.holder, spot.attribute)
            if used is None and spot.is_attribute and mentions and mentions[0].is_use:
                used = mentions[0].place
            idle = verdict == NEVER and not with_grad and not without
            decided = self._prevented_by(spot, mentions) if idle else None
            decided = decided or self._decided_by(spot, item, used, mentions)
            unsure = verdict == SOMETIMES and not left_to
            given = self._hangs_on_pipeline(mentions) if unsure else ""
        if verdict == CANNOT_TELL and self.m.bits_of(item) & self.hanging:
            given = say("all arguments of forward_train")
        class_name = "Parameter" if isinstance(item, Param) else item.cls.name
        return Submodule(
            name=spot.name,
            key=spot.key,
            class_name=class_name,
            owner=item.owner or (spot.holder.cls.name if spot.holder is not None else ""),
            created=item.created,
            verdict=CANNOT_TELL if given else verdict,
            used=used,
            decided_by=decided,
            parted=self._parted(item) if verdict == SOMETIMES else (),
            why=say("whether the data pipeline gives {given} is not read", given=given)
            if given
            else _WHYS.get(left_to) or self._of_names(item) or _why(verdict, bool(with_grad), bool(without)),
            when_full=verdict == SOMETIMES and self._is_used_when_full(item),
            left_to=left_to,
            parameters=order.count(self.m, item, self.waited_for) if verdict != CANNOT_TELL else 0,
        )

    def _of_names(self, item: Any) -> str:
        bits = self.m.bits_of(item)
        return _ADDED if bits & self.m.added_in_place & ~self.loss.may and not bits & self.m.escaped else ""

    def _is_used_when_full(self, item: Any) -> bool:
        found = [item] if isinstance(item, Param) else [param for _, param in parts.all_params(self.m, item)]
        return all(param.bit & self.when_full or self.of_param(param) is not SOMETIMES for param in found)

    def _prevented_by(self, spot: Spot, mentions: List[Mention]) -> Optional[KeyPath]:
        """The config key that keeps a use from running: in a test around it, or a call of its method."""
        assert spot.holder is not None
        lines = [mention for mention in mentions if mention.is_use]
        for _ in range(_CALLERS):
            names = [name for line in lines for name in preventing(spot.holder, line)]
            found = key_of(self.m, spot.holder, spot.holder_key, names, self.configs.get(spot.holder_key))
            if found is not None or names:
                return found
            methods = dict.fromkeys(line.method for line in lines)
            lines = [
                line for name in methods for line in mentions_of(self.m, spot.holder, name) if line.called
            ]
        return None

    def _parted(self, item: Any) -> Tuple[Tuple[str, str], ...]:
        """Where the paths part of which some use a part and some do not."""
        bits = self.m.bits_of(item)
        return tuple(sorted(place for place, parted in self.m.watch.parted.items() if parted & bits))

    def _decided_by(
        self, spot: Spot, item: Any, used: Optional[Place], mentions: List[Mention]
    ) -> Optional[KeyPath]:
        """The config key in the conditions of its use, then of its creation, then in what stands beside."""
        assert spot.holder is not None
        at_use = [mention_at(self.m, spot.holder, used)]
        uses = [mention for mention in (*at_use, *mentions) if mention is not None and mention.is_use]
        made = [mention_at(self.m, spot.holder, item.created)]
        others = [mention for mention in (*made, *mentions) if mention is not None and not mention.is_use]
        config = self.configs.get(spot.holder_key)
        for names, dicts in (
            ([name for mention in uses for name in mention.conditions], True),
            ([name for mention in others for name in mention.conditions], True),
            ([name for mention in uses for name in mention.beside], False),
            ([name for mention in others for name in mention.beside], False),
        ):
            found = key_of(self.m, spot.holder, spot.holder_key, names, config, dicts)
            if found is not None:
                return found
        if spot.above is None or spot.above.holder is None or not any(use.conditions for use in uses):
            return None
        # what decides is an argument of the method: look where the holder is called
        calls = mentions_of(self.m, spot.above.holder, spot.above.attribute)
        names = [name for call in calls if call.is_use and call.called for name in call.conditions]
        key = spot.above.holder_key
        return key_of(self.m, spot.above.holder, key, names, self.configs.get(key), dicts=False)


def _calls(m: Machine, item: Any) -> Tuple[List[Place], List[Place]]:
    """Lines that use a part with gradients, and without."""
    if isinstance(item, Param):
        used = m.used.get(item.bit)
        return ([used] if used is not None else []), []
    with_grad, without = list(item.calls), list(item.calls_without_grad)
    if not with_grad and not without:  # a list of modules is not called itself
        for _, child in parts.children(m, item):
            first, second = _calls(m, child)
            with_grad += first
            without += second
    return with_grad, without


_ADDED = say("added in place to a tensor that may be the same as another")
_WHYS = {CHANCE: LEFT_TO_CHANCE, COUNT: LEFT_TO_COUNT}


def _why(verdict: str, with_grad: bool, without: bool) -> str:
    if verdict == NEVER:
        if with_grad:
            return NO_RESULT
        return say("used only without gradients") if without else NOT_USED
    if verdict == SOMETIMES:
        return LEFT_TO_DATA
    return say("handed to code that could not be followed")
