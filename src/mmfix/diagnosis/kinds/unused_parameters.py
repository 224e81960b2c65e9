"""DDP waits for gradients that do not come.

Every trainable parameter is expected to get a gradient in every iteration. DDP notices one that got none
when the next iteration begins (``torch/csrc/distributed/c10d/reducer.cpp:
ensure_prior_reduction_finished``), so a parameter that is never used stops the run in its second iteration,
and one that is used only sometimes stops it later. torch lists at most 100 indices; with
``TORCH_DISTRIBUTED_DEBUG=INFO`` it gives all names, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

from mmfix.ddp import Outcome
from mmfix.diagnosis.advice import GIVE_CONFIG, SHOW_NAMES
from mmfix.diagnosis.types import Kind, Variant, sign
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.findings import Remedy


def _general() -> Tuple[Remedy, ...]:
    from mmfix.findings import Remedy
    from mmfix.remedies.text import NO_REENTRANT

    return (
        Remedy(
            "find-unused",
            "review",
            say(
                "1-2 % slower: DDP walks the graph in every step. find_unused_parameters = True at the "
                "end of the config."
            ),
            (),
            (
                say(
                    "{assumption} With with_cp=True the next error is 'marked ready twice'.",
                    assumption=NO_REENTRANT,
                ),
            ),
        ),
    )


KIND = Kind(
    id="unused-parameters",
    title=say("parameters without a gradient"),
    message="Expected to have finished reduction in the prior iteration",
    outcome=Outcome.UNUSED.value,
    signs=(
        # not the text of static graph, which begins alike
        sign("Expected to have finished reduction in the prior iteration",
             r"(?!before starting a new one\. This error indicates that your training graph)"),
        sign("You can enable unused parameter detection by ", "(?P<was_off>passing|\\(1\\))"),
        sign("Since `find_unused_parameters=True` is enabled, this likely ", "(?P<was_on>means)"),
        sign("Parameter indices which did not receive grad for rank ", r"(?P<indices_of>\d{1,9}):"),
        sign("Parameters which did not receive grad for rank ", r"(?P<names_of>\d{1,9}):"),
        sign("[Rank ", r"(?P<rank>\d{1,9})\] Parameter: (?P<name>[\w.]+?) did not get gradient"),
        # Lightning puts it in the place of torch's words (lightning/pytorch/strategies/ddp.py)
        sign("LightningModule has parameters that were not used in producing the loss returned by"),
        # OptimizerHook and MMDistributedDataParallel with detect_anomalous_params=True
        sign("is not in the computational graph", line=r"(?P<name>[\w.]+) with shape torch\.Size"),
    ),
    explanation=say(
        "Parameters that DDP watches got no gradient in an iteration, so DDP cannot start the next one."
    ),
    hints=(
        GIVE_CONFIG,
        SHOW_NAMES,
    ),
    general=_general,
    variants={
        "was_on": Variant(
            say(
                "An output of the model takes part in no loss, so DDP waits for gradients that do not come; "
                "find_unused_parameters was on already, and it only helps with what no output needs."
            ),
            (
                say(
                    "MMEngine adds up the entries of the loss dict whose key has 'loss' in it. Rename the "
                    "entry, detach() it, or leave it out of what the training step returns."
                ),
                SHOW_NAMES,
            ),
        ),
    },
    confidence="possible",
)  # fmt: skip
