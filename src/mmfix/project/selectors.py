"""Rules as people name them: by code, by the beginning of codes, or by name."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import FrozenSet, Sequence

from mmfix.wording import say

_CODE = re.compile(r"MMF\d*\Z", re.IGNORECASE)


@lru_cache(maxsize=1024)
def codes(selector: str) -> FrozenSet[str]:
    """The codes of the rules that are meant; none for what names no rule.

    Args:
        selector: ``MMF101``, ``MMF1`` (all that begin so), or ``late-freezing``.
    """
    from mmfix.rules import RULES

    if _CODE.match(selector):
        return frozenset(rule.code for rule in RULES if rule.code.startswith(selector.upper()))
    return frozenset(rule.code for rule in RULES if selector.lower() == rule.name)


def codes_of(selectors: Sequence[str]) -> FrozenSet[str]:
    """The codes of the rules that are meant by any of several selectors."""
    return frozenset().union(*map(codes, selectors))


def nearest(selector: str) -> str:
    """What to do about a selector that names no rule, one clause."""
    import difflib

    from mmfix.rules import RULES

    names = [name for rule in RULES for name in (rule.code, rule.name)]
    wanted = selector.upper() if selector.upper().startswith("MMF") else selector.lower()
    near = difflib.get_close_matches(wanted[:100], names, n=1)
    return say("did you mean {name}?", name=near[0]) if near else say("`mmfix rules` lists them")
