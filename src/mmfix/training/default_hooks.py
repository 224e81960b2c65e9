"""Names in ``default_hooks`` that are none of the Runner's, and a slip away from one that is there."""

from __future__ import annotations

from typing import Any, Iterator, NamedTuple, Optional

from mmfix.config.document import ConfigDocument
from mmfix.training.era import MMENGINE
from mmfix.training.spelling import nearest

#: ``mmengine/runner/runner.py: Runner.register_default_hooks``.
_OF_THE_RUNNER = ("runtime_info", "timer", "sampler_seed", "logger", "param_scheduler", "checkpoint")


class OddHook(NamedTuple):
    """A hook under a name that is no default one's.

    Attributes:
        name: As the config has it.
        meant: The name that it is a slip away from; None where none is.
        value: What the config has there.
    """

    name: str
    meant: Optional[str]
    value: Any

    @property
    def is_built(self) -> bool:
        """Whether a hook can be built from it."""
        return isinstance(self.value, dict) and "type" in self.value


def odd_hooks(document: ConfigDocument, era: str) -> Iterator[OddHook]:
    """The hooks that are meant for another name, and those that cannot be built.

    Any name is one more hook. ``ema2`` beside ``ema`` is no slip.
    """
    hooks = document.tree.get("default_hooks")
    if era != MMENGINE or document.tree.missing or not isinstance(hooks, dict):
        return
    before = set(_OF_THE_RUNNER)
    for name, value in hooks.items():
        if (
            isinstance(name, str)
            and name not in _OF_THE_RUNNER
            and (value is None or isinstance(value, dict))
        ):
            meant = nearest(name, before)
            meant = None if name.rstrip("_0123456789") == meant else meant
            found = OddHook(name, meant, value)
            if meant or not found.is_built:
                yield found
        before.add(name)
