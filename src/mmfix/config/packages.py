"""Configs of installed packages: ``_base_ = 'mmdet::faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py'``."""

from __future__ import annotations

import os.path as osp
import re
from typing import Any, Dict, Optional, Tuple

from mmfix.config.imports import find_origin
from mmfix.config.source import BOUNDS
from mmfix.errors import ConfigError
from mmfix.openmmlab import with_configs
from mmfix.python.disk import read_whole
from mmfix.wording import say


class NotInstalled(ConfigError):
    """A base is among the configs of a package that is not here."""

    def __init__(self, base: str, package: str, path: str, line: Optional[int]) -> None:
        super().__init__(
            say(
                "the base {base} needs the package {package}, which is not installed here",
                base=base,
                package=package,
            ),
            path,
            line,
            say("run mmfix in the environment you train in"),
        )
        self.base = base


def package_root(module: str) -> Optional[str]:
    """The folder of an installed package, found without importing it."""
    origin = find_origin(module)
    return None if origin is None else osp.dirname(osp.abspath(origin))


def external_config(entry: str, path: str, line: Optional[int]) -> Tuple[str, str]:
    """File and registry scope of ``package::config``.

    Source: ``mmengine/config/config.py: _get_cfg_path`` and ``mmengine/config/utils.py``.

    Raises:
        NotInstalled: The package is not here.
        ConfigError: The name is malformed.
    """
    if re.match(r"\w*::\w*/\w*", entry) is None or entry.count("::") > 1:
        raise ConfigError(
            say("{base!r} is not of the form package::folder/config.py", base=entry), path, line
        )
    scope, name = entry.split("::")
    if scope not in with_configs():
        raise ConfigError(
            say("MMEngine takes no configs from a package {package!r}", package=scope), path, line
        )
    root = package_root(scope)
    if root is None:
        raise NotInstalled(entry, scope, path, line)
    listed = _listed_configs(root).get(name.split(".")[0])
    if listed is not None:
        return osp.join(root, listed), scope
    return osp.join(mim_folder(root), "configs", name), scope


def mim_folder(root: str) -> str:
    """The folder ``.mim`` of a package, with its configs, or what stands for it.

    In a clone that is not installed it is the repository around it: what is in there, an editable install
    links into ``.mim`` (``mmdet 3.3.0 setup.py: add_mim_extension``).
    """
    mim, repository = osp.join(root, ".mim"), osp.dirname(root)
    return repository if not osp.isdir(mim) and osp.isdir(osp.join(repository, "configs")) else mim


_INDEX: Dict[str, Dict[str, str]] = {}


def _listed_configs(root: str) -> Dict[str, str]:
    """Config name -> path under the package, as its ``model-index.yml`` lists them."""
    if root not in _INDEX:
        _INDEX[root] = {}
        index = _yaml(osp.join(mim_folder(root), "model-index.yml"))
        for meta in (index or {}).get("Import", ()):
            for model in (_yaml(osp.join(mim_folder(root), meta)) or {}).get("Models", ()):
                config = model.get("Config")
                if config:
                    _INDEX[root].setdefault(config.partition("/")[-1], config)
    return _INDEX[root]


def _yaml(path: str) -> Any:
    import yaml

    try:
        data = read_whole(path, BOUNDS.bytes)
        return None if data is None else yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, ValueError, yaml.YAMLError):
        return None
