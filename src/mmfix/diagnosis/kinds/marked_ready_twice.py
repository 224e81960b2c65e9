"""DDP gets a gradient for a parameter that it had already accounted for.

A reentrant gradient checkpoint (``with_cp=True``) runs its part a second time within the backward pass.
With ``find_unused_parameters=True`` DDP had marked those parameters as unused before; used in two
checkpointed calls, they fire twice. torch names one parameter, the first to fire. Up to torch 1.8 the
message ends in a third clause if ``find_unused_parameters`` was on.

ZeRO 1 and 2 of DeepSpeed reduce each gradient once, too, and have words of their own for it
(``deepspeed/runtime/zero/stage_1_and_2.py``; DeepSpeed#2103).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

from mmfix.ddp import Outcome
from mmfix.diagnosis.advice import GIVE_CONFIG
from mmfix.diagnosis.types import Kind, Variant, sign
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.findings import Remedy


def general() -> Tuple[Remedy, ...]:
    """The cures of a reentrant checkpoint, where nothing is known of the config."""
    from mmfix.findings import Remedy
    from mmfix.remedies.text import ALL_USED, ONCE_A_STEP, TORCH_DEFAULT

    return (
        Remedy(
            "checkpoint-off",
            "safe",
            say(
                "More memory (10-15 % seen with a checkpointed ResNet-50), and faster. with_cp=False, "
                "or whatever switches the checkpoint of that part on."
            ),
            (),
        ),
        Remedy(
            "non-reentrant",
            "review",
            say(
                "Same memory and speed; needs torch >= 1.11 and mmfix installed where you train. "
                "custom_imports = dict(imports=['mmfix.nonreentrant_checkpoint']), or "
                "mmfix.use_nonreentrant_checkpoint() in the script."
            ),
            (),
            (TORCH_DEFAULT,),
        ),
        Remedy(
            "find-unused-off",
            "review",
            say(
                "No cost, 1-2 % faster; but an unused parameter stops the run again. "
                "find_unused_parameters = False."
            ),
            (),
            (ALL_USED, ONCE_A_STEP),
        ),
    )


KIND = Kind(
    id="marked-ready-twice",
    title=say("a parameter marked ready twice"),
    message="Expected to mark a variable ready only once; of DeepSpeed: Gradient computed twice for this "
    "partition",
    outcome=Outcome.READY_TWICE.value,
    signs=(
        sign("Expected to mark a variable ready only once"),
        sign(
            "Parameter at index ",
            r"(?P<index>\d{1,9})(with name (?P<name>[\w.]+?))? has been marked as ready twice",
        ),
        sign(
            "DDP does not support such use cases yet.",
            r"(?P<clause_3>3\)Incorrect unused parameter detection)",
        ),
        sign("Gradient computed twice for this partition", r"(?P<deepspeed>)"),
    ),
    explanation=say(
        "DDP got the gradient of a parameter a second time in one iteration. That is what a reentrant "
        "gradient checkpoint (with_cp=True, use_checkpoint=True) does when find_unused_parameters is "
        "on, or when the checkpointed part runs twice in a step."
    ),
    hints=(GIVE_CONFIG,),
    variants={
        "deepspeed": Variant(
            say(
                "DeepSpeed (ZeRO 1 or 2) got the gradient of a parameter a second time in one step. "
                "That is what a reentrant gradient checkpoint does whose part runs twice in a step: a "
                "layer that is shared, or two forward passes whose losses are added up."
            ),
            (
                say(
                    "Make that checkpoint non-reentrant: custom_imports = "
                    "dict(imports=['mmfix.nonreentrant_checkpoint']); where a library makes it, by its "
                    "own switch for use_reentrant=False."
                ),
                say("Or switch the checkpoint of that part off (with_cp=False), for more memory."),
            ),
        ),
    },
    general=general,
    confidence="possible",
)
