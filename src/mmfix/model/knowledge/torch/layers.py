"""``torch.nn`` classes: which of them have parameters, and which argument decides."""

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

#: Attributes of the layers above that are numbers, flags or tuples of numbers.
NUMBERS = frozenset({
    "in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "padding_mode",
    "output_padding", "transposed", "in_features", "out_features", "eps", "momentum", "affine",
    "num_features",
    "num_groups", "num_channels", "normalized_shape", "elementwise_affine", "track_running_stats",
    "num_embeddings", "embedding_dim", "embed_dim", "num_heads", "head_dim", "batch_first",
})  # fmt: skip

#: Names of bases in torch.nn.modules that classes derive from.
_BASES = frozenset({"_NormBase", "_ConvNd", "_LazyNormBase"})
_OTHER_PACKAGES = ("torch.nn.functional", "torch.nn.init", "torch.nn.utils", "torch.nn.parallel")


@lru_cache(maxsize=None)
def native_class(dotted: str) -> Optional[NativeClass]:
    """The class behind a dotted name of ``torch.nn``, wherever it is imported from; None for any other."""
    if not dotted.startswith("torch.nn.") or dotted.startswith(_OTHER_PACKAGES):
        return None
    name = dotted.rpartition(".")[2]
    if name in PARAMETERS or name in _PARAMETER_FREE or name in _BASES:
        return NativeClass(f"torch.nn.{name}", True)
    return NativeClass(dotted, True) if name[:1].isupper() and name not in ("Parameter", "Buffer") else None


def is_known(cls: NativeClass) -> bool:
    """Whether the parameters of a class are known."""
    return cls.name in PARAMETERS or cls.name in _PARAMETER_FREE or not cls.dotted.startswith("torch.nn.")


def has_init_cfg(cls: NativeClass) -> bool:
    """Whether a class has ``init_cfg`` and ``init_weights``: those of MMEngine."""
    return cls.dotted.startswith("mmengine.model.")


def flags_of(cls: NativeClass) -> Tuple[str, ...]:
    """The constructor arguments that decide which parameters a class has."""
    return tuple(spec.flag for spec in PARAMETERS.get(cls.name, ()) if spec.flag)


def parameters_of(cls: NativeClass, args: List[Any], kwargs: Dict[str, Any]) -> Dict[str, Optional[bool]]:
    """Name -> whether it exists (None: not known), for a layer made with these arguments."""
    found: Dict[str, Optional[bool]] = {}
    for spec in PARAMETERS.get(cls.name, ()):
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
