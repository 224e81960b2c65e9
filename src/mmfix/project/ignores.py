"""Comments that ignore findings, ``# mmfix: ignore[late-freezing] reason``."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import FrozenSet, List, Tuple

from mmfix.project.selectors import codes, nearest
from mmfix.python.disk import as_text, read_whole
from mmfix.wording import say

#: Files that can have a comment; JSON has none.
COMMENTED = (".py", ".yaml", ".yml")

_MOST_BYTES = 4_000_000
_MOST_REASON = 500
_MARK = re.compile(r"#\s*mmfix\s*:\s*(?P<said>.*)", re.IGNORECASE)
_IGNORE = re.compile(
    r"(?P<word>ignore|ignore-file)\s*\[(?P<rules>[^\]]*)\]\s*[:-]*\s*(?P<reason>.*)", re.IGNORECASE
)
#: How such a comment is written.
FORM = "# mmfix: ignore[rule] reason"


@dataclass(frozen=True)
class Ignore:
    """One comment.

    Attributes:
        path: The file.
        line: 1-based, where it stands.
        target: The line that it is about: its own, or the next one with code on it; 0 for a whole file.
        selectors: The rules, as they are written there.
        reason: Why; empty where none is given.
        problem: What is wrong with it, one clause; empty for one that can be used.
    """

    path: str
    line: int
    target: int
    selectors: Tuple[str, ...] = ()
    reason: str = ""
    problem: str = ""

    @property
    def whole_file(self) -> bool:
        """Whether it is about all of its file."""
        return not self.target

    def meant(self, selector: str) -> FrozenSet[str]:
        """The codes of the rules that one of its selectors means."""
        return codes(selector)


def ignores_in(path: str) -> Tuple[Ignore, ...]:
    """The comments in a Python or YAML file; none in a file that cannot be read."""
    try:
        status = os.stat(path)
        return _in_file(path, status.st_mtime_ns, status.st_size)
    except (OSError, ValueError):
        return ()


@lru_cache(maxsize=4096)
def _in_file(path: str, changed: int, size: int) -> Tuple[Ignore, ...]:
    data = read_whole(path, _MOST_BYTES)
    return () if data is None or b"mmfix" not in data else ignores_of(as_text(data), path)


def ignores_of(text: str, path: str) -> Tuple[Ignore, ...]:
    """The comments in the text of a Python or YAML file; what looks like one inside of a string is none."""
    if "mmfix" not in text or not path.endswith(COMMENTED):
        return ()
    from mmfix.project.comments import comments_of  # for the few files that have one

    comments = comments_of(text, path)
    coded = sorted(comments.coded)
    marks = ((line, _MARK.search(comment)) for line, comment in comments.found)
    return tuple(
        _ignore(path, line, line in comments.coded, found["said"].strip(), coded)
        for line, found in marks
        if found is not None
    )


def _ignore(path: str, line: int, trailing: bool, said: str, coded: List[int]) -> Ignore:
    match = _IGNORE.match(said)
    target = line if trailing else next((number for number in coded if number > line), line)
    if match is None:
        return Ignore(path, line, target, problem=say("is not understood; write `{form}`", form=FORM))
    if match["word"].lower() == "ignore-file":
        target = 0
    selectors = tuple(word for word in (part.strip() for part in match["rules"].split(",")) if word)
    reason = match["reason"].strip()[:_MOST_REASON]
    unknown = next((word for word in selectors if not codes(word)), None)
    problem = ""
    if not selectors:
        problem = say("names no rule, so nothing is ignored")
    elif unknown is not None:
        problem = say("names no rule with {word!r}; {cure}", word=unknown[:60], cure=nearest(unknown))
    return Ignore(path, line, target, selectors, reason, problem)
