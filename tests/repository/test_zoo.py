"""Real packages: every type in the official model configs is found, or is known to name no class."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Iterator, Set, Tuple

import pytest

from mmfix.config.family import walk
from mmfix.config.reader import Reader
from mmfix.errors import ConfigError
from mmfix.repository.library import Library
from mmfix.repository.roots import config_package, source_roots

pytestmark = pytest.mark.zoo

ZOOS = {
    "mmdet-3.3.0": "mmdet",
    "mmdet-2.28.2": "mmdet",
    "mmsegmentation-1.2.2": "mmseg",
    "mmsegmentation-0.30.0": "mmseg",
}
#: Initialisers, operators of mmcv, and words that a class looks up in a table of its own.
NO_REGISTERED_CLASS = {
    *("Caffe2Xavier", "Normal", "Pretrained", "TruncNormal", "Kaiming", "Xavier", "Constant"),
    *("DeformRoIPoolPack", "ModulatedDeformRoIPoolPack", "RoIAlign", "SimpleRoIAlign", "nms", "soft_nms"),
    *("conv", "last_conv", "interpolation_conv", "dilation", "offset"),
}
#: Found only where mmcv is installed.
REGISTERED_BY_MMCV = {
    *("DCN", "DCNv2", "SyncBN", "BN", "BN1d", "BN3d", "GN", "LN", "GELU", "ReLU", "ReLU6", "HSwish", "Swish"),
    *("LeakyReLU", "Conv2d", "ConvAWS", "ConvWS", "SAC", "ConvModule", "FFN", "MultiheadAttention", "carafe"),
    *("BaseTransformerLayer", "DetrTransformerDecoderLayer", "MultiScaleDeformableAttention", "nearest"),
    *("ContextBlock", "GeneralizedAttention", "NonLocal2d", "MMSyncBN", "PReLU", "SiLU"),
    *("bilinear", "deconv", "pixel_shuffle"),
}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize(
    ("name", "type_name", "module"),
    [
        ("mmdet-3.3.0", "ResNet", "mmdet.models.backbones.resnet"),
        ("mmdet-3.3.0", "DETR", "mmdet.models.detectors.detr"),
        ("mmdet-2.28.2", "ResNet", "mmdet.models.backbones.resnet"),
        ("mmdet-2.28.2", "Transformer", "mmdet.models.utils.transformer"),
        ("mmsegmentation-1.2.2", "FPN", "mmseg.models.necks.fpn"),
        ("mmsegmentation-0.30.0", "SegformerHead", "mmseg.models.decode_heads.segformer_head"),
    ],
)
def test_known_classes(
    zoo: Callable[[str], Path], cache: str, name: str, type_name: str, module: str
) -> None:
    lib = Library([str(zoo(name))], cache_dir=cache)
    for scope in (ZOOS[name], None):
        (only,) = lib.find(type_name, scope).candidates
        assert (only.module, only.qualname) == (module, type_name)
        source = lib.module(module)
        assert source is not None
        assert source.path == only.path
        text = Path(only.path).read_text(encoding="utf-8").splitlines()
        assert text[only.line - 1].startswith(f"class {type_name}")


def types(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("type"), str):
            yield value["type"]
        for item in value.values():
            yield from types(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from types(item)


@pytest.mark.parametrize("name", ZOOS)
def test_every_type_of_a_zoo(zoo: Callable[[str], Path], cache: str, name: str) -> None:
    package = ZOOS[name]
    reader = Reader()
    seen: Set[Tuple[str, str]] = set()
    for path in walk(str(zoo(name) / package / ".mim" / "configs")):
        try:
            document = reader.load(path)
        except ConfigError:
            continue
        if document.missing:  # of a package that is not here, and so is the scope that its base sets
            continue
        assert source_roots(path, document.tree) == (str(zoo(name)),)
        assert config_package(path) == package
        for written in types(document.tree.get("model")):
            scope, _, type_name = written.rpartition(".")
            seen.add((scope or package, type_name))
    lib = Library([str(zoo(name))], cache_dir=cache)
    missing, own = set(), 0
    for scope, type_name in sorted(seen):
        found = lib.find(type_name, scope)
        own += any(entry.scope == package for entry in found.candidates)
        if scope == package and not found.candidates and type_name not in NO_REGISTERED_CLASS:
            missing.add(type_name)
        if found.candidates and found.candidates[0].scope == package:
            assert len(found.candidates) == 1, (type_name, found.candidates)
    assert missing - (REGISTERED_BY_MMCV if lib.module("mmcv.cnn") is None else set()) == set()
    assert own > 50
