"""``dist_params`` has a key that torch's process group does not take.

mmcv 1.x hands ``dist_params`` on as it is (``mmcv/runner/dist_utils.py: _init_dist_pytorch``); ``port`` is
only for slurm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

from mmfix.diagnosis.types import Kind, Sighting, sign
from mmfix.wording import mark, say

if TYPE_CHECKING:
    from mmfix.config.document import ConfigDocument
    from mmfix.config.keypath import KeyPath


def places(document: ConfigDocument, sighting: Sighting) -> Tuple[KeyPath, ...]:
    """The key, in either era."""
    argument = sighting.fields.get("argument", "")
    keys = (("dist_params", argument), ("env_cfg", "dist_cfg", argument))
    return tuple(key for key in keys if document.get(key, None) is not None)


KIND = Kind(
    id="process-group-argument",
    title=say("dist_params with a key that torch does not take"),
    message="init_process_group() got an unexpected keyword argument",
    outcome=None,
    signs=(sign("init_process_group() got an unexpected keyword argument '", r"(?P<argument>\w+)'"),),
    explanation=say(
        "Everything in dist_params (env_cfg.dist_cfg) goes to torch's init_process_group(), which does "
        "not take this key. port is for the slurm launcher only."
    ),
    detail=mark("The key is {argument}."),
    hints=(say("Delete the key; set MASTER_PORT in the environment instead of port."),),
    places=places,
)
