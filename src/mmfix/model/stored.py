"""A reading as JSON values, and back."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, Dict, List, Tuple, Type

from mmfix.model.types import Built, CheckpointUse, LateFreeze, ModelReading, Submodule, Toggle
from mmfix.python.place import Place, Problem

_PARTS: Dict[str, Type[Any]] = {
    "submodules": Submodule,
    "late_freezes": LateFreeze,
    "toggles": Toggle,
    "checkpoints": CheckpointUse,
    "built": Built,
    "problems": Problem,
}
_PLACES = frozenset({"created", "used", "place"})
_KEYS = frozenset({"key", "decided_by", "switch"})


def to_json(reading: ModelReading) -> Dict[str, Any]:
    """JSON values; tuples become lists."""
    value = {name: [_values(item) for item in getattr(reading, name)] for name in _PARTS}
    rest: Dict[str, Any] = {
        "gave_up": reading.gave_up,
        "files": list(reading.files),
        "all_built": reading.all_built,
    }
    rest["ambiguous"] = [list(item) for item in reading.ambiguous]
    rest["reached"] = list(reading.reached)
    rest["same_losses"] = reading.same_losses
    rest["unordered"] = reading.unordered
    rest["unmade"] = [[list(key), file] for key, file in reading.unmade]
    rest["trainable"] = None if reading.trainable is None else _grouped(reading.trainable)
    return {**value, **rest}


def from_json(value: Dict[str, Any]) -> ModelReading:
    """The reading again. Raises LookupError, TypeError or ValueError for anything else."""
    parts = {name: tuple(_made(kind, item) for item in value[name]) for name, kind in _PARTS.items()}
    return ModelReading(
        **parts,
        gave_up=str(value["gave_up"]),
        files=tuple(value["files"]),
        all_built=bool(value["all_built"]),
        ambiguous=tuple((str(name), str(line)) for name, line in value["ambiguous"]),
        trainable=None if value["trainable"] is None else _single(value["trainable"]),
        unordered=str(value["unordered"]),
        unmade=tuple((tuple(key), str(file)) for key, file in value["unmade"]),
        reached=tuple(value["reached"]),
        same_losses=bool(value["same_losses"]),
        unfinished=False,  # such a reading is not kept
    )


def _grouped(names: Tuple[str, ...]) -> List[str]:
    """``["backbone.conv1\\nweight\\nbias", ...]``: names in their order, those of one module in one text."""
    groups: List[List[str]] = []
    for name in names:
        module, _, last = name.rpartition(".")
        if not groups or groups[-1][0] != module:
            groups.append([module])
        groups[-1].append(last)
    return ["\n".join(group) for group in groups]


def _single(groups: List[str]) -> Tuple[str, ...]:
    names: List[str] = []
    for group in groups:
        module, *lasts = group.split("\n")
        names += [f"{module}.{last}" for last in lasts] if module else lasts
    return tuple(names)


def _values(item: Any) -> Any:
    if is_dataclass(item):
        return [_values(getattr(item, field.name)) for field in fields(item)]
    return list(item) if isinstance(item, tuple) else item


def _made(kind: Type[Any], values: Any) -> Any:
    names = _names(kind)
    if len(values) != len(names):
        raise ValueError(f"not a {kind.__name__}")
    return kind(*(_field(name, item) for name, item in zip(names, values)))


def _field(name: str, item: Any) -> Any:
    if name in _PLACES and item is not None:
        path, line = item
        return Place(path, line)
    if name == "names":
        return tuple(map(str, item))
    if name == "called":
        return tuple(Place(path, line) for path, line in item)
    if name == "parted":
        return tuple((str(path), str(cls)) for path, cls in item)
    return tuple(item) if name in _KEYS and item is not None else item


def _names(kind: Type[Any]) -> Tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
