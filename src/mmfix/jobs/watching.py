"""Who is told how far a job is while somebody waits for it."""

from __future__ import annotations

from typing import Protocol


class Watch(Protocol):
    """What a job says of its progress."""

    def tick(self) -> None:
        """Time goes by; said ten times a second, from any thread."""

    def expect(self, more: int) -> None:
        """So many more configs are to be done."""

    def advance(self) -> None:
        """One more is done."""


class Unwatched:
    """Nobody waits."""

    def tick(self) -> None:
        """See :class:`Watch`."""

    def expect(self, more: int) -> None:
        """See :class:`Watch`."""

    def advance(self) -> None:
        """See :class:`Watch`."""


UNWATCHED = Unwatched()
