"""A region of a log as the lines of each rank, without what terminals and launchers add to them."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import Dict, List, NamedTuple, Optional, Tuple

from mmfix.diagnosis.log.stream import Region

#: Colours and cursor movements (ECMA-48), and titles of windows.
_ANSI = re.compile(r"\x1b(?:\[[0-9;:?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")
#: ``[rank4]: `` of torch >= 2.2, ``[default4]:`` of ``torchrun --tee``, ``[1,4]<stderr>:`` of mpirun.
_RANK = re.compile(r"\s*\[(?:[a-z_]+|\d+,(?=\d+\]<))(\d{1,5})\](?:<std(?:out|err)>)?: ?")
#: ``4: `` of ``srun --label``; only where most lines have it.
_LABEL = re.compile(r"\s*(\d{1,5}): ?")
#: What quoting adds to a line: mail, and boxes around tracebacks.
_QUOTE = re.compile(r"^\s*(?:[>│|]\s?)+")


class Line(NamedTuple):
    """A line of a log.

    Attributes:
        number: In the log, from 1.
        text: As a rank wrote it.
    """

    number: int
    text: str


class Stream:
    """The lines of one rank, or of all that cannot be told apart, in the order of the log.

    Attributes:
        rank: None when lines say no rank. lines: What it wrote. packed: The same as one text without any
        white space, so that a message is found however it is wrapped.
    """

    def __init__(self, rank: Optional[int], lines: List[Line]) -> None:
        self.rank = rank
        self.lines = lines
        packed = ["".join(line.text.split()) for line in lines]
        self.packed = "".join(packed)
        self._starts = list(accumulate(map(len, packed), initial=0))

    def place(self, offset: int) -> Tuple[int, int]:
        """The index in :attr:`lines`, and the column there, of a character of :attr:`packed`."""
        index = min(bisect_right(self._starts, offset) - 1, len(self.lines) - 1)
        left = offset - self._starts[index]
        text = self.lines[index].text
        for column, char in enumerate(text):
            if not char.isspace():
                if left <= 0:
                    return index, column
                left -= 1
        return index, len(text)


def streams(region: Region) -> List[Stream]:
    """What each rank wrote in a region; lines without a rank first."""
    found: Dict[Optional[int], List[Line]] = {}
    lines = _split(region)
    prefix = _LABEL if _is_labelled(lines) else _RANK
    for line in lines:
        rank = None
        match = prefix.match(line.text) if line.text[:1] in " [0123456789" else None
        if match is not None:
            rank = int(match.group(1))
            line = Line(line.number, line.text[match.end() :])
        found.setdefault(rank, []).append(line)
    return [
        Stream(rank, found[rank]) for rank in sorted(found, key=lambda rank: -1 if rank is None else rank)
    ]


def _split(region: Region) -> List[Line]:
    text = region.data.decode("utf-8", "replace").replace("\r\n", "\n")
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    lines = []
    for number, line in enumerate(text.split("\n"), region.line):
        for part in line.split("\r") if "\r" in line else (line,):  # a progress bar draws over itself
            if part[:1] in " >│|\t":
                part = _QUOTE.sub("", part)
            lines.append(Line(number, part))
    return lines


def _is_labelled(lines: List[Line]) -> bool:
    told = [line.text for line in lines if line.text.strip()]
    return len(told) > 1 and sum(_LABEL.match(text) is not None for text in told) * 2 > len(told)
