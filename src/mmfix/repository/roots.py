"""The directories that hold the code a config needs."""

from __future__ import annotations

import os
import os.path as osp
from functools import lru_cache
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from mmfix.python.links import PROJECT_FILES, leads_out
from mmfix.repository.importing import SCRIPTS


def source_roots(
    config_path: Optional[str],
    tree: Mapping[str, Any],
    homes: Sequence[str] = (),
    named: Sequence[str] = (),
) -> Tuple[str, ...]:
    """Directories to put in front of ``sys.path`` to find the config's code; most general first.

    The repository around the config (nearest ``.git``, ``setup.py`` or ``pyproject.toml``; the parent of the
    ``configs`` directory it lies in; or what holds the installed package it lies in), then ``projects/*``
    there, then the directories that hold ``custom_imports`` (``mmengine/utils/misc.py:
    import_modules_from_strings``) and the ``plugin_dir`` of mmcv 1.x repositories. Where one of these lies
    beside the nearest training script, training starts there, and that directory comes first. A home
    directory is never one of them.

    Args:
        config_path: None or empty for a config that is not in a file: the working directory counts.
        tree: The resolved config.
        homes: Further directories whose surroundings count; one that is in no repository counts itself.
        named: Directories that the user names; they come first.
    """
    start = osp.dirname(osp.abspath(config_path)) if config_path else os.getcwd()
    roots = [*named, *(root for root in _around(start) if root not in named)]
    for home in homes:
        roots += [root for root in _around(home) or _upward(home)[:1] if root not in roots]
    for wanted in _wanted(tree):
        places = (_started(place, wanted) for place in (start, *homes))
        started = next((found for found in places if found is not None), None)
        if started is not None and started not in named:
            roots = [*named, started, *(root for root in roots[len(named) :] if root != started)]
            continue
        holders = (_holder(place, tuple(roots), wanted) for place in (start, *homes))
        holder = next((found for found in holders if found is not None), None)
        if holder is not None and holder not in roots:
            roots.append(holder)
    return tuple(roots)


def config_package(config_path: Optional[str]) -> Optional[str]:
    """``mmdet`` for a config in ``mmdet/.mim/configs``, else None: the scope where the config names none."""
    if not config_path:
        return None
    folder = _package_folder(osp.dirname(osp.abspath(config_path)))
    return None if folder is None else osp.basename(folder)


def _wanted(tree: Mapping[str, Any]) -> List[str]:
    """Relative paths of what the config imports: the first part of each module, and the plugin directory."""
    wanted: List[str] = []
    custom = tree.get("custom_imports")
    imports = custom.get("imports") if isinstance(custom, dict) else None
    for module in (
        [imports] if isinstance(imports, str) else imports or () if isinstance(imports, list) else ()
    ):
        if isinstance(module, str):
            wanted.append(module.partition(".")[0])
    plugin = tree.get("plugin_dir")
    if tree.get("plugin") is True and isinstance(plugin, str):
        wanted.append(osp.normpath(plugin))
    return [path for path in wanted if path and not osp.isabs(path) and not path.startswith(os.pardir)]


@lru_cache(maxsize=None)
def _around(start: str) -> Tuple[str, ...]:
    package = _package_folder(start)
    if package is not None:
        return (osp.dirname(package),)
    upward = _upward(start)
    project = next((d for d in upward if any(osp.exists(osp.join(d, name)) for name in PROJECT_FILES)), None)
    sibling = next(
        (
            d
            for d in upward
            if start.startswith(osp.join(d, "configs") + os.sep) or start == osp.join(d, "configs")
        ),
        None,
    )
    roots = [] if project is None else [project]
    if sibling is not None and (project is None or sibling.startswith(project + os.sep)):
        roots.append(sibling)
    if roots:
        projects = osp.join(roots[0], "projects")
        try:
            with os.scandir(projects) as listing:
                below = sorted(e.path for e in listing if e.is_dir() and not e.name.startswith((".", "_")))
        except OSError:
            below = []
        roots.extend(path for path in below if path not in roots and not leads_out(path, roots[0]))
    return tuple(roots)


@lru_cache(maxsize=None)
def _holder(start: str, roots: Tuple[str, ...], wanted: str) -> Optional[str]:
    """The directory below which ``wanted`` (a path, or a module without its ``.py``) lies, roots first."""
    return next((folder for folder in (*roots, *_upward(start)) if _lies_in(folder, wanted)), None)


@lru_cache(maxsize=None)
def _started(start: str, wanted: str) -> Optional[str]:
    """The nearest directory in which training can start, and finds there what the config imports."""
    return next((at for at in _upward(start) if _lies_in(at, wanted) and _has_script(at)), None)


def _has_script(directory: str) -> bool:
    return any(osp.isfile(osp.join(directory, name)) for name in SCRIPTS)


def _lies_in(directory: str, wanted: str) -> bool:
    path = osp.join(directory, wanted)
    try:
        return osp.isdir(path) or osp.isfile(path + ".py")
    except ValueError:  # a null byte
        return False


def _package_folder(directory: str) -> Optional[str]:
    """``.../mmdet`` for a directory in ``.../mmdet/.mim``."""
    head, mark, _ = (directory + os.sep).rpartition(f"{os.sep}.mim{os.sep}")
    return head if mark and osp.isfile(osp.join(head, "__init__.py")) else None


def _upward(start: str) -> List[str]:
    """The directory and its parents below the home directory or the file system root."""
    home = osp.expanduser("~")
    found: List[str] = []
    while start not in (home, osp.dirname(start)):
        found.append(start)
        start = osp.dirname(start)
    return found
