"""The lists of parameters in DDP's message, however a terminal or a paste has wrapped them."""

from __future__ import annotations

import re
from typing import List, Sequence, Tuple

#: A wrapped line is at least this long; a shorter one ends its list.
_WRAPPED = 40
#: More of a list of indices; torch's next sentence may follow where a paste has joined the lines.
_NUMBERS = re.compile(r"\s*\d[\d\s]*(\.\.\.)?\s*(In addition,.*)?")
#: A launcher's line may follow without a line end: ``202ERROR:torch.distributed...``.
_NUMBER = re.compile(r"(\d{1,9})(?=$|[^\d./:-])")
_MOST_DIGITS = 9
_NAMES = re.compile(r"[\w.]+(,\s*[\w.]+)*,?\s*")
_NAME = re.compile(r"[A-Za-z_.][\w.]*")


def indices(lines: Sequence[str]) -> Tuple[Tuple[int, ...], bool]:
    """The ascending indices at the start of ``lines``, and whether torch cut them (then ``...`` ends them).

    A number that was wrapped in its middle is put together again: indices ascend.
    """
    found: List[str] = []
    for number, line in enumerate(lines):
        if number and not (len(lines[number - 1]) >= _WRAPPED and _NUMBERS.fullmatch(line)):
            break
        tokens = line.split()
        if found and tokens and not _ascend([*found[-2:], tokens[0]]):
            tokens = [found.pop() + tokens[0], *tokens[1:]]
        for token in tokens:
            match = _NUMBER.match(token)
            if match is None:
                return _ascending(found), token == "..."
            found.append(match.group(1))
            if match.end() != len(token):
                return _ascending(found), False
    return _ascending(found), False


def _ascend(numbers: Sequence[str]) -> bool:
    if any(len(number) > _MOST_DIGITS for number in numbers):
        return True  # no index: the list ends there
    return all(int(one) < int(other) for one, other in zip(numbers, numbers[1:]))


def _ascending(numbers: Sequence[str]) -> Tuple[int, ...]:
    """As far as they ascend; what follows is of another text."""
    found: List[int] = []
    for number in map(int, numbers):
        if found and number <= found[-1]:
            break
        found.append(number)
    return tuple(found)


def names(lines: Sequence[str]) -> Tuple[str, ...]:
    """The names at the start of ``lines``, separated by commas; a line may be wrapped within a name."""
    text = ""
    for number, line in enumerate(lines):
        if number and not (len(lines[number - 1]) >= _WRAPPED and _goes_on(line)):
            break
        text += line
    found = []
    for item in text.split(","):
        match = _NAME.match(item.strip())
        if match is None:
            break
        found.append(match.group().rstrip("."))
        if match.end() != len(item.strip()):
            break
    return tuple(found)


def _goes_on(line: str) -> bool:
    """Whether a line is nothing but more of a list of names."""
    return _NAMES.fullmatch(line) is not None and ("." in line or "," in line)
