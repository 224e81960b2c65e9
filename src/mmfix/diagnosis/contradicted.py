"""Where the indices of a log name parameters that the model at hand cannot have left without a gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Sequence, Tuple

from mmfix.ddp import Outcome
from mmfix.diagnosis.fitting import Lists, is_within, torn_freeze
from mmfix.diagnosis.parameters import Named
from mmfix.diagnosis.types import Sighting
from mmfix.wording import mark, say

if TYPE_CHECKING:
    from mmfix.training.types import TrainingSetup

_MOST = 3


def contradicted(
    setup: TrainingSetup, sighting: Sighting, named: Named, lists: Lists, seen: Sequence[str]
) -> Tuple[str, ...]:
    """Why the indices are not those of the config's model and its code; empty where they may be.

    Names that the message itself has are what the run has shown, and are not doubted.

    Args:
        setup: Of the config.
        sighting: What DDP said.
        named: Its parameters.
        lists: The same as lists.
        seen: Parameters, or modules with them, that a rehearsal of this config has shown without a gradient.
    """
    if sighting.kind.outcome != Outcome.UNUSED.value or not named.by_index:
        return ()
    from mmfix.training.parameters import in_every_step

    always = set(in_every_step(setup.document))
    names = [name for name in lists.names if name in always and not is_within(name, seen)]
    what = [say("every step gives {names} a gradient", names=_told(names))] if names else []
    for fact in setup.facts_of("late-freeze"):
        found = torn_freeze(fact, lists)
        if found:
            what.append(
                say(
                    "{type} freezes {count} parameters, of which the log lists {found}",
                    type=fact.type_name,
                    count=len(fact.modules),
                    found=found,
                )
            )
    if not what:
        return ()
    if setup.document.get(("custom_hooks",), None):
        template = mark(
            "by this source, {what}, unless a hook freezes more: is it the config of this run, and the code "
            "that it ran?"
        )
    else:
        template = mark("by this source, {what}: is it the config of this run, and the code that it ran?")
    return (
        say(template, what=what[0]),
        say(
            "to find out: a run leaves its config in its work_dir, and with "
            "TORCH_DISTRIBUTED_DEBUG=INFO torch prints names"
        ),
    )


def _told(names: List[str]) -> str:
    shown, more = ", ".join(names[:_MOST]), len(names) - _MOST
    return say("{names} and {count} more", names=shown, count=more) if more > 0 else shown
