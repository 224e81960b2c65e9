"""The top-level keys that code reads of a config, told by its syntax tree: ``cfg.get('workflow')``."""

from __future__ import annotations

import ast
import re
from typing import Dict, Iterator

#: Names that code gives a whole config: ``cfg``, ``self.cfg``, ``runner.cfg``, ``self._cfg``, ``config``.
_CONFIG = re.compile(r"_?(?:cfg|config|conf)(?:_dict)?$")
#: Methods of ``Config`` and ``dict`` that take a key.
_BY_KEY = frozenset({"get", "pop", "setdefault", "__contains__"})
#: What a config has beside its keys (``mmengine/config/config.py: Config``, ``dict``).
_METHODS = frozenset(
    {
        *("get", "pop", "setdefault", "update", "items", "keys", "values", "copy", "clear", "popitem"),
        *("fromkeys", "fromfile", "fromstring", "dump", "merge_from_dict", "pretty_text", "filename", "text"),
        *("env_variables", "to_dict", "auto_argparser", "diff", "deepcopy"),
    }
)
_BY_NAME = frozenset({"getattr", "hasattr", "setattr"})


def keys_read(tree: ast.Module) -> Dict[str, int]:
    """Key -> the first line that reads it.

    A write counts as well: who writes ``cfg.work_dir`` means it to be read.
    """
    found: Dict[str, int] = {}
    for node in ast.walk(tree):
        for key in _keys(node):
            line = getattr(node, "lineno", 1)
            found[key] = min(line, found.get(key, line))
    return found


def _keys(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Attribute):
        if _is_config(node.value) and node.attr not in _METHODS:
            yield node.attr
    elif isinstance(node, ast.Subscript):
        if _is_config(node.value):
            yield from _texts(node.slice)
    elif isinstance(node, ast.Compare):
        if isinstance(node.ops[0], (ast.In, ast.NotIn)) and _is_config(node.comparators[0]):
            yield from _texts(node.left)
    elif isinstance(node, ast.Call) and node.args:
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in _BY_KEY:
            if _is_config(function.value):
                yield from _texts(node.args[0])
        elif _is_by_name(function) and len(node.args) > 1 and _is_config(node.args[0]):
            yield from _texts(node.args[1])


def _is_by_name(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in _BY_NAME


def _is_config(node: ast.expr) -> bool:
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return _CONFIG.match(name) is not None


def _texts(node: ast.AST) -> Iterator[str]:
    node = getattr(node, "value", node) if type(node).__name__ == "Index" else node  # Python 3.8
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
