"""Which of several processes is given which item next."""

from __future__ import annotations

from collections import deque
from typing import Deque, Dict, Hashable, Sequence


class Turns:
    """Which process gets which item next.

    Args:
        groups: By item, the name of its group, which stays in one process.
        waves: By item, its wave; nothing of a wave is given out until all of those below it is done.
        split: A process that has nothing left to do may take half of what another one has of a group.
    """

    def __init__(self, groups: Sequence[Hashable], waves: Sequence[int], split: bool) -> None:
        by_wave: Dict[int, Dict[Hashable, Deque[int]]] = {}
        for index, (wave, name) in enumerate(zip(waves, groups)):
            by_wave.setdefault(wave, {}).setdefault(name, deque()).append(index)
        self._waves = deque(by_wave[wave] for wave in sorted(by_wave))
        self._free: Deque[Deque[int]] = deque()
        self._undone = 0
        self._taken: Dict[int, Deque[int]] = {}
        self._split = split
        self._begin()

    def next(self, worker: int) -> int:
        """The next item of a process, of its own group first; -1 where there is none for it."""
        own = self._taken.get(worker)
        if not own:
            own = self._taken[worker] = self._new_group()
        return own.popleft() if own else -1

    def back(self, worker: int, indices: Sequence[int]) -> None:
        """Items that a process had, and did not do, and those that were planned for it."""
        left = deque([*indices, *self._taken.pop(worker, ())])
        if left:
            self._free.appendleft(left)

    def done(self) -> bool:
        """There is a result more; whether the next wave begins with it."""
        self._undone -= 1
        return self._undone == 0 and self._begin()

    def _begin(self) -> bool:
        if not self._waves:
            return False
        self._free = deque(self._waves.popleft().values())
        self._undone = sum(len(group) for group in self._free)
        return True

    def _new_group(self) -> Deque[int]:
        if self._free:
            return self._free.popleft()
        largest = max(self._taken.values(), key=len, default=deque())
        half = len(largest) // 2 if self._split else 0
        return deque(reversed([largest.pop() for _ in range(half)]))
