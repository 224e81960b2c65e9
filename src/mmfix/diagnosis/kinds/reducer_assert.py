"""The words of torch 1.3 to 1.6 for a parameter marked ready twice.

There a reentrant checkpoint with ``find_unused_parameters=True`` ends in an internal assert
(``torch/csrc/distributed/c10d/reducer.cpp``; pytorch#31035 has it of torch 1.3) and not yet in a message.
"""

from __future__ import annotations

from mmfix.ddp import Outcome
from mmfix.diagnosis.kinds import marked_ready_twice
from mmfix.diagnosis.types import Kind, sign
from mmfix.wording import say

KIND = Kind(
    id="reducer-assert",
    title=say("a parameter marked ready twice (torch 1.3 to 1.6)"),
    message="has_marked_unused_parameters_ INTERNAL ASSERT FAILED (torch 1.3 to 1.6)",
    outcome=Outcome.READY_TWICE.value,
    signs=(sign("has_marked_unused_parameters_ INTERNAL ASSERT FAILED"),),
    explanation=say(
        "This internal assert of torch 1.3 to 1.6 says what later versions call 'marked as ready "
        "twice': a reentrant gradient checkpoint (with_cp=True) together with "
        "find_unused_parameters=True."
    ),
    hints=marked_ready_twice.KIND.hints,
    general=marked_ready_twice.general,
    confidence="possible",
)
