"""What a run imports of a repository, beginning with what its config and its training script name."""

from __future__ import annotations

import ast
import os.path as osp
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from mmfix.python.imports import absolute_module
from mmfix.python.links import inside, leads_out
from mmfix.python.source import read_bytes
from mmfix.repository.finder import Finder
from mmfix.repository.source import MODELS, parse_bytes

#: Of one run. The largest forks have under 2,000 files.
MOST_FILES = 5000
SCRIPTS = ("tools/train.py", "train.py", "tools/dist_train.py")


def named_modules(config_path: Optional[str], tree: Mapping[str, Any]) -> Tuple[str, ...]:
    """The modules that a config has imported, in the order of the import.

    ``custom_imports`` (``mmengine/utils/misc.py: import_modules_from_strings``), and ``plugin_dir`` of
    mmcv 1.x repositories (``tools/train.py`` of mmdet3d's descendants): a folder, or that of the config where
    ``plugin`` stands alone.

    Args:
        config_path: None for a config that is not in a file.
        tree: The resolved config.
    """
    custom = tree.get("custom_imports")
    imports = custom.get("imports") if isinstance(custom, dict) else None
    named = [imports] if isinstance(imports, str) else imports if isinstance(imports, (list, tuple)) else []
    modules = [name for name in named if isinstance(name, str)]
    if tree.get("plugin"):
        places = tree.get("plugin_dir")
        folder = "" if config_path is None else osp.dirname(config_path)
        for place in places if isinstance(places, (list, tuple)) else [folder if places is None else places]:
            if isinstance(place, str) and place:
                modules.append(place if osp.isabs(place) else osp.normpath(place).replace(osp.sep, "."))
    return tuple(modules)


class Imports:
    """The files that importing some modules runs, found without importing anything.

    Args:
        finder: Where modules are looked for.
        counts: Whether a module, by its dotted name and file, is followed.
    """

    def __init__(self, finder: Finder, counts: Callable[[str, str], bool]) -> None:
        self._finder = finder
        self._counts = counts
        self._named: Dict[str, Tuple[str, ...]] = {}

    def order(self, modules: Sequence[str], roots: Sequence[str]) -> Dict[str, int]:
        """File -> its place in the order in which the files are done with being imported.

        Args:
            modules: Dotted names, or absolute folders; what comes first is imported first.
            roots: Directories of the repository; training scripts in them are run first.
        """
        found: Dict[str, int] = {}
        scripts = [(root, osp.join(root, name)) for root in roots for name in SCRIPTS]
        starts: List[str] = []
        for root, script in scripts:
            if osp.isfile(script) and not leads_out(script, root):
                starts.extend(self._imported(script, "__main__", False))
        for name in modules:
            starts.extend(_with_packages(_from_folder(name, roots) if osp.isabs(name) else name))
        begun: Set[str] = set()
        stack: List[Tuple[str, Iterator[str]]] = [("", iter(starts))]
        while stack:
            path, names = stack[-1]
            name = next(names, "")
            if not name:
                stack.pop()
                found.setdefault(path, len(found))
                continue
            spot = self._finder.find(name) if len(begun) < MOST_FILES else None
            if spot is not None and spot.file and spot.file not in begun and self._counts(name, spot.file):
                begun.add(spot.file)
                stack.append((spot.file, iter(self._imported(spot.file, name, bool(spot.folders)))))
        del found[""]
        return found

    def _imported(self, path: str, module: str, is_package: bool) -> Tuple[str, ...]:
        """The modules that a file imports when it is imported, packages before what is in them."""
        if path not in self._named:
            data, problem = read_bytes(path, MODELS)
            tree = None if problem is not None else parse_bytes(data, path)[0]
            names = [] if tree is None else [*_statements(tree.body, module, is_package)]
            parts = (part for name in names for part in _with_packages(name))
            self._named[path] = tuple(dict.fromkeys(parts))
        return self._named[path]


def _from_folder(folder: str, roots: Sequence[str]) -> str:
    root = next((root for root in roots if inside(folder, root)), folder)
    return "" if root == folder else osp.relpath(folder, root).replace(osp.sep, ".")


def _with_packages(name: str) -> Iterator[str]:
    parts = name.split(".") if name else []
    yield from (".".join(parts[: end + 1]) for end in range(len(parts)))


def _statements(body: Sequence[ast.stmt], module: str, is_package: bool) -> Iterator[str]:
    """Modules named by the import statements that run; a name taken from a module may be one, too."""
    stack: List[ast.AST] = list(reversed(body))
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = absolute_module(node, module, is_package)
            yield source
            yield from (f"{source}.{alias.name}" for alias in node.names if alias.name != "*")
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.expr)):
            stack.extend(reversed(list(ast.iter_child_nodes(node))))
