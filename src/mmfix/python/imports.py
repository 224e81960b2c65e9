"""What a ``from`` import names."""

from __future__ import annotations

import ast


def absolute_module(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    """The dotted module of ``from ..x import y``.

    An import beyond the top keeps what is left: where a file's package begins is often a guess, and Python,
    which knows it, would have refused. The base of a lazy config is no module but a file that is found by its
    path: ``mmfix.config.lazy``.

    Args:
        node: The import.
        module: The dotted name of the module it stands in.
        is_package: That module is an ``__init__.py``: relative imports start from itself.
    """
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    keep = len(parts) - node.level + is_package
    return ".".join(part for part in [*parts[: max(keep, 0)], node.module or ""] if part)
