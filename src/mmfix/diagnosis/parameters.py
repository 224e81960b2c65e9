"""From what DDP's message names, indices or names, to parameters and the config dicts that made them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Set, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath, format_key
from mmfix.ddp import Outcome
from mmfix.diagnosis.types import Listed, Parameter, Sighting
from mmfix.proofs.types import NEVER, READY_TWICE, SOMETIMES, ParameterGroup
from mmfix.training.names import type_name
from mmfix.training.parameters import key_of_parameter


@dataclass(frozen=True)
class Order:
    """The trainable parameters of a model at the DDP wrap.

    Attributes:
        names: DDP's index is the place in here (``torch/nn/parallel/distributed.py:
            _build_params_for_reducer``).
        source: In words: ``a rehearsal on 2026-11-22``.
        confidence: ``proven`` from a rehearsal, ``likely`` from the source of the model.
    """

    names: Tuple[str, ...]
    source: str
    confidence: str


@dataclass(frozen=True)
class Named:
    """The parameters of a sighting.

    Attributes:
        parameters: By index, then by name.
        confidence: How surely the names are right; empty when there are none.
        source: Where the names are from.
        notes: What to know, one line each.
    """

    parameters: Tuple[Parameter, ...] = ()
    confidence: str = ""
    source: str = ""
    notes: Tuple[str, ...] = ()


def named(sighting: Sighting, orders: Sequence[Order], document: Optional[ConfigDocument]) -> Named:
    """The parameters that an error is about, as well as they can be known.

    Names in the message are taken as they are. Indices get the names of the first order that fits them.
    """
    indices = sorted({index for item in sighting.listed for index in item.indices})
    printed = list(dict.fromkeys(_plain(name) for item in sighting.listed for name in item.names))
    notes: List[str] = []
    for order in orders:
        why = _misfit(order, sighting.listed)
        if why:
            notes.append(f"{why}: is it the config of this run?")
            continue
        numbers: Dict[str, Optional[int]] = {order.names[index]: index for index in indices}
        place = {name: index for index, name in enumerate(order.names)}
        for name in printed:
            numbers.setdefault(name, place.get(name))
        found = _parameters(numbers, document)
        if printed:
            return Named(found, "certain", "the message names them", tuple(notes))
        return Named(found, order.confidence, f"index and name by {order.source}", tuple(notes))
    if printed:
        one = len(printed) == len(indices) == 1
        pairs: Dict[str, Optional[int]] = dict.fromkeys(printed, indices[0] if one else None)
        return Named(_parameters(pairs, document), "certain", "the message names them", tuple(notes))
    return Named(tuple(Parameter(index, None) for index in indices), notes=tuple(notes))


def _plain(name: str) -> str:
    """A name as ``named_parameters()`` has it: torch puts a dot before one of the model itself."""
    name = name.lstrip(".")
    return name[len("module.") :] if name.startswith("module.") else name


def _misfit(order: Order, listed: Sequence[Listed]) -> str:
    """Why an order cannot be that of the model in the log; empty when it fits."""
    for item in listed:
        if item.indices and item.indices[-1] >= len(order.names):
            return f"the log has an index {item.indices[-1]}, and the model {len(order.names)} parameters"
        # torch prints every name, but only 100 indices
        both = item.names and not item.cut and len(item.names) == len(item.indices)
        if both and {_plain(name) for name in item.names} != {order.names[index] for index in item.indices}:
            return "the log has other names for its indices than the model"
    return ""


def _parameters(
    numbers: Dict[str, Optional[int]], document: Optional[ConfigDocument]
) -> Tuple[Parameter, ...]:
    found = [
        Parameter(index, name, None if document is None else key_of_parameter(document, name))
        for name, index in numbers.items()
    ]
    return tuple(sorted(found, key=lambda item: (item.index is None, item.index or 0)))


def groups_of(
    parameters: Sequence[Parameter], document: ConfigDocument, outcome: str, varies: bool
) -> Tuple[ParameterGroup, ...]:
    """Named parameters as a rehearsal would tell them: by the config dict that made them."""
    status = READY_TWICE if outcome == Outcome.READY_TWICE.value else SOMETIMES if varies else NEVER
    by_key: Dict[KeyPath, List[str]] = {}
    for item in parameters:
        if item.name is not None:
            by_key.setdefault(item.key or ("model",), []).append(item.name)
    return tuple(
        ParameterGroup(status, _common(names), _type(document, key), format_key(key), tuple(names))
        for key, names in by_key.items()
    )


def _type(document: ConfigDocument, key: KeyPath) -> str:
    return type_name(document.get((*key, "type"), None)) or ""


def _common(names: Sequence[str]) -> str:
    """The module that holds all of them."""
    parts = [name.split(".")[:-1] for name in names]
    shared = []
    for step in zip(*parts):
        if len(set(step)) > 1:
            break
        shared.append(step[0])
    return ".".join(shared)


def differ(listed: Sequence[Listed]) -> bool:
    """Whether ranks name different parameters: the graph depends on the data then."""
    sets: List[Set[object]] = [set(item.indices) for item in listed if item.indices and not item.cut]
    if len(sets) < 2:
        sets = [set(item.names) for item in listed if item.names]
    return len(sets) > 1 and any(one != sets[0] for one in sets)
