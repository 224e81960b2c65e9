"""What a patch would change, for reports that offer cures to an editor. Runs nothing, writes nothing."""

from __future__ import annotations

from typing import List, Optional

from mmfix.config.reader import Reader
from mmfix.findings import Remedy
from mmfix.patches import is_unconfirmed, plan, reread
from mmfix.results.change import Change


class Planner:
    """A :data:`mmfix.results.change.Plan`.

    Args:
        reader: Reads the configs.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def __call__(self, path: str, remedy: Remedy) -> Optional[Change]:
        """What ``remedy`` changes in the config at ``path``, confirmed by mmfix's own reader."""
        try:
            return self._planned(path, remedy)
        except Exception:  # a cure is an offer: whatever is in its way, the finding is told without it
            return None

    def _planned(self, path: str, remedy: Remedy) -> Optional[Change]:
        document = self._reader.load(path)
        if document.missing or is_unconfirmed(document):  # a patch would be refused; is more than this cure
            return None
        after = plan(document, remedy.overrides, self._reader)
        text = after.decode("utf-8")
        if text == document.text:
            return None
        reread(document, after, remedy.overrides, self._reader)
        return change(document.text, text)


def change(before: str, after: str) -> Change:
    """The smallest run of whole lines that turns one text into the other."""
    old, new = _lines(before), _lines(after)
    shorter = min(len(old), len(new))
    head = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    rest = shorter - head
    tail = next((at for at in range(rest) if old[-1 - at] != new[-1 - at]), rest)
    start, end = _length(old[:head]), len(before) - _length(old[len(old) - tail :])
    return Change(before, start, end, after[start : len(after) - (len(before) - end)])


def _lines(text: str) -> List[str]:
    """With their ends, as SARIF counts lines: `str.splitlines` would break at a form feed, too."""
    *whole, rest = text.split("\n")
    return [*(f"{line}\n" for line in whole), *([rest] if rest else [])]


def _length(lines: List[str]) -> int:
    return sum(map(len, lines))
