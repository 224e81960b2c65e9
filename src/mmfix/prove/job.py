"""What one rehearsal is asked to do; passed to the processes as a file."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, Tuple

from mmfix.config.keypath import KeyPath
from mmfix.ddp import Settings
from mmfix.wording import say

#: Samples of a synthetic batch.
BATCH = 2
#: Kinds of batches by scenario; ``uneven`` is normal on rank 0 and empty on the others.
SCENARIOS = ("normal", "empty", "single", "uneven")
#: What a rank does until rank 0 has said what to rehearse, the file that says that this was all, and the one
#: that says why a rank with a parent of its own was lost.
WAITS, ENDED, LOST = "wait", "ended", "lost"
#: The reason of a job without steps that came to its end.
ONLY_BUILT = say("the model was built and wrapped, and no step was asked for")


@dataclass(frozen=True)
class Job:
    """One rehearsal: a config, overrides, and how to run it.

    Attributes:
        config: Absolute path.
        overrides: ``((key path, value), ...)``, set after loading.
        era: ``mmengine`` or ``mmcv1``.
        runner: ``Runner`` or ``FlexibleRunner``.
        settings: What an mmcv 1.x training script gives to DDP under these overrides; None: MMEngine decides.
        folder: Where results, heartbeats and the temporary work directory go.
        scenarios: Which to run, in order.
        iterations: Steps of the normal scenario; the others do two.
        size: Height and width of synthetic images; None: what suits the model.
        data: ``synthetic`` or ``real``.
        steps: Take steps; without, the model is only built and wrapped, for its parameters.
        prices: Measure what a normal step costs, which takes one more of them.
        seconds: Time limit of the whole run.
        memory_gb: Memory limit of each process; None: none.
        seed: For weights and data.
        attempt: Number of this start among those that share a store.
        share: Each rank has a parent of its own, as under torchrun: it passes its result to the others, and
            what it rehearses is what rank 0 was told to.
        number: Of this start, counted by each of those parents.
        ends: There is nothing more to rehearse, for rank 0 to say.
        lost: Why the rank that this parent started before left no result, for rank 0 to hear.
    """

    config: str
    folder: str
    overrides: Tuple[Tuple[KeyPath, Any], ...] = ()
    era: str = "mmengine"
    runner: str = "Runner"
    settings: Optional[Settings] = None
    scenarios: Tuple[str, ...] = SCENARIOS
    iterations: int = 3
    size: Optional[Tuple[int, int]] = None
    data: str = "synthetic"
    steps: bool = True
    prices: bool = True
    seconds: float = 300.0
    memory_gb: Optional[float] = None
    seed: int = 0
    attempt: int = 0
    share: bool = False
    number: int = 0
    ends: bool = False
    lost: str = ""


def write_job(job: Job) -> str:
    """The path of a file in the job's folder that :func:`read_job` reads."""
    path = Path(job.folder) / "job.pickle"
    path.write_bytes(pickle.dumps(job))
    return str(path)


def read_job(path: str) -> Job:
    """The job of a file."""
    job: Job = pickle.loads(Path(path).read_bytes())
    return job
