"""Configs in memory: read one, and patch a copy of it for use right before the Runner."""

from __future__ import annotations

import copy
from typing import Any, Optional

from mmfix.config.assign import set_override
from mmfix.config.document import ConfigDocument
from mmfix.config.memory import from_mapping
from mmfix.jobs.checking import MEMORY, judge_document
from mmfix.jobs.patching import choose
from mmfix.project.files import look_again
from mmfix.project.held import held
from mmfix.remedies.next import what_to_look_for
from mmfix.report.text.hidden import not_cured
from mmfix.results.checked import failing
from mmfix.results.patched import PatchResult
from mmfix.settings import DEFAULT, Settings
from mmfix.wording import say

_NO_FILE = say("a config in memory has no origins: take the patch over into its file to keep it")


def as_document(config: Any) -> ConfigDocument:
    """A config object or dict as a document without origins.

    Raises:
        TypeError: It is neither a mapping nor has ``to_dict``.
    """
    look_again()
    if isinstance(config, dict):
        return from_mapping(config)
    to_dict = getattr(config, "to_dict", None)  # mmcv 1.x: Config passes it on to its ConfigDict
    if not callable(to_dict):
        raise TypeError(f"expected a path, a Config or a dict, not {type(config).__name__}")
    return from_mapping(to_dict())


def patch_config(config: Any, remedy: Optional[str] = None, settings: Settings = DEFAULT) -> PatchResult:
    """A patched copy of ``config`` in ``result.config``; ``config`` itself is left alone.

    Containers are copied at every depth; other objects are shared with ``config``.

    Raises:
        PatchError: No finding has that remedy.
        SettingsError: The settings file above the working directory cannot be used.
    """
    settings = held(settings, "").settings
    report = judge_document(as_document(config), settings)
    choice = choose(report.findings, remedy, settings)
    patched = copied(config)
    for override in choice.overrides:
        set_override(patched, override.key, copied(override.value))
    now = as_document(patched)
    return PatchResult(
        MEMORY,
        MEMORY,
        remedies=choice.remedies,
        overrides=choice.overrides,
        left=failing(judge_document(now, settings).findings),
        config=patched,
        notes=(_NO_FILE, *not_cured(report.suppressed)),
        look_for=what_to_look_for(now, choice.remedies),
    )


def copied(value: Any) -> Any:
    """``value`` with its dicts, lists and tuples copied at every depth, types kept; all else is shared.

    A config may hold what cannot be copied: a lock, a generator, a loaded model.
    """
    if isinstance(value, dict):
        new = copy.copy(value)
        # dict's own methods: a ConfigDict imports lazy types on item access
        for key, item in dict.items(value):
            dict.__setitem__(new, key, copied(item))
        return new
    if isinstance(value, list):
        items = copy.copy(value)
        items[:] = [copied(item) for item in value]
        return items
    if isinstance(value, tuple):
        return tuple.__new__(type(value), [copied(item) for item in value])
    if "_cfg_dict" in getattr(value, "__dict__", ()):  # a Config; its own attribute access reads the dict
        config = object.__new__(type(value))
        vars(config).update({name: copied(item) for name, item in vars(value).items()})
        return config
    return value
