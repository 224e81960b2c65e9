"""Where the proof file of a config is. Loads next to nothing: most configs have none."""

from __future__ import annotations

import os.path as osp
from functools import lru_cache

from mmfix.config.document import ConfigDocument
from mmfix.python.links import PROJECT_FILES

FOLDER, NAME = ".mmfix", "proofs.json"

_CONFIGS = "configs"


def has_proofs(document: ConfigDocument) -> bool:
    """Whether there is a proof file for the folder of a config; False for a config in memory."""
    return bool(document.path) and document.kind != "memory" and osp.exists(proof_file(document.path))


def proof_file(config: str) -> str:
    """The path of the proof file of a config, whether it is there or not.

    It lies in ``.mmfix`` of the config's root: the nearest folder upwards with ``.git``, ``setup.py`` or
    ``pyproject.toml``; else the parent of its ``configs`` folder; else the config's own folder. A home
    directory is no root.
    """
    return osp.join(_root(osp.dirname(osp.abspath(config))), FOLDER, NAME)


@lru_cache(maxsize=4096)
def _root(folder: str) -> str:
    home = osp.expanduser("~")
    upward = []
    above = folder
    while above not in (home, osp.dirname(above)):
        upward.append(above)
        above = osp.dirname(above)
    for candidate in upward:
        if any(osp.exists(osp.join(candidate, name)) for name in PROJECT_FILES):
            return candidate
    for candidate in upward:
        if osp.basename(candidate) == _CONFIGS and osp.dirname(candidate) != home:
            return osp.dirname(candidate)
    return folder
