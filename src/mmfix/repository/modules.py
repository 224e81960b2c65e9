"""Modules by dotted name, parsed when they are asked for, and the trail of a name from module to module."""

from __future__ import annotations

import ast
import os.path as osp
from contextlib import suppress
from typing import Callable, Dict, List, Optional, Sequence, Set, Tuple

from mmfix.python.bindings import Import
from mmfix.python.place import Problem
from mmfix.python.source import Bounds, read_bytes
from mmfix.python.trees import dotted
from mmfix.repository.finder import Finder
from mmfix.repository.names import Names, read_names, target
from mmfix.repository.source import MODELS, SourceModule, parse_bytes
from mmfix.wording import say

_MAX_STEPS = 50
_DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)

_Trail = Set[Tuple[str, str]]


class Modules:
    """The source that a finder finds.

    Args:
        finder: Where modules are looked for.
        bounds: How much is read.
    """

    def __init__(self, finder: Finder, bounds: Bounds = MODELS) -> None:
        self._finder = finder
        self._bounds = bounds
        self._files: List[Callable[[str], Optional[str]]] = []
        self._modules: Dict[str, Optional[SourceModule]] = {}
        self._parsed: Dict[str, Tuple[Optional[ast.Module], Optional[Problem]]] = {}
        self._names: Dict[str, Optional[Names]] = {}
        self._scopes: Dict[Tuple[str, str], str] = {}

    def add(self, directories: Sequence[str], file_of: Callable[[str], Optional[str]]) -> None:
        """Look in more directories, and take such files for names that no import statement could spell."""
        self._finder.add(directories)
        self._files.append(file_of)

    def get(self, name: str) -> Optional[SourceModule]:
        """The module of that dotted name; None when there is no source. See ``Library.module``."""
        if name not in self._modules:
            spot = self._finder.find(name)
            if spot is not None and spot.file:
                self._modules[name] = self.open(name, spot.file, bool(spot.folders))
            elif spot is not None and spot.folders:
                empty = ast.Module(body=[], type_ignores=[])
                self._modules[name] = SourceModule(name, spot.folders[0], True, empty)
            else:
                path = next(filter(None, (file_of(name) for file_of in self._files)), None)
                package = path is not None and osp.basename(path) == "__init__.py"
                self._modules[name] = None if path is None else self.open(name, path, package)
        return self._modules[name]

    def names(self, module: str) -> Optional[Names]:
        """What the top-level names of a module stand for; None when it cannot be read."""
        if module not in self._names:
            source = self.get(module)
            self._names[module] = None
            if source is not None and source.tree is not None:
                with suppress(RecursionError):  # thousands of `elif`
                    self._names[module] = read_names(source.tree, module, source.is_package)
        return self._names[module]

    def where(self, module: str, name: str) -> Optional[Tuple[str, str]]:
        """Module and name of the definition or assignment behind a name. See ``Library.where``."""
        return self._follow(module, name, set())

    def scope(self, module: str, registry: str) -> str:
        """The scope of a registry: the package that makes it, unless it is told another.

        Source: ``mmengine/registry/registry.py: Registry.infer_scope``.
        """
        key = (module, registry)
        if key not in self._scopes:
            place = self.where(module, registry)
            self._scopes[key] = module.partition(".")[0] if place is None else self._scope_made(*place)
        return self._scopes[key]

    def _scope_made(self, module: str, name: str) -> str:
        names = self.names(module)
        made = None if names is None else names.bound.get(name)
        for keyword in made.keywords if isinstance(made, ast.Call) else ():
            given = keyword.value
            if keyword.arg == "scope" and isinstance(given, ast.Constant) and isinstance(given.value, str):
                return given.value
        return module.partition(".")[0]

    def open(self, name: str, path: str, is_package: bool) -> SourceModule:
        """A file as the module of that name."""
        if path not in self._parsed:
            if len(self._parsed) >= self._bounds.files:
                reason = say(
                    "more than {count} files take part in the {what}",
                    count=self._bounds.files,
                    what=self._bounds.what,
                )
                return SourceModule(name, path, is_package, None, Problem(reason))
            data, problem = read_bytes(path, self._bounds)
            if problem is not None:
                self._parsed[path] = (None, problem)
            else:
                self.parse(data, path)
        return SourceModule(name, path, is_package, *self._parsed[path])

    def parse(self, data: bytes, path: str) -> Tuple[Optional[ast.Module], Optional[Problem]]:
        """The syntax tree of a file's bytes, made once, or None and the reason."""
        if path not in self._parsed:
            self._parsed[path] = parse_bytes(data, path)
        return self._parsed[path]

    def _follow(self, module: str, name: str, trail: _Trail) -> Optional[Tuple[str, str]]:
        names = self.names(module)
        if names is None or (module, name) in trail or len(trail) > _MAX_STEPS:
            return None
        trail.add((module, name))
        parts = name.split(".")
        value = names.bound.get(parts[0])
        if isinstance(value, Import):
            place = self._follow_import(*target(parts, names), trail)
            other = names.otherwise.get(parts[0])  # `if there: from x import f` and `else: def f`
            return (module, name) if place is None and isinstance(other, _DEFINITIONS) else place
        if value is not None:
            alias = dotted(value)
            if not alias:  # a definition, or something made here
                return module, name
            return self._follow(module, ".".join([alias, *parts[1:]]), trail)
        for star in names.stars:
            place = self._follow(star, name, trail)
            if place is not None:
                return place
        return None

    def _follow_import(self, module: str, name: str, trail: _Trail) -> Optional[Tuple[str, str]]:
        place = self._follow(module, name, trail) if module else None
        if place is None:
            whole = f"{module}.{name}" if module else name
            place = None if self.get(whole) is None else (whole, "")
        return place
