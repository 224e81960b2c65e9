"""From a dotted module name to its file, by the rules of Python's path finder, importing nothing."""

from __future__ import annotations

import importlib.machinery
import os
import os.path as osp
from typing import Dict, FrozenSet, List, NamedTuple, Optional, Sequence

from mmfix.python.looked import note

_COMPILED = tuple(importlib.machinery.EXTENSION_SUFFIXES)


class Spot(NamedTuple):
    """Where a module lies.

    Attributes:
        file: Its source; empty for a package without ``__init__.py``, and for compiled code.
        folders: Where its submodules are looked for; empty for a plain module.
    """

    file: str
    folders: Sequence[str]


class Finder:
    """Modules below some directories, and below ``sys.path`` after them.

    Args:
        roots: Directories that come before ``sys.path``. Read again when :meth:`add` is called.
        installed: Whether ``sys.path`` counts.
    """

    def __init__(self, roots: Sequence[str], installed: bool = True) -> None:
        self._roots: List[str] = list(roots)
        self._installed = installed
        self._known: Dict[str, Optional[Spot]] = {}
        self._listings: Dict[str, FrozenSet[str]] = {}

    def add(self, roots: Sequence[str]) -> None:
        """Look in these directories, too, after the earlier ones and before ``sys.path``."""
        new = [root for root in roots if root not in self._roots]
        if new:
            self._roots.extend(new)
            self._known.clear()

    def find(self, dotted: str) -> Optional[Spot]:
        """The place of a module; None when there is none."""
        if dotted in self._known:
            return self._known[dotted]
        parent, _, name = dotted.rpartition(".")
        spot: Optional[Spot] = None
        if not name or osp.basename(name) != name:
            pass  # `..x`, or a path
        elif parent:
            above = self.find(parent) if dotted.count(".") < 50 else None
            spot = None if above is None else self._look(name, above.folders)
        else:
            spot = self._look(name, self._roots)
            if self._installed and (spot is None or (not spot.file and spot.folders)):
                # a package without __init__.py gives way to a real one later on the path
                spot = _installed(name) or spot
        self._known[dotted] = spot
        return spot

    def _look(self, name: str, folders: Sequence[str]) -> Optional[Spot]:
        portions: List[str] = []
        for folder in folders:
            listing = self._listing(folder)
            below = osp.join(folder, name)
            if name in listing:
                inside = self._listing(below)
                if "__init__.py" in inside:
                    return Spot(osp.join(below, "__init__.py"), (below,))
                if osp.isdir(below):
                    portions.append(below)
            if any(name + suffix in listing for suffix in _COMPILED):
                return Spot("", ())
            if name + ".py" in listing and osp.isfile(below + ".py"):
                return Spot(below + ".py", ())
        return Spot("", tuple(portions)) if portions else None

    def _listing(self, folder: str) -> FrozenSet[str]:
        if folder not in self._listings:
            note(folder)
            try:
                self._listings[folder] = frozenset(os.listdir(folder))
            except (OSError, ValueError):
                self._listings[folder] = frozenset()
        return self._listings[folder]


def _installed(name: str) -> Optional[Spot]:
    """A top-level package of the Python that runs, editable installs included. Finding imports nothing."""
    from importlib.util import find_spec

    try:
        spec = find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return None
    if spec is None:
        return None
    is_source = spec.has_location and spec.origin is not None and spec.origin.endswith(".py")
    file = osp.abspath(spec.origin) if is_source and spec.origin is not None else ""
    folders = tuple(osp.abspath(folder) for folder in spec.submodule_search_locations or ())
    return Spot(file, folders)
