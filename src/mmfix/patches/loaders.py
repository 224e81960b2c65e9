"""The frameworks' own config loaders, as far as they can be imported. For the child process only.

Three distributions install MMEngine under one import name, so a loader is named by the distribution whose
files would be imported.
"""

from __future__ import annotations

import os.path as osp
import re
from typing import Any, Callable, NamedTuple, Optional, Tuple

from mmfix.config.imports import find_origin
from mmfix.openmmlab import packages
from mmfix.python.disk import as_text, read_start
from mmfix.wording import say

#: The eras of ``mmfix.training.era``.
MMCV1 = "mmcv1"
MMENGINE = "mmengine"

_VERSION = re.compile(r"^__version__ = ['\"](\d+)\.(\d+)[^'\"]*['\"]", re.MULTILINE)


class Loader(NamedTuple):
    """What confirms a patch.

    Attributes:
        name: Distribution and version, ``onedl-mmengine 0.10.12``.
        load: The config at a path as plain data; runs it.
    """

    name: str
    load: Callable[[str], Any]


class NoLoader(Exception):
    """No loader can be imported; the text says why one that is installed cannot, and is empty without one."""


def find(era: str) -> Loader:
    """The loader of an era: mmcv 1.x's ``Config`` for its own where that is installed, else MMEngine's.

    MMEngine reads configs of mmcv 1.x as well (``mmengine/config/config.py``; the merge is the same).

    Raises:
        NoLoader: There is none.
    """
    reasons = []
    for name, imported in (("mmcv 1.x", _mmcv1), ("MMEngine", _mmengine)):
        if name == "mmcv 1.x" and era != MMCV1:
            continue
        try:
            loader = imported()
        except BaseException as error:  # what an import runs may raise anything, SystemExit included
            text = " ".join(str(error).split())[:300]
            reasons.append(
                say(
                    "{loader} is installed and cannot be imported: {kind}: {why}",
                    loader=name,
                    kind=type(error).__name__,
                    why=text,
                )
            )
        else:
            if loader is not None:
                return loader
    raise NoLoader("; ".join(reasons))


def _mmengine() -> Optional[Loader]:
    if find_origin("mmengine") is None:
        return None
    import mmengine
    from mmengine.config import Config

    def load(path: str) -> Any:
        return Config.fromfile(path, import_custom_modules=False).to_dict()

    return Loader(_named("mmengine", str(mmengine.__version__)), load)


def _mmcv1() -> Optional[Loader]:
    if not (1, 3) <= _stated_version("mmcv") < (2, 0):
        return None
    import mmcv

    def load(path: str) -> Any:
        return mmcv.Config.fromfile(path, import_custom_modules=False).to_dict()

    return Loader(_named("mmcv", str(mmcv.__version__)), load)


def _stated_version(package: str) -> Tuple[int, int]:
    """What a package's ``version.py`` says, without importing it: mmcv 2 would import torch for nothing.

    That of onedl-mmcv asks its metadata and says nothing: it is no mmcv 1.x.
    """
    origin = find_origin(package)
    if origin is None:
        return (0, 0)
    try:
        found = _VERSION.search(as_text(read_start(osp.join(osp.dirname(origin), "version.py"), 1 << 16)))
    except OSError:
        return (0, 0)
    return (0, 0) if found is None else (int(found[1]), int(found[2]))


def _named(package: str, version: str) -> str:
    """The distribution that an imported package is of, with its version.

    Where one was installed over another, both have metadata; the version tells whose files they are.
    """
    from importlib import metadata

    folder = osp.dirname(osp.realpath(find_origin(package) or ""))
    for name in packages()[package].distributions:
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        if distribution.version == version and osp.realpath(str(distribution.locate_file(package))) == folder:
            return f"{name} {version}"
    return f"{package} {version}"
