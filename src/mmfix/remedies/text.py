"""What remedies cost and assume, in plain words."""

from __future__ import annotations

from mmfix.ddp import Checkpoint, Outcome
from mmfix.remedies.advice import to_save_memory
from mmfix.remedies.change import Change, runs_custom_imports
from mmfix.training.types import TrainingSetup
from mmfix.wording import mark, say

ALL_USED = say("Every trainable parameter takes part in the loss of every iteration.")
ONCE_A_STEP = say("No checkpointed module runs twice in one step.")
NO_REENTRANT = say("No checkpoint in the model is reentrant.")
CONSTANT_GRAPH = say(
    "The graph is the same in every iteration: no layer drop, no branch or loss that depends on the data."
)
INPUT_HAS_GRAD = say(
    "The input of every checkpointed module has a gradient; otherwise the module silently stays untrained."
)
INPUT_HAS_GRAD_OR_STOPS = say(
    "The input of every checkpointed module has a gradient, as behind a stem that is trained; "
    "otherwise the run stops, and says so."
)
TORCH_DEFAULT = say(
    "The checkpoint is called without use_reentrant; fairscale's own checkpoint and an explicit "
    "use_reentrant=True are not affected."
)
NOT_RESUMED = say(
    "The class is built as a whole by its own constructor, and no run is resumed whose optimizer "
    "holds the frozen parameters."
)
NEW_TORCH_EVERYWHERE = say(
    "Whoever runs this code has torch 1.11 or later: an older one does not know use_reentrant."
)
PYTHON_CALL = say("You add the call to your training script; no config key reaches it here.")
BATCH = say("The smaller effective batch (and the learning rate that goes with it) is what you want.")
SEPARATE = say("The parts that MMSeparateDistributedDataParallel wraps use no reentrant checkpoint.")
UNKNOWN_WRAPPER = say("The wrapper passes find_unused_parameters on to DistributedDataParallel.")
DROP = mark("No cost: delete the {key} line, by hand or with --in-place-value; it is ignored.")
DROP_STOPS = mark("No cost: delete the {key} line, by hand or with --in-place-value; the run stops with it.")
DROP_FIRST = mark("No cost: delete the first {key} line, by hand or with --in-place-value; it is ignored.")
GIVE = mark("Set {key}: the class cannot be built without it.")
NOT_LATER = say("No code gives it later: none was found that does.")
READ_KEY = say(
    "1-2 % slower; in the training script, pass "
    "find_unused_parameters=cfg.get('find_unused_parameters', False) to the wrapper."
)
NO_OTHER_NEEDS_IT = say(
    "No config elsewhere counts on the default; of those in this repository, none gets a new finding."
)
NEEDED = say("A parameter takes no part in the loss of some iteration; otherwise delete the line.")
NOT_MEANT = say("You do not need what the line asks for, or get it another way.")
WRITTEN = say("No cost: DDP gets what it gets now, under any training script that reads the key.")
MOVED = say("The key takes effect from now on.")
NO_OLD_CHECKPOINT = say(
    "No run is resumed whose checkpoint still has the dropped stage, and nothing else needs that stage."
)
NO_OLD_WEIGHTS = say(
    "No run is resumed whose optimizer holds it; what is made behind it may start from other random numbers."
)
BACKGROUND = say("Images without ground truth are not wanted in training.")
FILTERED = say("Fewer images: those without ground truth are left out of training.")

CHECKPOINT_ON = say(
    "Less memory (10-15 % seen with a checkpointed ResNet-50), and slower: the forward pass of that "
    "part is computed twice; needs torch >= 1.11 and mmfix installed where you train."
)
SMALLER_BATCH = say(
    "About half the memory of activations, twice the iterations; the learning rate goes with it."
)
HALF = say("Nearly half the memory of activations, and faster on GPUs with tensor cores.")
STABLE = say("The losses stay finite in half precision.")

#: Cures inside the model or the training script, with what they cost by themselves.
_INSIDE = {
    "freeze-teacher": say("No cost: the teacher never gets a gradient; it follows the student as before"),
    "freeze-before-wrap": say("No cost: the same is frozen, before DDP counts parameters; changes your code"),
    "training-script": say("Changes your training script for all that use it: a config gets what it says"),
    "unused-module": say(
        "A smaller model, same outputs: what its flag leaves out is not made; changes your code"
    ),
    "fewer-stages": say(
        "A smaller, faster model with the same outputs; its checkpoints lose the dropped stage"
    ),
}

#: What must hold for an outcome not to come about.
RULES_OUT = {
    Outcome.READY_TWICE: NO_REENTRANT,
    Outcome.UNUSED: ALL_USED,
    Outcome.UNTRAINED: INPUT_HAS_GRAD,
}

_GRAPH_WALK = say("1-2 % slower: DDP walks the graph in every step")


def cost(setup: TrainingSetup, name: str, change: Change) -> str:
    """The price of a change, one line."""
    parts = [_INSIDE[name]] if name in _INSIDE else []
    if name == "wrapper-keys":
        parts.append(say("The key takes effect; {price}", price=_GRAPH_WALK))
    if change.checkpoint is Checkpoint.NONE:
        parts.append(
            say(
                "More memory (10-15 % seen with a checkpointed ResNet-50), and faster: nothing is "
                "computed twice"
            )
        )
        left = to_save_memory(setup)
        parts += [say("if memory is short: {ways}", ways=left)] if left else []
    if change.cut_off:
        parts.append(say("More memory in these modules, and they are trained from now on"))
    if change.code and change.checkpoint is not None:
        parts.append(
            say("Same memory and speed; changes your code for all that use it; needs no mmfix there")
        )
    elif change.checkpoint is Checkpoint.NON_REENTRANT:
        parts.append(say("Same memory and speed; needs torch >= 1.11 and mmfix installed where you train"))
        if not runs_custom_imports(setup):
            parts.append(say("call mmfix.use_nonreentrant_checkpoint() before the model runs"))
    if change.static_graph is True:
        parts.append(say("Same memory and speed; needs torch >= 1.11; breaks with gradient accumulation"))
    if change.static_graph is False:
        parts.append(say("DDP no longer records the graph of the first step; same gradients"))
    if change.find_unused is True and name != "wrapper-keys":
        beside = say("find_unused_parameters costs 1-2 %: DDP walks the graph in every step")
        parts.append(beside if parts else _GRAPH_WALK)
    if change.find_unused is False:
        parts.append(say("No cost, 1-2 % faster; but an unused parameter stops the run again"))
    if change.accumulation is not None:
        parts.append(say("A smaller effective batch"))
    price = "; ".join(parts)
    by_hand = say("By hand: {change}", change=change.by_hand) if change.by_hand else ""
    return "".join(f"{sentence}. " for sentence in (by_hand, price) if sentence).rstrip()
