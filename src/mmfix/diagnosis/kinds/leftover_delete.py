"""``_delete_`` reached a constructor.

``_delete_=True`` is taken out only where a base has the key that it deletes (``mmengine/config/config.py:
_merge_a_into_b``). Anywhere else it stays in the dict as a key like any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

from mmfix.config.dicts import keys_where
from mmfix.diagnosis.types import Kind, Sighting, sign
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.config.document import ConfigDocument
    from mmfix.config.keypath import KeyPath


def places(document: ConfigDocument, sighting: Sighting) -> Tuple[KeyPath, ...]:
    """Every ``_delete_`` that is left in the resolved config."""
    return tuple(key for key, _ in keys_where(document, "_delete_"))


KIND = Kind(
    id="leftover-delete",
    title=say("a _delete_ that deletes nothing"),
    message="unexpected keyword argument `_delete_`",
    outcome=None,
    signs=(sign("got an unexpected keyword argument '_delete_'"),),
    explanation=say(
        "_delete_=True stands in a dict for which no base config has a value. There it deletes nothing, "
        "stays in the dict, and is handed to the class as an argument."
    ),
    hints=(say("Take _delete_=True out of that dict."),),
    places=places,
)
