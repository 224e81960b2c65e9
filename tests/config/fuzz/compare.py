"""Both readers on one config, and which outcome that is."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterator, List, Tuple
from unittest.mock import patch

from parity import Failed, Open, differences, with_mmfix

from fuzz.case import Case, write
from fuzz.engine import Engine, Foreign, Refused
from fuzz.worlds import FLAGS
from mmfix.config.interpreter import decisions
from mmfix.config.origin import Unknown
from mmfix.config.values import absent

SAME = "same"
UNKNOWN = "unknown"
BOTH_REFUSE = "both refuse"
ONLY_MMFIX = "only mmfix refuses"
ONLY_MMENGINE = "only MMEngine refuses"
DIFFERENT = "silently different"
OUTCOMES = (SAME, UNKNOWN, BOTH_REFUSE, ONLY_MMFIX, ONLY_MMENGINE, DIFFERENT)
#: Outcomes of which a small example is worth having.
FAULTS = (DIFFERENT, ONLY_MMFIX)

#: MMEngine writes several files for each config; not to a disk, where that can be had.
_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None

Reads = Callable[[str], Any]


@dataclass(frozen=True)
class Result:
    """What came of a case.

    Attributes:
        outcome: One of :data:`OUTCOMES`.
        leaves: Values that MMEngine knows, whatever the run decides.
        unknown: How many of them mmfix leaves open.
        details: What differs, or what was said.
    """

    outcome: str
    leaves: int = 0
    unknown: int = 0
    details: Tuple[str, ...] = ()


def compare(case: Case, engine: Engine, read: Reads = with_mmfix) -> Result:
    """Read a case with both.

    Args:
        read: mmfix's reader; a test hands in a broken one.
    """
    with tempfile.TemporaryDirectory(prefix="mmfix-fuzz-", dir=_MEMORY) as folder:
        path = write(case, Path(folder))
        ours = read(path), _undecided(read, path)
        flags = FLAGS if case.asks_the_run else FLAGS[:1]
        result = _worse(ours, engine.load(path, flags))
        if result.outcome in FAULTS:  # not for what an earlier config left behind
            engine.renew()
            result = _worse(ours, engine.load(path, flags))
    return result


def _undecided(read: Reads, path: str) -> Any:
    """The same where no condition is decided, as it is in a config with many of them."""
    with patch.object(decisions, "MAX_WAYS", 1):
        return read(path)


def _worse(ours: Tuple[Any, Any], theirs: Tuple[Any, ...]) -> Result:
    """What comes of the first answer; of the second one, if that is wrong."""
    result, undecided = judge(ours[0], theirs), judge(ours[1], theirs)
    return undecided if undecided.outcome == DIFFERENT else result


def judge(ours: Any, theirs: Tuple[Any, ...]) -> Result:
    """Compare mmfix's answer with MMEngine's in each world."""
    loaded = [tree for tree in theirs if not isinstance(tree, Refused)]
    if not loaded:
        if isinstance(ours, Failed):
            return Result(BOTH_REFUSE, details=(str(ours.error),))
        return Result(ONLY_MMENGINE, details=(theirs[0].error,))
    if isinstance(ours, Failed):
        return Result(ONLY_MMFIX, details=(str(ours.error),))
    found: List[Tuple[str, str]] = [pair for tree in loaded for pair in differences(ours, tree)]
    different = tuple(text[:300] for kind, text in found if kind == "different")
    leaves = unknown = 0
    for known in count_leaves(ours, loaded):
        leaves += 1
        unknown += known
    if different:
        return Result(DIFFERENT, leaves, unknown, different)
    return Result(UNKNOWN if found else SAME, leaves, unknown, tuple(text for _, text in found))


def count_leaves(ours: Any, theirs: List[Any]) -> Iterator[bool]:
    """For each leaf that is the same in all of MMEngine's answers: whether mmfix leaves it open."""
    first = theirs[0]
    if isinstance(first, dict) and first:
        if all(isinstance(other, dict) for other in theirs):
            for key in first:
                if all(key in other for other in theirs):
                    yield from count_leaves(_inner(ours, key), [other[key] for other in theirs])
    elif isinstance(first, (list, tuple)) and first:
        if all(type(other) is type(first) and len(other) == len(first) for other in theirs):
            for position in range(len(first)):
                yield from count_leaves(_inner(ours, position), [other[position] for other in theirs])
    elif isinstance(first, Foreign):
        return  # nothing that a reader could say
    elif all(type(other) is type(first) and (other == first or other != other) for other in theirs):
        yield isinstance(ours, Unknown)


def _inner(ours: Any, key: Any) -> Any:
    if isinstance(ours, Unknown):
        return ours
    if isinstance(ours, Open) and key not in ours:
        return absent(ours.node, key)
    try:
        return ours[key]
    except (LookupError, TypeError):
        return None
