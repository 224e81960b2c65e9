"""How the ranks of a rehearsal find each other, and what they tell each other without collectives."""

from __future__ import annotations

import datetime
import os
import threading
import time
from typing import Any, Callable, Dict, List, NamedTuple

from mmfix.errors import MmfixError
from mmfix.prove.job import Job

#: Seconds to wait for the results of the other ranks, and for a rank to notice that another one has left.
_OTHERS, _NOTICE = 60.0, 10.0
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
    except ImportError as error:
        raise CannotProve("torch is not installed", hint="pip install torch") from error
    dist: Any = distributed
    on_cpu = not torch.cuda.is_available() or os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    backend = "gloo" if on_cpu else "nccl"
    if dist.is_initialized():
        return Place(on_cpu, backend, _connect(job, hosts=False))
    if on_cpu:
        torch.set_num_threads(max(torch.get_num_threads() // int(os.environ.get("LOCAL_WORLD_SIZE", "1")), 1))
    else:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    rank, world_size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    # torchrun's agent keeps a store that outlives the ranks (torch distributed/rendezvous.py)
    store = _connect(job, hosts=rank == 0 and os.environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True")
    dist.init_process_group(backend, store=store, rank=rank, world_size=world_size, timeout=_LIMIT)
    return Place(on_cpu, backend, store)


def _connect(job: Job, hosts: bool) -> Any:
    """A connection to the store of all ranks; one for each thread, as calls over the same one wait."""
    import torch.distributed as distributed

    dist: Any = distributed
    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    store = dist.TCPStore(address, port, None, hosts, _LIMIT, wait_for_workers=False)
    return dist.PrefixStore(f"mmfix/{job.attempt}", store)


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
        store = _connect(job, hosts=False)
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
