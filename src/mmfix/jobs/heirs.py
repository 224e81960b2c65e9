"""The configs that inherit a base, before and after it is changed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.family import dependants_of, repository_root, walk
from mmfix.config.keypath import format_key
from mmfix.errors import MmfixError
from mmfix.findings import Finding, Override
from mmfix.git.ignored import Ignored
from mmfix.jobs.accounting import unfit
from mmfix.jobs.checking import judge_document
from mmfix.jobs.excluding import Excluded
from mmfix.jobs.selecting import reader_for, skipping
from mmfix.patches import changes_with
from mmfix.results.checked import failing
from mmfix.results.place import display_path
from mmfix.settings import Settings
from mmfix.training import is_trainable
from mmfix.wording import say
from mmfix.workers import each


@dataclass(frozen=True)
class Heir:
    """A config that inherits a base, and what a change of the base does to it.

    Attributes:
        path: The config.
        overrides: What changes in it; the same value may have other keys here.
        cured: Errors and warnings that it has no more.
        caused: Those that it has since.
        left: Those that stay.
        problem: Why it cannot be judged; empty for one that was.
        beside: Another key that would change, too; empty without one.
    """

    path: str
    overrides: Tuple[Override, ...] = ()
    cured: Tuple[Finding, ...] = ()
    caused: Tuple[Finding, ...] = ()
    left: Tuple[Finding, ...] = ()
    problem: str = ""
    beside: str = ""

    @property
    def concerned(self) -> bool:
        """Whether it changes, or may."""
        return bool(self.overrides or self.problem or self.beside)


class Heirs:
    """Finds the configs that inherit a base in its repository, and those that were named.

    Args:
        named: Configs that were named, wherever they are.
        settings: What a walk leaves out, and how they are judged.
        jobs: In how many processes they are judged.
        tick: Called ten times a second.
    """

    def __init__(
        self, named: Sequence[str], settings: Settings, jobs: int, tick: Optional[Callable[[], None]]
    ) -> None:
        self._named = tuple(named)
        self._settings = settings
        self._jobs = jobs
        self._tick = tick
        self._walked: Dict[str, Tuple[str, ...]] = {}

    def of(
        self, base: str, texts: Mapping[str, str], after: str, overrides: Sequence[Override]
    ) -> List[Heir]:
        """Those that change, or cannot be judged, once a base has another text; the base itself among them.

        Args:
            base: The base.
            texts: Of files, the texts that count instead of theirs.
            after: The text of the base then.
            overrides: What it is to change.
        """
        among = (*self._configs(repository_root(base)), *self._named)
        unread: List[str] = []
        known = reader_for(self._settings, texts)
        heirs = dependants_of([base], known, among=among, unread=unread)
        paths = [base, *sorted((*heirs, *unread))]
        before = reader_for(self._settings, texts)
        then = reader_for(self._settings, {**texts, base: after})

        def work(path: str) -> Optional[Heir]:
            try:
                document = before.load(path)
                error = unfit(document)
                if error is None and not is_trainable(document):
                    return None
                link = _through_a_link(document, base)
                if link:
                    return Heir(
                        path, problem=say("it inherits it through a link, {link}", link=display_path(link))
                    )
                return self._heir(document, then.load(path), overrides, error)
            except MmfixError as error:
                return Heir(path, problem=error.message)

        found = sorted(each(paths, work, self._jobs, os.path.dirname, self._tick))
        judged = [
            Heir(paths[done.number], problem=say("its process ended")) if done.lost else done.value
            for done in found
        ]
        return [heir for heir in judged if heir is not None and heir.concerned]

    def _configs(self, root: str) -> Tuple[str, ...]:
        if root not in self._walked:
            ignored = Ignored() if self._settings.gitignore else None
            skips = skipping(Excluded(self._settings), ignored)
            self._walked[root] = tuple(walk(root, None, skips))
        return self._walked[root]

    def _heir(
        self,
        before: ConfigDocument,
        after: ConfigDocument,
        overrides: Sequence[Override],
        error: Optional[MmfixError],
    ) -> Heir:
        changed, beside = changes_with(before, after, overrides)
        if beside is not None:
            return Heir(before.path, changed, beside=format_key(beside))
        if not changed:
            return Heir(before.path)
        problem = next((say("its base {base} is not here", base=base.entry) for base in before.missing), "")
        if error is not None or problem:
            return Heir(before.path, changed, problem=problem if error is None else error.message)
        old, new = (failing(judge_document(each, self._settings).findings) for each in (before, after))
        stood, stands = (frozenset((item.code, item.key, item.part) for item in each) for each in (old, new))
        return Heir(
            before.path,
            changed,
            tuple(item for item in old if (item.code, item.key, item.part) not in stands),
            tuple(item for item in new if (item.code, item.key, item.part) not in stood),
            new,
        )


def _through_a_link(document: ConfigDocument, base: str) -> str:
    """The other name by which a config inherits a base; empty where it uses the name itself."""
    real = os.path.realpath(base)
    return next((file for file in document.files if file != base and os.path.realpath(file) == real), "")
