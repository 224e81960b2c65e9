"""A class got an argument that is not its own.

It is misspelt, or of another class; or a child config changes ``type`` and inherits the other keys of the
dict, ``type='AdamW'`` over a base with ``momentum``. The message could be of any code, so it counts only
where the config has such a key beside such a type.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Tuple

from mmfix.config.dicts import keys_where
from mmfix.diagnosis.types import Kind, Sighting, sign
from mmfix.wording import mark, say

#: `DistributedDataParallel` for `MMDistributedDataParallel`; shorter names are in too many others.
_PARENT = 8

if TYPE_CHECKING:
    from mmfix.config.document import ConfigDocument
    from mmfix.config.keypath import KeyPath
    from mmfix.findings import Remedy
    from mmfix.training.types import TrainingSetup


def places(document: ConfigDocument, sighting: Sighting) -> Tuple[KeyPath, ...]:
    """The keys that are handed to the class and that it does not take."""
    argument = sighting.fields.get("argument", "")
    if not argument:
        runner = document.get(("runner",), None)
        both = ("max_epochs", "max_iters")
        there = isinstance(runner, dict) and set(both) <= set(runner)
        return tuple(("runner", key) for key in both) if there else ()
    names = re.findall(r"[A-Z]\w+", f"{sighting.fields.get('chain', '')} {sighting.fields.get('type', '')}")
    found = []
    for key, _ in keys_where(document, argument):
        kind = document.get((*key[:-1], "type"), document.get((*key[:-1], "policy"), None))
        if isinstance(kind, str) and any(_is_of(_stem(kind).lower(), name.lower()) for name in names):
            found.append(key)
    return tuple(found)


def cures(setup: TrainingSetup, sighting: Sighting) -> Tuple[Remedy, ...]:
    """The argument that is meant, or the dict without one that is left over, where the source tells."""
    from mmfix.remedies import right_arguments
    from mmfix.training.arguments import refused_arguments

    where = places(setup.document, sighting)
    found = [refused for refused in refused_arguments(setup) if refused.key in where]
    return tuple(
        remedy
        for refused in found
        for remedy in right_arguments(
            setup, refused.key[:-1], {str(refused.key[-1]): refused.meant}, refused.type_name
        )
    )


def _is_of(kind: str, name: str) -> bool:
    """Whether the class of a message is that of the config, or the parent whose constructor it has."""
    return kind in name or (len(name) > _PARENT and kind.endswith(name))


def _stem(kind: str) -> str:
    """``Poly`` of ``PolyLR``, which inherits its constructor from ``PolyParamScheduler``."""
    return re.sub(r"(LR|Momentum|ParamScheduler)$", "", kind.rpartition(".")[2])


KIND = Kind(
    id="leftover-argument",
    title=say("a key that the class does not take"),
    message="unexpected keyword argument, where the config has that key beside that type",
    outcome=None,
    signs=(
        sign(
            "__init__() got an unexpected keyword argument '",
            r"(?P<argument>\w+)'",
            line=r"(?:class `|TypeError: )(?P<chain>.*?)(?P<type>[A-Z]\w*)(?:` in [^`:]*: |: |\.)__init__",
        ),
        sign("Only one of `max_epochs` or `max_iters` can be set", line=r"(?P<type>\w+Runner): "),
    ),
    explanation=say(
        "The config gives a class an argument that it does not take: it is misspelt, it is of another "
        "class, or it is inherited from a base in which the dict had another type."
    ),
    detail=mark("{type} does not take {argument}."),
    hints=(
        say("Correct the key, or take it out where it is set."),
        say(
            "If a base sets it for another type: write _delete_=True beside the new type, and repeat "
            "the keys that you still need. Nothing is inherited then."
        ),
    ),
    places=places,
    cures=cures,
    needs_place=True,
)
