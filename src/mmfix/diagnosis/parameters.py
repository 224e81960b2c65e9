"""From what DDP's message names, indices or names, to parameters and the config dicts that made them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Dict, List, Optional, Sequence, Set, Tuple

from mmfix.diagnosis.types import Listed, Sighting
from mmfix.results.diagnosis import Parameter
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.config.document import ConfigDocument


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
        notes: Why the log may be of another model, one line each.
        fit: They may be what the log is about.
        by_index: An order has given the names to indices.
    """

    parameters: Tuple[Parameter, ...] = ()
    confidence: str = ""
    source: str = ""
    notes: Tuple[str, ...] = ()
    fit: bool = True
    by_index: bool = False


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
            notes.append(say("{why}: is it really the config of this run?", why=why))
            continue
        numbers: Dict[str, Optional[int]] = {order.names[index]: index for index in indices}
        place = {name: index for index, name in enumerate(order.names)}
        for name in printed:
            numbers.setdefault(name, place.get(name))
        found = _parameters(numbers, document)
        if printed:
            return Named(found, "certain", say("the message names them"), tuple(notes))
        source = say("index and name by {source}", source=order.source)
        return Named(found, order.confidence, source, tuple(notes), by_index=True)
    if printed:
        one = len(printed) == len(indices) == 1
        pairs: Dict[str, Optional[int]] = dict.fromkeys(printed, indices[0] if one else None)
        return Named(_parameters(pairs, document), "certain", say("the message names them"), tuple(notes))
    return Named(tuple(Parameter(index, None) for index in indices), notes=tuple(notes))


def _plain(name: str) -> str:
    """A name as ``named_parameters()`` has it: torch puts a dot before one of the model itself."""
    name = name.lstrip(".")
    return name[len("module.") :] if name.startswith("module.") else name


def _misfit(order: Order, listed: Sequence[Listed]) -> str:
    """Why an order cannot be that of the model in the log; empty when it fits."""
    for item in listed:
        if item.indices and item.indices[-1] >= len(order.names):
            return say(
                "the log has an index {index}, and the model {count} parameters",
                index=item.indices[-1],
                count=len(order.names),
            )
        # torch prints every name, but only 100 indices
        strangers = [name for name in map(_plain, item.names) if name not in order.names]
        if strangers:
            return say("the log names {name}, which the model does not have", name=strangers[0])
        both = item.names and not item.cut and len(item.names) == len(item.indices)
        if both and {_plain(name) for name in item.names} != {order.names[index] for index in item.indices}:
            return say("the log has other names for its indices than the model")
    return ""


def _parameters(
    numbers: Dict[str, Optional[int]], document: Optional[ConfigDocument]
) -> Tuple[Parameter, ...]:
    found = [Parameter(index, name) for name, index in numbers.items()]
    if document is not None:
        from mmfix.training.parameters import key_of_parameter

        found = [replace(item, key=key_of_parameter(document, str(item.name))) for item in found]
    return tuple(sorted(found, key=lambda item: (item.index is None, item.index or 0)))


def differ(listed: Sequence[Listed]) -> bool:
    """Whether ranks name different parameters: the graph depends on the data then."""
    sets: List[Set[object]] = [set(item.indices) for item in listed if item.indices and not item.cut]
    if len(sets) < 2:
        sets = [set(item.names) for item in listed if item.names]
    return len(sets) > 1 and any(one != sets[0] for one in sets)
