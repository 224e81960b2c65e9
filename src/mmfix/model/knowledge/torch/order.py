"""Which parameters a model has, in the order torch registers them, and what makes that order uncertain.

DDP counts parameters in the order of ``named_modules()``, each with its own parameters first
(``torch/nn/parallel/distributed.py: _build_params_for_reducer``). One parameter that was overlooked moves all
behind it, so whatever is not certain is a doubt, and one doubt is enough: there is no order then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Optional, Set, Tuple

from mmfix.model.knowledge.torch import layers, parts
from mmfix.model.machine.classes import ClassInfo
from mmfix.model.machine.foreign import Foreign
from mmfix.model.machine.joining import StandIn
from mmfix.model.machine.machine import decorators_of
from mmfix.model.machine.reach import reachable
from mmfix.model.machine.values import (
    LOST,
    Either,
    Instance,
    NativeClass,
    Opaque,
    Param,
)
from mmfix.python.place import ABSENT, SEVERAL
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

_ATTENTION = "MultiheadAttention"
_OUTPUT = {"out_proj_weight": "out_proj.weight", "out_proj_bias": "out_proj.bias"}
#: What a model names in it, DDP does not wait for (``torch/nn/parallel/distributed.py: __init__``).
_LEFT_OUT = "_ddp_params_and_buffers_to_ignore"
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
    "operator.", "itertools.", "inspect.", "packaging.", "mmengine.logging.", "mmengine.dist.",
    "mmengine.utils.", "mmengine.structures.", "mmcv.utils.",
)  # fmt: skip
#: Types of values that are parts of a model, or may be.
COUNTS = frozenset({Instance, Param, Opaque, Foreign, Either})


def placed(m: Machine, target: Instance, name: str, value: Any) -> None:
    """To be called before ``target.name = value``, before the wrap, where one of `COUNTS` comes or goes.

    Torch puts what is new at the end, and keeps old places.

    Source: ``torch/nn/modules/module.py: __setattr__``. An attribute that was no module before moves to the
    end when a module takes its name; None keeps the place of a module.
    """
    if not parts.is_module(m, target):
        return
    old = target.items.get(name)
    was, becomes = _is_part(m, old), _is_part(m, value)
    if isinstance(value, Opaque) and (value.kind == LOST or value.may or was):
        m.doubt(
            say("what {type}.{attribute} is, is not known", type=target.cls.name, attribute=name), seen=True
        )
    if was or becomes:
        m.edits += 1
    if m.conditional and (was or becomes) and (reachable(value) or reachable(old)):
        m.doubt(
            say("whether {type} has {attribute} is not known", type=target.cls.name, attribute=name),
            seen=True,
        )
    if was and value is None:
        hold_place(target, name)
    elif becomes and name not in target.notes.slots and not (was and type(old) is type(value)):
        target.items.pop(name, None)


def hold_place(target: Instance, name: str) -> None:
    """``register_parameter(name, None)``: what comes under this name later, stands here."""
    target.notes = target.notes._replace(slots=(*target.notes.slots, name))


def made(m: Machine, cls: NativeClass, args: List[Any], kwargs: Dict[str, Any]) -> None:
    """A library layer was made: were arguments given that change which parameters it has?"""
    if cls.name == _ATTENTION:  # torch/nn/modules/activation.py: bias_k, bias_v; a weight for each input
        given = {**dict(zip(_ATTENTION_ARGUMENTS, args)), **kwargs}
        if any(given.get(name) not in (None, False) for name in ("add_bias_kv", "kdim", "vdim")):
            m.doubt(
                say(
                    "the parameters of torch's {type} with these arguments are not known one by one",
                    type=_ATTENTION,
                )
            )
    elif cls.name in parts.CONTAINERS and kwargs.keys() - {"init_cfg"}:
        m.doubt(say("a {type} is made with arguments that are not followed", type=cls.name))


def _is_part(m: Machine, value: Any) -> bool:
    return isinstance(value, Param) or (isinstance(value, Instance) and parts.is_module(m, value))


def called(m: Machine, dotted: str, values: List[Any]) -> bool:
    """A library function that is not known was called before the wrap: could it make or freeze a parameter?

    Returns:
        Whether its result could be a module.
    """
    if dotted.count(".") > 1 and dotted.startswith("torch.") and not dotted.startswith(_COMPUTING):
        m.doubt(say("{name} is not known", name=dotted))
    elif any(isinstance(value, Instance) and parts.is_module(m, value) for value in values):
        m.doubt(say("a module is handed to {name}", name=dotted))
    return not dotted.startswith(_PLAIN)


def trainable(m: Machine, walked: Iterable[Tuple[str, Instance]]) -> Tuple[Optional[Tuple[str, ...]], str]:
    """The names of all parameters that require grad now, in DDP's order; or None, and why.

    Args:
        m: The machine, at the moment of the wrap.
        walked: The modules of the model, as :func:`parts.walk` gives them.
    """
    doubt = _of_machine(m)
    return (None, doubt) if doubt else _names(m, walked)


def names_of(m: Machine, walked: Iterable[Tuple[str, Instance]]) -> Dict[Param, str]:
    """Each parameter with the name that torch gives it, the first of several.

    Args:
        m: The machine.
        walked: The modules of the model, as :func:`parts.walk` gives them.
    """
    found: Dict[Param, str] = {}
    for prefix, module in walked:
        for name, param in _own(module):
            found.setdefault(param, f"{prefix}.{name}" if prefix else name)
    return found


def count(m: Machine, part: Any, waited_for: Set[Param]) -> int:
    """How many parameters of a part DDP waits for; 0 where that is not certain.

    Args:
        m: The machine, after the step.
        part: A module or a parameter.
        waited_for: The parameters that DDP waits for.
    """
    if m.doubts_unseen or m.ambiguous or any(problem.kind != ABSENT for problem in m.problems):
        return 0
    if isinstance(part, Param):
        return 1
    names, _ = _names(m, parts.walk(m, part))
    return 0 if names is None else len({param for _, param in parts.all_params(m, part)} & waited_for)


def _names(m: Machine, walked: Iterable[Tuple[str, Instance]]) -> Tuple[Optional[Tuple[str, ...]], str]:
    names: List[str] = []
    seen: Set[Param] = set()
    classes: Dict[Any, str] = {}
    for prefix, module in walked:
        if module.cls not in classes:
            classes[module.cls] = _of_class(m, module.cls)
        doubt = module.lost or classes[module.cls] or _of_attributes(m, module)
        if doubt:
            return None, doubt
        for name, param in _own(module):
            if param in seen:
                continue
            seen.add(param)
            if param.requires_grad:
                names.append(f"{prefix}.{name}" if prefix else name)
            elif param.requires_grad is None:
                full = f"{prefix}.{name}" if prefix else name
                return None, say("whether {parameter} exists and requires grad is not known", parameter=full)
    return tuple(names), ""


def _of_machine(m: Machine) -> str:
    for problem in m.problems:
        if problem.kind != SEVERAL:  # what differs between them is a doubt of its own
            return problem.reason
    if m.ambiguous:
        return next(iter(m.ambiguous.values()))
    if m.doubts:
        return m.doubts
    return say("a part of the model is handed to code that is not followed") if m.escaped else ""


def _of_class(m: Machine, cls: Any) -> str:
    bases = [cls] if isinstance(cls, NativeClass) else cls.mro(m)
    for base in bases:
        if isinstance(base, NativeClass):
            if base.name in _ROUGH or not layers.is_known(base):
                return say("the parameters of torch's {type} are not known one by one", type=base.name)
            if base.name == _ATTENTION and base is not cls:
                return say("{type} may add to torch's {base}", type=cls.name, base=_ATTENTION)
        elif _is_odd(base):
            return say("how a {type} is made is not followed", type=base.name)
    return ""


def _of_attributes(m: Machine, module: Instance) -> str:
    for name, value in module.items.items():
        kind = type(value)
        if kind is Opaque or kind is Foreign:
            lost = bool(value.may) or value.kind == LOST
        elif kind is Instance:
            lost = bool(value.lost)
        elif kind is Either:
            lost = bool(reachable(value)) or any(getattr(item, "lost", "") for item in value.values)
        elif kind is StandIn:
            lost = bool(reachable(value)) or bool(value.lost)
        else:
            lost = name == _LEFT_OUT
        if lost:
            return say("what {type}.{attribute} is, is not known", type=module.cls.name, attribute=name)
    return ""


def _is_odd(cls: ClassInfo) -> bool:
    """Whether something else than its ``__init__`` has a hand in making an object of a class."""
    metaclasses = {
        getattr(item.value, "attr", getattr(item.value, "id", ""))
        for item in cls.node.keywords
        if item.arg == "metaclass"
    }
    return bool(
        decorators_of(cls.node) - _PLAIN_DECORATORS or metaclasses - _METACLASSES or "__new__" in cls.names()
    )


def _own(module: Instance) -> List[Tuple[str, Param]]:
    """A module's own parameters; those of an attention's output layer have the layer's name before them."""
    if module.cls.name != _ATTENTION or not isinstance(module.cls, NativeClass):
        return parts.own_params(module)
    found = sorted(parts.own_params(module), key=lambda item: item[0] in _OUTPUT)
    return [(_OUTPUT.get(name, name), param) for name, param in found]
