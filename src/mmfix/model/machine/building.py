"""From a registered name to the class in source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from mmfix.model.machine.scopes import from_import
from mmfix.python.place import ABSENT
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine
    from mmfix.repository.library import Registered


def _is_for_mlu(item: Registered) -> bool:
    return item.conditional and item.module.startswith("mmcv.ops.") and item.qualname.endswith("_MLU")


def registered(m: Machine, name: str, scope: Optional[str], registry: Optional[str]) -> Any:
    """The class or function a registry has under ``name``; what cannot be found is lost, with the reason."""
    found = m.library.find(name, scope, registry, m.named)
    if not found.candidates:
        known = m.known.torch_layer(name)
        if known is not None:
            return known
        for problem in found.problems[:2]:  # it may be in one of these files
            m.problem(problem.reason, problem.place, problem.kind)
        reason = say("no class registered as {type} was found in source", type=name)
        return m.lost(reason, kind=ABSENT, name=name)
    best = found.candidates[0]
    # mmcv/ops/deform_conv.py: on MLU boards a class with the same parameters takes the name
    others = [item for item in found.candidates[1:] if not _is_for_mlu(item)]
    known = m.known.torch_layer(name) if best.scope in ("mmcv", "mmengine") else None
    if others and known is None:
        places = ", ".join(item.module for item in [best, *others][:3])
        m.ambiguous[name] = say(
            "several classes are registered as {type}: {places}", type=name, places=places
        )
    return from_import(m, best.module, best.qualname) if known is None else known
