"""The classes behind registry names, and the modules behind dotted names."""

from __future__ import annotations

import os
import os.path as osp
from dataclasses import dataclass, replace
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

from mmfix.openmmlab import searched_last
from mmfix.python.links import inside
from mmfix.python.place import Problem
from mmfix.repository.finder import Finder
from mmfix.repository.importing import Imports
from mmfix.repository.index import Index
from mmfix.repository.modules import Modules
from mmfix.repository.names import Names
from mmfix.repository.registrations import Registration
from mmfix.repository.registries import is_helper
from mmfix.repository.source import SourceModule
from mmfix.repository.walk import holds_packages, walk_sources

__all__ = ["Found", "Library", "Registered", "SourceModule"]

#: Where every registry looks last (``mmengine/registry/registry.py: Registry.get``; the mmcv 1.x era: mmcv).
_BASES = ("mmengine", "mmcv")


@dataclass(frozen=True)
class Registered:
    """A class or function under a registry name.

    Attributes:
        name: The registry name.
        module: Dotted name of the module that defines it, as far as the trail could be followed.
        path: The file that defines it; the registering one for code that is not read, such as torch.
        line: The definition; the registration for code that is not read.
        qualname: ``ResNet``; ``Hardswish`` of module ``torch.nn``.
        registry: As the registry's own package calls it: ``MODELS``, ``BACKBONES``.
        scope: Top-level package that made the registry.
        force: It replaces an earlier one of the same name.
        conditional: In an ``if``, ``try`` or function: it may never be registered.
        registering: The file that registers it.
        registered_in: That file as a module.
    """

    name: str
    module: str
    path: str
    line: int
    qualname: str
    registry: str
    scope: str
    force: bool = False
    conditional: bool = False
    registering: str = ""
    registered_in: str = ""


@dataclass(frozen=True)
class Found:
    """Answer to a look-up.

    Attributes:
        candidates: Best first. Exactly one is certain.
        searched: What was searched.
    """

    candidates: Tuple[Registered, ...]
    searched: Tuple[Index, ...]

    @property
    def looked_in(self) -> Tuple[str, ...]:
        """Directories that were searched."""
        return tuple(dict.fromkeys(index.root for index in self.searched))

    @property
    def problems(self) -> Tuple[Problem, ...]:
        """What in them could not be read; it matters when there is no candidate."""
        return tuple(problem for index in self.searched for problem in index.problems())


class Library:
    """Source code of one repository and of the installed packages. Reads lazily, remembers, imports nothing.

    Files that change while it lives may or may not be read again: make a new one for a new question.

    Args:
        roots: Directories to put in front of ``sys.path`` (:func:`~mmfix.repository.roots.source_roots`);
            what is no directory is left out.
        cache_dir: Instead of the user's cache directory.
    """

    def __init__(self, roots: Sequence[str], cache_dir: Optional[str] = None) -> None:
        self._roots = tuple(dict.fromkeys(osp.abspath(root) for root in roots if osp.isdir(root)))
        self._cache = cache_dir
        self._finder = Finder(self._roots)
        self._modules = Modules(self._finder)
        self._own: Optional[Tuple[Index, ...]] = None
        self._packages: Dict[str, Optional[Index]] = {}
        self._found: Dict[Tuple[Any, ...], Found] = {}
        self._imports = Imports(self._finder, self._is_own)
        self._orders: Dict[Tuple[str, ...], Dict[str, int]] = {}

    def module(self, dotted: str) -> Optional[SourceModule]:
        """The module of that dotted name, parsed; None when there is no source (compiled, built in, missing).

        A package without ``__init__.py`` is an empty module.
        """
        self._own_indexes()  # a copy of a package inside the repository comes before the installed one
        return self._modules.get(dotted)

    def names(self, dotted: str) -> Optional[Names]:
        """What the top-level names of a module stand for; None when it cannot be read."""
        self._own_indexes()
        return self._modules.names(dotted)

    def where(self, module: str, name: str) -> Optional[Tuple[str, str]]:
        """Module and name of the definition or assignment behind a name, through imports, stars and aliases.

        None when the trail ends in code that cannot be read; ``('x.y', '')`` when it is the module ``x.y``.
        """
        self._own_indexes()
        return self._modules.where(module, name)

    def config_file(self, path: str, package: Optional[str]) -> Optional[str]:
        """The config that code opens by a path relative to where training starts; None: not here.

        That is the repository, or the copy of its configs that an installed package carries (``.mim``).
        """
        if osp.isabs(path) or os.pardir in path.split("/"):
            return None
        below = ("", osp.join(package, ".mim")) if package else ("",)
        tried = (osp.join(root, folder, path) for root in self._roots for folder in below)
        return next((file for file in tried if osp.isfile(file)), None)

    def find(
        self, name: str, scope: Optional[str], registry: Optional[str] = None, named: Tuple[str, ...] = ()
    ) -> Found:
        """Everything that may be meant by ``type='name'``.

        In the order of ``mmengine/registry/registry.py: Registry.get``: the scope's registries, then those of
        mmengine and mmcv; then any registry the repository's own code fills; then other OpenMMLab packages.
        The first that has the name gives all candidates. Without a scope the repository's own code is first.
        Of several candidates those count that a run imports, if there are any: what ``named`` modules and the
        training script lead to, and released packages.

        Args:
            name: Without scope prefix.
            scope: The prefix or the config's ``default_scope``.
            registry: Only classes of this registry (``TASK_UTILS``), if there are any.
            named: Modules that the config has imported (:func:`~mmfix.repository.importing.named_modules`).
        """
        key = (name, scope, registry, named)
        if key not in self._found:
            self._found[key] = self._find(*key)
        return self._found[key]

    def keep(self) -> None:
        """Put into the cache what was read of the directories since they were first looked at."""
        for index in (*self._own_indexes(), *filter(None, self._packages.values())):
            index.keep()

    def similar(self, name: str, scope: Optional[str]) -> Tuple[str, ...]:
        """Registry names like ``name``, of the repository, the scope and the base packages, nearest first."""
        import difflib  # only for an error

        indexes = [*self._own_indexes(), *self._indexes([*([scope] if scope else []), *_BASES])]
        known = {other for index in indexes for other in index.names()}
        lowered = {other.lower(): other for other in sorted(known, reverse=True)}
        near = difflib.get_close_matches(name.lower(), lowered, n=3, cutoff=0.8)
        return tuple(lowered[other] for other in near)

    def _find(
        self, name: str, scope: Optional[str], registry: Optional[str], named: Tuple[str, ...]
    ) -> Found:
        own = self._own_indexes()
        packages = self._indexes([*([scope] if scope else []), *_BASES])
        local = self._registered(name, own)
        found = [*local, *self._registered(name, packages)]
        base = [entry for entry in found if entry.scope in _BASES]
        scoped = [entry for entry in found if entry.scope == scope]
        tiers = [scoped, base, local, found] if scope else [local, base]
        chosen = next((tier for tier in tiers if tier), [])
        searched = [*own, *packages]
        if not chosen:
            others = self._indexes(other for other in searched_last() if other != scope)
            searched.extend(others)
            chosen = self._registered(name, others)
        imported = self._without_later(self._imported(chosen, scope, named))
        return Found(_rank(imported or chosen, registry, bool(imported)), tuple(searched))

    def _without_later(self, imported: List[Registered]) -> List[Registered]:
        """Without what a release has had only since the repository was written.

        A registry refuses a second class of a name unless it is forced (``mmengine/registry/registry.py:
        Registry._register_module``), so a repository that registers one is for a release without it.
        """
        own = {
            _place(entry)
            for entry in imported
            if self._is_own(entry.registered_in, entry.registering) and not entry.conditional
        }
        return [
            entry
            for entry in imported
            if _place(entry) not in own or self._is_own(entry.registered_in, entry.registering)
        ]

    def _imported(
        self, found: List[Registered], scope: Optional[str], named: Tuple[str, ...]
    ) -> List[Registered]:
        """Those of several that a run imports, in the order of the import."""
        if len({entry.registering for entry in found}) < 2:
            return []
        if named not in self._orders:
            own = [root for root in self._roots if not holds_packages(root)]
            self._orders[named] = self._imports.order(named, own)
        order = self._orders[named]
        places = [
            (order.get(entry.registering, -1), entry)
            for entry in found
            if entry.registering in order or self._is_framework(entry, scope)
        ]
        return [entry for _, entry in sorted(places, key=lambda item: item[0])]

    def _is_framework(self, entry: Registered, scope: Optional[str]) -> bool:
        """Whether a class lies in a package that its users import as a whole."""
        top = entry.registered_in.partition(".")[0]
        return top in _BASES or top in searched_last() or top == scope

    def _is_own(self, module: str, path: str) -> bool:
        return any(inside(path, index.root) for index in self._own_indexes())

    def _own_indexes(self) -> Tuple[Index, ...]:
        """Of the roots, without those inside another and those that hold installed packages."""
        if self._own is None:
            indexes: List[Index] = []
            for root in self._roots:
                if holds_packages(root) or any(inside(root, index.root) for index in indexes):
                    continue
                walk = walk_sources(root)
                index = Index(root, "", walk, self._cache, self._modules.parse)
                self._modules.add(walk.projects, index.file_of)
                indexes.append(index)
            self._own = tuple(indexes)
        return self._own

    def _indexes(self, packages: Iterable[str]) -> List[Index]:
        """Of packages that lie outside the repository."""
        found = []
        for package in packages:
            if package not in self._packages:
                self._packages[package] = self._index(package)
            index = self._packages[package]
            if index is not None and index not in found:
                found.append(index)
        return found

    def _index(self, package: str) -> Optional[Index]:
        spot = self._finder.find(package) if "." not in package else None
        if spot is None or not spot.folders or not spot.file:
            return None
        root = spot.folders[0]
        if any(inside(osp.realpath(root), osp.realpath(index.root)) for index in self._own_indexes()):
            return None  # a link that leads out of there is named by the scope
        return Index(root, package, walk_sources(root), self._cache, self._modules.parse)

    def _registered(self, name: str, indexes: Iterable[Index]) -> List[Registered]:
        """All of that name; of two files that are the same module, what the first registers.

        One file is one module, whatever it may be imported as.
        """
        found: List[Registered] = []
        files: Dict[str, str] = {}
        modules: Dict[str, str] = {}
        for index in indexes:
            for path, module, registration in index.named(name):
                first = modules.setdefault(osp.realpath(path), module) == module
                if first and files.setdefault(module, path) == path:
                    found.append(self._complete(path, module, registration))
        return found

    def _complete(self, path: str, module: str, entry: Registration) -> Registered:
        scope = self._modules.scope(entry.registry_module, entry.registry)
        made = Registered(
            entry.name,
            entry.module,
            path,
            entry.line,
            entry.qualname,
            entry.registry,
            scope,
            entry.force,
            entry.conditional,
            path,
            module,
        )
        place = None
        if entry.module != module and self._is_model_code(entry.module):
            place = self._modules.where(entry.module, entry.qualname)
        source = None if place is None else self._modules.get(place[0])
        names = None if place is None else self._modules.names(place[0])
        if place is None or source is None or names is None:
            return made
        line = getattr(names.bound.get(place[1]), "lineno", entry.line)
        return replace(made, module=place[0], qualname=place[1], path=source.path, line=line)

    def _is_model_code(self, module: str) -> bool:
        """Not torch and the like, which are large and known."""
        top = module.partition(".")[0]
        spot = self._finder.find(top)
        if spot is None or top in _BASES or top in searched_last():
            return True
        place = spot.file or (spot.folders[0] if spot.folders else "")
        return any(inside(place, index.root) for index in self._own_indexes())


def _rank(found: List[Registered], registry: Optional[str], in_order: bool) -> Tuple[Registered, ...]:
    """What may be meant, best first; ``in_order``: as imported, so that the last forced one holds."""
    if registry is not None:
        found = [entry for entry in found if entry.registry == registry] or found
    forced = {_place(entry): entry for entry in found if entry.force and not entry.conditional}
    found = [
        entry
        for entry in found
        if _place(entry) not in forced
        or (entry.force and not entry.conditional and (not in_order or forced[_place(entry)] is entry))
    ]
    return tuple(
        sorted(dict.fromkeys(found), key=lambda entry: (is_helper(entry.registry), entry.conditional))
    )


def _place(entry: Registered) -> Tuple[str, bool]:
    return entry.scope, is_helper(entry.registry)
