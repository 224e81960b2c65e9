"""Repositories from before mmcv wrapped models in torch's DDP: a hook of their own averages the gradients."""

from __future__ import annotations

import ast
import re
from typing import Optional, Sequence

from mmfix.python.place import Place
from mmfix.python.trees import dotted
from mmfix.scripts.functions import Scripts
from mmfix.scripts.walker import Site

#: What ran after the backward pass of each step (mmdet 1.0 ``mmdet/core/utils/dist_utils.py``).
_AFTER_A_STEP = "after_train_iter"
_AVERAGES = re.compile(r"all_?reduce", re.IGNORECASE)
_HOOK = re.compile(r"OptimizerHook$")
#: The one wrapper that was no torch DDP then, and is one today.
_WRAPPER = "MMDistributedDataParallel"


def averaged_at(scripts: Scripts, sites: Sequence[Site]) -> Optional[Place]:
    """The line that averages gradients where DDP would; None when every file that wraps leaves it to DDP."""
    found = [_averaged_by(scripts, site) for site in sites]
    return found[0] if found and None not in found else None


def _averaged_by(scripts: Scripts, site: Site) -> Optional[Place]:
    script = scripts.open(site.place.path) if site.wrapper == _WRAPPER else None
    if script is None:
        return None
    made = {
        dotted(node.func) or ""
        for statement in script.body
        for node in ast.walk(statement)
        if isinstance(node, ast.Call)
    }
    for name in sorted(filter(_HOOK.search, made)):
        found = scripts.find_class(script, name)
        for method in found[1].body if found is not None else ():
            if isinstance(method, ast.FunctionDef) and method.name == _AFTER_A_STEP and found is not None:
                for node in ast.walk(method):
                    if isinstance(node, ast.Call) and _AVERAGES.search(dotted(node.func) or ""):
                        return Place(found[0].path, node.lineno)
    return None
