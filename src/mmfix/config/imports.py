"""How MMEngine classifies imports: does a line make a file lazy, is a module "builtin"?

The answer depends on the Python that runs (``mmengine/config/utils.py: _is_builtin_module``), so it is
asked of this one, without importing anything.
"""

from __future__ import annotations

import ast
import os.path as osp
import sys
import sysconfig
from functools import lru_cache
from typing import Iterator, List, Optional

from mmfix.config.eras import is_of_mmcv1, top_level_names
from mmfix.errors import ConfigError
from mmfix.python.disk import read_start
from mmfix.wording import say

BASE_KEY = "_base_"

_PYTHON_ROOT = osp.dirname(osp.dirname(sys.executable))
_SYSTEM_PREFIX = "/usr/lib/python"


@lru_cache(maxsize=None)
def is_builtin_module(name: str) -> bool:
    """True when MMEngine lets a config really import this module.

    Source: ``mmengine/config/utils.py: _is_builtin_module``. In a virtual environment most of the
    standard library is *not* builtin by this test; outside of one it mostly is. By onedl-mmengine's, where
    that is installed, it always is.
    """
    if name.startswith("."):
        return False
    if name.startswith("mmengine.config") or name in sys.builtin_module_names:
        return True
    origin = find_origin(name.split(".")[0])
    if origin is None:
        return False
    if origin == "frozen" and is_onedl():
        return True
    origin = osp.abspath(origin)
    if "site-package" in origin or "dist-package" in origin:
        return False
    library = sysconfig.get_paths()["stdlib"] if is_onedl() else _SYSTEM_PREFIX
    return origin.startswith((_PYTHON_ROOT, library))


@lru_cache(maxsize=None)
def is_onedl() -> bool:
    """Whether the MMEngine that a config would be loaded with is onedl-mmengine (0.10.8 or later)."""
    origin = find_origin("mmengine")
    if origin is None:
        return False
    try:
        return b"onedl-mmengine" in read_start(osp.join(osp.dirname(origin), "version.py"), 4096)
    except OSError:
        return False


def find_origin(top_level: str) -> Optional[str]:
    """The file of a top-level module, found without importing it; None when there is none."""
    from importlib.util import find_spec

    try:
        spec = find_spec(top_level)
    except (ImportError, ValueError, AttributeError):
        return None
    return None if spec is None else spec.origin


def is_lazy(tree: ast.Module, path: str) -> bool:
    """True when MMEngine reads the file as a lazy config (``Config._is_lazy_import``).

    The first telling node decides, breadth first: ``_base_ = ...`` means classic; ``with read_base()``,
    a relative import or an import of a module that is not builtin means lazy.

    Raises:
        ConfigError: Another ``with`` statement comes first, which MMEngine refuses.
    """
    for node in _walk(tree):
        if isinstance(node, ast.Assign):
            if is_base_assignment(node):
                return False
        elif isinstance(node, ast.With):
            _require_read_base(node, path)
            return True
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                return True
            if node.module == "mmengine" and [alias.name for alias in node.names] == ["Config"]:
                continue
            if node.module is not None and not is_builtin_module(node.module):
                return True
        elif isinstance(node, ast.Import) and not all(is_builtin_module(alias.name) for alias in node.names):
            return True
    return False


def reads_lazily(tree: ast.Module, path: str) -> bool:
    """Whether the loader of the file's era reads it as a lazy config: mmcv 1.x has none.

    Its configs are told by their keys; ``with read_base():`` is MMEngine's in any case. A file of that era
    with an import in it (left by an editor, most often) is run like any other
    (``mmcv/utils/config.py: _file2dict``).

    Raises:
        ConfigError: As in :func:`is_lazy`.
    """
    if not is_lazy(tree, path):
        return False
    return any(isinstance(node, ast.With) for node in tree.body) or not is_of_mmcv1(top_level_names(tree))


def has_base(tree: ast.Module) -> bool:
    """Whether a statement of the file itself is ``_base_ = ...``."""
    return any(is_base_assignment(node) for node in tree.body)


def is_base_assignment(node: ast.AST) -> bool:
    """``_base_ = ...`` as MMEngine recognises it: a plain assignment whose first target is the name."""
    if not isinstance(node, ast.Assign):
        return False
    target = node.targets[0]
    return isinstance(target, ast.Name) and target.id == BASE_KEY


def _require_read_base(node: ast.With, path: str) -> None:
    call = node.items[0].context_expr
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "read_base"):
        raise ConfigError(
            say("MMEngine allows only `with read_base():` in a config, not another `with`"), path, node.lineno
        )


_EXPRESSION_FREE = (ast.Import, ast.ImportFrom, ast.Pass, ast.Global)


def _walk(tree: ast.Module) -> Iterator[ast.AST]:
    """``ast.walk`` order, but without descending into expressions, where no statement can be."""
    level: List[ast.AST] = list(tree.body)
    while level:
        below: List[ast.AST] = []
        for node in level:
            yield node
            if isinstance(node, _EXPRESSION_FREE):
                continue
            for field in ("body", "handlers", "orelse", "finalbody", "cases"):
                children = getattr(node, field, None)
                if isinstance(children, list):
                    below.extend(children)
        level = below
