"""A rank waited for another one that never came.

NCCL's watchdog, gloo and the store say so when a rank has died, hangs, or does something else (evaluation
on rank 0 only, another number of batches). The cause is on the rank that did not come.
"""

from __future__ import annotations

from mmfix.diagnosis.types import CONSEQUENCE, Kind, sign

KIND = Kind(
    id="collective-timeout",
    title="a rank waited for another one in vain",
    outcome=None,
    signs=(
        sign("Watchdog caught collective operation timeout"),
        sign("Some NCCL operations have failed or timed out"),
        sign("NCCL communicator was aborted on rank"),
        sign("Timed out waiting ", r"\d+ms for (recv|send) operation to complete"),
        sign("Connection closed by peer ["),
        sign("Connection reset by peer ["),
        sign("Monitored Barrier encountered error"),
        sign("failed to pass monitoredBarrier in"),
        sign("Application timeout caused pair closure"),
    ),
    explanation="This rank waited in a collective operation for another rank, which had died, stood still "
    "or went another way. The cause is there, not here.",
    hints=(
        "Look for the first error of another rank, further up or in its own log file (torchrun --log-dir).",
        "If no rank died: one rank did more than the others. Look at evaluation that only rank 0 does, at "
        "data of different length, and at losses that only some ranks have.",
        "If the work is just slow (evaluation of a large set): env_cfg.dist_cfg.timeout = 7200.",
    ),
    role=CONSEQUENCE,
    confidence="possible",
)
