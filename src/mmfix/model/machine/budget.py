"""What one model may cost: steps of evaluation, and CPU time."""

from __future__ import annotations

import time
from typing import Optional

from mmfix.model.machine.values import GaveUp
from mmfix.wording import say

#: Steps of evaluation for one model; the largest of the zoos needs a tenth of it.
MOST_STEPS = 4_000_000
#: The bounds are looked at after so many.
_SOME_STEPS = 1024
#: Seconds of CPU time for one model; typical are 0.2. What else the machine does makes no difference.
MOST_SECONDS = 20.0
#: The CPU time of this thread; where a system does not count it, of the process.
_cpu_time = getattr(time, "thread_time", time.process_time)


class Budget:
    """What was spent so far.

    Attributes:
        steps: Steps of evaluation.
        look_at: The bounds are looked at when there are so many.
        seconds: CPU time that may be used.
        out_of_time: The time was up before the end: with more of it, more may be read.
    """

    __slots__ = (
        "_earliest", "deadline", "look_at", "out_of_time", "seconds", "steps",
    )  # fmt: skip

    def __init__(self, seconds: Optional[float] = None) -> None:
        self.steps = 0
        self.look_at = _SOME_STEPS
        self.seconds = MOST_SECONDS if seconds is None else seconds
        self.deadline = _cpu_time() + self.seconds
        self._earliest = time.perf_counter() + self.seconds
        self.out_of_time = False

    def step(self) -> None:
        """Count a step of evaluation. Raises GaveUp when there were too many, or they took too long."""
        self.steps = steps = self.steps + 1
        if steps >= self.look_at:
            self.check_bounds()

    def spend(self, items: int) -> None:
        """Count what was done to so many items at once, a step for four. Raises GaveUp, as `step`."""
        self.steps = steps = self.steps + (items >> 2)
        if steps >= self.look_at:
            self.check_bounds()

    def check_bounds(self) -> None:
        """Raises GaveUp when there were too many steps, or they took too long."""
        self.look_at = self.steps + _SOME_STEPS
        most = MOST_STEPS * max(self.seconds / MOST_SECONDS, 1)
        if self.steps > most:
            raise GaveUp(
                say("more than {count:.0f} steps (check --reading-seconds gives it more)", count=most)
            )
        if time.perf_counter() < self._earliest:
            return  # a thread computes no longer than the clock runs, and that is no system call
        if _cpu_time() > self.deadline:
            self.out_of_time = True
            raise GaveUp(
                say(
                    "more than {seconds:g} seconds of CPU time (check --reading-seconds gives it more)",
                    seconds=self.seconds,
                )
            )
