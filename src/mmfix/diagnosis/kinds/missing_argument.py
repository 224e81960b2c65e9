"""A class did not get an argument that it must have.

A ``_delete_=True`` or a new ``type`` took it away, or it was never set. The message could be of any code, so
it counts only where the config has a dict of such a type without that key.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Tuple

from mmfix.config.dicts import keys_where
from mmfix.config.keypath import MISSING, format_key
from mmfix.diagnosis.types import Kind, Sighting, sign
from mmfix.wording import mark, say

if TYPE_CHECKING:
    from mmfix.config.document import ConfigDocument
    from mmfix.config.keypath import KeyPath
    from mmfix.findings import Remedy
    from mmfix.training.types import TrainingSetup


def places(document: ConfigDocument, sighting: Sighting) -> Tuple[KeyPath, ...]:
    """The types that the message is about, of dicts that lack the argument."""
    arguments = _arguments(sighting)
    names = re.findall(r"[A-Z]\w+", f"{sighting.fields.get('chain', '')} {sighting.fields.get('type', '')}")
    return tuple(
        key
        for key, kind in keys_where(document, "type")
        if isinstance(kind, str)
        and kind.rpartition(".")[2] in names
        and any(document.get((*key[:-1], name)) is MISSING for name in arguments)
    )


def cures(setup: TrainingSetup, sighting: Sighting) -> Tuple[Remedy, ...]:
    """Set it: what it should be, only its author knows."""
    from mmfix.remedies import give_argument

    found = places(setup.document, sighting)[:1]
    lacks = [(*key[:-1], name) for key in found for name in _arguments(sighting)]
    return tuple(remedy for key in lacks for remedy in give_argument(format_key(key)))


def _arguments(sighting: Sighting) -> Tuple[str, ...]:
    return tuple(re.findall(r"'(\w+)'", sighting.fields.get("arguments", "")))


KIND = Kind(
    id="missing-argument",
    title=say("an argument that the class must have"),
    message="missing 1 required positional argument, where the config has a dict of that type without it",
    outcome=None,
    signs=(
        sign(
            "__init__() missing ",
            r"\d+ required (positional|keyword-only) arguments?: "
            r"(?P<arguments>'\w+'(?:(?:,|and|,and)'\w+')*)",
            line=r"(?:class `|TypeError: )(?P<chain>.*?)(?P<type>[A-Z]\w*)(?:` in [^`:]*: |: |\.)__init__",
        ),
    ),
    explanation=say(
        "The config gives a class no value for an argument that it must have: it was never set, or a "
        "_delete_=True or a new type has taken away what the base had."
    ),
    detail=mark("{type} must have {arguments}."),
    hints=(
        say("Set the argument beside the type."),
        say("If the base had it: leave _delete_=True out, or repeat the keys that the class needs."),
    ),
    places=places,
    cures=cures,
    needs_place=True,
)
