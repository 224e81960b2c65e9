"""Read config files; each file is parsed and resolved once per :class:`Reader`."""

from __future__ import annotations

import os.path as osp
import time
from types import MappingProxyType
from typing import TYPE_CHECKING, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.eras import is_of_mmcv1, top_level_names
from mmfix.config.imports import has_base, is_lazy, reads_lazily
from mmfix.config.origin import MissingBase, Origin
from mmfix.config.source import DATA_SUFFIXES, PYTHON_SUFFIXES, Source, parse_printed, parse_source, read_text
from mmfix.errors import ConfigError
from mmfix.python.deep import deeply
from mmfix.python.disk import other_than_a_file
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.config.classic import BaseRef, Found

#: Deep but legal nesting costs a few Python frames per level.
_RECURSION = 3000
#: Files that inherit each other in a row; the longest chain of the zoos has 6.
MAX_CHAIN = 50

#: Names that MMEngine keeps for itself (``mmengine/config/config.py: RESERVED_KEYS``).
RESERVED_KEYS = ("filename", "text", "pretty_text", "env_variables")

_NONE: Mapping[str, Optional[str]] = MappingProxyType({})

#: By the path of a config: folders in which its bases may be found, each with the words for it.
BaseDirs = Callable[[str], Sequence[Tuple[str, str]]]


class Reader:
    """Loads configs and remembers every file it has seen, so that a base is read once in a run.

    Args:
        base_dirs: Says in which directories bases are looked for that are not where a config says.
        texts: By absolute path, what is read instead of a file's own text; the file need not exist. None:
            it is taken not to exist.

    Attributes:
        began: When it was made, in nanoseconds since the epoch: nothing that it remembers is older.
    """

    def __init__(
        self, base_dirs: Optional[BaseDirs] = None, texts: Mapping[str, Optional[str]] = _NONE
    ) -> None:
        self.began = time.time_ns()
        self._base_dirs = base_dirs
        self._texts = texts
        self._sources: Dict[str, Source] = {}
        self._documents: Dict[str, ConfigDocument] = {}
        self._failures: Dict[str, ConfigError] = {}
        self._chain: List[str] = []

    @property
    def reads_files(self) -> bool:
        """Whether every file is read as it is."""
        return not self._texts

    def load(self, path: str, text: Optional[str] = None) -> ConfigDocument:
        """Resolve a config without running it.

        Args:
            path: The config file, ``.py``, ``.json``, ``.yaml`` or ``.yml``.
            text: Read this instead of the file's own text; the file need not exist. Not remembered.

        Raises:
            ConfigError: MMEngine could not load it either, or it needs more than the bounds allow.
        """
        path = osp.abspath(osp.expanduser(path))
        _require_suffix(path, text is not None or path in self._texts)

        def document_of() -> ConfigDocument:
            if text is None:
                return self._document(path)
            return self._resolve(parse_source(path, text), lazy=None)

        document = deeply(document_of, _RECURSION)
        for key in RESERVED_KEYS:
            if key in document.tree:
                blame = document.tree.blames.get(key)
                raise ConfigError(
                    say("{key} is a name that MMEngine keeps for itself", key=key),
                    path if blame is None else blame.origin.path,
                    None if blame is None else blame.origin.line,
                    say("rename it"),
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
            text = self._texts[path] if path in self._texts else read_text(path)
            if text is None:
                raise ConfigError(say("file not found"), path)
            source = self._sources[path] = parse_source(path, text)
        return source

    def forget(self, path: str) -> None:
        """Read a file that has changed again when it is next asked for, with all that inherits it.

        Args:
            path: As in the ``files`` of documents: a link to it is another one.
        """
        self._sources.pop(path, None)
        self._documents = {key: found for key, found in self._documents.items() if path not in found.files}
        self._failures.clear()

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
            raise ConfigError(
                say("the configs inherit each other in a circle: {names}", names=names), source.path
            )
        if len(self._chain) >= MAX_CHAIN:
            raise ConfigError(
                say("more than {most} configs inherit each other in a row", most=MAX_CHAIN), source.path
            )
        self._chain.append(source.path)
        try:
            if lazy is None:
                lazy = source.raw_tree is not None and reads_lazily(source.raw_tree, source.path)
            try:
                if lazy and source.raw_tree is not None and has_base(source.raw_tree):
                    return self._with_import_first(source)
                return self._lazy(source) if lazy else self._classic(source)
            except RecursionError as error:
                raise ConfigError(say("is nested too deeply to be read"), source.path) from error
        finally:
            self._chain.pop()

    def _with_import_first(self, source: Source) -> ConfigDocument:
        """A file with an import before ``_base_``: mmcv 1.x runs it, MMEngine refuses it as a lazy config."""
        try:
            document = self._classic(source)
        except ConfigError:
            document = None
        if document is not None and is_of_mmcv1(document.tree):
            return document
        return self._lazy(source)

    def _classic(self, source: Source) -> ConfigDocument:
        from mmfix.config.classic import read_classic  # a run that finds everything kept reads none

        return read_classic(source, self._classic_base)

    def _lazy(self, source: Source) -> ConfigDocument:
        from mmfix.config.lazy import read_lazy

        return read_lazy(source, self._lazy_base)

    def _classic_base(self, reference: BaseRef, child: Source) -> Found:
        path, gone = reference.path, None
        if not self._is_file(path, reference.entry, child, reference.line):
            gone = self._missing(path or reference.entry, reference.entry, child, reference.line)
            if not gone.read:
                return None, gone
            path = gone.read
        _require_suffix(path, True)
        document = self._document(path)
        if document.kind == "lazy":
            raise ConfigError(
                say(
                    "the base {base} is a lazy config (`read_base` or a non-builtin import)",
                    base=_shown(path, child),
                ),
                child.path,
                reference.line,
                say("MMEngine cannot mix both kinds in one chain"),
            )
        return document, gone

    def _lazy_base(self, module: str, path: str, child: Source, line: int) -> Found:
        gone = None
        if not self._is_file(path, module, child, line):
            gone = self._missing(path or module, module, child, line)
            if not gone.read:
                return None, gone
            path = gone.read
        source = self.source(path)
        if source.raw_tree is not None and is_lazy(source.raw_tree, path):
            return self._document(path), gone
        # MMEngine reads every file of a lazy chain as a lazy config, whatever it looks like
        return self._document(path, lazy=True), gone

    def _is_file(self, path: str, entry: str, child: Source, line: Optional[int]) -> bool:
        """Whether a base is there.

        Raises:
            ConfigError: Something is there that is no file.
        """
        if path in self._texts:
            return self._texts[path] is not None
        what = other_than_a_file(path) if path else ""
        if what:
            raise ConfigError(
                say("the base {base} is {kind}, not a config file", base=entry, kind=what), child.path, line
            )
        return osp.isfile(path)

    def _missing(self, path: str, entry: str, child: Source, line: Optional[int]) -> MissingBase:
        from mmfix.config.missing import search

        names = () if child.raw_tree is None else top_level_names(child.raw_tree)
        folders = () if self._base_dirs is None else self._base_dirs(child.path)
        return search(path, entry, Origin(child.path, line or 1, 1), folders, is_of_mmcv1(names))


def _shown(path: str, child: Source) -> str:
    return osp.relpath(path, osp.dirname(child.path))


def _require_suffix(path: str, there: bool) -> None:
    if not there and not osp.lexists(path):
        raise ConfigError(say("file not found"), path)
    if not path.endswith((*PYTHON_SUFFIXES, *DATA_SUFFIXES)):
        raise ConfigError(say("is not a .py, .json, .yaml or .yml file"), path)
