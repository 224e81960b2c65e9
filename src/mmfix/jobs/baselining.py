"""A run with a baseline: what it accepts is not shown, what it has too much is named; and a new one."""

from __future__ import annotations

import os.path as osp
from collections import Counter
from dataclasses import replace
from typing import List, Optional, Set, Tuple

from mmfix.config.keypath import format_key
from mmfix.errors import MmfixError, SettingsError
from mmfix.findings import Finding
from mmfix.jobs.checking import problem_of
from mmfix.patches.write import write_atomically
from mmfix.project.baseline import Entry, config_in, dumped, load
from mmfix.results.checked import ConfigReport, Problem
from mmfix.results.place import display_path
from mmfix.results.suppressed import BASELINE, Suppressed
from mmfix.wording import say

_MOST_NAMED = 5


class Baseline:
    """Takes the findings out of the reports of a run that a baseline has, and keeps book.

    Args:
        path: The baseline to compare with; None: all that is found is accepted.
        new: Where to write what is accepted; None for nowhere.

    Raises:
        SettingsError: A file cannot be used.
    """

    def __init__(self, path: Optional[str], new: Optional[str] = None) -> None:
        assert path is not None or new is not None
        self._accepts_all = path is None
        self._new = new
        self._file = path or new or ""
        if new is not None and path is None and osp.lexists(new):
            _refuse_others(new)
        there = path is not None or osp.lexists(self._file)
        self._left = Counter(load(self._file)) if there else Counter()
        self._accepted: Counter[Entry] = Counter()
        self._judged: Set[str] = set()

    def apply(self, report: ConfigReport) -> ConfigReport:
        """The report without what is accepted."""
        if report.status != "ok":
            return report
        config = config_in(report.path, self._file)
        self._judged.add(config)
        kept: List[Finding] = []
        gone: List[Suppressed] = []
        for finding in report.findings:
            entry = Entry(config, finding.code, format_key(finding.key), finding.part)
            if self._accepts_all or self._left[entry]:
                self._accepted[entry] += 1
                self._left[entry] -= 1
                gone.append(Suppressed(finding, BASELINE, "", osp.abspath(self._file)))
            else:
                kept.append(finding)
        return replace(report, findings=tuple(kept), suppressed=(*report.suppressed, *gone))

    def notes(self) -> Tuple[str, ...]:
        """What the baseline has that no config of this run has any more; none where all is there.

        Entries of configs that were not judged count only where the config is gone.
        """
        gone = sorted(entry for entry, many in self._left.items() if many > 0 and self._is_over(entry))
        if not gone:
            return ()
        named = "; ".join(map(str, gone[:_MOST_NAMED]))
        if len(gone) > _MOST_NAMED:
            named = say("{names} and {count} more", names=named, count=len(gone) - _MOST_NAMED)
        file = display_path(self._file)
        again = say("--baseline {file} --write-baseline {file} takes such entries out", file=file)
        if self._new is not None:
            again = say("left out of {file}", file=display_path(self._new))
        if len(gone) == 1:
            what = say("1 entry matches nothing any more: {names}", names=named)
        else:
            what = say("{count} entries match nothing any more: {names}", count=len(gone), names=named)
        return (f"{file}: {what}; {again}",)

    def _is_over(self, entry: Entry) -> bool:
        return entry.config in self._judged or not osp.lexists(self._config(entry))

    def _config(self, entry: Entry) -> str:
        return osp.normpath(osp.join(osp.realpath(osp.dirname(osp.abspath(self._file))), entry.config))

    def write(self) -> Optional[Problem]:
        """Write what is accepted, and why that could not be done.

        Entries of the old file stay whose config is there and was not judged in this run.
        """
        if self._new is None:
            return None
        kept = {entry: many for entry, many in self._left.items() if many > 0 and not self._is_over(entry)}
        entries: Counter[Entry] = Counter()
        for entry, many in (*self._accepted.items(), *kept.items()):
            entries[entry._replace(config=config_in(self._config(entry), self._new))] += many
        try:
            write_atomically(self._new, dumped(entries).encode("utf-8", "backslashreplace"))
        except (MmfixError, OSError) as error:
            return problem_of(error, self._new)
        return None


def _refuse_others(path: str) -> None:
    """Refuse to write over what is no baseline.

    Raises:
        SettingsError: It is none, or one of another version.
    """
    try:
        load(path)
    except SettingsError as error:
        hint = say("name another file, or delete it first")
        raise SettingsError(say("is not written over: {why}", why=error.message), path, hint=hint) from None
