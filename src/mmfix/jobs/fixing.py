"""What a cure would change, for reports that offer cures to an editor. Runs no config, writes nothing."""

from __future__ import annotations

import json
import os.path as osp
import sys
from typing import Dict, List, Tuple

from mmfix.codemods.place import project_of
from mmfix.config.reader import Reader
from mmfix.findings import CodeSpot, Remedy
from mmfix.patches import is_unconfirmed, plan, reread
from mmfix.results.change import Change

_CHILD = osp.join(osp.dirname(osp.dirname(osp.abspath(__file__))), "codemods", "child.py")
_SECONDS = 120.0


class Planner:
    """A :data:`mmfix.results.change.Plan`.

    Args:
        reader: Reads the configs.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._in_code: Dict[Tuple[CodeSpot, ...], Tuple[Change, ...]] = {}

    def __call__(self, path: str, remedy: Remedy) -> Tuple[Change, ...]:
        """What ``remedy`` changes for the config at ``path``, confirmed by mmfix's reader; may be nothing."""
        try:
            return self._code(path, remedy) if remedy.code else self._planned(path, remedy)
        except Exception:  # a cure is an offer: whatever is in its way, the finding is told without it
            return ()

    def _planned(self, path: str, remedy: Remedy) -> Tuple[Change, ...]:
        document = self._reader.load(path)
        if document.missing or is_unconfirmed(document):  # a patch would be refused; is more than this cure
            return ()
        after = plan(document, remedy.overrides, self._reader)
        text = after.decode("utf-8")
        if text == document.text:
            return ()
        reread(document, after, remedy.overrides, self._reader)
        return (change(path, document.text, text),)

    def _code(self, path: str, remedy: Remedy) -> Tuple[Change, ...]:
        """The same for the files of a cure in code, planned in a process of its own; once for all configs."""
        if remedy.code not in self._in_code:
            self._in_code[remedy.code] = ()
            if not remedy.needs:
                found = _planned_elsewhere(remedy, project_of(path))
                self._in_code[remedy.code] = tuple(change(*item) for item in found)
        return self._in_code[remedy.code]


def _planned_elsewhere(remedy: Remedy, top: str) -> List[Tuple[str, str, str]]:
    import subprocess

    spots = [[spot.path, spot.line, [list(place) for place in spot.called]] for spot in remedy.code]
    done = subprocess.run(
        [sys.executable, "-B", "-W", "ignore", _CHILD],
        input=json.dumps({"remedy": remedy.name, "spots": spots, "top": top}).encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=_SECONDS,
        check=True,
    )
    return [(path, before, after) for path, before, after in json.loads(done.stdout)]


def change(path: str, before: str, after: str) -> Change:
    """The smallest run of whole lines of a file that turns one text into the other."""
    old, new = _lines(before), _lines(after)
    shorter = min(len(old), len(new))
    head = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    rest = shorter - head
    tail = next((at for at in range(rest) if old[-1 - at] != new[-1 - at]), rest)
    start, end = _length(old[:head]), len(before) - _length(old[len(old) - tail :])
    return Change(path, before, start, end, after[start : len(after) - (len(before) - end)])


def _lines(text: str) -> List[str]:
    """With their ends, as SARIF counts lines: `str.splitlines` would break at a form feed, too."""
    *whole, rest = text.split("\n")
    return [*(f"{line}\n" for line in whole), *([rest] if rest else [])]


def _length(lines: List[str]) -> int:
    return sum(map(len, lines))
