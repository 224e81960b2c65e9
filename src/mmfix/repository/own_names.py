"""What the source files around a config say and register, in any registry."""

from __future__ import annotations

import os.path as osp
import re
from functools import cached_property, lru_cache
from typing import Dict, FrozenSet, Iterator, List, NamedTuple, Sequence, Set, Tuple

from mmfix.python.source import Bounds, read_bytes
from mmfix.repository.behind import registrations
from mmfix.repository.reach import Reach, importable_as
from mmfix.repository.registrations import MARK, is_plain
from mmfix.repository.state import CODE
from mmfix.repository.walk import holds_packages, out_of_walk, walk_sources
from mmfix.wording import say

_BOUNDS = Bounds(say("source file"), 1_000_000)
#: A registered class or its name: enough to suggest one.
_NAMED = re.compile(
    rb"register_module\([^)\n]*?['\"](\w+)['\"]"
    rb"|register_module\b[^\n]*\n(?:[ \t]*@[^\n]*\n)*[ \t]*class[ \t]+(\w+)"
)


class RegisteredAt(NamedTuple):
    """Where a class is registered.

    Attributes:
        path: The file.
        module: As it is imported from the top of the repository.
        conditional: It may never happen.
    """

    path: str
    module: str
    conditional: bool


class OwnNames:
    """The source files of a repository, read once.

    Args:
        roots: Directories that modules are imported from; those that hold installed packages do not count.
    """

    def __init__(self, roots: Sequence[str]) -> None:
        walks = {root: walk_sources(root) for root in roots if not holds_packages(root)}
        #: Not all of it was found.
        self.is_cut = any(walk.problems for walk in walks.values())
        bases = [*walks, *(project for walk in walks.values() for project in walk.projects)]
        self.bases: Tuple[str, ...] = tuple(dict.fromkeys(bases))
        paths = {file.path for walk in walks.values() for file in walk.files}
        for root in walks:
            paths.update(out_of_walk(root))
        texts = ((path, read_bytes(path, _BOUNDS)[0]) for path in sorted(paths))
        #: Those that may register something, and what leads to them.
        self.texts: Dict[str, bytes] = {
            path: text
            for path, text in texts
            if CODE.search(text) is not None or osp.basename(path) == "__init__.py"
        }

    def says(self, name: str) -> bool:
        """Whether a word stands anywhere in the source."""
        word = name.encode("utf-8", "surrogatepass")
        whole = re.compile(rb"\b%s\b" % re.escape(word))
        return any(word in text and whole.search(text) is not None for text in self.texts.values())

    @cached_property
    def names(self) -> FrozenSet[str]:
        """What classes are registered as, as far as a look at the text tells."""
        found: Set[bytes] = set()
        for text in self.texts.values():
            if MARK in text:
                found.update(name for pair in _NAMED.findall(text) for name in pair if name)
        return frozenset(name.decode("utf-8", "replace") for name in found)

    @cached_property
    def packages(self) -> FrozenSet[str]:
        """The names of what can be imported from the top."""
        return frozenset(
            name.partition(".")[0] for path in self.texts for name in importable_as(path, self.bases)
        )

    def places(self, name: str) -> List[RegisteredAt]:
        """Where a class is registered by a name."""
        word = name.encode("utf-8", "surrogatepass")
        found = []
        for path, text in self.texts.items():
            if MARK not in text or word not in text:
                continue
            modules = importable_as(path, self.bases) or (osp.splitext(osp.basename(path))[0],)
            made, _ = registrations(text, path, modules[0])
            found += [RegisteredAt(path, modules[0], one.conditional) for one in made if one.name == name]
        return found

    def registers_out_of_sight(self, known: FrozenSet[str]) -> bool:
        """Whether code registers something under a name, or of a class, that is made at run time.

        Args:
            known: Packages of which all names are known.
        """
        return any(True for _ in self._out_of_sight(known))

    def _out_of_sight(self, known: FrozenSet[str]) -> Iterator[str]:
        for path, text in self.texts.items():
            if MARK not in text or is_plain(text):
                continue
            modules = importable_as(path, self.bases) or ("",)
            if known.isdisjoint(part for module in modules for part in module.split(".")):
                _, problems = registrations(text, path, modules[0])
                if problems:
                    yield path

    @cached_property
    def reach(self) -> Reach:
        """What these files import of each other."""
        return Reach(self.texts, self.bases)


@lru_cache(maxsize=2)
def own_names(roots: Tuple[str, ...], walk: str) -> OwnNames:
    """One reading for all configs of a run; ``walk`` makes a new one when the repository changed."""
    return OwnNames(roots)
