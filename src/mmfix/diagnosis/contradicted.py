"""Where the indices of a log name parameters that the model at hand cannot have left without a gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Sequence, Tuple

from mmfix.ddp import Outcome
from mmfix.diagnosis.fitting import Lists, is_within, torn_freeze
from mmfix.diagnosis.parameters import BY_INDEX, Named
from mmfix.diagnosis.types import Sighting

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
    if sighting.kind.outcome != Outcome.UNUSED.value or not named.source.startswith(BY_INDEX):
        return ()
    from mmfix.training.parameters import in_every_step

    always = set(in_every_step(setup.document))
    names = [name for name in lists.names if name in always and not is_within(name, seen)]
    what = [f"every step gives {_told(names)} a gradient"] if names else []
    for fact in setup.facts_of("late-freeze"):
        found = torn_freeze(fact, lists)
        if found:
            what.append(
                f"{fact.type_name} freezes {len(fact.modules)} parameters, of which the log lists {found}"
            )
    if not what:
        return ()
    hooks = ", unless a hook freezes more" if setup.document.get(("custom_hooks",), None) else ""
    return (
        f"by this source, {what[0]}{hooks}: is it the config of this run, and the code that it ran?",
        "to find out: a run leaves its config in its work_dir, and with TORCH_DISTRIBUTED_DEBUG=INFO torch "
        "prints names",
    )


def _told(names: List[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more
