"""Texts as people paste them into public threads, and what is told of texts without a known error."""

from __future__ import annotations

import textwrap
from typing import List

import pytest
from messages import UNUSED_BARE, twice, unused
from threads import THREADS

import mmfix

_EXIT = "ERROR:torch.distributed.elastic.multiprocessing.api:failed (exitcode: {}) local_rank: 0 (pid: 3041437) of binary: python\n"
_OOM = "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 15.90 GiB total capacity; 13 GiB already allocated)\n"
_WATCHDOG = (
    "[Rank 0] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=808, OpType=ALLREDUCE, "
    "Timeout(ms)=600000) ran for 600020 milliseconds before timing out.\n"
)
_FOR_NOTHING = (
    "[W reducer.cpp:1303] Warning: find_unused_parameters=True was specified in DDP constructor, but did not find any "
    "unused parameters in the forward pass.\n"
)


@pytest.mark.parametrize(("thread", "text", "id_"), THREADS, ids=[item[0] for item in THREADS])
def test_a_pasted_error(thread: str, text: str, id_: str) -> None:
    found = mmfix.explain(f"{text}\n")

    assert found.id == (id_ or "unknown"), thread


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (_FOR_NOTHING + UNUSED_BARE, ["unused-parameters", "find-unused-for-nothing"]),
        (UNUSED_BARE + _OOM, ["unused-parameters", "out-of-memory"]),
        (_OOM + UNUSED_BARE, ["out-of-memory", "unused-parameters"]),
        (_WATCHDOG + twice(3), ["marked-ready-twice"]),
        # huggingface/transformers#4659: the error, and below it the one that came without the setting
        ("RuntimeError: Expected to mark a variable ready only once.\n" + UNUSED_BARE,
         ["marked-ready-twice", "unused-parameters"]),
    ],
)  # fmt: skip
def test_the_first_cause_comes_first(text: str, ids: List[str]) -> None:
    found = mmfix.explain(text)

    assert [found.id, *(other.id for other in found.others)] == ids


@pytest.mark.parametrize(
    ("text", "told"),
    [
        # OpenRLHF/OpenRLHF#1040
        ("DistStoreError: Timed out after 1801 seconds waiting for clients. 1/3 clients joined.", "at the start"),
        ("RuntimeError: Timed out initializing process group in store based barrier on rank: 1, for key: "
         "store_based_barrier_key:1 (world_size=4, worker_count=2, timeout=0:30:00)", "at the start"),
        (_WATCHDOG, "had died, stood still"),
        # InternRobotics/EmbodiedScan#51
        ("RuntimeError: CUDA out of memory. Tried to allocate 1048475.67 GiB", "No GPU has that much"),
        # openvinotoolkit/nncf#204
        ("RuntimeError: CUDA out of memory. Tried to allocate 20.00 MiB (GPU 0; 11.78 GiB total capacity; 46.62 MiB "
         "already allocated; 12.38 MiB free; 58.00 MiB reserved in total by PyTorch)", "Other processes"),
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 23.64 GiB "
         "of which 12.38 MiB is free. Process 4242 has 22.90 GiB memory in use. Including non-PyTorch memory, this process "
         "has 480.00 MiB memory in use.", "Other processes"),
        # open-mmlab/mmdetection3d#697
        ("RuntimeError: CUDA out of memory. Tried to allocate 1.41 GiB (GPU 0; 31.75 GiB total capacity; 28.72 GiB already "
         "allocated; 685.50 MiB free; 30.02 GiB reserved in total by PyTorch)", "do not fit"),
    ],
)  # fmt: skip
def test_what_a_message_says_beyond_its_kind(text: str, told: str) -> None:
    assert told in mmfix.explain(f"{text}\n").explanation


@pytest.mark.parametrize(
    ("text", "told"),
    [
        # open-mmlab/mmhuman3d#322: the launcher's own traceback, cut
        (_EXIT.format(-9) + 'Traceback (most recent call last):\n  File "lib/python3.8/site-packages/torch/distributed/launcher/'
         'api.py", line 132, in __call__\n    return launch_agent(self._config, self._entrypoint, lis\n', "memory of the host"),
        # showlab/EgoVLP#21
        (_EXIT.format(-9) + "torch.distributed.elastic.multiprocessing.errors.ChildFailedError:\n", "memory of the host"),
        # Vision-CAIR/MiniGPT-4#237
        (_EXIT.format(-6), "exit code -6"),
        # CVMI-Lab/PLA#18
        ("torch.distributed.elastic.multiprocessing.errors.ChildFailedError:\ntrain.py FAILED\nFailures:\n[1]:\n"
         "  exitcode  : 1 (pid: 3669031)\n", "its own message is not"),
        # GOATmessi8/RFBNet#71
        ("ConnectionResetError: [Errno 104] Connection reset by peer\n", "its own message is not"),
        ('Traceback (most recent call last):\n  File "train.py", line 3, in main\n    loss.backward()\n', "ends within a traceback"),
        ("10/50 lr: 0.1\n", "no error"),
    ],
)  # fmt: skip
def test_what_is_told_of_a_text_without_the_error_itself(text: str, told: str) -> None:
    found = mmfix.explain(text)

    assert not found.known
    assert told in found.explanation


def test_the_error_of_a_rank_comes_before_what_the_launcher_says() -> None:
    found = mmfix.explain(_EXIT.format(1) + "KeyError: 'img'\n")

    assert found.excerpt == "KeyError: 'img'"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        # NVIDIA/nccl#1241
        ("torch.distributed.DistBackendError: NCCL error in: /opt/pytorch/pytorch/torch/csrc/distributed/c10d/ProcessGroupNCCL.cpp:"
         "1287, invalid usage, NCCL version 2.17.1", True),
        ("torch.distributed.DistBackendError: NCCL error in: ../torch/csrc/distributed/c10d/NCCLUtils.hpp:317, remote process exited "
         "or there was a network error, NCCL version 2.21.5", False),
        ("SystemExit: 0", False),
    ],
)  # fmt: skip
def test_the_first_error_is_not_what_follows_from_another(text: str, first: bool) -> None:
    found = mmfix.explain(f"{text}\n")

    assert not found.known
    assert ("The first error in this text" in found.explanation) is first


def test_ranks_under_mpirun() -> None:
    """deepspeedai/DeepSpeed#1834 has these tags."""
    lines = textwrap.wrap(unused(list(range(100, 200, 2))), 80)
    turns = [f"[1,{rank}]<stderr>:{line}" for line in lines for rank in (0, 1)]

    found = mmfix.explain("\n".join(turns))

    assert [item.index for item in found.parameters] == list(range(100, 200, 2))
