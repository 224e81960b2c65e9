"""The methods of ``torch.nn.Module`` and its containers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List

from mmfix.model.knowledge.torch import parts
from mmfix.model.knowledge.torch.attributes import attach
from mmfix.model.knowledge.torch.filling import fill_dict, put_last
from mmfix.model.knowledge.torch.order import hold_place
from mmfix.model.knowledge.torch.parts import children, elements
from mmfix.model.machine.values import (
    UNKNOWN,
    Function,
    Instance,
    NativeRef,
    Opaque,
    Param,
    PyList,
)

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

Run = Callable[..., Any]


def _nothing(m: Machine, receiver: Any, args: List[Any], kwargs: Dict[str, Any]) -> None:
    return None


def _itself(m: Machine, receiver: Any, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    return receiver


def _unknown(m: Machine, receiver: Any, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    return UNKNOWN


def _parameters(m: Machine, receiver: Instance, args: List[Any], kwargs: Dict[str, Any]) -> PyList:
    return PyList([param for _, param in parts.all_params(m, receiver)])


def _named_parameters(m: Machine, receiver: Instance, args: List[Any], kwargs: Dict[str, Any]) -> PyList:
    return PyList([(name, param) for name, param in parts.all_params(m, receiver)])


def _modules(m: Machine, receiver: Instance, args: List[Any], kwargs: Dict[str, Any]) -> PyList:
    return PyList([module for _, module in parts.walk(m, receiver)])


def _named_modules(m: Machine, receiver: Instance, args: List[Any], kwargs: Dict[str, Any]) -> PyList:
    return PyList([(name, module) for name, module in parts.walk(m, receiver)])


def _children(m: Machine, receiver: Instance, args: List[Any], kwargs: Dict[str, Any]) -> PyList:
    return PyList([module for _, module in children(m, receiver)])


def _named_children(m: Machine, receiver: Instance, args: List[Any], kwargs: Dict[str, Any]) -> PyList:
    return PyList([(name, module) for name, module in children(m, receiver)])


def _requires_grad_(m: Machine, receiver: Instance, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    wanted = args[0] if args else kwargs.get("requires_grad", True)
    for _, param in parts.all_params(m, receiver):
        m.set_requires_grad(param, wanted)
    return receiver


def _register(m: Machine, receiver: Instance, args: List[Any], kwargs: Dict[str, Any]) -> None:
    name = args[0] if args else kwargs.get("name", UNKNOWN)
    value = args[1] if len(args) > 1 else kwargs.get("module", kwargs.get("param", kwargs.get("tensor")))
    if isinstance(name, str):
        if isinstance(value, Opaque):
            m.doubt("a module or parameter that is not known is registered")
        attach(m, receiver, name, value)
        if value is None:
            hold_place(receiver, name)
        return
    m.doubt("a module is registered under a name made at run time")
    receiver.lost = receiver.lost or "a module is registered under a name made at run time"
    attach(m, receiver, f"?{len(receiver.items)}", value)
    m.escape(value)


def _register_buffer(m: Machine, receiver: Instance, args: List[Any], kwargs: Dict[str, Any]) -> None:
    name = args[0] if args else kwargs.get("name", UNKNOWN)
    value = args[1] if len(args) > 1 else kwargs.get("tensor")
    if isinstance(name, str):
        m.touch(receiver)
        # a buffer has no gradient of its own
        receiver.items[name] = UNKNOWN if isinstance(value, (Opaque, Param)) else value


def _apply(m: Machine, receiver: Instance, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    function = args[0] if args else kwargs.get("fn")
    if isinstance(function, Function) or hasattr(function, "function"):
        for _, module in list(parts.walk(m, receiver)):
            m.call(function, [module], {})
    elif not isinstance(function, NativeRef):
        m.doubt("a function that is not known is applied to the modules")
    return receiver


def _train(m: Machine, receiver: Instance, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    mode = args[0] if args else kwargs.get("mode", True)
    m.touch(receiver)
    receiver.items["training"] = mode
    for _, child in children(m, receiver):
        m.call(m.attribute(child, "train"), [mode], {})
    return receiver


def _eval(m: Machine, receiver: Instance, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    return m.call(m.attribute(receiver, "train"), [False], {})


def _list_append(m: Machine, receiver: Instance, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    put_last(m, receiver, args[0] if args else kwargs.get("module"))
    return receiver


def _list_extend(m: Machine, receiver: Instance, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    source = m.items_of(args[0])
    for item in source.items:
        _list_append(m, receiver, [item], {})
    if source.open:
        receiver.lost = "a list of modules of unknown length"
    return receiver


def _list_insert(m: Machine, receiver: Instance, args: List[Any], kwargs: Dict[str, Any]) -> None:
    items = elements(receiver)
    if not isinstance(args[0], int):
        m.doubt("where a module is inserted into a list is not known")
    else:
        items.insert(args[0], args[1])
        m.touch(receiver)
        receiver.items = {str(position): item for position, item in enumerate(items)}
        attach(m, receiver, str(items.index(args[1])), args[1])


def _dict_keys(m: Machine, receiver: Instance, args: List[Any], kwargs: Dict[str, Any]) -> PyList:
    return PyList([name for name, _ in children(m, receiver)])


def _dict_update(m: Machine, receiver: Instance, args: List[Any], kwargs: Dict[str, Any]) -> None:
    fill_dict(m, receiver, args)


def _get_submodule(m: Machine, receiver: Instance, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    value: Any = receiver
    if not args or not isinstance(args[0], str):
        m.escape(receiver)
        return m.lost("a submodule by a name made at run time")
    for part in filter(None, args[0].split(".")):
        value = m.attribute(value, part)
    return value


def _hook(m: Machine, receiver: Instance, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    """``register_forward_hook``: called with the module, its arguments and its result."""
    m.touch(receiver)
    hook = args[0] if args else kwargs.get("hook")
    receiver.notes = receiver.notes._replace(hooks=(*receiver.notes.hooks, hook))
    return UNKNOWN


def _hook_before(m: Machine, receiver: Instance, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    """``register_forward_pre_hook``: called with the module and its arguments."""
    m.touch(receiver)
    hook = args[0] if args else kwargs.get("hook")
    receiver.notes = receiver.notes._replace(hooks_before=(*receiver.notes.hooks_before, hook))
    return UNKNOWN


def _setattr(m: Machine, receiver: Instance, args: List[Any], kwargs: Dict[str, Any]) -> None:
    if len(args) == 2 and isinstance(args[0], str):
        attach(m, receiver, args[0], args[1])


MODULE: Dict[str, Run] = {
    "register_forward_hook": _hook, "register_forward_pre_hook": _hook_before, "__setattr__": _setattr,
    "parameters": _parameters, "named_parameters": _named_parameters, "modules": _modules,
    "named_modules": _named_modules, "children": _children, "named_children": _named_children,
    "requires_grad_": _requires_grad_, "register_buffer": _register_buffer, "register_parameter": _register,
    "add_module": _register, "register_module": _register, "apply": _apply, "train": _train, "eval": _eval,
    "get_submodule": _get_submodule, "get_parameter": _get_submodule,
    **dict.fromkeys(("to", "cuda", "cpu", "half", "float", "double", "type", "bfloat16", "share_memory"),
    _itself),
    **dict.fromkeys((
        "load_state_dict", "zero_grad",
        "register_full_backward_hook", "_register_load_state_dict_pre_hook",
        "register_load_state_dict_pre_hook",
        "register_state_dict_post_hook", "_register_state_dict_hook", "register_load_state_dict_post_hook",
        "_dump_init_info", "reset_parameters", "extra_repr", "_load_from_state_dict",
        "_reset_parameters",
    ), _nothing),
    **dict.fromkeys(("state_dict", "buffers", "named_buffers", "_get_name", "__repr__"), _unknown),
}  # fmt: skip
MODULE_LIST: Dict[str, Run] = {
    **MODULE, "append": _list_append, "extend": _list_extend, "insert": _list_insert, "keys": _dict_keys,
    "values": _children, "items": _named_children, "update": _dict_update,
}  # fmt: skip
