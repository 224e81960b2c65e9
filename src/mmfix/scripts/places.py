"""Where training scripts lie; what is in one is read only where there is one."""

from __future__ import annotations

import os.path as osp
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Dict, Iterator, Optional, Sequence, Tuple

from mmfix.python.disk import stamp
from mmfix.repository.walk import files_named, folders

if TYPE_CHECKING:
    from mmfix.scripts.types import TrainingScript

_ENTRIES = ("tools/train.py", "train.py", "tools/train_net.py", "tools/dist_train.py")
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
    of roots until one of the files changes that decide.

    Args:
        roots: Folders of the repository, the nearest first. Those of installed packages are passed over.
        config_path: The config; a root that does not hold it comes last.
    """
    own = _own(roots, config_path)
    known = _known.get(own)
    if known is None or any(stamp(path) != was for path, was in known[0].items()):
        script = _read(own)
        files = () if script is None else script.files
        known = _known[own] = {path: stamp(path) for path in files}, script
    return known[1]


#: By roots, the script, and the files that decide as they were when it was read.
_known: Dict[Tuple[str, ...], Tuple[Dict[str, Optional[str]], Optional[TrainingScript]]] = {}


def training_files(roots: Sequence[str], config_path: Optional[str] = None) -> Tuple[str, ...]:
    """The files of a repository that training starts with, or goes through.

    Args:
        roots: As for :func:`read_training_script`.
        config_path: The same.
    """
    return tuple(path for root in _own(roots, config_path) for path in _files(root))


@lru_cache(maxsize=64)
def _files(root: str) -> Tuple[str, ...]:
    first = _entry(root)
    return (*(() if first is None else (first,)), *islice(_fallbacks(root), _MOST_FALLBACKS))


def _own(roots: Sequence[str], config_path: Optional[str]) -> Tuple[str, ...]:
    """The roots that are not installed packages, first those that hold the config."""
    own = [osp.abspath(root) for root in roots]
    own = [root for root in own if not _INSTALLED & set(root.split(osp.sep))]
    if config_path:
        path = osp.abspath(config_path)
        own.sort(key=lambda root: not path.startswith(osp.join(root, "")))
    return tuple(own)


def _read(roots: Tuple[str, ...]) -> Optional[TrainingScript]:
    for root in roots:
        first = _entry(root)
        others = list(islice(_fallbacks(root), _MOST_FALLBACKS))
        if first is None and not others:
            continue
        from mmfix.scripts.reader import read_root  # loads slowly, and few configs have a script

        found = read_root(root, first, others)
        if found is not None:
            return found
    return None


def _entry(root: str) -> Optional[str]:
    """The file that training starts with, or what stands in its place."""
    return next((path for path in (osp.join(root, name) for name in _ENTRIES) if osp.lexists(path)), None)


def _fallbacks(root: str) -> Iterator[str]:
    """``<package>/apis/*train*.py``, the same below ``projects/``, and ``mmdet_train.py``."""
    yield from files_named(root, "train")
    projects = osp.join(root, "projects")
    for package in (*folders(root), *folders(projects), *(p for f in folders(projects) for p in folders(f))):
        for name in _FOLDERS:
            yield from files_named(osp.join(package, name), "train")
