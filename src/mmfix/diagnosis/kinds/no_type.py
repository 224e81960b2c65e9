"""A dict without a ``type``, of which something should be built.

Most often a default hook under a misspelt name: it overrides nothing and is one more hook
(``mmengine/runner/runner.py: Runner.register_default_hooks``, ``mmengine/registry/build_functions.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

from mmfix.diagnosis.types import Kind, Sighting, sign
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.config.document import ConfigDocument
    from mmfix.config.keypath import KeyPath
    from mmfix.findings import Remedy
    from mmfix.training.types import TrainingSetup


def places(document: ConfigDocument, sighting: Sighting) -> Tuple[KeyPath, ...]:
    """The default hooks that cannot be built."""
    from mmfix.training.default_hooks import odd_hooks
    from mmfix.training.era import era

    hooks = odd_hooks(document, era(document))
    return tuple(("default_hooks", hook.name) for hook in hooks if not hook.is_built)


def cures(setup: TrainingSetup, sighting: Sighting) -> Tuple[Remedy, ...]:
    """The hook under the name that is meant."""
    from mmfix.remedies import right_arguments
    from mmfix.training.default_hooks import odd_hooks

    wrong = {hook.name: hook.meant for hook in odd_hooks(setup.document, setup.era) if not hook.is_built}
    if not any(wrong.values()):
        return ()
    meant = {name: key for name, key in wrong.items() if key is not None}
    return right_arguments(setup, ("default_hooks",), meant, say("the Runner"))


KIND = Kind(
    id="no-type",
    title=say("a dict without a type"),
    message='`cfg` or `default_args` must contain the key "type"',
    outcome=None,
    signs=(
        sign('`cfg` or `default_args` must contain the key "type", but got'),
        sign("in register_default_hooks assert hook is not None"),
    ),
    explanation=say(
        "Something should be built of a dict that does not say of which class, or of None. Often it is "
        "a default hook under a name that is none of the Runner's: it changes none of them and is one "
        "more."
    ),
    hints=(
        say("Write a type into the dict, or correct the name under which it stands."),
        say(
            "The default hooks are runtime_info, timer, sampler_seed, logger, param_scheduler and checkpoint."
        ),
    ),
    places=places,
    cures=cures,
)
