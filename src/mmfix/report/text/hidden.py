"""Words for findings that are not shown: silence must not look like health."""

from __future__ import annotations

from collections import Counter
from typing import Iterable, List

from mmfix.report.text.words import count
from mmfix.results.place import display_path
from mmfix.results.suppressed import BASELINE, COMMENT, Suppressed


def hidden(suppressed: Iterable[Suppressed]) -> List[str]:
    """``3 ignored by mmfix.toml``, one clause for each who hides some."""
    counts = Counter((item.by, "" if item.by == COMMENT else display_path(item.path)) for item in suppressed)
    clauses = []
    for (by, who), number in sorted(counts.items()):
        if by == COMMENT:
            clauses.append(f"{number} ignored by {'a comment' if number == 1 else 'comments'}")
        elif by == BASELINE:
            clauses.append(f"{number} in the baseline {who}")
        else:
            clauses.append(f"{number} ignored by {who}")
    return clauses


def with_hidden(told: str, suppressed: Iterable[Suppressed]) -> str:
    """What the last line tells of a run, and how much of it is not shown."""
    clauses = hidden(suppressed)
    if clauses and told.startswith("nothing found"):
        told = f"nothing else found{told[len('nothing found') :]}"
    return ", ".join([told, *clauses])


def not_cured(suppressed: Iterable[Suppressed]) -> List[str]:
    """A note that findings were left alone; none where there are none."""
    items = list(suppressed)
    verb = "is" if len(items) == 1 else "are"
    return [f"{count(len(items), 'finding')} {verb} not cured: {', '.join(hidden(items))}"] if items else []
