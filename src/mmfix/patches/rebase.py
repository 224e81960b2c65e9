"""Keep ``_base_`` of a config valid when its text moves to another folder."""

from __future__ import annotations

import ast
import os.path as osp
import re
from typing import Any, List

from mmfix.config.document import ConfigDocument
from mmfix.errors import PatchError
from mmfix.patches.spans import Edit, edited, node_span
from mmfix.wording import say

_SAME_FOLDER = say("write the copy into the folder of the original")


def reference_to(path: str, folder: str) -> str:
    """``path`` as a ``_base_`` entry of a config in ``folder``: ``./x.py``, ``../y/x.py``."""
    try:
        relative = osp.relpath(path, folder).replace(osp.sep, "/")
    except ValueError:  # another drive on Windows
        return path.replace(osp.sep, "/")
    return relative if relative.startswith("../") else f"./{relative}"


def module_reference(path: str, folder: str) -> str:
    """``path`` as a relative module of a lazy config in ``folder``: ``.x``, ``..y.x``.

    Raises:
        PatchError: A part of the way is not a Python name.
    """
    reference = reference_to(path, folder)
    parts = osp.splitext(reference)[0].split("/")
    ups = sum(1 for part in parts if part == "..")
    names = [part for part in parts if part not in (".", "..")]
    bad = next((name for name in names if not name.isidentifier()), None)
    if bad is not None or osp.isabs(reference):
        raise PatchError(
            say(
                "a lazy config cannot import {base}: {name!r} is not a Python name", base=reference, name=bad
            ),
            hint=say("rename it, or patch the file in place"),
        )
    return "." * (ups + 1) + ".".join(names)


def rebased_bases(value: Any, old: str, new: str) -> Any:
    """The value of ``_base_`` in a JSON or YAML config, for the folder ``new`` instead of ``old``."""
    if isinstance(value, list):
        return [rebased_bases(item, old, new) for item in value]
    if not isinstance(value, str) or "::" in value or osp.isabs(value):
        return value
    return reference_to(osp.normpath(osp.join(old, value)), new)


def rebased_text(document: ConfigDocument, new: str) -> str:
    """The text of a Python or YAML config, changed to inherit the same files from the folder ``new``.

    Raises:
        PatchError: The file computes the names of its bases, or cannot name them from there.
    """
    old = osp.dirname(document.path)
    if osp.abspath(new) == osp.abspath(old):
        return document.text
    if document.kind == "yaml":
        replacements = _in_yaml(document, old, new)
    else:
        tree = ast.parse(document.text)
        replacements = (
            _in_lazy(document, tree, old, new)
            if document.kind == "lazy"
            else _in_classic(document, tree, old, new)
        )
    return edited(document.text, replacements)


def _in_classic(document: ConfigDocument, tree: ast.Module, old: str, new: str) -> List[Edit]:
    if not any(isinstance(node, ast.Name) and node.id == "_base_" for node in ast.walk(tree)):
        return []
    stores = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == "_base_" and not isinstance(node.ctx, ast.Load)
    ]
    assigns = [
        node for node in tree.body if isinstance(node, ast.Assign) and stores and node.targets == [stores[0]]
    ]
    if len(stores) != 1 or not assigns:
        raise PatchError(
            say("this file computes `_base_`, so its copy cannot be moved"), document.path, hint=_SAME_FOLDER
        )
    value = assigns[0].value
    entries = value.elts if isinstance(value, ast.List) else [value]
    replacements = []
    for entry in entries:
        if not isinstance(entry, ast.Constant) or not isinstance(entry.value, str):
            raise PatchError(
                say("this file computes `_base_`, so its copy cannot be moved"),
                document.path,
                entry.lineno,
                _SAME_FOLDER,
            )
        moved = rebased_bases(entry.value, old, new)
        if moved != entry.value:
            replacements.append(Edit(*node_span(document.text, entry), ascii(moved)))
    return replacements


def _in_lazy(document: ConfigDocument, tree: ast.Module, old: str, new: str) -> List[Edit]:
    inside = {id(node) for part in tree.body if isinstance(part, ast.With) for node in ast.walk(part)}
    replacements = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        if id(node) not in inside or node.module is None:
            raise PatchError(
                say("a relative import outside `with read_base()` cannot be moved"),
                document.path,
                node.lineno,
                _SAME_FOLDER,
            )
        target = osp.join(old, *[".."] * (node.level - 1), *node.module.split(".")) + ".py"
        start, end = node_span(document.text, node)
        statement = document.text[start:end]
        moved = re.sub(
            r"^from(\s+|(?=\.))[.\s]+[\w.\s]*?(?=\s+import\b)",
            f"from {module_reference(osp.normpath(target), new)}",
            statement,
            count=1,
        )
        if moved != statement:
            replacements.append(Edit(start, end, moved))
    return replacements


def _in_yaml(document: ConfigDocument, old: str, new: str) -> List[Edit]:
    import json

    import yaml

    try:
        root = yaml.compose(document.text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise PatchError(
            say("this YAML file's `_base_` cannot be found"), document.path, hint=_SAME_FOLDER
        ) from error
    replacements = []
    for key, value in root.value if isinstance(root, yaml.MappingNode) else []:
        if key.value != "_base_":
            continue
        for entry in value.value if isinstance(value, yaml.SequenceNode) else [value]:
            moved = rebased_bases(entry.value, old, new)
            if moved != entry.value:
                span = entry.start_mark.index, entry.end_mark.index
                replacements.append(Edit(*span, json.dumps(moved)))
    return replacements
