"""Which parameters a model has, in the order torch registers them, and what makes that order uncertain.

DDP counts parameters in the order of ``named_modules()``, each with its own parameters first
(``torch/nn/parallel/distributed.py: _build_params_for_reducer``). One parameter that was overlooked moves all
behind it, so whatever is not certain is a doubt, and one doubt is enough: there is no order then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Set, Tuple

from mmfix.code.interpreter.classes import ClassInfo
from mmfix.code.interpreter.joining import reachable
from mmfix.code.interpreter.values import (
    LOST,
    Either,
    Instance,
    NativeClass,
    Opaque,
    Param,
)
from mmfix.code.known import layers, modules
from mmfix.code.types import SEVERAL

if TYPE_CHECKING:
    from mmfix.code.interpreter.machine import Machine

#: Names that hold a place among the modules or parameters although None is in it.
SLOTS = "\0slots"
_ATTENTION = "MultiheadAttention"
_ATTENTION_ARGUMENTS = (
    "embed_dim", "num_heads", "dropout", "bias", "add_bias_kv", "add_zero_attn", "kdim", "vdim",
)  # fmt: skip
#: Layers whose parameters are made by another rule than :data:`layers.PARAMETERS` says.
_ROUGH = frozenset({
    "RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell", "RNNBase", "Transformer", "TransformerEncoder",
    "TransformerDecoder", "TransformerEncoderLayer", "TransformerDecoderLayer", "AdaptiveLogSoftmaxWithLoss",
    *(name for name in layers.PARAMETERS if name.startswith("Lazy")),
})  # fmt: skip
#: Decorators of classes that give the class back as it is.
_PLAIN_DECORATORS = frozenset({"register_module", "register", "dataclass", "total_ordering"})
_METACLASSES = frozenset({"ABCMeta"})
#: Names below torch that give tensors and numbers, or fill tensors in: never a module.
_COMPUTING = (
    "torch.nn.functional.", "torch.nn.init.", "torch.cuda.", "torch.distributed.", "torch.linalg.",
    "torch.fft.", "torch.special.", "torch.random.", "torch.backends.", "torch.Tensor.", "torch.onnx.",
    "torch.distributions.", "torch.version.", "torch.__version__.", "torch.jit.is_", "torch.Size.",
)  # fmt: skip
#: Names whose results are numbers, texts, tensors, loggers: never a module.
_PLAIN = (
    "torch.", "builtins.", "math.", "numpy.", "os.", "re.", "time.", "random.", "logging.", "warnings.",
    "operator.", "itertools.", "inspect.", "mmengine.logging.", "mmengine.dist.", "mmengine.utils.", "mmcv.utils.",
    "packaging.", "torchvision.__version__", "mmengine.structures.",
)  # fmt: skip


def placed(m: Machine, target: Instance, name: str, value: Any) -> None:
    """To be called before ``target.name = value``: torch puts what is new at the end, and keeps old places.

    Source: ``torch/nn/modules/module.py: __setattr__``. An attribute that was no module before moves to the
    end when a module takes its name; None keeps the place of a module.
    """
    old = target.items.get(name)
    was, becomes = _is_part(m, old), _is_part(m, value)
    if not was and not becomes and not isinstance(value, (Opaque, Either)):
        return
    if not m.before_wrap or not modules.is_module(m, target):
        return
    if isinstance(value, Opaque) and (value.kind == LOST or value.may or was):
        m.doubt(f"what {target.cls.name}.{name} is, is not known")
    if was or becomes:
        m.edits += 1
        if m.conditional and (reachable(value) or reachable(old)):
            m.doubt(f"whether {target.cls.name} has {name} is not known")
    if was and value is None:
        hold_place(target, name)
    elif becomes and name in target.items and name not in target.items.get(SLOTS, ()):
        if type(old) is not type(value) or not was:
            del target.items[name]


def hold_place(target: Instance, name: str) -> None:
    """``register_parameter(name, None)``: what comes under this name later, stands here."""
    target.items[SLOTS] = (*target.items.get(SLOTS, ()), name)


def made(m: Machine, cls: NativeClass, args: List[Any], kwargs: Dict[str, Any]) -> None:
    """A library layer was made: were arguments given that change which parameters it has?"""
    if cls.name == _ATTENTION:  # torch/nn/modules/activation.py: bias_k and bias_v, or one weight for each input
        given = {**dict(zip(_ATTENTION_ARGUMENTS, args)), **kwargs}
        if any(given.get(name) not in (None, False) for name in ("add_bias_kv", "kdim", "vdim")):
            m.doubt(f"the parameters of torch's {_ATTENTION} with these arguments are not known one by one")
    elif cls.name in modules.CONTAINERS and kwargs.keys() - {"init_cfg"}:
        m.doubt(f"a {cls.name} is made with arguments that are not followed")


def _is_part(m: Machine, value: Any) -> bool:
    return isinstance(value, Param) or (isinstance(value, Instance) and modules.is_module(m, value))


def called(m: Machine, dotted: str, values: List[Any]) -> bool:
    """A library function that is not known was called before the wrap: could it make or freeze a parameter?

    Returns:
        Whether its result could be a module.
    """
    if dotted.count(".") > 1 and dotted.startswith("torch.") and not dotted.startswith(_COMPUTING):
        m.doubt(f"{dotted} is not known")
    elif any(isinstance(value, Instance) and modules.is_module(m, value) for value in values):
        m.doubt(f"a module is handed to {dotted}")
    return not dotted.startswith(_PLAIN)


def trainable(m: Machine, root: Instance) -> Tuple[Optional[Tuple[str, ...]], str]:
    """The names of all parameters that require grad now, in DDP's order; or None, and why.

    Args:
        m: The machine, at the moment of the wrap.
        root: The model.
    """
    doubt = _of_machine(m)
    if doubt:
        return None, doubt
    names: List[str] = []
    seen: Set[Param] = set()
    for prefix, module in modules.walk(m, root):
        doubt = _of_module(m, module)
        if doubt:
            return None, doubt
        for name, param in _own(module):
            if param in seen:
                continue
            seen.add(param)
            if param.requires_grad is None:
                full = f"{prefix}.{name}" if prefix else name
                return None, f"whether {full} exists and requires grad is not known"
            if param.requires_grad:
                names.append(f"{prefix}.{name}" if prefix else name)
    return tuple(names), ""


def _of_machine(m: Machine) -> str:
    for problem in m.problems:
        if not problem.reason.endswith(SEVERAL):  # what differs between them is a doubt of its own
            return problem.reason
    if m.ambiguous:
        return next(iter(m.ambiguous.values()))
    if m.doubts:
        return m.doubts
    return "a part of the model is handed to code that is not followed" if m.escaped else ""


def _of_module(m: Machine, module: Instance) -> str:
    cls = module.cls
    if module.lost:
        return module.lost
    for base in [cls] if isinstance(cls, NativeClass) else cls.mro(m):
        if isinstance(base, NativeClass):
            if base.name in _ROUGH or not layers.is_known(base):
                return f"the parameters of torch's {base.name} are not known one by one"
        elif _is_odd(base):
            return f"how a {base.name} is made is not followed"
    if _is_attention(m, module) and set(dict(modules.children(m, module))) | _others(module):
        return f"{cls.name} adds to torch's {_ATTENTION}"
    for name, value in module.items.items():
        held = value.values if isinstance(value, Either) else (value,)
        parts = [item for item in held if isinstance(item, (Instance, Param))]
        if (isinstance(value, Either) and reachable(value)) or (parts and name.startswith("\0")):
            return f"what {cls.name}.{name.lstrip(chr(0))} is, is not known"
        if any(isinstance(item, Instance) and item.lost for item in parts):
            return f"what {cls.name}.{name} is, is not known"
        if isinstance(value, Opaque) and (value.may or value.kind == LOST):
            return f"what {cls.name}.{name} is, is not known"
    if "_ddp_params_and_buffers_to_ignore" in module.items:
        return f"{cls.name} makes DDP leave parameters out"
    return ""


def _is_odd(cls: ClassInfo) -> bool:
    """Whether something else than its ``__init__`` has a hand in making an object of a class."""
    from mmfix.code.interpreter.machine import decorators_of

    metaclasses = {
        getattr(item.value, "attr", getattr(item.value, "id", ""))
        for item in cls.node.keywords
        if item.arg == "metaclass"
    }
    return bool(
        decorators_of(cls.node) - _PLAIN_DECORATORS or metaclasses - _METACLASSES or "__new__" in cls.names()
    )


def _is_attention(m: Machine, module: Instance) -> bool:
    order = [module.cls] if isinstance(module.cls, NativeClass) else module.cls.mro(m)
    return any(base.name == _ATTENTION and isinstance(base, NativeClass) for base in order)


def _others(module: Instance) -> Set[str]:
    known = {spec.name for spec in layers.PARAMETERS[_ATTENTION]}
    return {name for name, _ in modules.own_params(module)} - known


def _own(module: Instance) -> Iterator[Tuple[str, Param]]:
    """A module's own parameters; those of the output layer in an attention have the layer's name before them."""
    for name, param in modules.own_params(module):
        yield name.replace("out_proj_", "out_proj.") if "in_proj_weight" in module.items else name, param
