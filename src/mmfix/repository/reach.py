"""What a training may import of a repository: everything that any of its scripts leads to.

More than one run imports, and never less: an import in a function counts, and so does the name of a module in
a text, and what lies beside code that imports by names made at run time.
"""

from __future__ import annotations

import os
import os.path as osp
import re
from functools import lru_cache
from typing import Dict, FrozenSet, Iterable, Iterator, List, Mapping, NamedTuple, Sequence, Set, Tuple

_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+(\.*[\w.]*)[ \t]*import[ \t]*(\([^)]*\)|(?:[^\n#\\]|\\\r?\n)+)"
    rb"|import[ \t]+((?:[^\n#;\\]|\\\r?\n)+))",
    re.MULTILINE,
)
_COMMENT = re.compile(rb"#[^\n]*")
#: A dotted name in a text: ``'mmdet.models'``, ``'package.module:main'``.
_TEXT = re.compile(rb"['\"]([A-Za-z_][\w-]*(?:\.[\w-]+)*)[:'\"]")
_WORD = re.compile(rb"\w+")
#: Imports by a name that is made at run time.
_AT_RUN_TIME = re.compile(rb"importlib|import_module|__import__|pkgutil")
#: Looks for what there is to import.
_LISTS = re.compile(rb"listdir|glob|scandir|os\.walk|iter_modules|walk_packages|iterdir|rglob")
_STARTS = re.compile(rb"__main__|entry_points|console_scripts")
_SCRIPTS = ("train.py", "test.py", "dist_train.py", "main.py", "setup.py")


class _Said(NamedTuple):
    """What the text of a file names.

    Attributes:
        absolute: Modules by dotted names; some are names of what is in one.
        relative: The same, from a folder so many levels up.
        lists: It looks for modules beside it, and imports them.
    """

    absolute: Tuple[str, ...]
    relative: Tuple[Tuple[int, str], ...]
    lists: bool


class Reach:
    """What the files of a repository import of each other.

    Args:
        texts: The source files, and what they say.
        bases: Directories that modules are imported from.
    """

    def __init__(self, texts: Mapping[str, bytes], bases: Sequence[str]) -> None:
        self._texts = texts
        self._bases = bases
        self._leads_to: Dict[str, Tuple[str, ...]] = {}
        self._starts = [path for path, text in texts.items() if _starts(path, text)]
        self._modules: Dict[str, List[str]] = {}
        for path in texts:
            for name in importable_as(path, bases):
                self._modules.setdefault(name, []).append(path)

    def files(self, modules: Iterable[str], scopes: Iterable[str]) -> FrozenSet[str]:
        """The files that a training may import.

        Args:
            modules: What the config has imported, by dotted names.
            scopes: Packages that the framework imports as a whole.
        """
        stack = list(self._starts)
        for module in modules:
            stack += [*self._of(module), *self._anywhere(module)]
        for scope in scopes:  # mmengine/registry/default_scope.py, utils/setup_env.py of each package
            for module in (f"{scope}.registry", f"{scope}.utils.setup_env", f"{scope}.apis"):
                stack += self._of(module)
        found: Set[str] = set()
        while stack:
            path = stack.pop()
            if path not in found:
                found.add(path)
                if path not in self._leads_to:
                    self._leads_to[path] = tuple(self._imported(path))
                stack += self._leads_to[path]
        return frozenset(found)

    def _of(self, module: str) -> Iterator[str]:
        """The files that importing a module runs, or as much of it as there is."""
        parts = module.split(".")
        for end in range(1, len(parts) + 1):
            yield from self._modules.get(".".join(parts[:end]), ())

    def _anywhere(self, module: str) -> Iterator[str]:
        """The files that a module may be, wherever training starts."""
        place = os.sep + module.replace(".", os.sep)
        ends = (f"{place}.py", osp.join(place, "__init__.py"))
        yield from (path for path in self._texts if path.endswith(ends))

    def _imported(self, path: str) -> Iterator[str]:
        said, folder = _said(self._texts[path]), osp.dirname(path)
        for module in said.absolute:
            yield from self._of(module)
            yield from self._below(folder, module)  # of a script
        for level, module in said.relative:
            above = folder
            for _ in range(level - 1):
                above = osp.dirname(above)
            yield from self._below(above, module)
        if said.lists:
            yield from (other for other in self._texts if other.startswith(folder + os.sep))

    def _below(self, folder: str, module: str) -> Iterator[str]:
        place = folder
        for part in module.split("."):
            place = osp.join(place, part)
            package = osp.join(place, "__init__.py")
            found = [file for file in (place + ".py", package) if file in self._texts]
            yield from found


def _starts(path: str, text: bytes) -> bool:
    """Whether somebody may run a file."""
    return osp.basename(path) in _SCRIPTS or _STARTS.search(text) is not None


@lru_cache(maxsize=16384)
def _said(text: bytes) -> _Said:
    absolute, relative = statements(text)
    absolute.update(dict.fromkeys(map(_text, _TEXT.findall(text))))
    lists = _AT_RUN_TIME.search(text) is not None and _LISTS.search(text) is not None
    return _Said(tuple(absolute), tuple(relative), lists)


def imported_by(text: bytes) -> Tuple[str, ...]:
    """The modules that a file's text imports by their full names; some are names of what is in one."""
    return tuple(statements(text)[0])


def statements(text: bytes) -> Tuple[Dict[str, None], Dict[Tuple[int, str], None]]:
    """What the import statements of a file's text name, in their order: absolute and relative."""
    absolute: Dict[str, None] = {}
    relative: Dict[Tuple[int, str], None] = {}
    for source, names, plain in _IMPORT.findall(text):
        for module in plain.split(b","):
            if module.split():
                absolute[_text(module.split()[0])] = None
        if not source:
            continue
        name = _text(source.strip(b"."))
        level = len(source) - len(source.lstrip(b"."))
        words = [_text(word) for word in _WORD.findall(_COMMENT.sub(b"", names))]
        for whole in (name, *(f"{name}.{word}" if name else word for word in words)):
            if level and whole:
                relative[level, whole] = None
            elif whole:
                absolute[whole] = None
    return absolute, relative


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")


def importable_as(path: str, bases: Sequence[str]) -> Tuple[str, ...]:
    """The dotted names of a file, from each directory that modules are imported from."""
    found = []
    for base in bases:
        if path.startswith(base.rstrip(os.sep) + os.sep):
            short = osp.splitext(osp.relpath(path, base))[0]
            parts = short.split(os.sep)
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            if parts and not any("." in part for part in parts):
                found.append(".".join(parts))
    return tuple(dict.fromkeys(found))
