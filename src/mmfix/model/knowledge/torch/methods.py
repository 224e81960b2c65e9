"""The methods of ``torch.nn.Module``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, List, Tuple

from mmfix.model.knowledge.torch import parts
from mmfix.model.knowledge.torch.attributes import attach
from mmfix.model.knowledge.torch.order import hold_place
from mmfix.model.knowledge.torch.parts import children, found
from mmfix.model.machine.single import Single
from mmfix.model.machine.values import (
    TENSOR,
    UNKNOWN,
    Function,
    Instance,
    Method,
    NativeClass,
    NativeRef,
    Opaque,
    Param,
    PyList,
)
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

Run = Callable[..., Any]


# -- parameters and modules


def _parameters(m: Machine, receiver: Instance, recurse: Any = True) -> PyList:
    return PyList([param for _, param in _params(m, receiver, recurse)])


def _named_parameters(
    m: Machine, receiver: Instance, prefix: Any = "", recurse: Any = True, remove_duplicate: Any = True
) -> PyList:
    return _named(prefix, list(_params(m, receiver, recurse)))


def _params(m: Machine, receiver: Instance, recurse: Any) -> Iterable[Tuple[str, Param]]:
    return parts.own_params(receiver) if m.truth(recurse) is False else parts.all_params(m, receiver)


def _named(prefix: Any, found: List[Tuple[str, Any]]) -> PyList:
    """The names of what was found, behind a prefix."""
    if not isinstance(prefix, str):
        return PyList([(UNKNOWN, item) for _, item in found])
    return PyList([(".".join(filter(None, (prefix, name))), item) for name, item in found])


def _modules(m: Machine, receiver: Instance, remove_duplicate: Any = True) -> PyList:
    return PyList([module for _, module in parts.walk(m, receiver)])


def _named_modules(
    m: Machine, receiver: Instance, memo: Any = None, prefix: Any = "", remove_duplicate: Any = True
) -> PyList:
    return _named(prefix, list(parts.walk(m, receiver)))


def _children(m: Machine, receiver: Instance) -> PyList:
    return found(receiver, [module for _, module in children(m, receiver)])


def _named_children(m: Machine, receiver: Instance) -> PyList:
    return found(receiver, list(children(m, receiver)))


def _buffers(m: Machine, receiver: Instance, recurse: Any = True) -> Any:
    return UNKNOWN


def _named_buffers(
    m: Machine, receiver: Instance, prefix: Any = "", recurse: Any = True, remove_duplicate: Any = True
) -> Any:
    return UNKNOWN


def _get_submodule(m: Machine, receiver: Instance, target: Any) -> Any:
    value: Any = receiver
    if not isinstance(target, str):
        m.escape(receiver)
        return m.lost(say("a submodule by a name made at run time"))
    for part in filter(None, target.split(".")):
        value = m.attribute(value, part)
    return value


def _requires_grad_(m: Machine, receiver: Instance, requires_grad: Any = True) -> Any:
    for _, param in parts.all_params(m, receiver):
        m.set_requires_grad(param, requires_grad)
    return receiver


def _zero_grad(m: Machine, receiver: Instance, set_to_none: Any = True) -> None:
    return None


# -- what is registered


def _add_module(m: Machine, receiver: Instance, name: Any, module: Any) -> None:
    _register(m, receiver, name, module)


def _register_parameter(m: Machine, receiver: Instance, name: Any, param: Any) -> None:
    _register(m, receiver, name, param)


def _register(m: Machine, receiver: Instance, name: Any, value: Any) -> None:
    if isinstance(name, str):
        if isinstance(value, Opaque):
            m.doubt(say("a module or parameter that is not known is registered"))
            hold_place(receiver, name)
        attach(m, receiver, name, value)
        if value is None:
            hold_place(receiver, name)
        return
    m.doubt(say("a module is registered under a name made at run time"))
    receiver.lost = receiver.lost or say("a module is registered under a name made at run time")
    attach(m, receiver, f"?{len(receiver.items)}", value)
    m.escape(value)


def _register_buffer(m: Machine, receiver: Instance, name: Any, tensor: Any, persistent: Any = True) -> None:
    if isinstance(name, str):
        m.touch(receiver)
        # a buffer has no gradient of its own
        unknown = isinstance(tensor, (Opaque, Param)) and not isinstance(tensor, Single)
        receiver.items[name] = Opaque(0, 0, TENSOR) if unknown else tensor


def _setattr(m: Machine, receiver: Instance, name: Any, value: Any) -> None:
    if isinstance(name, str):
        attach(m, receiver, name, value)
    else:
        m.escape(value)
        receiver.lost = receiver.lost or say("an attribute is set under a name made at run time")


# -- the whole module: applied to, switched, moved


def _apply(m: Machine, receiver: Instance, fn: Any) -> Any:
    if isinstance(fn, Function) or hasattr(fn, "function"):
        for _, module in list(parts.walk(m, receiver)):
            m.call(fn, [module], {})
    elif not isinstance(fn, NativeRef):
        m.doubt(say("a function that is not known is applied to the modules"))
    return receiver


def _train(m: Machine, receiver: Instance, mode: Any = True) -> Any:
    m.touch(receiver)
    receiver.items["training"] = mode if isinstance(mode, bool) else UNKNOWN
    for _, child in children(m, receiver):
        train = m.attribute(child, "train")
        if isinstance(train, Method) and train.run is _train:  # most are, and a model has a thousand of them
            _train(m, train.receiver, mode)
        else:
            m.call(train, [mode], {})
    return receiver


def _eval(m: Machine, receiver: Instance) -> Any:
    return m.call(m.attribute(receiver, "train"), [False], {})


def _itself(m: Machine, receiver: Instance) -> Any:
    return receiver


def _to(m: Machine, receiver: Instance, /, *args: Any, **kwargs: Any) -> Any:
    return receiver


def _cuda(m: Machine, receiver: Instance, device: Any = None) -> Any:
    return receiver


def _type(m: Machine, receiver: Instance, dst_type: Any) -> Any:
    return receiver


# -- hooks


def _hook(
    m: Machine,
    receiver: Instance,
    hook: Any,
    *,
    prepend: Any = False,
    with_kwargs: Any = False,
    always_call: Any = False,
) -> Any:
    """``register_forward_hook``: called with the module, its arguments and its result."""
    if with_kwargs is not False:
        return _strange_hook(m, receiver, hook)
    m.touch(receiver)
    receiver.notes = receiver.notes._replace(hooks=(*receiver.notes.hooks, hook))
    return _handle(receiver, hook)


def _hook_before(
    m: Machine, receiver: Instance, hook: Any, *, prepend: Any = False, with_kwargs: Any = False
) -> Any:
    """``register_forward_pre_hook``: called with the module and its arguments."""
    if with_kwargs is not False:
        return _strange_hook(m, receiver, hook)
    m.touch(receiver)
    receiver.notes = receiver.notes._replace(hooks_before=(*receiver.notes.hooks_before, hook))
    return _handle(receiver, hook, before=True)


def _handle(module: Instance, hook: Any, before: bool = False) -> Instance:
    """What takes a hook away again, once (``torch/utils/hooks.py: RemovableHandle``)."""

    def remove(m: Machine, receiver: Any) -> None:
        found = list(module.notes.hooks_before if before else module.notes.hooks)
        if handle.items.get("removed") or hook not in found:
            return
        m.touch(handle)
        handle.items["removed"] = True
        m.touch(module)
        found.remove(hook)
        left = tuple(found)
        module.notes = (
            module.notes._replace(hooks_before=left) if before else module.notes._replace(hooks=left)
        )

    handle = Instance(NativeClass("torch.utils.hooks.RemovableHandle", False))
    handle.items["remove"] = Method("remove", handle, remove)
    return handle


def _strange_hook(m: Machine, receiver: Instance, hook: Any) -> Any:
    m.escape([receiver, hook])
    receiver.lost = receiver.lost or say("a hook of it is called with keyword arguments")
    return m.lost(
        say(
            "a hook of a {type} that is called with keyword arguments is not followed", type=receiver.cls.name
        )
    )


def _hook_backward(m: Machine, receiver: Instance, hook: Any, prepend: Any = False) -> None:
    return None


def _hook_of_state(m: Machine, receiver: Instance, hook: Any) -> None:
    return None


def _hook_of_loading(m: Machine, receiver: Instance, hook: Any, with_module: Any = False) -> None:
    return None


# -- loading, saving, printing: only numbers and texts


def _load_state_dict(
    m: Machine, receiver: Instance, state_dict: Any, strict: Any = True, assign: Any = False
) -> None:
    return None


def _load_from_state_dict(
    m: Machine,
    receiver: Instance,
    state_dict: Any,
    prefix: Any,
    local_metadata: Any,
    strict: Any,
    missing_keys: Any,
    unexpected_keys: Any,
    error_msgs: Any,
) -> None:
    return None


def _state_dict(
    m: Machine,
    receiver: Instance,
    *args: Any,
    destination: Any = None,
    prefix: Any = "",
    keep_vars: Any = False,
) -> Any:
    return UNKNOWN


def _dump_init_info(m: Machine, receiver: Instance, logger_name: Any = None) -> None:
    """``BaseModule._dump_init_info``: mmcv 1.x hands it the name of a logger, MMEngine nothing."""


def _nothing(m: Machine, receiver: Instance) -> None:
    return None


def _unknown(m: Machine, receiver: Instance) -> Any:
    return UNKNOWN


MODULE: Dict[str, Run] = {
    "register_forward_hook": _hook, "register_forward_pre_hook": _hook_before, "__setattr__": _setattr,
    "parameters": _parameters, "named_parameters": _named_parameters, "modules": _modules,
    "named_modules": _named_modules, "children": _children, "named_children": _named_children,
    "requires_grad_": _requires_grad_, "register_buffer": _register_buffer,
    "register_parameter": _register_parameter, "add_module": _add_module, "register_module": _add_module,
    "apply": _apply, "train": _train, "eval": _eval,
    "get_submodule": _get_submodule, "get_parameter": _get_submodule, "to": _to, "cuda": _cuda, "type": _type,
    "cpu": _to, **dict.fromkeys(("half", "float", "double", "bfloat16", "share_memory"), _itself),
    "load_state_dict": _load_state_dict, "_load_from_state_dict": _load_from_state_dict,
    "zero_grad": _zero_grad, "register_full_backward_hook": _hook_backward,
    "_register_load_state_dict_pre_hook": _hook_of_loading,
    **dict.fromkeys((
        "register_load_state_dict_pre_hook", "register_state_dict_post_hook", "_register_state_dict_hook",
        "register_load_state_dict_post_hook",
    ), _hook_of_state),
    "_dump_init_info": _dump_init_info, **dict.fromkeys(("reset_parameters", "_reset_parameters"), _nothing),
    "state_dict": _state_dict, "buffers": _buffers, "named_buffers": _named_buffers,
    **dict.fromkeys(("_get_name", "__repr__", "extra_repr"), _unknown),
}  # fmt: skip
