"""The statements that set overrides at the end of a Python config, classic or lazy."""

from __future__ import annotations

import re
from typing import Any, List, Mapping, Sequence, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath
from mmfix.config.template import PLACEHOLDER
from mmfix.errors import PatchError
from mmfix.patches.edits import Scene, edit_tree, shared_containers
from mmfix.patches.expression import is_name
from mmfix.wording import say

#: Top-level names MMEngine refuses or keeps for itself (``mmengine/config/config.py``: ``RESERVED_KEYS``).
RESERVED = ("_base_", "_delete_", "_deprecation_", "filename", "text", "pretty_text", "env_variables")

#: Top-level names that only MMEngine's runner reads; mmcv 1.x configs have none of them.
_MMENGINE_NAMES = ("default_scope", "default_hooks", "env_cfg", "optim_wrapper", "train_dataloader")

_BASE_REFERENCE = re.compile(r"\{\{\s*_base_\.")


def check_names(overrides: Sequence[Tuple[KeyPath, Any]]) -> None:
    """Refuse keys that cannot be a variable of a config.

    Raises:
        PatchError: A top-level key is not a name, or is one MMEngine drops or keeps for itself.
    """
    for key, _ in overrides:
        name = key[0]
        if not is_name(name) or str(name).startswith("__") or name in RESERVED:
            raise PatchError(
                say("{name!r} cannot be set: it is not a name that a config file can bind", name=name)
            )


def append_statements(document: ConfigDocument, overrides: Sequence[Tuple[KeyPath, Any]]) -> List[str]:
    """Statements that, at the end of the document's own file, set ``overrides`` and nothing else.

    Raises:
        PatchError: No statement there can.
    """
    check_names(overrides)
    base: Mapping[Any, Any] = document.base or {}
    scene = Scene(
        own=document.own,
        base=base,
        shared=shared_containers(document.own, base),
        base_is_object=_is_mmengine(document) and not _BASE_REFERENCE.search(document.text),
        placeholders=frozenset(_placeholders(document.own)) if "{{" in document.text else frozenset(),
    )
    return scene.run(edit_tree(overrides))


def overlay_statements(document: ConfigDocument, overrides: Sequence[Tuple[KeyPath, Any]]) -> List[str]:
    """Statements that set ``overrides`` in a new Python config that inherits the whole document.

    Raises:
        PatchError: No statement there can.
    """
    check_names(overrides)
    if document.kind == "lazy":
        return Scene(own=document.tree, base={}).run(edit_tree(overrides))
    scene = Scene(own={}, base=document.tree, base_is_object=_is_mmengine(document))
    return scene.run(edit_tree(overrides))


def _is_mmengine(document: ConfigDocument) -> bool:
    return any(name in document.tree for name in _MMENGINE_NAMES)


def _placeholders(value: Any) -> Any:
    stack = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, str) and node.endswith(PLACEHOLDER):
            yield node
        elif isinstance(node, (dict, list, tuple)):
            stack.extend(node.values() if isinstance(node, dict) else node)
