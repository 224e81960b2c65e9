"""Files of a repository as syntax trees, and where an imported name is defined in it."""

from __future__ import annotations

import ast
import os
import os.path as osp
import sys
import warnings
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

from mmfix.python.place import Place, Problem

#: Far above any training script.
MAX_BYTES = 1_000_000
MAX_FILES = 80
_MAX_ENTRIES = 300
_MAX_CHAIN = 6
#: Python 3.8's parser gives up at 100 open brackets, and writes about it to stderr by itself.
_OLD_PARSER_DEPTH = 95

Function = Union[ast.FunctionDef, ast.AsyncFunctionDef]


class Import(NamedTuple):
    """``from <module> import <name>``; an empty name is the module itself."""

    module: str
    name: str


class Module(NamedTuple):
    """A parsed file.

    Attributes:
        path: The file.
        package: Dotted name of the package relative imports start from, as folders below ``base``.
        base: The folder absolute imports of this repository start from.
        body: Its statements.
        functions: Functions by name, nested and methods included; the first of a name counts.
        imports: Local name -> what it stands for, imports inside functions included.
        stars: Modules of ``from x import *``.
    """

    path: str
    package: Tuple[str, ...]
    base: str
    body: List[ast.stmt]
    functions: Dict[str, Function]
    imports: Dict[str, Import]
    stars: Tuple[str, ...]


class Modules:
    """The files of one repository, parsed when first asked for, at most :data:`MAX_FILES`."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.problems: Dict[str, Problem] = {}
        self._parsed: Dict[str, Optional[Module]] = {}
        self._bases: Dict[str, List[str]] = {}

    def open(self, path: str, base: Optional[str] = None) -> Optional[Module]:
        """The parsed file, or None: not there, or ``problems`` says what is wrong with it."""
        path = osp.abspath(path)
        if path not in self._parsed:
            if not osp.isfile(path):
                return None
            if len(self._parsed) >= MAX_FILES:
                self.problems[self.root] = Problem(
                    f"more than {MAX_FILES} files take part in the training script"
                )
                return None
            self._parsed[path] = self._read(path, base or self.root)
        return self._parsed[path]

    def find(self, module: Module, name: str, depth: int = 0) -> Optional[Tuple[Module, Function]]:
        """The function a (dotted) name means in ``module``, in this repository; None when not found here."""
        if depth > _MAX_CHAIN:
            return None
        first, _, rest = name.partition(".")
        source = module.imports.get(first)
        if source is not None:
            found = self._find_import(source, rest, module.path, depth)
            if found is not None:
                return found
        if name in module.functions:
            return module, module.functions[name]
        for star in module.stars:
            target = self._locate(star, module.path)
            found = self.find(target, name, depth + 1) if target else None
            if found:
                return found
        return None

    def holds(self, package: str) -> bool:
        """Whether the package is one of the repository's own."""
        return bool(self._bases_of(package))

    def _find_import(
        self, source: Import, rest: str, near: str, depth: int
    ) -> Optional[Tuple[Module, Function]]:
        wanted = [part for part in (source.name, *rest.split(".")) if part]
        for cut in range(len(wanted) - 1, -1, -1):  # `wanted` may begin with modules
            target = self._locate(".".join([source.module, *wanted[:cut]]), near)
            if target is not None:
                return self.find(target, ".".join(wanted[cut:]), depth + 1)
        return None

    def _locate(self, dotted: str, near: str) -> Optional[Module]:
        parts = dotted.split(".")
        for base in (*self._bases_of(parts[0]), osp.dirname(near)):
            stem = osp.join(base, *parts)
            for path in (stem + ".py", osp.join(stem, "__init__.py")):
                if osp.isfile(path):
                    return self.open(path, base)
        return None

    def _bases_of(self, package: str) -> List[str]:
        """Folders that hold a package: the root, ``src``, a checkout in it (``mmdetection3d/mmdet3d``)."""
        if package not in self._bases:
            self._bases[package] = [
                base
                for base in (self.root, *folders(self.root))
                if osp.isdir(osp.join(base, package)) or osp.isfile(osp.join(base, package + ".py"))
            ]
        return self._bases[package]

    def _read(self, path: str, base: str) -> Optional[Module]:
        try:
            body = _parse(path)
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError) as error:
            self.problems[path] = _problem(path, error)
            return None
        inside = osp.relpath(osp.dirname(path), base)
        package = () if inside == os.curdir else tuple(inside.split(os.sep))
        functions: Dict[str, Function] = {}
        imports: Dict[str, Import] = {}
        stars: List[str] = []
        for node in _every(body):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                functions.setdefault(node.name, node)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    bound = alias.asname or alias.name.partition(".")[0]
                    imports.setdefault(bound, Import(alias.name if alias.asname else bound, ""))
            elif isinstance(node, ast.ImportFrom):
                source = _absolute(node, package)
                if source is None:
                    continue
                for alias in node.names:
                    if alias.name == "*":
                        stars.append(source)
                    else:
                        imports.setdefault(alias.asname or alias.name, Import(source, alias.name))
        return Module(path, package, base, body, functions, imports, tuple(stars))


def folders(path: str) -> List[str]:
    """The folders in ``path``, sorted, hidden ones left out; empty when it cannot be read."""
    found: List[str] = []
    try:
        with os.scandir(path) as entries:
            for count, entry in enumerate(entries):
                if count >= _MAX_ENTRIES:
                    break
                if not entry.name.startswith((".", "__")) and entry.is_dir():
                    found.append(entry.path)
    except OSError:
        return []
    return sorted(found)


def files(path: str, word: str) -> List[str]:
    """The Python files in ``path`` with ``word`` in their name, sorted."""
    try:
        names: Sequence[str] = os.listdir(path)
    except OSError:
        return []
    return [osp.join(path, name) for name in sorted(names) if name.endswith(".py") and word in name]


def _parse(path: str) -> List[ast.stmt]:
    with open(path, "rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES // 1_000_000} MB, which no training script is")
    if sys.version_info < (3, 9) and _depth(data) > _OLD_PARSER_DEPTH:
        raise RecursionError
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape in somebody's script is not our news
        return ast.parse(data).body


def _depth(data: bytes) -> int:
    depth = most = 0
    for char in data:
        if char in b"([{":
            depth += 1
            most = max(most, depth)
        elif char in b")]}":
            depth -= 1
    return most


def _problem(path: str, error: BaseException) -> Problem:
    if isinstance(error, SyntaxError):
        return Problem(f"syntax error: {error.msg}", Place(path, error.lineno or 1))
    if isinstance(error, OSError):
        return Problem(f"cannot be read: {error.strerror}", Place(path, 1))
    if isinstance(error, ValueError):
        return Problem(str(error), Place(path, 1))
    return Problem("is nested too deeply to be read", Place(path, 1))


def _every(body: List[ast.stmt]) -> Iterator[ast.stmt]:
    """Every statement, outer ones first."""
    stack: List[ast.AST] = list(reversed(body))
    while stack:
        node = stack.pop()
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, ast.expr):
            stack += [
                child
                for child in reversed(list(ast.iter_child_nodes(node)))
                if not isinstance(child, ast.expr)
            ]


def _absolute(node: ast.ImportFrom, package: Tuple[str, ...]) -> Optional[str]:
    if not node.level:
        return node.module
    up = node.level - 1
    if up > len(package) or (up == len(package) and not node.module):
        return None
    return ".".join([*package[: len(package) - up], *([node.module] if node.module else [])])
