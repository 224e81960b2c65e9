"""How much of a config was judged, from what was read of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Optional

from mmfix.config.document import ConfigDocument
from mmfix.config.origin import MissingBase
from mmfix.errors import ConfigError
from mmfix.results.judged import (
    BASE,
    CLASS,
    CODE,
    FRAMEWORK,
    FULLY,
    KEYS,
    NOT,
    PART,
    PARTLY,
    VALUE,
    Gap,
    Judged,
)
from mmfix.results.place import working_directory
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.training.types import TrainingSetup

_NOTHING = say("no parameter is made by source that is here and could be followed")


def judged(setup: TrainingSetup) -> Judged:
    """What was followed of a config that was judged."""
    if setup.wrapper == "none":
        return Judged(KEYS, (Gap(CODE, say("in one process DDP plays no part")),))
    script = setup.script
    if script is not None and script.averages is not None and setup.wrapper == "other":
        place = script.where(script.averages)
        return Judged(KEYS, (Gap(CODE, say("{place} averages the gradients, and no DDP does", place=place)),))
    gaps = [_gap(base) for base in setup.document.tree.missing if not base.why]
    gaps += [Gap(VALUE, line.partition(":")[0]) for line in setup.unknown]
    if setup.not_here and setup.unfinished:  # else what stopped the reading is told below
        gaps.append(Gap(CODE, say("its time was up: --reading-seconds gives it more")))
    gaps += [Gap(CLASS, name) for name in setup.not_here]
    if setup.not_here:
        gaps += [Gap(CODE, line) for line in setup.broken]
    elif setup.tells_nothing:
        reason = say("the reading stopped: {why}", why=_relative(setup.unread)) if setup.unread else _NOTHING
        gaps.append(Gap(CODE, reason))
    if setup.tells_nothing:
        return Judged(KEYS, tuple(gaps))
    gaps += [Gap(PART, name) for name in setup.untold]
    return Judged(PARTLY if gaps else FULLY, tuple(gaps))


def _gap(base: MissingBase) -> Gap:
    return Gap(BASE, base.entry.lstrip("./"))


def _relative(reason: str) -> str:
    """A reason with its file as seen from here."""
    here = working_directory()
    return reason.replace(here + os.sep, "") if here else reason


class Unfit(ConfigError):
    """A config that can be read, and cannot be judged."""

    gap = Gap(CODE, "")

    @property
    def judged(self) -> Judged:
        """The same for the account."""
        return Judged(NOT, (self.gap,))


def unfit(document: ConfigDocument) -> Optional[Unfit]:
    """Why a config that was read cannot be judged; None for one that can be, or that is a base."""
    from mmfix.training.era import model_is_elsewhere
    from mmfix.training.foreign import is_of_folders, whose

    error: Optional[Unfit] = None
    framework, base = whose(document), model_is_elsewhere(document)
    if framework:
        error = Unfit(
            say(
                "looks like a config of {framework}, which is none of OpenMMLab's frameworks",
                framework=framework,
            ),
            document.path,
            hint=say("mmfix reads configs of mmcv 1.x and MMEngine"),
        )
        error.gap = Gap(FRAMEWORK, framework)
    elif is_of_folders(document):
        error = Unfit(
            say("torchpack adds to it the default.yaml of each folder above, which mmfix does not read"),
            document.path,
            hint=say("check the whole config that a run writes: configs.yaml in its run directory"),
        )
        error.gap = Gap(FRAMEWORK, "torchpack")
    elif base is not None:
        error = Unfit(
            say("the base {base} is not here, and the model is not in any other file", base=base.entry),
            document.path,
            base.origin.line if base.origin.path == document.path else None,
            base.hint or say("name a folder that holds it with --base-dir DIR"),
        )
        error.gap = _gap(base)
    return error


def not_a_config(document: ConfigDocument) -> Optional[ConfigError]:
    """What is wrong with a file that sets nothing a runner reads; None for a config and for a base."""
    from mmfix.training.foreign import is_config

    if is_config(document):
        return None
    return ConfigError(say("is no config: it sets no key that OpenMMLab's runners read"), document.path)
