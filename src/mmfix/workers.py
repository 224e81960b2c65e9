"""Several processes that do one thing to many items: results as they come, and none is lost.

The processes are forks of this one, so what it has read already is theirs, too. Python's other ways of
starting a process (``spawn``, ``forkserver``) begin with ``python -c``, which looks for modules in the
working directory first; that may be a stranger's. Where there is no fork, one process does it all.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Deque,
    Dict,
    Generator,
    Generic,
    Hashable,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    TypeVar,
)

from mmfix.turns import Turns
from mmfix.wording import say

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

T = TypeVar("T")

#: Fewer items than this for each process are not worth its start.
_WORTH_IT = 4
#: Items that a process is handed before it has answered: the one that it works on, and the next.
_AHEAD = 2
#: Processes that may be ended while they have one item.
_TRIES = 2
#: Seconds between two looks at the clock, and for a process to end in order.
_TICK = 0.1
_LAST_WORDS = 2.0


class Done(NamedTuple):
    """What has come of an item.

    Attributes:
        number: Of the item, from 0.
        value: What was made of it; None where every process that had it was ended.
        ended: How such a process was ended: ``SIGKILL``, ``exit code 3``; empty where none was.
        lost: Nothing was made of it.
    """

    number: int
    value: Any
    ended: str = ""
    lost: bool = False


class InOrder(Generic[T]):
    """What has come of the items of a run; each is given back when all before it have been.

    Attributes:
        done: How many have come.
    """

    def __init__(self) -> None:
        self.done = 0
        self._next = 0
        self._early: Dict[int, Sequence[T]] = {}

    def add(self, index: int, values: Sequence[T]) -> List[T]:
        """Take what has come of an item; what is to be given back now."""
        self.done += 1
        self._early[index] = values
        found: List[T] = []
        while self._next in self._early:
            found += self._early.pop(self._next)
            self._next += 1
        return found

    def rest(self) -> List[T]:
        """What came while something before it did not, in its order: there will be no more."""
        return [value for index in sorted(self._early) for value in self._early.pop(index)]


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def can_fork() -> bool:
    """Whether there can be more than one process."""
    return hasattr(os, "fork")


def processes(wanted: int, items: int) -> int:
    """How many processes are worth their start: not more than ``wanted``, and 1 where there is no fork."""
    return max(1, min(wanted, items // _WORTH_IT)) if can_fork() else 1


def _nothing() -> None:
    """What there is to do where nobody wants anything."""


def _first(item: Any) -> int:
    """The wave of every item where nobody wants several."""
    return 0


def each(
    items: Sequence[Any],
    work: Callable[[Any], Any],
    jobs: int,
    group: Callable[[Any], Hashable],
    tick: Optional[Callable[[], None]] = None,
    *,
    split: bool = True,
    again: bool = True,
    wave: Callable[[Any], int] = _first,
    finish: Callable[[], None] = _nothing,
) -> Generator[Done, None, None]:
    """Do ``work`` to each item, in ``jobs`` processes, or here when that is 1; results in any order.

    Args:
        items: What is worked on.
        work: Must not raise; what it returns is pickled.
        jobs: How many processes, see :func:`processes`.
        group: Items of one group stay in one process as far as that keeps all busy: they have much in common.
        tick: Called ten times a second.
        split: Groups may be divided; otherwise the items of one are done one after the other, in their order.
        again: An item whose process was ended is given to another one, once.
        wave: Nothing of a wave is begun until there is a result for all of the waves below it.
        finish: Called in each process when it has nothing more to do, also when it is told to end.
    """
    waves = [wave(item) for item in items]
    if jobs == 1:
        try:
            with ticking(tick) if tick is not None else nullcontext():
                for index in sorted(range(len(items)), key=waves.__getitem__):
                    yield Done(index, work(items[index]))
        finally:
            finish()
        return
    plan = Turns([group(item) for item in items], waves, split)
    team = _Team(items, work, finish, plan, _TRIES if again else 1, jobs)
    try:
        yield from team.results(tick or (lambda: None))
    finally:
        team.dismiss()


@contextmanager
def ticking(tick: Callable[[], None]) -> Iterator[None]:
    """Call ``tick`` from a thread ten times a second. No process must be forked meanwhile."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(_TICK):
            tick()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@dataclass
class _Worker:
    """A process, what it is connected with, and the items that it has not answered."""

    number: int
    process: BaseProcess
    connection: Connection
    waiting: Deque[int] = field(default_factory=deque)


class _Team:
    """The processes of one run."""

    def __init__(
        self,
        items: Sequence[Any],
        work: Callable[[Any], Any],
        finish: Callable[[], None],
        plan: Turns,
        tries: int,
        jobs: int,
    ) -> None:
        self._items = items
        self._work = work
        self._finish = finish
        self._plan = plan
        self._tries = tries
        self._jobs = jobs
        self._workers: List[_Worker] = []
        self._started = 0
        self._ends: Dict[int, List[str]] = {}

    def results(self, tick: Callable[[], None]) -> Iterator[Done]:
        """All results, in the order in which they come."""
        from multiprocessing.connection import wait

        left = len(self._items)
        self._busy()
        while left:
            if not self._workers:
                for done in self._here():
                    left -= 1
                    yield done
                return
            ready = wait([worker.connection for worker in self._workers], _TICK)
            tick()
            for worker in [worker for worker in self._workers if worker.connection in ready]:
                for done in self._answer(worker):
                    left -= 1
                    yield done

    def dismiss(self) -> None:
        """End all processes; those that are at work do not finish it."""
        for worker in self._workers:
            worker.connection.close()
            if worker.waiting:
                worker.process.terminate()
        for worker in self._workers:
            worker.process.join(_LAST_WORDS)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._workers = []

    def _busy(self) -> None:
        """Start the processes that are missing, and hand all that have nothing to do what there is."""
        while len(self._workers) < self._jobs and self._start():
            pass
        for ahead in range(1, _AHEAD + 1):
            for worker in self._workers:
                self._feed(worker, ahead)

    def _start(self) -> bool:
        """Start a process, if there is an item for it and the system allows one more."""
        number = self._started
        index = self._plan.next(number)
        if index < 0:
            return False
        try:
            process, ours = self._forked()
        except OSError:  # too many processes, too little memory: fewer must do
            self._plan.back(number, [index])
            return False
        self._started += 1
        worker = _Worker(number, process, ours)
        self._workers.append(worker)
        self._hand(worker, index)
        return True

    def _forked(self) -> Tuple[BaseProcess, Connection]:
        import multiprocessing

        ours, theirs = multiprocessing.Pipe()
        with theirs:
            others = [*(worker.connection for worker in self._workers), ours]
            process = multiprocessing.get_context("fork").Process(
                target=_serve, args=(theirs, self._work, self._finish, others), daemon=True
            )
            try:
                process.start()
            except OSError:
                ours.close()
                raise
        return process, ours

    def _feed(self, worker: _Worker, ahead: int = _AHEAD) -> None:
        while len(worker.waiting) < ahead:
            index = self._plan.next(worker.number)
            if index < 0:
                return
            self._hand(worker, index)

    def _hand(self, worker: _Worker, index: int) -> None:
        worker.waiting.append(index)
        with suppress(OSError):  # it is gone, which its answer will show
            worker.connection.send((index, self._items[index]))

    def _answer(self, worker: _Worker) -> Iterator[Done]:
        try:
            index, value = worker.connection.recv()
        except (EOFError, OSError):
            yield from self._gone(worker)
            return
        worker.waiting.remove(index)
        if self._plan.done():
            self._busy()
        else:
            self._feed(worker)
        ends = self._ends.get(index)
        yield Done(index, value, ends[-1] if ends else "")

    def _gone(self, worker: _Worker) -> Iterator[Done]:
        """A process was ended: the item that it worked on is done again or lost, what it only had is done."""
        worker.process.join()
        worker.connection.close()
        self._workers.remove(worker)
        left = list(worker.waiting)
        if left:
            how = _ended(worker.process.exitcode or 0)
            ends = self._ends.setdefault(left[0], [])
            ends.append(how)
            if len(ends) >= self._tries:
                yield Done(left.pop(0), None, how, lost=True)
                self._plan.done()
        self._plan.back(worker.number, left)
        self._busy()

    def _here(self) -> Iterator[Done]:
        """All that is left, in this process: no other can be started."""
        index = self._plan.next(-1)
        while index >= 0:
            ends = self._ends.get(index)
            yield Done(index, self._work(self._items[index]), ends[-1] if ends else "")
            self._plan.done()
            index = self._plan.next(-1)
        self._finish()


def _serve(
    connection: Connection,
    work: Callable[[Any], Any],
    finish: Callable[[], None],
    others: Sequence[Connection],
) -> None:
    """Answer until the parent is gone or has no more; what a terminal sends (Ctrl-C) is its business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for other in others:  # else nobody sees the end of those whose parent is gone
        other.close()
    try:
        with suppress(EOFError, OSError):
            while True:
                index, item = connection.recv()
                connection.send((index, work(item)))
    finally:
        finish()


def _ended(code: int) -> str:
    if code >= 0:
        return say("exit code {code}", code=code)
    try:
        return signal.Signals(-code).name
    except ValueError:
        return say("signal {number}", number=-code)
