"""The first instrument: how often each parameter becomes ready, counted at the gradient accumulators."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Sequence, Set, Tuple

import torch
import torch.utils.checkpoint
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.nn.parallel import distributed

from mmfix.prove.verdict import Counts


class Counters:
    """Counts for one model; ``watch`` comes before DDP puts its own hooks on the accumulators."""

    def __init__(self) -> None:
        self.parameters: List[nn.Parameter] = []
        self._index: Dict[nn.Parameter, int] = {}
        self._accumulators: Dict[Any, int] = {}
        self._clear()

    def _clear(self) -> None:
        self._ready: Counter[int] = Counter()
        self._reachable: Set[int] = set()
        self._cut_off: Set[int] = set()
        self._reentrant = False

    def watch(self, parameters: Sequence[nn.Parameter]) -> None:
        """Hook the accumulators of parameters that require a gradient."""
        for parameter in parameters:
            if parameter in self._index:
                continue
            index = self._index[parameter] = len(self.parameters)
            self.parameters.append(parameter)
            behind: Any = parameter.expand_as(parameter).grad_fn
            accumulator = behind.next_functions[0][0]
            self._accumulators[accumulator] = index  # an accumulator lives as long as somebody holds it
            accumulator.register_hook(lambda *_, index=index: self._ready.update((index,)))

    def after_forward(self, _module: nn.Module, _inputs: Any, outputs: Any) -> None:
        """Forward hook of a DDP: walk the graph behind its outputs, as DDP does.

        The tensors are those that torch's own search finds: in dicts, lists, tuples and dataclasses, not in
        other objects (torch ``nn/parallel/distributed.py: _find_tensors``).
        """
        find_tensors: Any = distributed._find_tensors
        seen: Set[Any] = set()
        waiting = [tensor.grad_fn for tensor in find_tensors(outputs) if tensor.grad_fn is not None]
        while waiting:
            node = waiting.pop()
            if node in seen:
                continue
            seen.add(node)
            index = self._accumulators.get(node)
            if index is not None:
                self._reachable.add(index)
            waiting.extend(following for following, _ in node.next_functions if following is not None)

    def take(self, complete: bool) -> Counts:
        """The counts since the last call; ``complete``: the backward pass came to its end."""
        cut_off = self._cut_off - set(self._ready)
        step = Counts(dict(self._ready), self._reachable, cut_off, self._reentrant, complete)
        self._clear()
        return step

    @contextmanager
    def watching_checkpoints(self) -> Iterator[None]:
        """Notice reentrant checkpoints (torch ``utils/checkpoint.py: CheckpointFunction``)."""
        function: Any = torch.utils.checkpoint.CheckpointFunction
        original, apply = function.forward, function.apply
        recorded = [True]

        def applied(*arguments: Any) -> Any:
            recorded[0] = torch.is_grad_enabled()  # inside forward it is always off
            return apply(*arguments)

        def forward(ctx: Any, run: Any, preserve: Any, *inputs: Any) -> Any:
            if not recorded[0]:
                return original(ctx, run, preserve, *inputs)
            self._reentrant = True
            # only its own arguments: a tensor inside of a list or dict is none to an autograd function
            if any(isinstance(value, torch.Tensor) and value.requires_grad for value in inputs):
                return original(ctx, run, preserve, *inputs)
            handle = register_module_forward_pre_hook(self._note_cut_off)
            try:
                return original(ctx, run, preserve, *inputs)
            finally:
                handle.remove()

        function.forward, function.apply = staticmethod(forward), staticmethod(applied)
        try:
            yield
        finally:
            function.forward = staticmethod(original)
            del function.apply  # the inherited one shows again

    def _note_cut_off(self, module: nn.Module, _inputs: Any) -> None:
        own = (self._index.get(p) for p in module.parameters(recurse=False) if p.requires_grad)
        self._cut_off.update(index for index in own if index is not None)


@contextmanager
def counting_activations(module: nn.Module) -> Iterator[List[int]]:
    """Count bytes saved for the backward pass: the yielded list has one number, right when it ends.

    Parameters and buffers are not counted, nor is a storage twice. Inside a checkpoint only what it keeps is
    seen: that is its point.
    """
    known: Set[Tuple[str, int]] = {_storage(tensor) for tensor in (*module.parameters(), *module.buffers())}
    total = [0]
    alive: List[torch.Tensor] = []  # so that no address is used twice

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        where = _storage(tensor)
        if where not in known:
            known.add(where)
            alive.append(tensor.detach())
            total[0] += _bytes(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yield total


def _storage(tensor: torch.Tensor) -> Tuple[str, int]:
    try:
        return str(tensor.device), _untyped(tensor).data_ptr()
    except (RuntimeError, NotImplementedError):  # sparse: its values have storages of their own
        return "sparse", id(tensor)


def _bytes(tensor: torch.Tensor) -> int:
    try:
        return int(_untyped(tensor).nbytes())
    except (RuntimeError, NotImplementedError):
        return tensor.element_size() * tensor.numel()


def _untyped(tensor: torch.Tensor) -> Any:
    untyped = getattr(tensor, "untyped_storage", None)  # torch 2; before, storage() is typed
    return tensor.storage() if untyped is None else untyped()  # type: ignore[no-untyped-call]
