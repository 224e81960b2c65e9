"""Read config files; each file is parsed and resolved once per :class:`Reader`."""

from __future__ import annotations

import os.path as osp
import sys
from typing import Dict, List, Optional

from mmfix.config.classic import read_classic
from mmfix.config.document import ConfigDocument
from mmfix.config.imports import is_lazy
from mmfix.config.lazy import read_lazy
from mmfix.config.source import DATA_SUFFIXES, PYTHON_SUFFIXES, Source, parse_printed, parse_source, read_text
from mmfix.errors import ConfigError

#: Files that inherit each other in a row; the longest chain of the zoos has 6.
MAX_CHAIN = 50

#: Names that MMEngine keeps for itself (``mmengine/config/config.py: RESERVED_KEYS``).
RESERVED_KEYS = ("filename", "text", "pretty_text", "env_variables")


class Reader:
    """Loads configs and remembers every file it has seen, so that a base is read once in a run."""

    def __init__(self) -> None:
        self._sources: Dict[str, Source] = {}
        self._documents: Dict[str, ConfigDocument] = {}
        self._failures: Dict[str, ConfigError] = {}
        self._chain: List[str] = []

    def load(self, path: str, text: Optional[str] = None) -> ConfigDocument:
        """Resolve a config without running it.

        Args:
            path: The config file, ``.py``, ``.json``, ``.yaml`` or ``.yml``.
            text: Read this instead of the file's own text; the file need not exist. Not remembered.

        Raises:
            ConfigError: MMEngine could not load it either, or it needs more than the bounds allow.
        """
        path = osp.abspath(osp.expanduser(path))
        _require_suffix(path)
        # deep but legal nesting costs a few Python frames per level
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, 3000))
        try:
            if text is None:
                document = self._document(path)
            else:
                document = self._resolve(parse_source(path, text), lazy=None)
        finally:
            sys.setrecursionlimit(limit)
        for key in RESERVED_KEYS:
            if key in document.tree:
                blame = document.tree.blames.get(key)
                raise ConfigError(
                    f"{key} is a name that MMEngine keeps for itself",
                    path if blame is None else blame.origin.path,
                    None if blame is None else blame.origin.line,
                    "rename it",
                )
        return document

    def load_printed(self, path: str, text: str, line: int) -> ConfigDocument:
        """Resolve a config that a run has printed into its log; it is whole, and inherits nothing.

        Args:
            path: The log, for origins.
            text: As ``Config.pretty_text`` gives it (``mmengine/config/config.py``).
            line: The line of the log where it begins.

        Raises:
            ConfigError: It is no Python text.
        """
        return self._resolve(parse_printed(path, text, line), lazy=False)

    def source(self, path: str) -> Source:
        """The parsed file, without resolving it.

        Raises:
            ConfigError: It cannot be read or parsed.
        """
        source = self._sources.get(path)
        if source is None:
            source = self._sources[path] = parse_source(path, read_text(path))
        return source

    def _document(self, path: str, lazy: Optional[bool] = None) -> ConfigDocument:
        if lazy is None and path in self._documents:
            return self._documents[path]
        if lazy is None and path in self._failures:
            raise self._failures[path]
        try:
            document = self._resolve(self.source(path), lazy)
        except ConfigError as error:
            if lazy is None and not self._chain:
                self._failures[path] = error
            raise
        if lazy is None:
            self._documents[path] = document
            self._sources.pop(path, None)  # its syntax tree is many times larger than the document
        return document

    def _resolve(self, source: Source, lazy: Optional[bool]) -> ConfigDocument:
        if source.path in self._chain:
            start = self._chain.index(source.path)
            names = " -> ".join(osp.basename(path) for path in (*self._chain[start:], source.path))
            raise ConfigError(f"the configs inherit each other in a circle: {names}", source.path)
        if len(self._chain) >= MAX_CHAIN:
            raise ConfigError(f"more than {MAX_CHAIN} configs inherit each other in a row", source.path)
        self._chain.append(source.path)
        try:
            if lazy is None:
                lazy = source.raw_tree is not None and is_lazy(source.raw_tree, source.path)
            try:
                return (
                    read_lazy(source, self._lazy_base) if lazy else read_classic(source, self._classic_base)
                )
            except RecursionError as error:
                raise ConfigError("is nested too deeply to be read", source.path) from error
        finally:
            self._chain.pop()

    def _classic_base(self, path: str, child: Source, line: Optional[int]) -> ConfigDocument:
        if not osp.isfile(path):
            raise ConfigError(
                f"the base {_shown(path, child)} does not exist",
                child.path,
                line,
                "`_base_` is relative to the file it stands in, not to the working directory",
            )
        _require_suffix(path)
        document = self._document(path)
        if document.kind == "lazy":
            raise ConfigError(
                f"the base {_shown(path, child)} is a lazy config (`read_base` or a non-builtin import)",
                child.path,
                line,
                "MMEngine cannot mix both kinds in one chain",
            )
        return document

    def _lazy_base(self, path: str, child: Source, line: Optional[int]) -> ConfigDocument:
        if not osp.isfile(path):
            raise ConfigError(f"the base {_shown(path, child)} does not exist", child.path, line)
        source = self.source(path)
        if source.raw_tree is not None and is_lazy(source.raw_tree, path):
            return self._document(path)
        # MMEngine reads every file of a lazy chain as a lazy config, whatever it looks like
        return self._document(path, lazy=True)


def _shown(path: str, child: Source) -> str:
    return osp.relpath(path, osp.dirname(child.path))


def _require_suffix(path: str) -> None:
    if not path.endswith((*PYTHON_SUFFIXES, *DATA_SUFFIXES)):
        raise ConfigError("is not a .py, .json, .yaml or .yml file", path)
