"""Says how a repository's training script wraps the model."""

from __future__ import annotations

import ast
from typing import List, Optional, Sequence, Tuple

from mmfix.python.place import Place, Problem
from mmfix.scripts.averaging import averaged_at
from mmfix.scripts.functions import Scripts
from mmfix.scripts.types import KeyRead, TrainingScript
from mmfix.scripts.values import REQUIRED, Constant, Lost, Read, Value, choose
from mmfix.scripts.walker import Site, Walker
from mmfix.wording import say

_KEYS = ("find_unused_parameters", "model_wrapper_cfg")


def read_root(root: str, first: Optional[str], others: Sequence[str]) -> Optional[TrainingScript]:
    """What the training script of one root does; None when it wraps no model.

    Args:
        root: The folder.
        first: The file that training starts with.
        others: Where training functions may lie when that leads to none.
    """
    scripts = Scripts(root)
    try:
        return _read_root(root, scripts, first, others)
    except RecursionError:
        return TrainingScript(root, problems=(Problem(say("the training script is nested too deeply")),))


def _read_root(
    root: str, scripts: Scripts, first: Optional[str], others: Sequence[str]
) -> Optional[TrainingScript]:
    if first is not None:
        walker = _walk(scripts, [first])
        if _found(walker) or scripts.problems:
            return _script(root, scripts, walker, first)
    walker = _walk(scripts, others)
    return _script(root, scripts, walker, first) if _found(walker) or scripts.problems else None


def _found(walker: Walker) -> bool:
    return bool(walker.library or walker.runner or walker.sites or walker.static_calls or walker.full)


def _walk(scripts: Scripts, paths: Sequence[str]) -> Walker:
    walker = Walker(scripts)
    for path in paths:
        script = scripts.open(path)
        if script is not None:
            walker.walk_script(script)
    return walker


def _script(root: str, scripts: Scripts, walker: Walker, first: Optional[str]) -> TrainingScript:
    problems: List[Problem] = []
    static = _static_graph(walker, problems)
    if walker.runner:
        return TrainingScript(root, "mmengine", None, static, None, tuple(problems), _touches(scripts, first))
    find_unused = _find_unused(walker.sites, problems)
    if find_unused is None:
        problems += scripts.problems
        if walker.full:
            problems.append(Problem(say("the training script is longer than mmfix follows")))
    wrappers = {site.wrapper for site in walker.sites}
    wrapper = wrappers.pop() if len(wrappers) == 1 else None
    trained = bool(walker.sites) and all(site.trained for site in walker.sites)
    return TrainingScript(
        root,
        None,
        find_unused,
        static,
        wrapper,
        problems=tuple(problems),
        trained=trained,
        averages=averaged_at(scripts, walker.sites),
    )


def _touches(scripts: Scripts, first: Optional[str]) -> Optional[Place]:
    """The first line of the entry script that names ``find_unused_parameters`` or ``model_wrapper_cfg``."""
    script = scripts.open(first) if first is not None else None
    lines = [
        node.lineno
        for statement in (script.body if script is not None else ())
        for node in ast.walk(statement)
        if (isinstance(node, ast.Constant) and node.value in _KEYS)
        or (isinstance(node, ast.Attribute) and node.attr in _KEYS)
    ]
    return Place(script.path, min(lines)) if script is not None and lines else None


def _find_unused(sites: Sequence[Site], problems: List[Problem]) -> Optional[KeyRead]:
    found = [(site, site.find_unused) for site in sites]
    # a helper's own call counts for nothing beside the calls that hand it the value
    known = [(site, value) for site, value in found if not (isinstance(value, Lost) and value.given)]
    if not found:
        return None
    return _key_read(*_agree(known or found), "find_unused_parameters", problems)


def _static_graph(walker: Walker, problems: List[Problem]) -> Optional[KeyRead]:
    if walker.static_calls:
        value, place = walker.static_calls[0]
        if any(other != value for other, _ in walker.static_calls):
            value = Lost(say("several calls under several conditions"))
        return _key_read(value, place, "_set_static_graph()", problems)
    if not walker.sites:
        return None
    value, place = _agree([(site, site.static_graph) for site in walker.sites])
    if value == Constant(False):
        return None
    return _key_read(value, place, "static_graph", problems)


def _agree(found: Sequence[Tuple[Site, Value]]) -> Tuple[Value, Place]:
    """What all calls pass; of two under one condition, what that condition makes of them."""
    (site, value), *others = found
    if all(other == value for _, other in others):
        return value, site.place
    if len(found) == 2:
        (first, yes), (second, no) = found
        if first.guards and second.guards and first.guards[-1].test == second.guards[-1].test:
            return choose(first.guards[-1].test, yes, no), site.place
    return Lost(say("several places wrap the model, and they differ")), site.place


def _key_read(value: Value, place: Place, what: str, problems: List[Problem]) -> Optional[KeyRead]:
    if isinstance(value, Constant):
        return KeyRead(None, bool(value.value), place)
    if isinstance(value, Read) and value.key:
        default = None if value.default is REQUIRED else bool(value.default)
        return KeyRead(value.key, default, value.place or place, value.negated)
    reason = value.reason if isinstance(value, Lost) else say("it is not a switch")
    problems.append(Problem(f"{what}: {reason}", place))
    return None
