"""What was judged of how many configs, in words."""

from __future__ import annotations

from collections import Counter
from typing import Iterable, Iterator, List

from mmfix.report.text.words import count
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
from mmfix.wording import mark, say

_MOST_NAMES = 2
#: What is said of a kind of gap: with one name, with several, and what one and several are called.
_FORMS = {
    CLASS: (
        mark("{names} is not here"),
        mark("{names} are not here"),
        mark("{names} and 1 more class"),
        mark("{names} and {count} more classes"),
    ),
    PART: (
        mark("whether {names} is used cannot be told"),
        mark("whether {names} are used cannot be told"),
        mark("{names} and 1 more part"),
        mark("{names} and {count} more parts"),
    ),
    CODE: (
        "{names}",
        "{names}",
        mark("{names} and 1 more reason"),
        mark("{names} and {count} more reasons"),
    ),
    BASE: (
        mark("the base {names} is not here"),
        mark("the bases {names} are not here"),
        mark("{names} and 1 more base"),
        mark("{names} and {count} more bases"),
    ),
    VALUE: (
        mark("{names} is known only in a run"),
        mark("{names} are known only in a run"),
        mark("{names} and 1 more value"),
        mark("{names} and {count} more values"),
    ),
    FRAMEWORK: (
        mark("written for {names}"),
        mark("written for {names}"),
        mark("{names} and 1 more framework"),
        mark("{names} and {count} more frameworks"),
    ),
}
_SAID = {
    FULLY: say("source followed to the loss"),
    PARTLY: say("source followed in part"),
    KEYS: say("judged by keys and by tables of released classes alone"),
    NOT: say("not judged"),
}


def account(judged: Iterable[Judged]) -> List[str]:
    """What was established of how many configs, one line an extent, and what is left to do."""
    items = list(judged)
    lines = []
    for extent in EXTENTS:
        found = [item for item in items if item.extent == extent]
        if found:
            why = "; ".join(_reasons(found))
            told = f"{count(len(found), 'config')}: {_SAID[extent]}"
            lines.append(f"{told} ({why})" if why else told)
    kinds = {gap.kind for item in items for gap in item.gaps if item.extent != NOT}
    if kinds & {CLASS, PART, CODE}:
        if CLASS in kinds:
            where = say(
                "`mmfix show --model CFG` names the parts; run mmfix where you train: "
                "it reads what is installed"
            )
        else:
            where = say("`mmfix show --model CFG` names the parts")
        lines.append(where)
    return lines


def _reasons(judged: List[Judged]) -> Iterator[str]:
    """The gaps of several configs, one clause a kind; the most frequent are named, the others counted."""
    for kind, (one, several, one_more, more_of_them) in _FORMS.items():
        counts = Counter(gap.what for item in judged for gap in set(item.gaps) if gap.kind == kind)
        names = sorted(counts, key=lambda what: (-counts[what], what))
        more = len(names) - _MOST_NAMES
        if more > 0:
            together = ", ".join(names[:_MOST_NAMES])
            yield say(several, names=say(one_more if more == 1 else more_of_them, names=together, count=more))
        elif names:
            together = (", " if kind == CODE else say(" and ")).join(names)
            yield say(several if len(names) > 1 else one, names=together)
