"""The config zoos of released wheels, and shards of them so that workers can share the work."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Iterator, List

import pytest

from mmfix.config.document import ConfigDocument
from mmfix.config.family import walk
from mmfix.config.reader import Reader
from mmfix.errors import ConfigError
from mmfix.training import is_trainable

ROOTS = {
    "mmdet-3.3.0": "mmdet/.mim/configs",
    "mmdet-2.28.2": "mmdet/.mim/configs",
    "mmsegmentation-1.2.2": "mmseg/.mim/configs",
    "mmsegmentation-0.30.0": "mmseg/.mim/configs",
}
#: The maintained continuation, whose releases have other names.
ONEDL = {
    "onedl-mmdetection-3.5.1": "mmdet/.mim/configs",
    "onedl-mmsegmentation-1.4.2": "mmseg/.mim/configs",
    "onedl-mmpretrain-1.3.6": "mmpretrain/.mim/configs",
}
SHARDS = 6


def root_of(name: str) -> str:
    """Where the configs of a zoo lie in it."""
    return {**ROOTS, **ONEDL}[name]


def on_one_worker(name: str, *values: Any) -> Any:
    """Parameters of a test that reads a whole zoo; such tests run where its models are remembered."""
    return pytest.param(name, *values, marks=pytest.mark.xdist_group(f"zoo-{name}"))


def config_files(zoo: Callable[[str], Path], name: str) -> List[str]:
    """All files of a zoo that look like configs, bases included."""
    return list(walk(str(zoo(name) / root_of(name))))


def leaves(
    zoo: Callable[[str], Path], name: str, shard: int = 0, shards: int = 1
) -> Iterator[ConfigDocument]:
    """The configs of a zoo that can be trained, and read with all their bases."""
    reader = Reader()
    for path in config_files(zoo, name)[shard::shards]:
        try:
            document = reader.load(path)
        except ConfigError:
            continue
        if is_trainable(document) and not document.missing:
            yield document
