"""From an index in DDP's error to a parameter, and from a parameter to the config key behind it."""

from __future__ import annotations

import os.path as osp
import re
from typing import Any, Iterator, Optional, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath
from mmfix.config.names import type_name
from mmfix.python.source import read_bytes
from mmfix.repository.roots import source_roots
from mmfix.repository.source import MODELS
from mmfix.training.era import era as era_of
from mmfix.training.reading import CodeReading, code_reading
from mmfix.training.wrapping import runner_kind, wrapping
from mmfix.wording import say

#: Classes that only prepare a batch, and have no parameters: mmengine 0.10.7, mmdet 3.3.0, mmsegmentation
#: 1.2.2, mmpretrain 1.2.0, mmpose 1.3.2, mmaction2 1.2.0, mmagic 1.2.0.
_PREPROCESSORS = re.compile(r"(\w+\.)*\w*(DataPre[pP]rocessor|Batch\w+|Mixup|CutMix|ResizeMix)")
_ENTRIES = ("tools/train.py", "train.py", "tools/train_net.py", "tools/dist_train.py")
_FREEZES = re.compile(rb"requires_grad|freez")


def parameter_order(document: ConfigDocument) -> Optional[Tuple[str, ...]]:
    """The names of the parameters that DDP waits for: the one with index ``i`` in its errors is at ``[i]``.

    Read from the model's source (``ModelReading.trainable``); None unless it is certain.

    Source: ``torch/nn/parallel/distributed.py: _build_params_for_reducer``.
    """
    order, _ = order_or_reason(document)
    return order


def order_or_reason(document: ConfigDocument) -> Tuple[Optional[Tuple[str, ...]], str]:
    """:func:`parameter_order`, and why there is none: one clause, empty when there is one."""
    runner = runner_kind(document, era_of(document), [])
    if wrapping(document, runner, [])[0] != "ddp":
        return None, say("the model is not wrapped as a whole by DDP")
    for preprocessor in _preprocessors(document):
        if not _PREPROCESSORS.fullmatch(preprocessor):
            return None, say("whether {type} has parameters is not known", type=preprocessor)
    script = _freezing_script(document)
    if script is not None:
        return None, say("{script} may freeze parameters before DDP wraps the model", script=script)
    code = _code(document)
    if code is None:
        return None, say("the config has no model")
    return code.reading.trainable, code.reading.unordered


def in_every_step(document: ConfigDocument) -> Tuple[str, ...]:
    """The parameters that get a gradient in every step, by the model's source; none if it does not tell."""
    code = _code(document)
    return () if code is None else code.reading.in_every_step


def key_of_parameter(document: ConfigDocument, name: str) -> KeyPath:
    """The key path of the nearest config dict that made the module which holds a parameter.

    Args:
        document: The config.
        name: As DDP or ``named_parameters()`` gives it, ``roi_head.bbox_head.0.fc_cls.weight``.

    Returns:
        ``('model', 'roi_head', 'bbox_head', 0)``; ``('model',)`` when no deeper dict is known; ``()`` for a
        config without a model.
    """
    model = document.tree.get("model")
    if not isinstance(model, dict):
        return ()
    parts = name.lstrip(".").split(".")[:-1]
    code = _code(document)
    built = {} if code is None else {item.name: item.key for item in code.reading.built}
    for depth in range(len(parts), -1, -1):
        key = built.get(".".join(parts[:depth]))
        if key is not None and document.get(key) is not None:
            # of several modules that one dict made, the reading names the first
            return _followed(document.get(key), key, parts[depth:])
    return _followed(model, ("model",), parts)


def _followed(node: Any, key: KeyPath, parts: Any) -> KeyPath:
    """The deepest dict with a ``type`` on the way along a module's name, ``key`` where there is none."""
    best = key
    for part in parts:
        if isinstance(node, dict) and part in node:
            key, node = (*key, part), node[part]
        elif isinstance(node, list) and part.isdigit() and int(part) < len(node):
            key, node = (*key, int(part)), node[int(part)]
        else:
            break
        if isinstance(node, dict) and "type" in node:
            best = key
    return best


def _code(document: ConfigDocument) -> Optional[CodeReading]:
    era = era_of(document)
    return code_reading(document, era, runner_kind(document, era, []))


def _preprocessors(document: ConfigDocument) -> Iterator[str]:
    """The types below ``data_preprocessor``, in the model and beside it (``Runner.__init__`` moves it in)."""
    model = document.tree.get("model")
    for holder in (document.tree, model):
        if isinstance(holder, dict):
            yield from _types(holder.get("data_preprocessor"))


def _types(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "type" in node:
            yield type_name(node["type"]) or say("the data preprocessor")
        for value in node.values():
            yield from _types(value)
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from _types(value)


def _freezing_script(document: ConfigDocument) -> Optional[str]:
    """A training script of the user's repository that has to do with freezing; it runs before the wrap."""
    known = document.path or document.homes
    for root in source_roots(document.path, document.tree, document.homes, document.roots) if known else ():
        for entry in _ENTRIES:
            path = osp.join(root, entry)
            data, problem = read_bytes(path, MODELS)
            if problem is None and _FREEZES.search(data):
                return entry
    return None
