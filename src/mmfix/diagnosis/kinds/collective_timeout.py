"""A rank waited for another one that never came.

NCCL's watchdog, gloo and the store say so when a rank has died, hangs, or does something else (evaluation
on rank 0 only, another number of batches). The cause is on the rank that did not come. Texts:
``torch/csrc/distributed/c10d`` (``ProcessGroupNCCL.cpp``, ``ProcessGroupWrapper.cpp``, ``TCPStore.cpp``,
``socket.cpp``, ``NCCLUtils.cpp``), ``torch/distributed/distributed_c10d.py``, gloo's ``transport/tcp``; some
are of one version only, and public threads have them all.
"""

from __future__ import annotations

from mmfix.diagnosis.advice import OTHER_RANKS
from mmfix.diagnosis.types import CONSEQUENCE, Kind, Variant, sign
from mmfix.wording import say

KIND = Kind(
    id="collective-timeout",
    title=say("a rank waited for another one in vain"),
    message="a rank waited for another one, or not all came to the start: it points to the first error",
    outcome=None,
    signs=(
        sign("Watchdog caught collective operation timeout"),
        sign("Some NCCL operations have failed or timed out"),
        sign("NCCL communicator was aborted"),
        sign("timed out in blocking wait", line="Work"),
        sign("Received a dump signal due to a collective timeout"),
        sign("watchdog got stuck for ", r"\d+ seconds without making progress"),
        sign("ncclRemoteError: A call failed possibly due to a network error or a remote process exiting"),
        sign("Timed out waiting ", r"\d+ms for (recv|send) operation to complete"),
        sign("Connection closed by peer ["),
        sign("Connection reset by peer [", r"[\w.:]+\]:\d"),
        sign("gloo/transport/tcp/", r"\w+\.cc:\d+\] (Read|Write|recv|read|writev?) (error )?\[[\w.:]+\]"),
        sign("Monitored Barrier encountered error"),
        sign("failed to pass monitoredBarrier in"),
        sign("Application timeout caused pair closure"),
        # TORCH_DISTRIBUTED_DEBUG=DETAIL says at once what else ends in a time-out
        sign("Detected mismatch between collectives on ranks"),
        sign("is setting up NCCL communicator and retrieving ncclUniqueId from", r".*?got error:"),
        sign("DistStoreError: Socket Timeout"),
        sign("DistStoreError: wait timeout after"),
        sign("RuntimeError: Socket Timeout"),
        sign("Timed out after ", r"\d+ seconds waiting for (clients|workers)\. (?P<start>\d+/\d+)"),
        sign("The client socket has timed out after", r" \w+ while trying to connect to (?P<start>\(.*?\))"),
        sign("Timed out initializing process group in store based barrier on", r" rank: (?P<start>\d+)"),
        sign("RuntimeError: connect() timed out", r"(?P<start>)"),
    ),
    explanation=say(
        "This rank waited in a collective operation for another rank, which had died, stood still or "
        "went another way. The cause is there, not here."
    ),
    hints=(
        OTHER_RANKS,
        say(
            "If no rank died: one rank did more than the others. Look at evaluation that only rank 0 "
            "does, at data of different length, and at losses that only some ranks have."
        ),
        say("If the work is just slow (evaluation of a large set): env_cfg.dist_cfg.timeout = 7200."),
    ),
    variants={
        "start": Variant(
            say(
                "The processes of the run did not come together at the start: one of them died before, "
                "was never started, does not reach the address of the first one, or is left of an "
                "earlier attempt."
            ),
            (
                say("Look for the first error of another process, also on the other machines."),
                say(
                    "A worker_count above world_size means that the launcher has restarted a run that "
                    "had died (torchrun --max-restarts 0 stops that): its error is further up."
                ),
                say(
                    "All machines need the same MASTER_ADDR and MASTER_PORT, and --nnodes and "
                    "--nproc-per-node that match what is started."
                ),
                say(
                    "If they are right: a firewall, or the wrong network card (NCCL_SOCKET_IFNAME, "
                    "GLOO_SOCKET_IFNAME)."
                ),
            ),
        ),
    },
    role=CONSEQUENCE,
    confidence="possible",
)
