"""Configs that exist only in memory: no file, so no origins."""

from __future__ import annotations

from typing import Any, Mapping

from mmfix.config.document import ConfigDocument
from mmfix.config.values import TreeDict, deep_copy


def from_mapping(mapping: Mapping[str, Any], path: str = "") -> ConfigDocument:
    """A document for a resolved config dict, such as ``mmengine.Config.to_dict()`` gives.

    The mapping is copied; nothing in the document refers to it.
    """
    tree: TreeDict = deep_copy(dict(mapping))
    return ConfigDocument(path=path, kind="memory", text="", tree=tree, own=tree)
