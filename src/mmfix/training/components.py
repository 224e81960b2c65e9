"""The classes beside the model that take part in a training step: hooks, the loop, wrappers, constructors."""

from __future__ import annotations

from typing import Any, Iterator, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath

#: Where such classes are named.
_PLACES: Tuple[KeyPath, ...] = (
    ("custom_hooks",),
    ("default_hooks",),
    ("train_cfg",),
    ("optim_wrapper",),
    ("optimizer_config",),
    ("runner",),
    ("model_wrapper_cfg",),
    ("strategy",),
    ("data_preprocessor",),
    ("model", "data_preprocessor"),
)
#: Its class does arithmetic on gradients, which changes no outcome.
_OPTIMIZER = "optimizer"


def components(document: ConfigDocument) -> Iterator[Any]:
    """Each value of the config that names one: text, a ``LazyName``, or a class."""
    yield document.tree.get("runner_type")
    for key in _PLACES:
        yield from _below(document.get(key, None))
    optimizer = document.tree.get(_OPTIMIZER)
    if isinstance(optimizer, dict):  # mmcv 1.x mmcv/runner/optimizer/builder.py
        yield optimizer.get("constructor")


def _below(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from (value[key] for key in ("type", "constructor") if key in value)
        for key, item in value.items():
            if key != _OPTIMIZER:
                yield from _below(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _below(item)
