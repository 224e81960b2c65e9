"""Classes that the repository registers anywhere, and the source files they rest on."""

from __future__ import annotations

from typing import Callable, Iterable, Iterator, List, Sequence, Set, Tuple

from mmfix.python.bindings import Import
from mmfix.python.place import Problem
from mmfix.python.source import read_bytes
from mmfix.repository.index import dotted_name
from mmfix.repository.library import Library
from mmfix.repository.names import Names
from mmfix.repository.registrations import MARK, Registration, read_registrations
from mmfix.repository.source import MODELS, parse_bytes
from mmfix.repository.walk import walk_sources
from mmfix.wording import say


def registered(roots: Iterable[str], wanted: Sequence[str]) -> Iterator[Tuple[str, str]]:
    """Module and name of each class below some directories that is registered by one of these names.

    In any registry, hooks and loops too, which the index of models leaves out. Nothing is remembered.

    Args:
        roots: Directories.
        wanted: Registry names.
    """
    marks = [name.encode("utf-8", "surrogatepass") for name in wanted]
    files = {file.path: (file, root) for root in roots for file in walk_sources(root).files} if marks else {}
    for file, root in files.values():
        data, problem = read_bytes(file.path, MODELS)
        if problem is not None or MARK not in data or not any(mark in data for mark in marks):
            continue
        module, is_package = dotted_name(file, root, "")
        found, _ = registrations(data, file.path, module, is_package)
        yield from ((item.module, item.qualname) for item in found if item.name in wanted)


def registrations(
    data: bytes, path: str, module: str, is_package: bool = False
) -> Tuple[List[Registration], List[Problem]]:
    """What a file registers, in any registry, and what of it is made at run time.

    Args:
        data: Its bytes.
        path: For problems.
        module: Its dotted name.
        is_package: It is an ``__init__.py``.
    """
    tree, problem = parse_bytes(data, path)
    if tree is None:
        return [], [] if problem is None else [problem]
    try:
        return read_registrations(tree, data, path, module, is_package, lambda registry: True)
    except RecursionError:  # thousands of `elif`
        return [], [Problem(say("nested too deeply to be read"))]


def files_behind(library: Library, module: str, name: str, counts: Callable[[str], bool]) -> Set[str]:
    """Where ``name`` of ``module`` is defined, and every file that its module's imports lead to from there.

    An import leads to the file that defines the name, past packages that only pass it on.

    Args:
        library: Where source is looked for.
        module: Dotted.
        name: Empty: the module itself.
        counts: Whether a file is of interest; what one that is not imports is not followed.
    """
    found: Set[str] = set()
    waiting = [(library.where(module, name) if name else None) or (module, "")]
    while waiting:
        source = library.module(waiting.pop()[0])
        if source is None or source.path in found or not counts(source.path):
            continue
        found.add(source.path)
        names = library.names(source.name)
        waiting.extend([] if names is None else _imports(library, names))
    return found


def _imports(library: Library, names: Names) -> Iterator[Tuple[str, str]]:
    imported: List[Import] = [value for value in names.bound.values() if isinstance(value, Import)]
    for item in imported:
        place = library.where(item.module, item.name) if item.name else (item.module, "")
        if place is not None:
            yield place
    for star in names.stars:
        yield star, ""
