"""Functions known by heart: torch's, and the ones frameworks call everywhere."""

from __future__ import annotations

import builtins
import math
import platform
import re
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional

from mmfix.model.knowledge.openmmlab import registries as openmmlab
from mmfix.model.knowledge.python import copying, reflection
from mmfix.model.knowledge.python import functions as pythons
from mmfix.model.knowledge.python.functions import Handler, constant, first, make_dict, nothing
from mmfix.model.knowledge.torch import checkpoints, layers, modules, order
from mmfix.model.knowledge.torch.tensors import NO_GRADIENT_FUNCTIONS
from mmfix.model.machine.concrete import NotConcrete, compute, from_python
from mmfix.model.machine.joining import open_list
from mmfix.model.machine.values import (
    DATA,
    LOST,
    MISSING,
    TENSOR,
    UNKNOWN,
    Bound,
    Either,
    Function,
    Instance,
    Method,
    NativeRef,
    Opaque,
    Param,
    Partial,
    PyList,
    is_scalar,
)

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

_BUILTINS = frozenset(dir(builtins))


def builtin(name: str) -> Any:
    """A builtin name, or MISSING."""
    if name in ("NotImplemented", "__debug__"):
        return UNKNOWN
    return NativeRef(f"builtins.{name}") if name in _BUILTINS else MISSING


def call(m: Machine, dotted: str, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    """A call of a library function or class by its dotted name."""
    handler = CALLS.get(dotted) or _BY_LAST_NAME.get(dotted.rpartition(".")[2])
    if handler is not None:
        return handler(m, args, kwargs)
    cls = layers.native_class(dotted)
    if cls is not None:
        return modules.make(m, cls, args, kwargs)
    if dotted.startswith("torch.nn.init.") or (m.phase != "step" and "init" in dotted.rpartition(".")[2]):
        return args[0] if args else None  # fills in numbers
    root = dotted.partition(".")[0]
    last = dotted.rpartition(".")[2]
    if dotted in _PURE:
        try:
            return compute(_PURE[dotted], *args, **kwargs)
        except NotConcrete:
            return Opaque(0, 0, DATA) if root == "math" else m.flow(*args, *kwargs.values())
    if root == "torch" and last in NO_GRADIENT_FUNCTIONS:
        return Opaque(0, 0, TENSOR)
    strange = m.before_wrap and order.called(m, dotted, [*args, *kwargs.values()])
    result = m.flow(*args, *kwargs.values())
    if "out" in kwargs or (root == "torch" and last.endswith("_") and not last.endswith("__")):
        m.escaped |= result.may  # an argument is changed
    if root != "torch":
        if any(isinstance(value, (Instance, Bound, Partial)) for value in [*args, *kwargs.values()]):
            m.problem(f"a module of the model is handed to {dotted}, which is not read")
        return Opaque(result.may, result.must, LOST if strange else DATA)
    return result


def _pure() -> Dict[str, Callable[..., Any]]:
    found: Dict[str, Callable[..., Any]] = {
        f"math.{name}": getattr(math, name) for name in dir(math) if callable(getattr(math, name))
    }
    for name in (
        "abs",
        "round",
        "divmod",
        "pow",
        "ord",
        "chr",
        "str",
        "repr",
        "format",
        "bin",
        "hex",
        "complex",
    ):
        found[f"builtins.{name}"] = getattr(builtins, name)
    found["numpy.log2"], found["numpy.sqrt"] = math.log2, math.sqrt
    found["numpy.ceil"] = lambda value: float(math.ceil(value))
    found["numpy.floor"] = lambda value: float(math.floor(value))
    found["re.sub"] = re.sub
    for name in ("add", "mul", "sub"):
        import operator

        found[f"operator.{name}"] = getattr(operator, name)
    return found


_PURE = _pure()


# -- torch, functools, itertools, frameworks ------------------------------------------------------


def _parameter(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    wanted = args[1] if len(args) > 1 else kwargs.get("requires_grad", True)
    certain = wanted if isinstance(wanted, bool) else None
    return m.new_param(None if m.conditional and certain else certain)


def _partial(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    return Partial(args[0], tuple(args[1:]), kwargs) if args else UNKNOWN


def _wraps(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    return Method("wraps", None, lambda m, receiver, args, kwargs: args[0])


def _reduce(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    items = m.items_of(args[1])
    if items.open or not items.items:
        return m.flow(*args[1:])
    value = args[2] if len(args) > 2 else items.items[0]
    for item in items.items if len(args) > 2 else items.items[1:]:
        value = m.call(args[0], [value, item], {})
    return value


def _chain(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    lists = [m.items_of(arg) for arg in args]
    items = [item for part in lists for item in part.items]
    return open_list(items) if any(part.open for part in lists) else PyList(items)


def _chain_from(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    source = m.items_of(args[0])
    result = _chain(m, list(source.items), {})
    return open_list(result.items) if source.open else result


def _product(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    rows: List[Any] = [()]
    for arg in args:
        items = m.items_of(arg)
        if items.open or len(rows) * max(len(items.items), 1) > 5000:
            return PyList([UNKNOWN], True)
        rows = [(*row, item) for row in rows for item in items.items]
    return PyList(rows)


def _linspace(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    steps = args[2] if len(args) > 2 else kwargs.get("steps", kwargs.get("num"))
    if (
        not isinstance(steps, int)
        or not 0 < steps < 5000
        or not all(isinstance(arg, (int, float)) for arg in args[:2])
        or len(args) < 2
    ):
        return Opaque(0, 0, TENSOR)
    start, stop = float(args[0]), float(args[1])
    step = (stop - start) / (steps - 1) if steps > 1 else 0.0
    return from_python([start + step * position for position in range(steps)])


def _to_ntuple(count: int) -> Handler:
    def run(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
        value = args[0] if args else UNKNOWN
        return (value,) * count if is_scalar(value) or isinstance(value, Opaque) else value

    return run


def _is_list_of(kind: Optional[type]) -> Handler:
    def run(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
        value = args[0]
        if isinstance(value, (Opaque, Either)):
            return UNKNOWN
        if (kind is list and not isinstance(value, PyList)) or (
            kind is tuple and not isinstance(value, tuple)
        ):
            return False
        if not isinstance(value, (PyList, tuple)):
            return False
        answers = [reflection.is_instance(m, item, args[1]) for item in m.items_of(value).items]
        return UNKNOWN if None in answers else all(answers)

    return run


def _object_setattr(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> None:
    target, name, value = args
    if isinstance(target, Instance) and isinstance(name, str):
        m.touch(target)
        if m.before_wrap and name in target.items:
            m.doubt(f"an attribute of a {target.cls.name} is hidden from torch")
        target.items[name] = value
        target.notes = target.notes._replace(hidden=(*target.notes.hidden, name))


def _no_grad(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    if args and isinstance(args[0], Function):  # @torch.no_grad used as a plain call
        args[0].no_grad = True
        return args[0]
    return NativeRef("torch.no_grad")


#: torch/nn/_reduction.py: get_enum
_REDUCTIONS = {"none": 0, "mean": 1, "elementwise_mean": 1, "sum": 2}

CALLS: Dict[str, Handler] = {
    "itertools.chain_open": _chain_from,
    "builtins.object.__setattr__": _object_setattr,
    "collections.OrderedDict": make_dict, "torch.nn.Parameter": _parameter,
    "torch.nn.parameter.Parameter": _parameter,
    "functools.partial": _partial, "functools.wraps": _wraps, "functools.update_wrapper": first,
    "functools.reduce": _reduce, "itertools.chain": _chain,
    "itertools.chain.from_iterable": _chain_from, "itertools.product": _product,
    "torch.nn.functional._Reduction.get_enum": lambda m, args, kwargs: _REDUCTIONS.get(args[0], UNKNOWN)
    if isinstance(args[0], str) else UNKNOWN,
    "torch.linspace": _linspace, "numpy.linspace": _linspace, "torch.no_grad": _no_grad,
    "torch.is_grad_enabled": lambda m, args, kwargs: m.grad,
    "torch.jit.is_scripting": constant(False), "torch.jit.is_tracing": constant(False),
    "torch.onnx.is_in_onnx_export": constant(False), "torch.jit.script": first, "torch.jit.ignore": first,
    "platform.system": constant(platform.system()),
    "torch.cuda.is_available": constant(UNKNOWN), "typing.cast": lambda m, args, kwargs: args[1],
    "torch.is_tensor": lambda m, args, kwargs: True if getattr(args[0], "kind", "") == TENSOR
    or isinstance(args[0], Param) else UNKNOWN if isinstance(args[0], Opaque) else False,
    **pythons.CALLS, **openmmlab.CALLS, **reflection.CALLS, **copying.CALLS, **checkpoints.CALLS,
}  # fmt: skip
#: Helpers that every framework has a copy of; found by their last name where their source is not read.
_BY_LAST_NAME: Dict[str, Handler] = {
    "to_2tuple": _to_ntuple(2), "to_3tuple": _to_ntuple(3), "to_1tuple": _to_ntuple(1),
    "_pair": _to_ntuple(2),
    "_triple": _to_ntuple(3), "_single": _to_ntuple(1), "is_list_of": _is_list_of(list),
    "is_tuple_of": _is_list_of(tuple), "is_seq_of": _is_list_of(None), "print_log": nothing,
    "warn": nothing,
    "is_model_wrapper": constant(False), "is_module_wrapper": constant(False),
    "checkpoint_wrapper": checkpoints.wrap, "is_norm": constant(UNKNOWN),
    "load_checkpoint": constant(UNKNOWN), "load_state_dict": constant(UNKNOWN),
}  # fmt: skip
