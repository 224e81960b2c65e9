"""Small questions to an MMEngine config: which types, sizes and numbers of classes it names."""

from __future__ import annotations

from typing import Any, Iterator, List, Sequence, Tuple


def type_name(node: Any) -> str:
    """The class name that a config dict asks for, without its scope; empty if it names none."""
    kind = node.get("type", "") if isinstance(node, dict) else ""
    return kind.rsplit(".", 1)[-1] if isinstance(kind, str) else getattr(kind, "__name__", "")


def dicts(node: Any, path: str = "") -> Iterator[Tuple[str, Any]]:
    """(key path, dict) of a dict or list and of every dict below it, outer ones first."""
    if isinstance(node, dict):
        yield path, node
        for key, value in list(node.items()):
            yield from dicts(value, f"{path}.{key}" if path else str(key))
    elif isinstance(node, (list, tuple)):
        for index, value in enumerate(node):
            yield from dicts(value, f"{path}[{index}]")


def numbers(node: Any, key: str) -> List[int]:
    """Every positive integer under `key`, at any depth."""
    found = [inner.get(key) for _, inner in dicts(node)]
    return [value for value in found if isinstance(value, int) and value > 0]


def preprocessors(config: Any) -> List[Tuple[str, Any]]:
    """(key path, dict) of the data preprocessors: the model's own one, which wins, then the config's."""
    found = [
        ("model.data_preprocessor", (config.get("model") or {}).get("data_preprocessor")),
        ("data_preprocessor", config.get("data_preprocessor")),
    ]
    return [(path, node) for path, node in found if isinstance(node, dict)]


def transforms(config: Any) -> List[Any]:
    """Every dict below the training dataloader (mmcv 1.x: ``data.train``): its transforms among them."""
    loader = config.get("train_dataloader") or (config.get("data") or {}).get("train")
    return [node for _, node in dicts(loader or {})]


def channels(config: Any) -> int:
    """How many channels an image has: as many as a data preprocessor or transform has means, else three."""
    places = [inner for _, node in preprocessors(config) for _, inner in dicts(node)]
    for node in [*places, *transforms(config)]:
        if isinstance(node.get("mean"), (list, tuple)):
            return len(node["mean"])
    return 3


def is_mmcv1(config: Any) -> bool:
    """Whether a config object is one of mmcv 1.x; MMEngine has a class of its own."""
    return type(config).__module__.split(".")[0] == "mmcv"


def replace(node: Any, path: str, key: str, value: Any) -> str:
    """Set a key in place; returns the line that says so."""
    old = node[key]
    node[key] = value
    return f"{path}.{key}: {_short(old)} -> {_short(value)}"


def _short(value: Any) -> str:
    text = repr(tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else value)
    return text if len(text) <= 80 else text[:77] + "..."
