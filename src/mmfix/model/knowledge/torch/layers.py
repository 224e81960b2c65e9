"""Layers: which parameters they have, and which argument decides. A row is all that a layer needs."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from mmfix.model.machine.values import MISSING, NativeClass


class Spec(NamedTuple):
    """A parameter of a layer.

    Attributes:
        name: Its attribute.
        flag: The constructor argument that decides whether it exists; empty when it always does.
        position: Where that argument stands.
        default: Its default.
    """

    name: str
    flag: str = ""
    position: int = -1
    default: bool = True


_CONV = (Spec("weight"), Spec("bias", "bias", 7))
_BATCH_NORM = (Spec("weight", "affine", 3), Spec("bias", "affine", 3))
_INSTANCE_NORM = (Spec("weight", "affine", 3, False), Spec("bias", "affine", 3, False))
_ONE = (Spec("weight"),)

#: torch 2.13 torch/nn/modules: the constructor signatures.
PARAMETERS: Dict[str, Tuple[Spec, ...]] = {
    **dict.fromkeys(("Conv1d", "Conv2d", "Conv3d"), _CONV),
    **dict.fromkeys(("LazyConv1d", "LazyConv2d", "LazyConv3d"), (Spec("weight"), Spec("bias", "bias", 6))),
    **dict.fromkeys(("ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"), _CONV),
    "Linear": (Spec("weight"), Spec("bias", "bias", 2)),
    "LazyLinear": (Spec("weight"), Spec("bias", "bias", 1)),
    "Bilinear": (Spec("weight"), Spec("bias", "bias", 3)),
    **dict.fromkeys(("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm", "_BatchNorm"),
    _BATCH_NORM),
    **dict.fromkeys(("InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "_InstanceNorm"), _INSTANCE_NORM),
    "GroupNorm": (Spec("weight", "affine", 3), Spec("bias", "affine", 3)),
    "LayerNorm": (Spec("weight", "elementwise_affine", 2), Spec("bias", "elementwise_affine", 2)),
    "RMSNorm": (Spec("weight", "elementwise_affine", 2),),
    "Embedding": _ONE,
    "EmbeddingBag": _ONE,
    "PReLU": _ONE,
    **dict.fromkeys(("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell", "RNNBase"), _ONE),
    "MultiheadAttention": (
        Spec("in_proj_weight"), Spec("in_proj_bias", "bias", 3), Spec("out_proj_weight"),
        Spec("out_proj_bias", "bias", 3),
    ),
    **dict.fromkeys(
        ("Transformer", "TransformerEncoder", "TransformerDecoder", "TransformerEncoderLayer",
         "TransformerDecoderLayer", "AdaptiveLogSoftmaxWithLoss"), _ONE,
    ),
}  # fmt: skip

_PARAMETER_FREE = frozenset({
    "Module", "ModuleList", "ModuleDict", "Sequential", "ParameterList", "ParameterDict", "Identity",
    "ReLU", "ReLU6", "LeakyReLU", "RReLU", "ELU", "CELU", "SELU", "GELU", "SiLU", "Mish", "Sigmoid", "Tanh",
    "Softmax", "Softmax2d", "LogSoftmax", "Softmin", "Softplus", "Softsign", "Softshrink", "Hardtanh",
    "Hardswish", "Hardsigmoid", "Hardshrink", "Tanhshrink", "Threshold", "GLU", "LogSigmoid",
    "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout",
    "MaxPool1d", "MaxPool2d", "MaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d", "LPPool2d",
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d", "MaxUnpool2d", "FractionalMaxPool2d",
    "Upsample", "UpsamplingNearest2d", "UpsamplingBilinear2d", "PixelShuffle", "PixelUnshuffle",
    "ChannelShuffle", "Flatten", "Unflatten", "Fold", "Unfold", "LocalResponseNorm", "CrossMapLRN2d",
    "ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d", "ReplicationPad2d",
    "ReplicationPad3d", "ZeroPad1d", "ZeroPad2d", "ZeroPad3d", "ConstantPad1d", "ConstantPad2d",
    "ConstantPad3d", "CircularPad2d", "CosineSimilarity", "PairwiseDistance",
    "L1Loss", "MSELoss", "CrossEntropyLoss", "NLLLoss", "NLLLoss2d", "BCELoss", "BCEWithLogitsLoss",
    "SmoothL1Loss", "HuberLoss", "KLDivLoss", "CosineEmbeddingLoss", "MarginRankingLoss", "TripletMarginLoss",
    "TripletMarginWithDistanceLoss", "CTCLoss", "PoissonNLLLoss", "GaussianNLLLoss", "SoftMarginLoss",
    "MultiLabelMarginLoss", "MultiLabelSoftMarginLoss", "HingeEmbeddingLoss", "MultiMarginLoss",
})  # fmt: skip

_SPARSE_CONV = (Spec("weight"), Spec("bias", "bias", 7))
#: Layers of libraries whose source is not read, by the first part of their name.
#: spconv 2.3 spconv/pytorch/{conv,modules,pool}.py; MinkowskiEngine 0.5.4 MinkowskiConvolution.py,
#: MinkowskiNormalization.py, MinkowskiOps.py; apex apex/normalization/fused_layer_norm.py; timm 0.9
#: timm/layers/drop.py.
OTHERS: Dict[str, Dict[str, Tuple[Spec, ...]]] = {
    "spconv": {
        **dict.fromkeys((f"{kind}{n}d" for kind in ("SubMConv", "SparseConv") for n in "1234"), _SPARSE_CONV),
        **dict.fromkeys((f"SparseConvTranspose{n}d" for n in "1234"), _SPARSE_CONV),
        **dict.fromkeys(
            (f"SparseInverseConv{n}d" for n in "1234"), (Spec("weight"), Spec("bias", "bias", 4))
        ),
        **dict.fromkeys((f"{kind}MaxPool{n}d" for kind in ("Sparse", "SparseGlobal") for n in "1234"), ()),
        **dict.fromkeys(("SparseModule", "ToDense", "RemoveGrid", "SparseIdentity", "SparseReLU"), ()),
    },
    "MinkowskiEngine": {
        **dict.fromkeys(
            ("MinkowskiConvolution", "MinkowskiConvolutionTranspose"),
            (Spec("kernel"), Spec("bias", "bias", 5, False)),
        ),
        "MinkowskiBatchNorm": (Spec("bn.weight", "affine", 3), Spec("bn.bias", "affine", 3)),
        "MinkowskiLinear": (Spec("linear.weight"), Spec("linear.bias", "bias", 2)),
        **dict.fromkeys((f"Minkowski{name}" for name in ("ReLU", "LeakyReLU", "ELU", "GELU", "Dropout")), ()),
    },
    "apex": {
        name: (Spec("weight", "elementwise_affine", 2), Spec("bias", "elementwise_affine", 2))
        for name in ("FusedLayerNorm", "MixedFusedLayerNorm")
    },
    "timm": {"DropPath": ()},
}
#: Containers of those libraries that call what is in them one after another.
_SEQUENCES = frozenset({"spconv.SparseSequential"})

#: Attributes of the layers above that are numbers, flags or tuples of numbers.
NUMBERS = frozenset({
    "in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups",
    "padding_mode", "output_padding", "transposed", "in_features", "out_features", "eps", "momentum",
    "affine", "num_features", "num_groups", "num_channels", "normalized_shape", "elementwise_affine",
    "track_running_stats", "num_embeddings", "embedding_dim", "embed_dim", "num_heads", "head_dim",
    "batch_first",
})  # fmt: skip

#: Names of bases in torch.nn.modules that classes derive from.
_BASES = frozenset({"_NormBase", "_ConvNd", "_LazyNormBase"})
_OTHER_PACKAGES = ("torch.nn.functional", "torch.nn.init", "torch.nn.utils", "torch.nn.parallel")


@lru_cache(maxsize=None)
def native_class(dotted: str) -> Optional[NativeClass]:
    """The layer behind a dotted name, wherever in its library it is imported from; None for any other."""
    root, _, _ = dotted.partition(".")
    name = dotted.rpartition(".")[2]
    if f"{root}.{name}" in _SEQUENCES:
        return NativeClass("torch.nn.Sequential", True)
    if name in OTHERS.get(root, ()):
        return NativeClass(f"{root}.{name}", True)
    if not dotted.startswith("torch.nn.") or dotted.startswith(_OTHER_PACKAGES):
        return None
    if name in PARAMETERS or name in _PARAMETER_FREE or name in _BASES:
        return NativeClass(f"torch.nn.{name}", True)
    return NativeClass(dotted, True) if name[:1].isupper() and name not in ("Parameter", "Buffer") else None


def specs_of(cls: NativeClass) -> Tuple[Spec, ...]:
    """The row of a class; empty where it has no parameters, or is none of the known ones."""
    rows = OTHERS.get(cls.dotted.partition(".")[0], PARAMETERS)
    return rows.get(cls.name, ())


def is_known(cls: NativeClass) -> bool:
    """Whether the parameters of a class are known."""
    return cls.name in PARAMETERS or cls.name in _PARAMETER_FREE or not cls.dotted.startswith("torch.nn.")


def has_init_cfg(cls: NativeClass) -> bool:
    """Whether a class has ``init_cfg`` and ``init_weights``: those of MMEngine."""
    return cls.dotted.startswith("mmengine.model.")


def flags_of(cls: NativeClass) -> Tuple[str, ...]:
    """The constructor arguments that decide which parameters a class has."""
    return tuple(spec.flag for spec in specs_of(cls) if spec.flag)


def parameters_of(cls: NativeClass, args: List[Any], kwargs: Dict[str, Any]) -> Dict[str, Optional[bool]]:
    """Name -> whether it exists (None: not known), for a layer made with these arguments."""
    found: Dict[str, Optional[bool]] = {}
    for spec in specs_of(cls):
        if not spec.flag:
            found[spec.name] = True
            continue
        value = kwargs.get(spec.flag, args[spec.position] if spec.position < len(args) else MISSING)
        value = spec.default if value is MISSING else value
        found[spec.name] = bool(value) if isinstance(value, (bool, int, str, type(None))) else None
    if "Norm" in cls.name and "bias" in found:  # later torch: a norm may have a weight and no bias
        value = kwargs.get("bias", args[3] if cls.name == "LayerNorm" and len(args) > 3 else True)
        if value is not True:
            found["bias"] = found["bias"] and (bool(value) if isinstance(value, (bool, int)) else None)
    return found


#: Classes that are numbers to ``issubclass``: name -> names of its bases in torch.nn.
BASES_OF: Dict[str, Tuple[str, ...]] = {
    **dict.fromkeys(
        ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm"), ("_BatchNorm", "_NormBase")
    ),
    **dict.fromkeys(("InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"), ("_InstanceNorm", "_NormBase")),
    **dict.fromkeys(("Conv1d", "Conv2d", "Conv3d"), ("_ConvNd",)),
    **dict.fromkeys(
        ("ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"), ("_ConvTransposeNd", "_ConvNd")
    ),
    **dict.fromkeys(("LSTM", "GRU", "RNN"), ("RNNBase",)),
}
