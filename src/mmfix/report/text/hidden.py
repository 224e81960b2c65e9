"""Words for findings that are not shown: silence must not look like health."""

from __future__ import annotations

from collections import Counter
from typing import Iterable, List

from mmfix.results.place import display_path
from mmfix.results.suppressed import BASELINE, COMMENT, Suppressed
from mmfix.wording import say

NOTHING, NOTHING_BY_KEYS = say("nothing found"), say("nothing found by keys alone")
#: The same where what was found is not shown.
NOTHING_ELSE = {
    NOTHING: say("nothing else found"),
    NOTHING_BY_KEYS: say("nothing else found by keys alone"),
}


def hidden(suppressed: Iterable[Suppressed]) -> List[str]:
    """``3 ignored by mmfix.toml``, one clause for each who hides some."""
    counts = Counter((item.by, "" if item.by == COMMENT else display_path(item.path)) for item in suppressed)
    clauses = []
    for (by, who), number in sorted(counts.items()):
        if by == COMMENT:
            one = number == 1
            clauses.append(
                say("1 ignored by a comment") if one else say("{count} ignored by comments", count=number)
            )
        elif by == BASELINE:
            clauses.append(say("{count} in the baseline {file}", count=number, file=who))
        else:
            clauses.append(say("{count} ignored by {file}", count=number, file=who))
    return clauses


def with_hidden(told: str, suppressed: Iterable[Suppressed]) -> str:
    """What the last line tells of a run, and how much of it is not shown."""
    clauses = hidden(suppressed)
    return ", ".join([NOTHING_ELSE.get(told, told) if clauses else told, *clauses])


def not_cured(suppressed: Iterable[Suppressed]) -> List[str]:
    """A note that findings were left alone; none where there are none."""
    items = list(suppressed)
    if not items:
        return []
    why = ", ".join(hidden(items))
    if len(items) == 1:
        return [say("1 finding is not cured: {why}", why=why)]
    return [say("{count} findings are not cured: {why}", count=len(items), why=why)]
