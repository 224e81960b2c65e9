"""The result of reading a config: a resolved tree with blame, and what the file itself binds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, FrozenSet, Optional, Tuple

from mmfix.config.keypath import MISSING, KeyPath, get_path
from mmfix.config.origin import Blame, MissingBase, Origin, Unknown
from mmfix.config.values import LazyName, LongNumber, TreeDict, TreeList, TreeTuple


@dataclass(frozen=True)
class ConfigDocument:
    """A config, resolved without running it.

    Attributes:
        path: Absolute path of the file; empty for an in-memory config.
        kind: ``classic``, ``lazy``, ``json``, ``yaml`` or ``memory``.
        text: The file's own text as decoded (BOM and line endings as they are); empty in memory.
        tree: The resolved config, top-level names as keys. Imported names of a lazy config are left out,
            as ``Config.to_dict()`` leaves them out.
        own: What this file alone binds at the top level, before merging with its bases, with object
            identity kept: two names bound to one dict hold the same object. Lazy: the whole namespace,
            imported names included.
        base: The merged bases (classic, JSON, YAML); None when the file has no ``_base_``.
        inherited: What the bases bind: ``base``, or in a lazy config the names that it takes from base files,
            as these bind them.
        files: Absolute paths of all files read, this one first, then bases in reading order.
        imported: Names in ``own`` that came from ``import`` statements (lazy: also from base files).
        missing: Bases, its own and theirs, that are not where they should be. ``tree.missing`` are those in
            whose place nothing was read.
        homes: Directories around which its code is looked for, too: of a config that is in no file.
        roots: Directories in which its code is looked for before all others.
        work: Steps and nodes that reading it took, its bases included (``finish.py: MAX_WORK``).
    """

    path: str
    kind: str
    text: str
    tree: TreeDict
    own: TreeDict
    base: Optional[TreeDict] = None
    inherited: Optional[TreeDict] = None
    files: Tuple[str, ...] = ()
    imported: FrozenSet[str] = field(default_factory=frozenset)
    missing: Tuple[MissingBase, ...] = ()
    homes: Tuple[str, ...] = ()
    roots: Tuple[str, ...] = ()
    work: int = 0

    def to_dict(self) -> Dict[str, Any]:
        """Plain dicts, lists and tuples, as ``mmengine.Config.to_dict()`` gives them.

        What could not be known is an :class:`Unknown` at its key; imported types are strings.
        """
        return to_plain(self.tree)  # type: ignore[no-any-return]

    def get(self, path: KeyPath, default: Any = MISSING) -> Any:
        """The resolved value at ``path`` (see :func:`mmfix.config.keypath.get_path`)."""
        value = get_path(self.tree, path)
        return default if value is MISSING else value

    def blame(self, path: KeyPath) -> Optional[Blame]:
        """Blame of the value at ``path``, or of the nearest container above it that has one.

        None when nothing on the way has one (an in-memory config, an absent key).
        """
        value: Any = self.tree
        found: Optional[Blame] = None
        for part in path:
            step: Optional[Blame] = None
            if isinstance(value, dict):
                if part not in value:
                    return None
                step = value.blames.get(part) if isinstance(value, TreeDict) else None
            elif isinstance(value, (list, tuple)):
                if isinstance(part, str) and part.isdigit():
                    part = int(part)
                if not isinstance(part, int) or not -len(value) <= part < len(value):
                    return None
                step = value.blames[part] if isinstance(value, (TreeList, TreeTuple)) else None
            else:
                return None
            found = step or found
            value = value[part]
        return found

    def origin(self, path: KeyPath) -> Optional[Origin]:
        """The place that set the value at ``path``, or None."""
        blame = self.blame(path)
        return None if blame is None else blame.origin

    def unknowns(self) -> Tuple[Tuple[KeyPath, Unknown], ...]:
        """Every value that could not be known, with its key path."""
        return tuple(_unknowns(self.tree, ()))


def to_plain(value: Any) -> Any:
    """A deep copy in plain containers; imported names become text, Unknown values stay."""
    if isinstance(value, dict):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [to_plain(item) for item in value]
    if isinstance(value, tuple):
        return tuple(to_plain(item) for item in value)
    if isinstance(value, LazyName):
        return value.text
    return int(value) if isinstance(value, LongNumber) else value


def _unknowns(value: Any, path: KeyPath) -> Any:
    if isinstance(value, Unknown):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _unknowns(item, (*path, key))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _unknowns(item, (*path, index))
