"""Functions known by heart: torch's, and the ones frameworks call everywhere."""

from __future__ import annotations

import builtins
import itertools
import math
import platform
import re
from typing import TYPE_CHECKING, Any, Callable, Dict, List

from mmfix.model.knowledge.openmmlab import configs, message_hub, methods
from mmfix.model.knowledge.openmmlab import registries as openmmlab
from mmfix.model.knowledge.python import chance, copying, reflection
from mmfix.model.knowledge.python import functions as pythons
from mmfix.model.knowledge.python.functions import Handler
from mmfix.model.knowledge.torch import checkpoints, layers, modules, order, tensors
from mmfix.model.knowledge.torch.tensors import NO_GRADIENT_FUNCTIONS
from mmfix.model.machine.concrete import NotConcrete, compute, from_python
from mmfix.model.machine.failing import STOPS, failed
from mmfix.model.machine.foreign import Foreign, is_foreign
from mmfix.model.machine.joining import open_list
from mmfix.model.machine.texts import Text
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
    Partial,
    PyList,
    Raised,
    is_scalar,
)
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

_BUILTINS = frozenset(dir(builtins))


def builtin(name: str) -> Any:
    """A builtin name, or MISSING."""
    if name in ("NotImplemented", "__debug__"):
        return UNKNOWN
    return NativeRef(f"builtins.{name}") if name in _BUILTINS else MISSING


def call(m: Machine, dotted: str, args: List[Any], kwargs: Dict[str, Any], rest: Any = MISSING) -> Any:
    """A call of a library function or class by its dotted name; ``rest``: arguments under unknown names."""
    run, given = PASSING.get(dotted), [rest, *args]
    if run is None:
        run, given = CALLS.get(dotted) or BY_LAST_NAME.get(dotted.rpartition(".")[2]), args
        if run is None:
            run, given = _other, [rest, dotted, *args]
        elif rest is not MISSING:
            m.escaped |= m.depend(rest).may
    try:
        return run(m, *given, **kwargs)
    except STOPS:
        raise
    except Exception as error:
        return failed(m, dotted, error, given, kwargs)


def flows_through(dotted: str) -> bool:
    """Whether nothing is known of a function but that its result depends on all it is given."""
    handled = dotted in PASSING or dotted in CALLS or dotted.rpartition(".")[2] in BY_LAST_NAME
    return not handled and layers.native_class(dotted) is None


def _other(m: Machine, rest: Any, dotted: str, /, *args: Any, **kwargs: Any) -> Any:
    """A call of what has no handler."""
    last = dotted.rpartition(".")[2]
    cls = layers.native_class(dotted)
    tensors.written(dotted, args)
    if cls is not None:
        return modules.make(m, cls, list(args), kwargs, rest is not MISSING)
    if dotted.startswith("torch.nn.init.") or (m.phase != "step" and "init" in last):
        return args[0] if args else kwargs.get("tensor")  # fills in numbers
    values = [*args, *kwargs.values(), *([] if rest is MISSING else [rest])]
    root = dotted.partition(".")[0]
    if dotted in _PURE:
        try:
            if rest is MISSING:
                return compute(_PURE[dotted], *args, **kwargs)
        except NotConcrete:
            pass
        return Opaque(0, 0, DATA) if root == "math" else m.flow(*values)
    if root == "torch" and last in NO_GRADIENT_FUNCTIONS:
        return Opaque(0, 0, TENSOR)
    strange = m.before_wrap and order.called(m, dotted, values)
    result = m.flow(*values)
    if "out" in kwargs or (root == "torch" and last.endswith("_") and not last.endswith("__")):
        m.escaped |= result.may  # an argument is changed
    if root != "torch":
        if any(isinstance(value, (Instance, Bound, Partial)) for value in values):
            m.problem(say("a module of the model is handed to {name}, which is not read", name=dotted))
        result.kind = LOST if strange else DATA
        return Foreign(result, dotted, m.here) if strange and is_foreign(dotted) else result
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
    found["numpy.cumsum"] = lambda values: list(itertools.accumulate(values))
    found["re.sub"] = re.sub
    for name in ("add", "mul", "sub"):
        import operator

        found[f"operator.{name}"] = getattr(operator, name)
    return found


_PURE = _pure()


# -- torch, functools, itertools, frameworks ------------------------------------------------------


def _parameter(m: Machine, data: Any = None, requires_grad: Any = True) -> Any:
    certain = requires_grad if isinstance(requires_grad, bool) else None
    return m.new_param(None if m.conditional and certain else certain)


def _partial(m: Machine, rest: Any, func: Any, /, *args: Any, **keywords: Any) -> Any:
    return Partial(func, args, keywords, rest)


def _wraps(m: Machine, wrapped: Any, assigned: Any = (), updated: Any = ()) -> Any:
    return Method("wraps", None, _same)


def _same(m: Machine, receiver: Any, wrapper: Any) -> Any:
    """A decorator that leaves a function as it is."""
    return wrapper


def _update_wrapper(m: Machine, wrapper: Any, wrapped: Any, assigned: Any = (), updated: Any = ()) -> Any:
    return wrapper


def _str(m: Machine, object: Any = "", /) -> Any:
    try:
        return compute(str, object)
    except NotConcrete:
        plain = isinstance(object, Opaque) and object.kind == DATA and object is not UNKNOWN
        return Text((object,)) if plain else UNKNOWN


def _reduce(m: Machine, function: Any, iterable: Any, initial: Any = MISSING, /) -> Any:
    source = m.items_of(iterable)
    if source.open:
        return m.flow(function, iterable, initial)
    items = source.items if initial is MISSING else [initial, *source.items]
    if not items:
        raise Raised(say("reduce() of nothing"))
    value = items[0]
    for item in items[1:]:
        value = m.call(function, [value, item], {})
    return value


def _chain(m: Machine, /, *iterables: Any) -> Any:
    lists = [m.items_of(iterable) for iterable in iterables]
    items = [item for part in lists for item in part.items]
    return open_list(items) if any(part.open for part in lists) else PyList(items)


def _chain_from(m: Machine, iterable: Any, /) -> Any:
    source = m.items_of(iterable)
    result = _chain(m, *source.items)
    return open_list(result.items) if source.open else result


def _chain_open(m: Machine, first: Any, /, *others: Any) -> Any:
    """``chain(*many)`` for an unknown number of lists, the last argument."""
    *known, many = (first, *others)
    return open_list(_chain(m, *known, _chain_from(m, many)).items)


def _product(m: Machine, /, *iterables: Any, repeat: Any = 1) -> Any:
    if not isinstance(repeat, int) or repeat > 20:
        return PyList([UNKNOWN], True)
    rows: List[Any] = [()]
    for iterable in iterables * repeat:
        items = m.items_of(iterable)
        if items.open or len(rows) * max(len(items.items), 1) > 5000:
            return PyList([UNKNOWN], True)
        rows = [(*row, item) for row in rows for item in items.items]
    return PyList(rows)


def _torch_linspace(
    m: Machine,
    start: Any,
    end: Any,
    steps: Any = 100,
    *,
    out: Any = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: Any = False,
    requires_grad: Any = False,
) -> Any:
    return _spaced(start, end, steps)


def _numpy_linspace(
    m: Machine,
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: Any = True,
    retstep: Any = False,
    dtype: Any = None,
    axis: Any = 0,
    *,
    device: Any = None,
) -> Any:
    return _spaced(start, stop, num) if endpoint is True and retstep is False else Opaque(0, 0, TENSOR)


def _spaced(first: Any, last: Any, count: Any) -> Any:
    if not isinstance(count, int) or not 0 < count < 5000:
        return Opaque(0, 0, TENSOR)
    try:
        start, stop = float(first), float(last)
    except (TypeError, ValueError, OverflowError):
        return Opaque(0, 0, TENSOR)
    step = (stop - start) / (count - 1) if count > 1 else 0.0
    return from_python([start + step * position for position in range(count)])


def _to_ntuple(count: int) -> Handler:
    def run(m: Machine, x: Any) -> Any:
        return (x,) * count if is_scalar(x) or isinstance(x, Opaque) else x

    return run


def _is_str(m: Machine, x: Any) -> Any:
    answer = reflection.is_instance(m, x, NativeRef("builtins.str"))
    return UNKNOWN if answer is None else answer


def _is_list_of(m: Machine, seq: Any, expected_type: Any) -> Any:
    return _is_seq_of(m, seq, expected_type, NativeRef("builtins.list"))


def _is_tuple_of(m: Machine, seq: Any, expected_type: Any) -> Any:
    return _is_seq_of(m, seq, expected_type, NativeRef("builtins.tuple"))


def _is_seq_of(m: Machine, seq: Any, expected_type: Any, seq_type: Any = None) -> Any:
    if isinstance(seq, (Opaque, Either)):
        return UNKNOWN
    kind = True if seq_type is None else reflection.is_instance(m, seq, seq_type)
    if kind is False or not isinstance(seq, (PyList, tuple)):
        return False
    answers = [kind, *(reflection.is_instance(m, item, expected_type) for item in m.items_of(seq).items)]
    return False if False in answers else UNKNOWN if None in answers else True


def _object_setattr(m: Machine, obj: Any, name: Any, value: Any, /) -> None:
    if isinstance(obj, Instance) and isinstance(name, str):
        m.touch(obj)
        if m.before_wrap and name in obj.items:
            m.doubt(say("an attribute of a {type} is hidden from torch", type=obj.cls.name))
        obj.items[name] = value
        obj.notes = obj.notes._replace(hidden=(*obj.notes.hidden, name))
    else:
        m.escape(value)


def _no_grad(m: Machine, orig_func: Any = None) -> Any:
    if isinstance(orig_func, Function):  # @torch.no_grad used as a plain call
        orig_func.no_grad = True
        return orig_func
    return NativeRef("torch.no_grad")


def _script(
    m: Machine,
    obj: Any,
    optimize: Any = None,
    _frames_up: Any = 0,
    _rcb: Any = None,
    example_inputs: Any = None,
) -> Any:
    return obj


def _ignore(m: Machine, /, drop: Any = False, **kwargs: Any) -> Any:
    return Method("ignore", None, _same) if is_scalar(drop) else drop


def _jit(m: Machine, func: Any = None, /, **kwargs: Any) -> Any:
    """``mmcv/utils/parrots_jit.py: jit``; numba's and jax's leave what a function computes alone, too."""
    return Method("jit", None, _same) if func is None else func


def _sync_batchnorm(m: Machine, module: Any, process_group: Any = None) -> Any:
    """``torch/nn/modules/batchnorm.py: SyncBatchNorm.convert_sync_batchnorm`` keeps parameters and names."""
    return module


def _get_enum(m: Machine, reduction: Any) -> Any:
    return _REDUCTIONS.get(reduction, UNKNOWN) if isinstance(reduction, str) else UNKNOWN


def _is_grad_enabled(m: Machine) -> bool:
    return m.grad


def _cast(m: Machine, typ: Any, val: Any) -> Any:
    return val


def _answer(value: Any) -> Handler:
    """A function without arguments that always gives the same answer."""
    return lambda m: value


def _any_answer(value: Any) -> Handler:
    """The same answer, whatever the arguments: several functions have the name."""
    return lambda m, /, *args, **kwargs: value


#: torch/nn/_reduction.py: get_enum
_REDUCTIONS = {"none": 0, "mean": 1, "elementwise_mean": 1, "sum": 2}

CALLS: Dict[str, Handler] = {
    "builtins.str": _str, "itertools.chain_open": _chain_open, "builtins.object.__setattr__": _object_setattr,
    "torch.nn.Parameter": _parameter, "torch.nn.parameter.Parameter": _parameter,
    "functools.wraps": _wraps, "functools.update_wrapper": _update_wrapper, "functools.reduce": _reduce,
    "itertools.chain": _chain, "itertools.chain.from_iterable": _chain_from, "itertools.product": _product,
    "torch.nn.functional._Reduction.get_enum": _get_enum, "torch.linspace": _torch_linspace,
    "numpy.linspace": _numpy_linspace, "torch.no_grad": _no_grad,
    "torch.is_grad_enabled": _is_grad_enabled, "torch.jit.is_scripting": _answer(False),
    "torch.jit.is_tracing": _answer(False), "torch.onnx.is_in_onnx_export": _answer(False),
    **{f"torch.{name}": run for name, run in tensors.BROKEN.items()},
    **{f"torch.{name}": tensors.of_all for name in tensors.OF_ALL},
    "torch.split": tensors.split, "torch.chunk": tensors.chunk, "torch.equal": tensors.equal,
    "torch.tensor": tensors.tensor, "torch.as_tensor": tensors.as_tensor, "torch.jit.script": _script,
    "torch.jit.ignore": _ignore, "torch.nn.SyncBatchNorm.convert_sync_batchnorm": _sync_batchnorm,
    "platform.system": _answer(platform.system()), "torch.cuda.is_available": _answer(UNKNOWN),
    "typing.cast": _cast, "torch.is_tensor": tensors.is_tensor, **pythons.CALLS, **openmmlab.CALLS,
    **configs.CALLS, **reflection.CALLS, **copying.CALLS, **checkpoints.CALLS, **chance.CALLS,
    **message_hub.CALLS,
}  # fmt: skip
#: Functions that pass keyword arguments on: those under unknown names are their second argument.
PASSING: Dict[str, Handler] = {
    "functools.partial": _partial, **pythons.PASSING, **openmmlab.PASSING, **checkpoints.PASSING,
}  # fmt: skip
#: Helpers that every framework has a copy of; found by their last name where their source is not read.
BY_LAST_NAME: Dict[str, Handler] = {
    "to_2tuple": _to_ntuple(2), "to_3tuple": _to_ntuple(3), "to_1tuple": _to_ntuple(1),
    "_pair": _to_ntuple(2), "_triple": _to_ntuple(3), "_single": _to_ntuple(1), "is_list_of": _is_list_of,
    "jit": _jit, "is_str": _is_str, "OptimWrapperDict": methods.optimizers,
    "is_tuple_of": _is_tuple_of, "is_seq_of": _is_seq_of, "checkpoint_wrapper": checkpoints.wrap,
    **dict.fromkeys(("print_log", "warn"), _any_answer(None)),
    **dict.fromkeys(("is_model_wrapper", "is_module_wrapper"), _any_answer(False)),
    **dict.fromkeys(("is_norm", "load_checkpoint", "load_state_dict"), _any_answer(UNKNOWN)),
}  # fmt: skip
