"""Everything the machine asks of what is known by heart: an implementation of its `Knowledge`."""

from __future__ import annotations

from mmfix.model.knowledge.calls import builtin, call, flows_through
from mmfix.model.knowledge.members import has_member, inherited, member, native_attribute, unbound
from mmfix.model.knowledge.openmmlab.registries import (
    has_registered,
    known_name,
    registry_method,
    torch_layer,
)
from mmfix.model.knowledge.python.chance import DRAWS
from mmfix.model.knowledge.python.containers import attribute as container_attribute
from mmfix.model.knowledge.torch.attributes import attach, detach
from mmfix.model.knowledge.torch.checkpoints import run as run_checkpointed
from mmfix.model.knowledge.torch.layers import native_class
from mmfix.model.knowledge.torch.modules import (
    contains,
    delete,
    fills,
    forward,
    initialise,
    iterate,
    make,
    set_subscript,
    subscript,
    truth,
)
from mmfix.model.knowledge.torch.tensors import attribute as tensor_attribute
from mmfix.model.knowledge.torch.tensors import param_attribute

__all__ = [
    "DRAWS",
    "attach",
    "builtin",
    "call",
    "container_attribute",
    "contains",
    "delete",
    "detach",
    "fills",
    "flows_through",
    "forward",
    "has_member",
    "has_registered",
    "inherited",
    "initialise",
    "iterate",
    "known_name",
    "make",
    "member",
    "native_attribute",
    "native_class",
    "param_attribute",
    "registry_method",
    "run_checkpointed",
    "set_subscript",
    "subscript",
    "tensor_attribute",
    "torch_layer",
    "truth",
    "unbound",
]
