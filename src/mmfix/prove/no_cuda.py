"""A model that asks for CUDA by name gets the CPU, where there is nothing else."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import Any, Dict, Iterator, Set

import torch
from torch import nn

from mmfix.wording import say

WORDS = say("CUDA by the CPU, where the model's own code asks for it by name")


@contextmanager
def cuda_is_cpu(wanted: bool, replaced: Set[str]) -> Iterator[None]:
    """``.cuda()`` leaves tensors and modules where they are.

    Args:
        wanted: Do so; else nothing changes.
        replaced: Gets :data:`WORDS` when it was asked for.
    """
    if not wanted:
        yield
        return

    def stay(thing: Any, *_arguments: Any, **_keywords: Any) -> Any:
        replaced.add(WORDS)
        return thing

    owners: Any = (torch.Tensor, nn.Module)
    before = [owner.cuda for owner in owners]
    for owner in owners:
        owner.cuda = stay
    try:
        yield
    finally:
        for owner, method in zip(owners, before):
            owner.cuda = method


@contextmanager
def built_on_cpu(wanted: bool, replaced: Set[str]) -> Iterator[None]:
    """``device='cuda'`` makes tensors on the CPU; costs something in each call, so not for steps.

    torch before 1.13 has nothing to do it with.
    """
    with ExitStack() as stack:
        if wanted and hasattr(torch.overrides, "TorchFunctionMode"):
            stack.enter_context(_mode(replaced))
        yield


def _mode(replaced: Set[str]) -> Any:
    base: Any = torch.overrides.TorchFunctionMode

    class OnCpu(base):  # type: ignore[misc]
        """Another device for what is made and moved."""

        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            given: Dict[str, Any] = dict(kwargs or {})
            if _is_cuda(given.get("device")):
                given["device"] = "cpu"
                replaced.add(WORDS)
            if function is torch.Tensor.to and len(args) > 1 and _is_cuda(args[1]):
                args = (args[0], "cpu", *args[2:])
                replaced.add(WORDS)
            return function(*args, **given)

    return OnCpu()


def _is_cuda(device: Any) -> bool:
    return isinstance(device, (str, torch.device)) and str(device).startswith("cuda")
