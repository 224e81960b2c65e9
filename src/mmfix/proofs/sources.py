"""The user's own source files that decide the outcome of a rehearsal, as check sums."""

from __future__ import annotations

import os
import os.path as osp
import sys
from functools import lru_cache
from typing import Any, Dict, Iterable, Iterator, Set, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.names import type_name
from mmfix.config.values import LazyName
from mmfix.proofs.digest import file_sum
from mmfix.python.links import is_installed
from mmfix.remedies.graph import custom_imports
from mmfix.repository.behind import files_behind, registered
from mmfix.repository.library import Library
from mmfix.repository.roots import source_roots
from mmfix.repository.walk import holds_packages
from mmfix.training.components import components
from mmfix.training.era import era
from mmfix.training.reading import code_reading
from mmfix.training.wrapping import runner_kind


def code_sums(document: ConfigDocument, root: str) -> Dict[str, str]:
    """A short check sum for each source file below ``root`` that takes part in a step, by path from there.

    Those are the files that reading the model leads through, those behind the classes of hooks, loops,
    wrappers and constructors, and the modules of ``custom_imports``. Only the user's own files: installed
    packages are left out, also those in a virtual environment there.
    """
    found = {
        osp.relpath(path, root).replace(os.sep, "/"): file_sum(path)
        for path in {*_of_model(document), *_of_the_rest(document, root)}
        if _is_own(path, root)
    }
    return dict(sorted(found.items()))


def _of_model(document: ConfigDocument) -> Tuple[str, ...]:
    generation = era(document)
    code = code_reading(document, generation, runner_kind(document, generation, []))
    return () if code is None else code.reading.files


def _of_the_rest(document: ConfigDocument, root: str) -> Set[str]:
    roots = source_roots(document.path, document.tree)
    library, own = Library(roots), [folder for folder in roots if not holds_packages(folder)]
    kinds = list(components(document))
    names = {name for name in map(type_name, kinds) if name is not None}
    found: Set[str] = set()
    for module, name in [*_by_path(library, kinds), *registered(own, sorted(names))]:
        found |= files_behind(library, module, name, lambda path: _is_own(path, root))
    for dotted in custom_imports(document):
        source = library.module(dotted)  # what it imports in its turn is often the whole repository
        found |= set() if source is None else {source.path}
    return found


def _by_path(library: Library, kinds: Iterable[Any]) -> Iterator[Tuple[str, str]]:
    """Module and name of the classes that are named by their dotted path (``Registry.get``), or imported."""
    for kind in kinds:
        text = kind.path if isinstance(kind, LazyName) else kind
        module, _, name = text.rpartition(".") if isinstance(text, str) else ("", "", "")
        if module and library.where(module, name) is not None:
            yield module, name


def _is_own(path: str, root: str) -> bool:
    return path.startswith(osp.join(root, "")) and osp.isfile(path) and not _is_installed(path, root)


def _is_installed(path: str, root: str) -> bool:
    if holds_packages(root) or is_installed(osp.relpath(path, root)):
        return True
    return any(path.startswith(osp.join(folder, "")) for folder in _installations(root, tuple(sys.path)))


@lru_cache(maxsize=16)
def _installations(root: str, folders: Tuple[str, ...]) -> Tuple[str, ...]:
    """Folders below ``root`` that packages were installed into (``pip install --target``)."""
    return tuple(
        folder
        for folder in (folder.rstrip(os.sep) for folder in folders)
        if folder.startswith(osp.join(root, "")) and holds_packages(folder)
    )
