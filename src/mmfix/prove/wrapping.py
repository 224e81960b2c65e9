"""The moment DDP wraps the model: what is trainable then, with which arguments, and how to wrap again."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from inspect import signature
from typing import Any, Dict, Iterator, List, Set, Tuple

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from mmfix.prove.counting import Counters
from mmfix.prove.plain_norm import without_sync_norm
from mmfix.wording import say


@dataclass
class Wrapped:
    """One DistributedDataParallel of the run.

    Attributes:
        ddp: The object; wrapping again keeps it.
        arguments: What its constructor was called with, without the module.
        trainable: Parameters that required a gradient when it wrapped, by the reducer's index, and their
            names then.
    """

    ddp: Any
    arguments: Dict[str, Any]
    trainable: Dict[nn.Parameter, str]


def reduced(module: nn.Module) -> Dict[nn.Parameter, str]:
    """The parameters that DDP would wait for if it wrapped a module now, by its index, and their names.

    A parameter that two modules share counts where it comes first. Source: torch
    ``nn/parallel/distributed.py: _build_params_for_reducer``, the same from 1.9 to 2.13.
    """
    ignored = set(getattr(module, "_ddp_params_and_buffers_to_ignore", ()))
    found: Dict[nn.Parameter, str] = {}
    for where, part in module.named_modules():
        for name, parameter in part.named_parameters(recurse=False):
            # so DDP cannot be told to ignore one of the model itself: it looks for `.name`
            if parameter.requires_grad and f"{where}.{name}" not in ignored:
                found.setdefault(parameter, f"{where}.{name}".lstrip("."))
    return found


class Wrappers:
    """Every DistributedDataParallel that is made while this watches, in the order of its making.

    MMEngine's wrappers derive from torch's class or make objects of it
    (``mmengine/model/wrappers/distributed.py``, ``seperate_distributed.py``), mmcv 1.x's derives from it
    (``mmcv/parallel/distributed.py``).

    Args:
        counters: The first instrument.
        on_cpu: No GPU is used.
    """

    def __init__(self, counters: Counters, on_cpu: bool) -> None:
        self.all: List[Wrapped] = []
        self.replaced: Set[str] = set()
        self._counters = counters
        self._on_cpu = on_cpu
        self._init = DistributedDataParallel.__init__

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the constructor of DistributedDataParallel; on a CPU keep what it refuses there from it."""
        wrappers = self
        names = list(signature(self._init).parameters)[2:]

        def watched(ddp: Any, module: nn.Module, *positional: Any, **arguments: Any) -> None:
            arguments.update(zip(names, positional))
            if wrappers._on_cpu:
                wrappers._for_cpu(module, arguments)
            trainable = reduced(module)
            wrappers._counters.watch(list(trainable))
            wrappers._init(ddp, module, **arguments)
            ddp.register_forward_hook(wrappers._counters.after_forward)
            wrappers.all.append(Wrapped(ddp, {**arguments}, trainable))

        torchs_own: Any = DistributedDataParallel
        torchs_own.__init__ = watched
        try:
            yield
        finally:
            torchs_own.__init__ = self._init

    def _for_cpu(self, module: nn.Module, arguments: Dict[str, Any]) -> None:
        if arguments.get("device_ids"):
            arguments["device_ids"] = None
            arguments.pop("output_device", None)
        if without_sync_norm(module):
            self.replaced.add(
                say("SyncBatchNorm by BatchNorm, which has the same parameters: there is no GPU")
            )

    @property
    def are_static(self) -> bool:
        """Whether a reducer records its first iteration."""
        return any(getattr(wrapped.ddp, "static_graph", False) for wrapped in self.all)

    def order(self, model: Any) -> Tuple[str, ...]:
        """Names of the parameters by DDP's index.

        Args:
            model: The whole model, wrapped or not. Where its parts are wrapped instead, each counts from 0
                (``mmengine/model/wrappers/seperate_distributed.py``), and there is no such order.
        """
        if len(self.all) != 1 or model not in (self.all[0].ddp, self.all[0].ddp.module):
            return ()
        return tuple(self.all[0].trainable.values())

    def release(self) -> None:
        """Let go of every reducer: torch takes its hooks off the parameters when it dies.

        Source: torch ``reducer.cpp: Reducer::~Reducer``, which calls ``remove_autograd_hooks``.
        """
        for wrapped in self.all:
            for name in ("reducer", "logger"):  # the logger holds the reducer, too
                wrapped.ddp.__dict__.pop(name, None)

    def wrap_again(self) -> None:
        """Make fresh reducers over what was trainable at the wrap, after a failed iteration.

        In a process group of their own: in the old one a reduction may be waiting for ever.
        """
        self.release()
        group = dist.new_group()
        for wrapped in self.all:
            module = wrapped.ddp.module
            now = {parameter: parameter.requires_grad for parameter in module.parameters()}
            for parameter in wrapped.trainable:
                parameter.requires_grad_(True)
            self._init(wrapped.ddp, module, **{**wrapped.arguments, "process_group": group})
            wrapped.ddp.register_forward_hook(self._counters.after_forward)
            for parameter, required in now.items():
                parameter.requires_grad_(required)
                parameter.grad = None

    def finish_reduction(self) -> None:
        """What the next forward would begin with: raises when a reduction was never finished.

        Source: torch ``nn/parallel/distributed.py: _pre_forward`` and ``reducer.cpp: rebuild_buckets``.
        """
        for wrapped in self.all:
            if torch.is_grad_enabled() and wrapped.ddp.require_backward_grad_sync:
                wrapped.ddp.reducer._rebuild_buckets()
