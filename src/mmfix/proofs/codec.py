"""A proof in JSON's types, as an entry of the proof file, and back."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from mmfix.proofs.types import (
    NEVER,
    OUTCOMES,
    READY_TWICE,
    SOMETIMES,
    UNTRAINED,
    ParameterGroup,
    Proof,
    Rehearsal,
    RemedyResult,
    Scenario,
)

#: Names that are kept of each list of parameters; the number of all is kept beside them.
MOST_NAMES = 50
#: The same, and how much of an error, where it is about a cure.
_NAMES_OF_CURE, _TEXT_OF_CURE = 5, 200
_MOST_GROUPS = 100
_MOST_LINES = 50
#: DDP's text lists the index of every parameter; what it says comes first.
_MOST_TEXT = 1500
#: Characters of the order of parameters: Mask R-CNN R50 needs 3,500, a segmentor on Swin-B 10,300.
_MOST_ORDER = 64_000
_STATUSES = (NEVER, SOMETIMES, READY_TWICE, UNTRAINED)


def as_plain(proof: Proof) -> Dict[str, Any]:
    """The proof in JSON's types, nothing cut, by the keys of the proof file. Tracebacks are left out."""
    rehearsal = proof.rehearsal
    return {
        "outcome": rehearsal.outcome,
        "reason": rehearsal.reason,
        "versions": dict(rehearsal.versions),
        "world_size": rehearsal.world_size,
        "backend": rehearsal.backend,
        "scenarios": [_scenario(item) for item in rehearsal.scenarios],
        "groups": [_group(item) for item in rehearsal.groups],
        "trainable": rehearsal.trainable,
        "order": list(rehearsal.parameters),
        "reentrant": rehearsal.reentrant,
        "left": list(rehearsal.left),
        "replaced": list(rehearsal.replaced),
        "activation_bytes": rehearsal.activation_bytes,
        "step_seconds": rehearsal.step_seconds,
        "remedies": [_remedy(item) for item in proof.remedies],
        "seconds": proof.seconds,
    }


def to_entry(proof: Proof) -> Dict[str, Any]:
    """The same in a few KB: long texts and lists are cut, names of parameters counted."""
    entry = as_plain(proof)
    return {
        **entry,
        "reason": entry["reason"][:_MOST_TEXT],
        "scenarios": [_cut(item, MOST_NAMES, _MOST_TEXT) for item in entry["scenarios"]],
        "order": _packed(entry["order"]),
        "groups": [{**item, "names": item["names"][:MOST_NAMES]} for item in entry["groups"][:_MOST_GROUPS]],
        "replaced": entry["replaced"][:_MOST_LINES],
        "remedies": [_cut_remedy(item) for item in entry["remedies"]],
    }


def from_entry(config: str, entry: Mapping[str, Any]) -> Proof:
    """The inverse of :func:`to_entry`, but for what was cut. Keys it does not know are passed over.

    The scenarios of cures and the order of parameters may be missing: mmfix did not always write them.

    Raises:
        LookupError, TypeError, ValueError: It is no such entry.
    """
    rehearsal = Rehearsal(
        outcome=_outcome(entry["outcome"]),
        reason=_text(entry["reason"]),
        scenarios=tuple(_read_scenario(item) for item in _list(entry["scenarios"])),
        groups=tuple(_read_group(item) for item in _list(entry["groups"])),
        trainable=int(entry["trainable"]),
        reentrant=entry["reentrant"] is True,
        replaced=_texts(entry["replaced"]),
        activation_bytes=_integer(entry["activation_bytes"]),
        step_seconds=_number(entry["step_seconds"]),
        versions={_text(name): _text(version) for name, version in entry["versions"].items()},
        world_size=int(entry["world_size"]),
        backend=_text(entry["backend"]),
        left=_texts(entry["left"]),
        parameters=_unpacked(_texts(entry.get("order", []))),
    )
    remedies = tuple(_read_remedy(item) for item in _list(entry["remedies"]))
    return Proof(config, rehearsal, remedies, float(entry["seconds"]))


def _packed(names: Sequence[str]) -> List[str]:
    """One line a module, ``backbone.conv1 weight bias``; nothing when that would be too long."""
    lines: List[List[str]] = []
    for name in names:
        module, _, own = name.replace("%", "%25").replace(" ", "%20").rpartition(".")
        if not lines or lines[-1][0] != module:
            lines.append([module])
        lines[-1].append(own)
    found = [" ".join(line) for line in lines]
    return found if sum(map(len, found)) <= _MOST_ORDER else []


def _unpacked(lines: Sequence[str]) -> Tuple[str, ...]:
    found = []
    for line in lines:
        module, *own = line.split(" ")
        found += [f"{module}.{name}" if module else name for name in own]
    return tuple(name.replace("%20", " ").replace("%25", "%") for name in found)


def _scenario(item: Scenario) -> Dict[str, Any]:
    return {
        "name": item.name,
        "outcome": item.outcome,
        "unused": list(item.unused),
        "ready_twice": list(item.ready_twice),
        "untrained": list(item.untrained),
        "error": item.error,
        "disagreement": item.disagreement,
    }


def _cut(scenario: Mapping[str, Any], most_names: int, most_text: int) -> Dict[str, Any]:
    lists = {key: scenario[key] for key in ("unused", "ready_twice", "untrained")}
    return {
        **scenario,
        **{key: {"count": len(names), "names": names[:most_names]} for key, names in lists.items()},
        "error": scenario["error"][:most_text],
    }


def _read_scenario(item: Mapping[str, Any]) -> Scenario:
    return Scenario(
        name=_text(item["name"]),
        outcome=_outcome(item["outcome"]),
        unused=_texts(item["unused"]["names"]),
        ready_twice=_texts(item["ready_twice"]["names"]),
        error=_text(item["error"]),
        untrained=_texts(item["untrained"]["names"]),
        disagreement=_text(item["disagreement"]),
    )


def _group(item: ParameterGroup) -> Dict[str, Any]:
    return {
        "status": item.status,
        "module": item.module,
        "class": item.class_name,
        "key": item.key,
        "frozen_by": item.frozen_by,
        "count": item.size,
        "names": list(item.names),
    }


def _read_group(item: Mapping[str, Any]) -> ParameterGroup:
    status = _text(item["status"])
    if status not in _STATUSES:
        raise ValueError(f"{status!r} is no status")
    return ParameterGroup(
        status=status,
        module=_text(item["module"]),
        class_name=_text(item["class"]),
        key=_text(item["key"]),
        names=_texts(item["names"]),
        frozen_by=_text(item["frozen_by"]),
        count=int(item["count"]),
    )


def _remedy(item: RemedyResult) -> Dict[str, Any]:
    return {
        "name": item.name,
        "outcome": item.outcome,
        "reason": item.reason,
        "activation_bytes": item.activation_bytes,
        "step_seconds": item.step_seconds,
        "overrides": list(item.overrides),
        "scenarios": [_scenario(scenario) for scenario in item.scenarios],
    }


def _cut_remedy(remedy: Mapping[str, Any]) -> Dict[str, Any]:
    scenarios = [_cut(item, _NAMES_OF_CURE, _TEXT_OF_CURE) for item in remedy["scenarios"]]
    return {**remedy, "reason": remedy["reason"][:_MOST_TEXT], "scenarios": scenarios}


def _read_remedy(item: Mapping[str, Any]) -> RemedyResult:
    return RemedyResult(
        name=_text(item["name"]),
        outcome=_outcome(item["outcome"]),
        reason=_text(item["reason"]),
        activation_bytes=_integer(item["activation_bytes"]),
        step_seconds=_number(item["step_seconds"]),
        overrides=_texts(item["overrides"]),
        scenarios=tuple(_read_scenario(scenario) for scenario in _list(item.get("scenarios", []))),
    )


def _outcome(value: Any) -> str:
    if value not in OUTCOMES:
        raise ValueError(f"{value!r} is no outcome")
    return str(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _list(value: Any) -> List[Any]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list")
    return value


def _texts(value: Any) -> Tuple[str, ...]:
    return tuple(_text(item) for item in _list(value))


def _integer(value: Any) -> Optional[int]:
    return None if value is None else int(value)


def _number(value: Any) -> Optional[float]:
    return None if value is None else float(value)
