"""Which function of the repository a name in a training script means."""

from __future__ import annotations

import ast
import os.path as osp
from typing import Callable, Container, Dict, List, NamedTuple, Optional, Tuple, Union

from mmfix.python.bindings import Import, all_bindings
from mmfix.python.disk import other_than_a_file
from mmfix.python.links import leads_out
from mmfix.python.place import Place, Problem
from mmfix.python.source import Bounds
from mmfix.repository.finder import Finder
from mmfix.repository.modules import Modules
from mmfix.repository.source import SourceModule
from mmfix.repository.walk import folders
from mmfix.wording import say

#: Far above any training script.
BOUNDS = Bounds(say("training script"), 1_000_000, 80, noted=True)
_MAX_CHAIN = 6

Function = Union[ast.FunctionDef, ast.AsyncFunctionDef]


class Script(NamedTuple):
    """A file of the repository, and what its names stand for, those inside functions included.

    Attributes:
        path: The file.
        body: Its statements.
        functions: Functions by name, methods included; the first of a name counts.
        classes: Classes by name.
        imports: Local name -> what it stands for; the first of a name counts.
        stars: Modules of ``from x import *``.
    """

    path: str
    body: List[ast.stmt]
    functions: Dict[str, Function]
    classes: Dict[str, ast.ClassDef]
    imports: Dict[str, Import]
    stars: Tuple[str, ...]


class Scripts:
    """The files of one repository that take part in its training script. Nothing outside of it is read.

    Attributes:
        problems: What is wrong with files that could not be read.
    """

    def __init__(self, root: str) -> None:
        self.problems: Dict[Problem, None] = {}
        self._root = root
        # packages lie in the root, in `src`, in a checkout inside (`mmdetection3d/mmdet3d`), in `tools`
        self._finder = Finder([root, *folders(root)], installed=False)
        self._modules = Modules(self._finder, BOUNDS)
        self._scripts: Dict[Tuple[str, str], Script] = {}

    def open(self, path: str) -> Optional[Script]:
        """A file below the root; None when it is not there, or when ``problems`` says why not."""
        path = osp.abspath(path)
        if not osp.lexists(path):
            return None
        if not other_than_a_file(path) and leads_out(path, self._root):
            reason = say("is not read, because a link leads there out of the repository")
            self.problems[Problem(reason, Place(path, 1))] = None
            return None
        name = osp.splitext(osp.relpath(path, self._root))[0].replace(osp.sep, ".")
        return self._script(self._modules.open(name, path, False))

    def find(self, script: Script, name: str) -> Optional[Tuple[Script, Function]]:
        """The function a (dotted) name means in a file, in this repository; None when not found here."""
        home = self._home(script, name, 0, lambda one: one.functions)
        return home and (home[0], home[0].functions[home[1]])

    def find_class(self, script: Script, name: str) -> Optional[Tuple[Script, ast.ClassDef]]:
        """The class that a name means, likewise."""
        home = self._home(script, name, 0, lambda one: one.classes)
        return home and (home[0], home[0].classes[home[1]])

    def _home(
        self, script: Script, name: str, depth: int, table: Callable[[Script], Container[str]]
    ) -> Optional[Tuple[Script, str]]:
        """The file whose table has what a name means in another, and its name there."""
        if depth > _MAX_CHAIN:
            return None
        first, _, rest = name.partition(".")
        source = script.imports.get(first)
        if source is not None:
            found = self._imported_from(source, rest, depth, table)
            if found is not None:
                return found
        if name in table(script):
            return script, name
        for star in script.stars:
            target = self._script(self._modules.get(star))
            found = self._home(target, name, depth + 1, table) if target else None
            if found:
                return found
        return None

    def holds(self, package: str) -> bool:
        """Whether the package is one of the repository's own."""
        return self._finder.find(package) is not None

    def _imported_from(
        self, source: Import, rest: str, depth: int, table: Callable[[Script], Container[str]]
    ) -> Optional[Tuple[Script, str]]:
        wanted = [part for part in (source.name, *rest.split(".")) if part]
        for cut in range(len(wanted) - 1, -1, -1):  # `wanted` may begin with modules
            module = ".".join(part for part in (source.module, *wanted[:cut]) if part)
            target = self._script(self._modules.get(module))
            if target is not None:
                return self._home(target, ".".join(wanted[cut:]), depth + 1, table)
        return None

    def _script(self, module: Optional[SourceModule]) -> Optional[Script]:
        if module is None:
            return None
        if module.tree is None:
            if module.problem is not None:
                self.problems[module.problem] = None
            return None
        key = (module.name, module.path)
        if key not in self._scripts:
            self._scripts[key] = _read(module, module.tree)
        return self._scripts[key]


def _read(module: SourceModule, tree: ast.Module) -> Script:
    functions: Dict[str, Function] = {}
    classes: Dict[str, ast.ClassDef] = {}
    imports: Dict[str, Import] = {}
    stars: List[str] = []
    for binding in all_bindings(tree.body):
        meaning = binding.meaning(module.name, module.is_package)
        if isinstance(meaning, (ast.FunctionDef, ast.AsyncFunctionDef)):
            functions.setdefault(binding.name, meaning)
        elif isinstance(meaning, ast.ClassDef):
            classes.setdefault(binding.name, meaning)
        elif isinstance(meaning, Import) and binding.name == "*":
            stars.append(meaning.module)
        elif isinstance(meaning, Import):
            imports.setdefault(binding.name, meaning)
    return Script(module.path, tree.body, functions, classes, imports, tuple(stars))
