"""Cures that a release of torch is too old for."""

from __future__ import annotations

import re
from typing import Sequence, Tuple

from mmfix.findings import Remedy
from mmfix.remedies.graph import NONREENTRANT_MODULE
from mmfix.wording import say

#: Cures that need torch 1.11: ``static_graph`` as DDP's argument, ``use_reentrant`` (torch release notes).
_NEW = ("non-reentrant", "non-reentrant-in-code", "static-graph", "checkpoint-on")
_SINCE = (1, 11)


def for_torch(remedies: Sequence[Remedy], torch: str) -> Tuple[Tuple[Remedy, ...], str]:
    """The cures that a version of torch can take, and the names of the others, ``a, b``.

    Args:
        remedies: Of one finding or diagnosis.
        torch: ``1.9.0+cu111``; empty where it is not known, which leaves all of them.
    """
    version = re.match(r"(\d+)\.(\d+)", torch)
    if version is None or (int(version.group(1)), int(version.group(2))) >= _SINCE:
        return tuple(remedies), ""
    gone = [remedy for remedy in remedies if _is_new(remedy)]
    return tuple(item for item in remedies if item not in gone), ", ".join(item.name for item in gone)


def too_old(torch: str, names: str) -> str:
    """The word why cures are left out."""
    return say("torch {torch} is too old for {cures}, which need 1.11", torch=torch, cures=names)


def _is_new(remedy: Remedy) -> bool:
    imports = (override.value for override in remedy.overrides if override.key[0] == "custom_imports")
    return remedy.name in _NEW or any(NONREENTRANT_MODULE in str(value) for value in imports)
