"""What only the run knows, decided both ways: a file is followed once for each answer; joined afterwards.

The first few conditions that are not known are decided; what depends on any more is unknown (``poison``).
"""

from __future__ import annotations

from typing import Callable, List, Optional, Sequence, Tuple, TypeVar

from mmfix.config.origin import Unknown
from mmfix.errors import ConfigError
from mmfix.wording import say

#: Ways through one file that are followed at most.
MAX_WAYS = 32

Result = TypeVar("Result")


class Stops(ConfigError):
    """A config stops here when it is run; where that depends on an answer, it is the other one that loads."""


class Raised(Exception):
    """An exception of the config that is not raised here: its class; None: unknown."""

    def __init__(self, kind: Optional[type]) -> None:
        super().__init__(say("raised by the config itself"))
        self.kind = kind


class Decisions:
    """The answers on one way through a file.

    Args:
        script: The first answers, as numbers; those after them are 0.
        most: How many ways may lead from the start; 1 decides nothing.

    Attributes:
        first: The first of what was decided.
        steps: Budget that the ways before this one have used.
    """

    def __init__(self, script: Sequence[int] = (), most: int = 1, steps: int = 0) -> None:
        self._script = script
        self._most = most
        self._taken: List[Tuple[int, int]] = []
        self._ways = 1
        self.first: Optional[Unknown] = None
        self.steps = steps

    def choose(self, options: int, why: Unknown) -> Optional[int]:
        """Which of the options is taken on this way; None where nothing more is decided."""
        if self._ways * options > self._most:
            return None
        self._ways *= options
        choice = self._script[len(self._taken)] if len(self._taken) < len(self._script) else 0
        self._taken.append((choice, options))
        self.first = self.first or why
        return choice

    def following(self) -> Optional[List[int]]:
        """The script of the next way; None after the last one."""
        taken = list(self._taken)
        while taken:
            choice, options = taken.pop()
            if choice + 1 < options:
                return [*(earlier for earlier, _ in taken), choice + 1]
        return None


def every_way(follow: Callable[[Decisions], Result]) -> Tuple[List[Result], Optional[Unknown]]:
    """What a file gives on each way through it that does not stop, and the first condition that was decided.

    Args:
        follow: Evaluates the file; sets ``steps`` of what it is handed to the budget it has used.

    Raises:
        ConfigError: It stops on every way, or cannot be followed.
    """
    decisions = Decisions(most=MAX_WAYS)
    results: List[Result] = []
    stopped: Optional[Stops] = None
    while True:
        try:
            results.append(follow(decisions))
        except Stops as stops:
            stopped = stopped or stops
        except ConfigError:
            if decisions.first is None:
                raise
            return [follow(Decisions())], None  # what one way gives is not known: nothing is decided
        script = decisions.following()
        if script is None:
            break
        decisions = Decisions(script, MAX_WAYS, decisions.steps)
    if not results and stopped is not None:
        raise stopped
    return results, decisions.first
