"""Finds a repository's training script and says how it wraps the model."""

from __future__ import annotations

import ast
import os.path as osp
from functools import lru_cache
from typing import Iterator, List, Optional, Sequence, Tuple

from mmfix.python.place import Place, Problem
from mmfix.repository.walk import files_named, folders
from mmfix.scripts.functions import Scripts
from mmfix.scripts.types import KeyRead, TrainingScript
from mmfix.scripts.values import REQUIRED, Constant, Lost, Read, Value, choose
from mmfix.scripts.walker import Site, Walker

_ENTRIES = ("tools/train.py", "train.py", "tools/train_net.py", "tools/dist_train.py")
_KEYS = ("find_unused_parameters", "model_wrapper_cfg")
# Where training functions lie when no entry leads to one.
_FOLDERS = ("apis", "engines", "engine")
_MOST_FALLBACKS = 40
# Folders of an installed package: its scripts are the framework's own.
_INSTALLED = frozenset({".mim", "site-packages", "dist-packages"})


def read_training_script(roots: Sequence[str], config_path: Optional[str] = None) -> Optional[TrainingScript]:
    """How the training script of a repository gets its DDP arguments; None when it has none.

    Looked for in ``tools/train.py`` and ``train.py`` of each root, in this order, and in the functions of
    the repository they call (``from mmdet3d.apis import train_model`` with an ``mmdet3d`` of its own); if
    there is no such script, in ``<package>/apis/*train*.py`` and ``projects/*/apis/*train*.py``. Nothing
    is imported. What is wrong with a file is one of the result's ``problems``. Remembered for each tuple
    of roots for as long as the process lives.

    Args:
        roots: Folders of the repository, the nearest first. Those of installed packages are passed over.
        config_path: The config; a root that does not hold it comes last.
    """
    own = [osp.abspath(root) for root in roots]
    own = [root for root in own if not _INSTALLED & set(root.split(osp.sep))]
    if config_path:
        path = osp.abspath(config_path)
        own.sort(key=lambda root: not path.startswith(osp.join(root, "")))
    return _read(tuple(own))


@lru_cache(maxsize=64)
def _read(roots: Tuple[str, ...]) -> Optional[TrainingScript]:
    for root in roots:
        scripts = Scripts(root)
        try:
            found = _read_root(root, scripts)
        except RecursionError:
            found = TrainingScript(root, problems=(Problem("the training script is nested too deeply"),))
        if found is not None:
            return found
    return None


def _read_root(root: str, scripts: Scripts) -> Optional[TrainingScript]:
    entry = _entry(root)
    if entry is not None:
        walker = _walk(scripts, [entry])
        if _found(walker) or scripts.problems:
            return _script(root, scripts, walker)
    walker = _walk(scripts, list(_fallbacks(root))[:_MOST_FALLBACKS])
    return _script(root, scripts, walker) if _found(walker) or scripts.problems else None


def _entry(root: str) -> Optional[str]:
    """The file that training starts with, or what stands in its place."""
    return next((path for path in (osp.join(root, name) for name in _ENTRIES) if osp.lexists(path)), None)


def _found(walker: Walker) -> bool:
    return bool(walker.library or walker.runner or walker.sites or walker.static_calls or walker.full)


def _walk(scripts: Scripts, paths: List[str]) -> Walker:
    walker = Walker(scripts)
    for path in paths:
        script = scripts.open(path)
        if script is not None:
            walker.walk_script(script)
    return walker


def _fallbacks(root: str) -> Iterator[str]:
    """``<package>/apis/*train*.py``, the same below ``projects/``, and ``mmdet_train.py``."""
    yield from files_named(root, "train")
    projects = osp.join(root, "projects")
    for package in (*folders(root), *folders(projects), *(p for f in folders(projects) for p in folders(f))):
        for name in _FOLDERS:
            yield from files_named(osp.join(package, name), "train")


def _script(root: str, scripts: Scripts, walker: Walker) -> TrainingScript:
    problems: List[Problem] = []
    static = _static_graph(walker, problems)
    if walker.runner:
        return TrainingScript(root, "mmengine", None, static, None, tuple(problems), _touches(root, scripts))
    find_unused = _find_unused(walker.sites, problems)
    if find_unused is None:
        problems += scripts.problems
        if walker.full:
            problems.append(Problem("the training script is longer than mmfix follows"))
    wrappers = {site.wrapper for site in walker.sites}
    wrapper = wrappers.pop() if len(wrappers) == 1 else None
    trained = bool(walker.sites) and all(site.trained for site in walker.sites)
    return TrainingScript(root, None, find_unused, static, wrapper, problems=tuple(problems), trained=trained)


def _touches(root: str, scripts: Scripts) -> Optional[Place]:
    """The first line of the entry script that names ``find_unused_parameters`` or ``model_wrapper_cfg``."""
    entry = _entry(root)
    script = scripts.open(entry) if entry is not None else None
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
            value = Lost("several calls under several conditions")
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
    return Lost("several places wrap the model, and they differ"), site.place


def _key_read(value: Value, place: Place, what: str, problems: List[Problem]) -> Optional[KeyRead]:
    if isinstance(value, Constant):
        return KeyRead(None, bool(value.value), place)
    if isinstance(value, Read) and value.key:
        default = None if value.default is REQUIRED else bool(value.default)
        return KeyRead(value.key, default, value.place or place, value.negated)
    reason = value.reason if isinstance(value, Lost) else "it is not a switch"
    problems.append(Problem(f"{what}: {reason}", place))
    return None
