"""How the ranks of a rehearsal find each other, and what they tell each other without collectives."""

from __future__ import annotations

import datetime
import os
import pickle
import threading
import time
from dataclasses import replace
from functools import lru_cache
from typing import Any, Callable, Dict, List, NamedTuple, Optional

from mmfix.errors import MmfixError
from mmfix.prove.job import Job
from mmfix.wording import say

#: Seconds to wait for the results of the other ranks, for a rank to notice that another one has left, and for
#: the others to hear that there is nothing more.
_OTHERS, _NOTICE, _LAST_WORD = 60.0, 10.0, 20.0
#: Why a rank was lost, in the store of a start.
_LOST = "lost"
_LIMIT = datetime.timedelta(hours=1)  # the watch is faster


class CannotProve(MmfixError):
    """The rehearsal cannot be done here; the message says why and what to do."""


class Place(NamedTuple):
    """Where the ranks run, and how they talk.

    Attributes:
        on_cpu: No GPU is used.
        backend: ``gloo`` or ``nccl``.
        store: A key-value store of all ranks: a failed reduction cannot block it.
    """

    on_cpu: bool
    backend: str
    store: Any


def join(job: Job) -> Place:
    """Join the other ranks, once for all jobs of a process.

    Raises:
        CannotProve: There is no torch.
    """
    try:
        import torch
        import torch.distributed as distributed
    except ModuleNotFoundError as error:  # and not a library of torch's that did not fit into the memory
        raise CannotProve(say("torch is not installed"), hint="pip install torch") from error
    dist: Any = distributed
    on_cpu = not torch.cuda.is_available() or os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    backend = "gloo" if on_cpu else "nccl"
    if dist.is_initialized():
        return Place(on_cpu, backend, _connect(job))
    if on_cpu:
        torch.set_num_threads(max(torch.get_num_threads() // int(os.environ.get("LOCAL_WORLD_SIZE", "1")), 1))
    else:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    rank, world_size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    store = dist.PrefixStore(f"mmfix/{job.attempt}", _store())
    dist.init_process_group(backend, store=store, rank=rank, world_size=world_size, timeout=_LIMIT)
    return Place(on_cpu, backend, store)


@lru_cache(maxsize=1)
def _store() -> Any:
    """The store of all ranks: torchrun's agent has one, else rank 0 hosts it for as long as it lives.

    Source: torch ``distributed/rendezvous.py``.
    """
    rank, shared_one = int(os.environ["RANK"]), os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    return _open(hosts=rank == 0 and not shared_one)


def _open(hosts: bool) -> Any:
    import torch.distributed as distributed

    dist: Any = distributed
    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    return dist.TCPStore(address, port, None, hosts, _LIMIT, wait_for_workers=False)


def _connect(job: Job) -> Any:
    """One more connection to it; one for each thread, as calls over the same one wait."""
    import torch.distributed as distributed

    dist: Any = distributed
    return dist.PrefixStore(f"mmfix/{job.attempt}", _open(hosts=False))


def agreed(job: Job) -> Optional[Job]:
    """What rank 0 was told to rehearse, in this rank's own folder; None: there is nothing more.

    The parents of the ranks may see different things, of a rank that is lost for example. If each of them
    decided what comes next, they would wait for each other until the time limit.

    Args:
        job: What the parent of this rank has written.
    """
    rank, world_size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    plan, heard = f"mmfix/plan/{job.number}", f"mmfix/heard/{job.number}"
    if rank == 0:
        _store().set(plan, pickle.dumps(job))
        if not job.ends:
            return job
        until = time.monotonic() + _LAST_WORD
        others = [f"{heard}/{number}" for number in range(1, world_size)]
        while not are_there(_store(), others) and time.monotonic() < until:
            time.sleep(0.05)
        return None
    while True:
        try:
            if job.lost:
                _say_lost(job)
            _store().wait([plan], _LIMIT)
            told: Job = pickle.loads(_store().get(plan))
            _store().set(f"{heard}/{rank}", "")
            return None if told.ends else replace(told, folder=job.folder, config=job.config)
        except RuntimeError:  # the rank 0 of the start before has gone, and its store with it
            _store.cache_clear()
            time.sleep(0.2)


def _say_lost(job: Job) -> None:
    """Say to the others why a rank of the start before left no result: NCCL would wait for it."""
    import torch.distributed as distributed

    dist: Any = distributed
    plan = f"mmfix/plan/{job.number - 1}"
    if are_there(_store(), [plan]):
        before: Job = pickle.loads(_store().get(plan))
        store = dist.PrefixStore(f"mmfix/{before.attempt}", _store())
        store.set(_LOST, job.lost)
        store.set(_parted(before), "")


def why_lost(place: Place, rank: int, waits: bool) -> str:
    """Why another rank was lost, as its parent says; empty when none was.

    Args:
        place: Where the ranks are.
        rank: This one.
        waits: Give that parent time to say so; not longer than until all ranks have left their results.
    """
    import torch.distributed as dist

    others = [f"result/{number}" for number in range(dist.get_world_size()) if number != rank]
    until = time.monotonic() + (_NOTICE if waits else 0.0)
    while not are_there(place.store, [_LOST]):
        if time.monotonic() >= until or are_there(place.store, others):
            return ""
        time.sleep(0.05)
    return str(place.store.get(_LOST).decode())


def are_there(store: Any, keys: List[str]) -> bool:
    """Whether a store has all keys; torch's Python stores have ``check`` since 2.3."""
    if hasattr(store, "check"):
        return bool(store.check(keys))
    try:
        store.wait(keys, datetime.timedelta(milliseconds=10))
    except RuntimeError:
        return False
    return True


def part(place: Place, job: Job) -> None:
    """Tell the other ranks that this one leaves them."""
    place.store.set(_parted(job), "")


def when_parted(job: Job, then: Callable[[], None]) -> None:
    """Call ``then`` from a thread when another rank has left and this process goes on all the same.

    gloo sees that a connection is gone; NCCL waits for a rank that will not come.
    """

    def follow() -> None:
        store = _connect(job)
        while not are_there(store, [_parted(job)]):
            time.sleep(0.5)
        time.sleep(_NOTICE)
        then()

    threading.Thread(target=follow, daemon=True).start()


def _parted(job: Job) -> str:
    return f"parted/{job.attempt}"


def share(place: Place, rank: int, mine: bytes, so_far: bool) -> None:
    """Give this rank's result to the others; ``so_far``: there may be more of it."""
    place.store.set(f"{'so far' if so_far else 'result'}/{rank}", mine)


def shared(place: Place, rank: int, waits: bool) -> Dict[int, bytes]:
    """The results of the other ranks, or what they have so far.

    Args:
        place: Where they are.
        rank: This one.
        waits: Give those that have only begun some time.
    """
    import torch.distributed as dist

    others = [number for number in range(dist.get_world_size()) if number != rank]
    until = time.monotonic() + (_OTHERS if waits else 0.0)
    while time.monotonic() < until and not are_there(place.store, [f"result/{number}" for number in others]):
        time.sleep(0.05)
    found = {}
    for number in others:
        keys = (f"result/{number}", f"so far/{number}")
        key = next((key for key in keys if are_there(place.store, [key])), None)
        if key is not None:
            found[number] = place.store.get(key)
    return found
