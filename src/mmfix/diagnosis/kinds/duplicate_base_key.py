"""Two files in one ``_base_`` list set the same top-level key.

MMEngine and mmcv merge a config into its bases, but not the bases among each other
(``mmengine/config/config.py: _file2dict``).
"""

from __future__ import annotations

from mmfix.diagnosis.types import Kind, sign
from mmfix.wording import mark, say

KIND = Kind(
    id="duplicate-base-key",
    title=say("two base configs with the same key"),
    message="Duplicate key is not allowed among bases",
    outcome=None,
    signs=(
        sign("Duplicate key is not allowed among bases", r"(\. Duplicate keys: \{?(?P<keys>[\w', ]*)\}?)?"),
    ),
    explanation=say(
        "Two files of one _base_ list set the same top-level key, and nothing says which of them holds."
    ),
    detail=mark("They are: {keys}."),
    hints=(
        say("Take one of the two files out of _base_, and write what you need of it into your config."),
        say("Or make one of them inherit the other: a config may override its own base."),
    ),
)
