"""Tensors and other opaque values: which of their attributes carry a gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Optional, Tuple

from mmfix.model.machine import maybe_scalar
from mmfix.model.machine.conditions import Note
from mmfix.model.machine.drawing import Drawn
from mmfix.model.machine.emptiness import expected, told_broken, told_equal
from mmfix.model.machine.single import Single, plain
from mmfix.model.machine.values import (
    DATA,
    LOST,
    NUMBERS,
    TENSOR,
    UNKNOWN,
    Either,
    Method,
    Opaque,
    Param,
    PyList,
)
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

#: Numbers and flags about a tensor, and results that have no gradient.
_NO_GRADIENT = frozenset({
    "shape", "device", "dtype", "ndim", "size", "dim", "numel", "is_cuda", "layout", "stride", "itemsize",
    "nelement", "element_size", "is_contiguous", "get_device", "names", "grad_fn", "is_leaf", "ndimension",
    "detach", "detach_", "data", "item", "tolist", "numpy", "argmax", "argmin", "argsort", "nonzero",
    "long", "int", "bool", "short", "byte", "char", "new_zeros", "new_ones", "new_full", "new_tensor",
    "new_empty", "new", "eq", "ne", "lt", "gt", "le", "ge", "any", "all",
    "logical_not", "logical_and", "logical_or", "equal", "allclose", "is_floating_point", "is_complex",
})  # fmt: skip
#: ``torch.x`` functions whose result has no gradient, whatever they are given.
NO_GRADIENT_FUNCTIONS = frozenset({
    "zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", "randint_like", "argmax",
    "argmin", "argsort", "nonzero", "eq", "ne", "lt", "gt", "le", "ge",
    "logical_and", "logical_or", "logical_not", "zeros", "ones", "full", "empty", "arange", "rand", "randn",
    "randint", "randperm", "tensor", "from_numpy", "bucketize", "searchsorted", "unique",
    "is_floating_point", "numel", "equal", "allclose", "bincount", "multinomial", "eye",
    "one_hot", "manual_seed", "device", "Size", "finfo", "iinfo",
})  # fmt: skip

#: A tensor cut into more pieces than this stays one value.
_MOST_PIECES = 100
_IN_STEP_ONLY = "requires_grad"
#: Methods of what the trainer gives that may answer None.
_MAYBE_NONE = frozenset({"get", "pop", "grad"})


def attribute(m: Machine, value: Opaque, name: str) -> Any:
    """``value.name``; calling it gives what it and its arguments depend on."""
    if type(value) is Opaque and name not in _TOLD:
        return value.like()
    if name == _IN_STEP_ONLY:
        if not value.may:
            return UNKNOWN if value.kind != TENSOR else False
        return True if value.must else UNKNOWN
    if name == "requires_grad_":
        m.doubt(say("what is frozen or thawed is not known"))
    if name == "backward" and m.phase == "step":
        return Method(name, value, _backward)
    if name in _SHAPED:
        return Method(name, value, _shaped)
    if name in _IN_PIECES and value.kind == TENSOR:
        return Method(name, value, _IN_PIECES[name])
    if name in BROKEN:
        return Method(name, value, BROKEN[name])
    if name == "item" and isinstance(value, Drawn):
        return Method(name, value, _item)
    if isinstance(value, Single):
        if name in _SAME:
            return Method(name, value, _item if name == "item" else _same)
        if name == "data" or name.endswith("_"):
            value.forget()
    if name in OF_ALL and value.note.test is not None:
        return Method(name, value, of_all)
    if name in _NO_GRADIENT:
        return NUMBERS if value.kind == TENSOR else Opaque(0, 0, DATA)
    if name in _MAYBE_NONE and value.kind != LOST:
        return value.like(DATA)
    return value.like()


def _shaped(m: Machine, value: Opaque, *shape: Any, **kwargs: Any) -> Any:
    """``x.view(batch, frames, 3, height, width)``: the sizes that are known are kept for the next call."""
    result = m.flow(value, *shape, *kwargs.values())
    sizes = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple) else shape
    known = tuple(size if type(size) is int and size >= 0 else None for size in sizes)
    kind = TENSOR if value.kind == TENSOR else LOST
    return Opaque(result.may, result.must, kind, result.given, result.note._replace(sizes=known))


def split(m: Machine, tensor: Any, split_size_or_sections: Any, dim: Any = 0) -> Any:
    """``torch.split``: as many pieces as there are sizes; each depends on all that the whole does."""
    sections = split_size_or_sections
    if type(sections) is int and sections > 0 and type(dim) is int and isinstance(tensor, Opaque):
        sizes = tensor.note.sizes
        size = sizes[dim] if -len(sizes) <= dim < len(sizes) else None
        return _pieces(m, tensor, None if size is None else -(-size // sections))
    known = isinstance(sections, tuple) or (isinstance(sections, PyList) and not sections.open)
    return _pieces(m, tensor, len(m.items_of(sections).items) if known else None)


def chunk(m: Machine, input: Any, chunks: Any, dim: Any = 0) -> Any:
    """``torch.chunk``: it may give fewer, where the dimension is smaller than that."""
    return _pieces(m, input, chunks)


def _pieces(m: Machine, whole: Any, count: Any) -> Any:
    piece = m.flow(whole)
    return (piece,) * count if isinstance(count, int) and 0 < count <= _MOST_PIECES else piece


def _item(m: Machine, value: Opaque) -> Any:
    """``x.item()``: the number that was drawn, or is known."""
    found = plain(value)
    return value.like(DATA) if isinstance(found, Single) else found


def _same(m: Machine, value: Opaque, /, *args: Any, **kwargs: Any) -> Any:
    found = plain(value)
    return value.like() if found is value else Single(found)


def tensor(m: Machine, data: Any, **kwargs: Any) -> Any:
    """``torch.tensor(0)``, where the model is built: it may be a counter."""
    known = m.before_wrap and isinstance(data, (int, float)) and "requires_grad" not in kwargs
    return Single(data) if known else Opaque(0, 0, TENSOR, note=Note(rows=_rows(data)))


def as_tensor(m: Machine, data: Any, **kwargs: Any) -> Any:
    """``torch.as_tensor([...])``: iterating over it gives as many entries as the list has."""
    result = m.flow(data)
    return Opaque(result.may, result.must, TENSOR, result.given, result.note._replace(rows=_rows(data)))


def _rows(data: Any) -> Optional[int]:
    items = (
        data if isinstance(data, tuple) else data.items if isinstance(data, PyList) and not data.open else ()
    )
    return len(items) if 0 < len(items) <= _MOST_PIECES else None


def is_tensor(m: Machine, obj: Any, /) -> Any:
    """``torch.is_tensor``."""
    if isinstance(obj, Opaque):
        if obj.kind == TENSOR:
            return True
        return maybe_scalar.asked(m, obj, lambda item: isinstance(item, Opaque))
    return isinstance(obj, Param) or (UNKNOWN if isinstance(obj, Either) else False)


def written(dotted: str, args: Tuple[Any, ...]) -> None:
    """A call that may write into the tensors it is given: ``nn.init.zeros_``, ``dist.all_reduce``."""
    if dotted.endswith("_") or ".init." in dotted or "distributed" in dotted or ".dist." in dotted:
        for item in args:
            if isinstance(item, Single):
                item.forget()


def equal(m: Machine, input: Any, other: Any) -> Any:
    """``torch.equal``: what rests on other parameters is never the same to the last bit."""
    if not all(isinstance(item, Opaque) and item.kind == TENSOR for item in (input, other)):
        return Opaque(0, 0, TENSOR)
    if input is other:
        return True
    apart = input.may and other.may and (input.must & ~other.may or other.must & ~input.may)
    return told_equal(m, input, other) if apart else Opaque(0, 0, TENSOR)


def _is_broken(m: Machine, input: Any, **kwargs: Any) -> Any:
    return told_broken(m, input, True, TENSOR)


def _is_finite(m: Machine, input: Any, **kwargs: Any) -> Any:
    return told_broken(m, input, False, TENSOR)


def of_all(m: Machine, input: Any, *args: Any, **kwargs: Any) -> Any:
    """``x.any()``, ``x.all()``: what each entry of ``x`` answers in every healthy step."""
    test = input.note.test if isinstance(input, Opaque) else None
    known = test is not None and expected(test) is not None
    return Opaque(0, 0, TENSOR, note=Note(test=test if known else None))


#: Tests of whether what was computed is a number.
BROKEN: Dict[str, Callable[..., Any]] = {"isnan": _is_broken, "isinf": _is_broken, "isfinite": _is_finite}
OF_ALL = ("any", "all")
#: What gives a tensor of the same number, or the number.
_SAME = frozenset({"item", "clone", "detach", "to", "cpu", "cuda"})
_SHAPED = frozenset({"view", "reshape"})
_IN_PIECES: Dict[str, Callable[..., Any]] = {"split": split, "chunk": chunk}
#: Attributes of which more is known than that they depend on the tensor.
_TOLD = frozenset(
    {_IN_STEP_ONLY, "requires_grad_", "backward", *_SHAPED, *_IN_PIECES, *BROKEN, *OF_ALL, *_SAME}
    | _NO_GRADIENT
    | _MAYBE_NONE
)


def _backward(m: Machine, value: Opaque, /, *args: Any, **kwargs: Any) -> None:
    """``loss.backward()``: what a model's own ``train_step`` does in the place of the trainer."""
    m.losses.append(value)


def param_attribute(m: Machine, value: Param, name: str) -> Any:
    """An attribute of a parameter."""
    if name == "requires_grad":
        return UNKNOWN if value.requires_grad is None else value.requires_grad
    if name == "requires_grad_":
        return Method(name, value, _requires_grad_)
    if name == "detach_":
        return Method(name, value, _detach_)
    if name in ("to", "cuda", "cpu", "float", "half"):
        return m.flow(value)
    if name in _NO_GRADIENT or name in ("register_hook", "retain_grad", "grad", "normal_", "zero_", "fill_"):
        return Opaque(0, 0, TENSOR if name == "data" else DATA)
    return m.flow(value)


def _detach_(m: Machine, value: Param) -> Any:
    """Of a parameter: it no longer requires grad (``torch/csrc/autograd/VariableTypeManual.cpp``)."""
    m.set_requires_grad(value, False)
    return value


def _requires_grad_(m: Machine, value: Param, requires_grad: Any = True) -> Any:
    m.set_requires_grad(value, requires_grad)
    return value
