"""The parameters of torch's layers, against torch itself."""

import pytest

from mmfix.model.knowledge.torch.layers import PARAMETERS, native_class, parameters_of
from mmfix.model.machine.values import NativeClass

torch = pytest.importorskip("torch")

ARGUMENTS = {
    "Bilinear": (2, 2, 2), "GroupNorm": (2, 4), "MultiheadAttention": (4, 2), "Embedding": (3, 4),
    "EmbeddingBag": (3, 4),
    "PReLU": (), "LazyLinear": (4,), "LayerNorm": (4,), "RMSNorm": (4,), "Linear": (3, 4),
}  # fmt: skip
#: Bases that are not built, and layers whose many parameters are taken together as one.
TOGETHER = {"RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell", "RNNBase", "Transformer",
            "TransformerEncoder",
            "TransformerDecoder", "TransformerEncoderLayer", "TransformerDecoderLayer",
            "AdaptiveLogSoftmaxWithLoss"}  # fmt: skip
NOT_BUILT = {"_BatchNorm", "_InstanceNorm"}


def arguments(name):
    if name in ARGUMENTS:
        return ARGUMENTS[name]
    if name.startswith("LazyConv"):
        return (4, 1)
    return (3, 4, 1) if name.startswith("Conv") else (4,)


CASES = [
    (name, spec.flag, value)
    for name, specs in PARAMETERS.items()
    if name not in TOGETHER | NOT_BUILT
    for spec in {spec.flag: spec for spec in specs}.values()
    for value in ((True, False) if spec.flag else (None,))
]


@pytest.mark.parametrize(("name", "flag", "value"), CASES)
def test_parameters_of_a_layer(name, flag, value):
    given = {flag: value} if flag else {}
    real = {
        key.replace("out_proj.", "out_proj_")
        for key, _ in getattr(torch.nn, name)(*arguments(name), **given).named_parameters()
    }
    found = parameters_of(NativeClass(f"torch.nn.{name}", True), list(arguments(name)), given)
    assert {key for key, exists in found.items() if exists} == real


@pytest.mark.parametrize(
    "name", sorted({name for name, specs in PARAMETERS.items() if any(s.flag for s in specs)} - NOT_BUILT)
)
def test_the_flag_stands_where_torch_has_it(name):
    import inspect

    for spec in PARAMETERS[name]:
        if spec.flag:
            signature = list(inspect.signature(getattr(torch.nn, name).__init__).parameters.values())[1:]
            names = [item.name for item in signature]
            if name == "RMSNorm" or (name == "LayerNorm" and spec.name == "bias"):
                assert spec.flag in names
                continue
            assert names.index(spec.flag) == spec.position
            assert signature[spec.position].default is spec.default


@pytest.mark.parametrize("name", sorted(dir(torch.nn)))
def test_a_class_without_an_entry_is_not_taken_for_one_without_parameters(name):
    from mmfix.model.knowledge.torch.layers import is_known

    cls = getattr(torch.nn, name)
    known = native_class(f"torch.nn.{name}")
    if not isinstance(cls, type) or not issubclass(cls, torch.nn.Module) or known is None:
        return
    if (
        is_known(known)
        and name not in PARAMETERS
        and not name.startswith(("Module", "Sequential", "Parameter"))
    ):
        import inspect

        source = inspect.getsource(cls.__init__) if "__init__" in vars(cls) else ""
        assert "Parameter(" not in source
