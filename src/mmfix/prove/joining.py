"""How the ranks of a rehearsal find each other, and what they tell each other without collectives."""

from __future__ import annotations

import datetime
import os
import pickle
import time
from typing import Any, Dict, List, NamedTuple

from mmfix.errors import MmfixError
from mmfix.prove.job import Job

#: Seconds to wait for the results of the other ranks.
_OTHERS = 60.0


class CannotProve(MmfixError):
    """The rehearsal cannot be done here; the message says why and what to do."""


class Place(NamedTuple):
    """Where the ranks run."""

    on_cpu: bool
    backend: str


def join(job: Job) -> Place:
    """Join the other ranks, once for all jobs of a process.

    torchrun's agent keeps a store that outlives the ranks (torch ``distributed/rendezvous.py``).
    """
    try:
        import torch
        import torch.distributed as distributed
    except ImportError as error:
        raise CannotProve("torch is not installed", hint="pip install torch") from error
    dist: Any = distributed
    on_cpu = not torch.cuda.is_available() or os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    place = Place(on_cpu, "gloo" if on_cpu else "nccl")
    if dist.is_initialized():
        return place
    if on_cpu:
        torch.set_num_threads(max(torch.get_num_threads() // int(os.environ.get("LOCAL_WORLD_SIZE", "1")), 1))
    else:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    rank, world_size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    hosts = rank == 0 and os.environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True"
    limit = datetime.timedelta(hours=1)  # the watch is faster
    store = dist.TCPStore(os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]), world_size, hosts, limit)
    own = dist.PrefixStore(f"mmfix/{job.attempt}", store)
    dist.init_process_group(place.backend, store=own, rank=rank, world_size=world_size, timeout=limit)
    return place


def are_there(store: Any, keys: List[str]) -> bool:
    """Whether a store has all keys; torch's Python stores have ``check`` since 2.3."""
    if hasattr(store, "check"):
        return bool(store.check(keys))
    try:
        store.wait(keys, datetime.timedelta(milliseconds=10))
    except RuntimeError:
        return False
    return True


def share(result: Dict[str, Any], rank: int) -> Dict[int, bytes]:
    """The results of all ranks, this one's last; one that must leave for the others' sake waits for none."""
    import torch.distributed as distributed

    dist: Any = distributed
    mine = pickle.dumps(result)
    if not dist.is_initialized():
        return {rank: mine}
    store = dist.distributed_c10d._get_default_store()
    store.set(f"result/{rank}", mine)
    others = [number for number in range(dist.get_world_size()) if number != rank]
    until = time.monotonic() + (0.0 if "parted" in result else _OTHERS)
    while time.monotonic() < until and not are_there(store, [f"result/{number}" for number in others]):
        time.sleep(0.05)
    there = [number for number in others if are_there(store, [f"result/{number}"])]
    return {**{number: store.get(f"result/{number}") for number in there}, rank: mine}
