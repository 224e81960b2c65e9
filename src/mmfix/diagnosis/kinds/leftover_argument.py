"""A class got an argument that is not its own.

A child config changes ``type`` and inherits the other keys of the dict: ``type='AdamW'`` over a base with
``momentum``. The message could be of any code, so it counts only where the config has such a key beside
such a type.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Tuple

from mmfix.diagnosis.kinds.common import keys_where
from mmfix.diagnosis.types import Kind, Sighting, sign

if TYPE_CHECKING:
    from mmfix.config.document import ConfigDocument
    from mmfix.config.keypath import KeyPath


def places(document: ConfigDocument, sighting: Sighting) -> Tuple[KeyPath, ...]:
    """The keys that are handed to the class and that it does not take."""
    name, argument = sighting.fields.get("type", ""), sighting.fields.get("argument", "")
    if not argument:
        runner = document.get(("runner",), None)
        both = ("max_epochs", "max_iters")
        there = isinstance(runner, dict) and set(both) <= set(runner)
        return tuple(("runner", key) for key in both) if there else ()
    found = []
    for key, _ in keys_where(document, argument):
        kind = document.get((*key[:-1], "type"), document.get((*key[:-1], "policy"), None))
        if isinstance(kind, str) and _stem(kind).lower() in name.lower():
            found.append(key)
    return tuple(found)


def _stem(kind: str) -> str:
    """``Poly`` of ``PolyLR``, which inherits its constructor from ``PolyParamScheduler``."""
    return re.sub(r"(LR|Momentum|ParamScheduler)$", "", kind.rpartition(".")[2])


KIND = Kind(
    id="leftover-argument",
    title="an inherited key that the new type does not take",
    outcome=None,
    signs=(
        sign(
            "__init__() got an unexpected keyword argument '",
            r"(?P<argument>\w+)'",
            line=r"(?:class `|TypeError: )(?P<type>\w+)(?:` in |: |\.)",
        ),
        sign("Only one of `max_epochs` or `max_iters` can be set", line=r"(?P<type>\w+Runner): "),
    ),
    explanation="The config changes the type of a dict and still inherits, or sets, a key of the old type.",
    detail="{type} does not take {argument}.",
    hints=("Write _delete_=True into the dict that changes the type: it then inherits nothing.",),
    places=places,
    needs_place=True,
)
