"""How many turns a loop of unknown length takes: as many as what it indexes has items.

``for level in range(states.shape[0]): self.classifiers[level](...)``, as in the head of every DETR: nothing
in the source says how many levels there are, but there are no more than classifiers, or Python raises
IndexError, and a model that trains has as many. So such a loop is tried once for what its number is an index
into, and then followed turn by turn.
"""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Callable, Iterator, List, Optional, Tuple

from mmfix.model.machine.conditions import PLAIN, Note, Number
from mmfix.model.machine.joining import any_item
from mmfix.model.machine.values import DATA, Opaque, PyList
from mmfix.python.trees import everything

if TYPE_CHECKING:
    from mmfix.model.machine.frame import Contents, Frame
    from mmfix.model.machine.machine import Machine

_MOST_TURNS = 100


class Counter(Opaque):
    """A number that a loop of unknown length counts up with, by one each turn: ``i`` of ``range(len(x))``.

    Attributes:
        first: Its value in the first turn.
        lengths: For each list of known length that it was an index into: the list, how many turns there are
            until its end, and under how many unknown conditions that was.
    """

    __slots__ = ("first", "lengths")

    def __init__(self, first: int, of: Optional[Counter] = None, stop: Any = None) -> None:
        index = first == 0 and of is None
        super().__init__(0, 0, DATA, note=Note(number=Number(stop, counts=True)) if index else PLAIN)
        self.first = first
        self.lengths: List[Tuple[Any, int, int]] = [] if of is None else of.lengths

    def plus(self, number: int) -> Counter:
        """``self + number``: it is an index for the same loop."""
        return Counter(self.first + number, self)

    def indexes(self, value: Any, length: int, conditional: int) -> None:
        """It was an index into a list of that length."""
        self.lengths.append((value, length - self.first, conditional))


def at_turn(item: Any, turn: int) -> Any:
    """What a loop gives in that turn, the first being 0: its numbers are known then."""
    if isinstance(item, Counter):
        return item.first + turn
    return tuple(at_turn(part, turn) for part in item) if any(_counters(item)) else item


def turns_of(m: Machine, frame: Frame, source: PyList, run: Callable[[Any], Any]) -> Optional[List[Any]]:
    """The item of each turn of a loop over a list of unknown length; None when nothing says how many.

    Args:
        m: The machine.
        frame: Where the loop is.
        source: What it runs over.
        run: One turn, given its item.
    """
    counters = list(_counters(source.items[0])) if source.items else []
    if not counters or m.phase != "step" or not m.grad or m.rehearsing:
        return None  # nothing depends on it
    for counter in counters:
        counter.lengths.clear()
    certain = m.conditional + 1  # the turn that is tried is one condition
    changed = _rehearse(m, frame, lambda: run(source.items[0]))
    # a list that the loop itself fills says nothing
    found = [entry for counter in counters for entry in counter.lengths if entry[0] not in changed]
    lengths = [turns for _, turns, conditional in found if conditional <= certain]
    count = min(lengths) if lengths else max((turns for _, turns, _ in found), default=0)
    if not 0 < count <= _MOST_TURNS:
        return None
    items = [*source.items, *[any_item(source)] * (count - len(source.items))]
    return [at_turn(item, turn) for turn, item in enumerate(items)]


def _rehearse(m: Machine, frame: Frame, run: Callable[[], Any]) -> Contents:
    """Try a path that is not taken, and forget it; what it changed.

    Lines that call a module stay noted: the path that is taken calls from there, too.
    """
    lists: List[List[Any]] = [
        m.params, m.checkpoints, m.toggled, m.problems, frame.returns, frame.yields,
        frame.leaves, frame.continues, frame.breaks,
    ]  # fmt: skip
    lengths = [len(item) for item in lists]
    used, escaped, edits, doubts, astray = m.used.copy(), m.escaped, m.edits, m.doubts, m.astray
    ways = frame.unsure, frame.stopped, frame.stranded
    m.rehearsing = True
    try:
        return m.attempt(run).after
    finally:
        for item, length in zip(lists, lengths):
            del item[length:]
        m.used, m.escaped, m.edits, m.doubts, m.astray = used, escaped, edits, doubts, astray
        frame.unsure, frame.stopped, frame.stranded = ways
        m.rehearsing = False


def _counters(item: Any) -> Iterator[Counter]:
    if isinstance(item, Counter):
        yield item
    elif isinstance(item, tuple):
        for part in item:
            yield from _counters(part)


@lru_cache(maxsize=None)
def may_index(target: ast.expr, *body: ast.AST) -> bool:
    """Whether a variable of a loop may be, or become, an index in the loop's body."""
    names = {item.id for item in everything(target) if isinstance(item, ast.Name)}
    for part in body:
        for item in everything(part):
            used: List[ast.AST] = []
            if isinstance(item, ast.Subscript):
                used = [item.slice]
            elif isinstance(item, ast.Call):
                used = [*item.args, *(keyword.value for keyword in item.keywords)]
            if any(
                isinstance(name, ast.Name) and name.id in names for use in used for name in everything(use)
            ):
                return True
    return False
