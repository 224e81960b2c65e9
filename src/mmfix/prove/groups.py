"""Parameters that are not simply used, gathered by module and config key. Imports no torch."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Mapping, Sequence, Set, Tuple

from mmfix.config.keypath import KeyPath, format_key
from mmfix.proofs.types import NEVER, READY_TWICE, SOMETIMES, UNTRAINED, USED, ParameterGroup
from mmfix.prove.verdict import Counts


def statuses(steps: Sequence[Counts], count: int, twice: Set[int]) -> List[str]:
    """What happened to each of ``count`` parameters over all steps whose backward pass came to its end.

    Args:
        steps: Of all scenarios and ranks.
        count: How many parameters were trainable at the wrap.
        twice: Indices that DDP marks ready twice.
    """
    whole = [step for step in steps if step.complete]
    cut_off: Set[int] = set().union(*(step.cut_off for step in whole))
    times = [sum(index in step.ready for step in whole) for index in range(count)]
    found = []
    for index, ready in enumerate(times):
        if index in twice:
            found.append(READY_TWICE)
        elif index in cut_off:
            found.append(UNTRAINED)
        elif not whole or ready == len(whole):
            found.append(USED)
        else:
            found.append(SOMETIMES if ready else NEVER)
    return found


def groups_of(
    names: Sequence[str],
    found: Sequence[str],
    frozen_by: Mapping[int, str],
    classes: Mapping[str, str],
    keys: Mapping[str, str],
) -> Tuple[ParameterGroup, ...]:
    """One group for each largest module whose parameters all have the same status.

    Args:
        names: Of the parameters that were trainable at the wrap, by index.
        found: Their statuses.
        frozen_by: Index -> the phase that froze it after the wrap.
        classes: Module name -> class name.
        keys: Module name -> text of the nearest config key path.
    """
    fates = [(status, frozen_by.get(index, "")) for index, status in enumerate(found)]
    below: Dict[str, Set[Tuple[str, str]]] = {}
    for name, fate in zip(names, fates):
        for prefix in _above(name):
            below.setdefault(prefix, set()).add(fate)
    groups: Dict[Tuple[str, str, str], List[str]] = {}
    for name, (status, phase) in zip(names, fates):
        if status != USED:
            alike = (prefix for prefix in _above(name) if len(below[prefix]) == 1)
            module = next(alike, name.rpartition(".")[0])
            groups.setdefault((status, phase, module), []).append(name)
    return tuple(
        ParameterGroup(
            status, module, classes.get(module, ""), keys.get(module, "model"), tuple(members), phase
        )
        for (status, phase, module), members in groups.items()
    )


def keys_of(model: Any, modules: Sequence[str]) -> Dict[str, str]:
    """The config key path that is nearest to each module: attributes that are named as the config's dicts.

    Args:
        model: The config's ``model``.
        modules: Names of modules, ``backbone.stages.0``.
    """
    return {module: format_key(_nearest(model, module.split("."))) for module in modules}


def _nearest(node: Any, parts: Sequence[str]) -> KeyPath:
    path: List[Any] = ["model"]
    for part in parts:
        if isinstance(node, dict) and isinstance(node.get(part), (dict, list)):
            node = dict.get(node, part)
            path.append(part)
        elif isinstance(node, list) and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
            path.append(int(part))
        else:
            break
    return tuple(path)


def _above(name: str) -> Iterator[str]:
    """The modules around a parameter, the whole model first."""
    parts = name.split(".")
    for length in range(len(parts)):
        yield ".".join(parts[:length])
