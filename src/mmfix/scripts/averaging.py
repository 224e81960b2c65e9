"""Repositories from before mmcv wrapped models in torch's DDP: a hook of their own averages the gradients."""

from __future__ import annotations

import ast
import re
from typing import Optional, Sequence

from mmfix.python.place import Place
from mmfix.python.trees import dotted
from mmfix.scripts.functions import Script, Scripts
from mmfix.scripts.values import Constant
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
    """Where each of the hooks does it that the file around the wrapper makes, the line of the first."""
    script = scripts.open(site.place.path) if _is_of_that_time(site) else None
    if script is None:
        return None
    made = {
        dotted(node.func)
        for statement in script.body
        for node in ast.walk(statement)
        if isinstance(node, ast.Call)
    }
    hooks = [scripts.find_class(script, name) for name in sorted(filter(_HOOK.search, made))]
    lines = [None if hook is None else _averages_in(*hook) for hook in hooks]
    return lines[0] if lines and None not in lines else None


def _is_of_that_time(site: Site) -> bool:
    """Whether the call may be one of the wrapper of that time, which took no such argument."""
    return site.wrapper == _WRAPPER and site.find_unused == Constant(False)


def _averages_in(script: Script, hook: ast.ClassDef) -> Optional[Place]:
    for method in hook.body:
        if isinstance(method, ast.FunctionDef) and method.name == _AFTER_A_STEP:
            for node in ast.walk(method):
                if isinstance(node, ast.Call) and _AVERAGES.search(dotted(node.func)):
                    return Place(script.path, node.lineno)
    return None
