"""What was judged of how many configs, in words."""

from __future__ import annotations

from collections import Counter
from typing import Iterable, Iterator, List

from mmfix.results.judged import (
    BASE,
    CLASS,
    CODE,
    EXTENTS,
    FRAMEWORK,
    FULLY,
    KEYS,
    NOT,
    PART,
    PARTLY,
    VALUE,
    Judged,
)

_MOST_NAMES = 2
#: What is said of a kind of gap: with one name, with several, and what one and several are called.
_FORMS = {
    CLASS: ("{} is not here", "{} are not here", "class", "classes"),
    PART: ("whether {} is used cannot be told", "whether {} are used cannot be told", "part", "parts"),
    CODE: ("{}", "{}", "reason", "reasons"),
    BASE: ("the base {} is not here", "the bases {} are not here", "base", "bases"),
    VALUE: ("{} is known only in a run", "{} are known only in a run", "value", "values"),
    FRAMEWORK: ("of {}, by the keys", "of {}, by the keys", "framework", "frameworks"),
}
_SAID = {
    FULLY: "source followed to the loss",
    PARTLY: "source followed in part",
    KEYS: "judged by keys and by tables of released classes alone",
    NOT: "not judged",
}


def account(judged: Iterable[Judged]) -> List[str]:
    """What was established of how many configs, one line an extent, and what is left to do."""
    items = list(judged)
    lines = []
    for extent in EXTENTS:
        found = [item for item in items if item.extent == extent]
        if found:
            why = "; ".join(_reasons(found))
            many = f"{len(found)} config{'s' if len(found) > 1 else ''}"
            lines.append(f"{many}: {_SAID[extent]}{f' ({why})' if why else ''}")
    kinds = {gap.kind for item in items for gap in item.gaps if item.extent != NOT}
    if kinds & {CLASS, PART, CODE}:
        where = "; run mmfix where you train: it reads what is installed" if CLASS in kinds else ""
        lines.append(f"`mmfix show --model CFG` names the parts{where}")
    return lines


def _reasons(judged: List[Judged]) -> Iterator[str]:
    """The gaps of several configs, one clause a kind; the most frequent are named, the others counted."""
    for kind, (one, several, *nouns) in _FORMS.items():
        counts = Counter(gap.what for item in judged for gap in set(item.gaps) if gap.kind == kind)
        names = sorted(counts, key=lambda what: (-counts[what], what))
        more = len(names) - _MOST_NAMES
        if more > 0:
            yield several.format(f"{', '.join(names[:_MOST_NAMES])} and {more} more {nouns[more > 1]}")
        elif names:
            together = (", " if kind == CODE else " and ").join(names)
            yield (several if len(names) > 1 else one).format(together)
