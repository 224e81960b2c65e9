"""What torch does with a random model: which parameters get a gradient, over batches and seeds."""

from __future__ import annotations

import copy
import random
import sys
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterator, List, Optional, Set, Tuple

import numpy as np
import torch
import torch.utils.checkpoint as checkpoints
from torch.overrides import TorchFunctionMode

from .programs import Program

INSTANCES, STEPS = 3, 5
Names = Tuple[str, ...]


@dataclass
class Measured:
    """What happened in all steps that ran through.

    Attributes:
        names: The names of every parameter, shared ones have several; in the order of the model.
        trainable: The first names of those that require grad when DDP would wrap the model.
        late: Those of them that ``train()`` froze.
        got: Whether a gradient came, by first name: True, False or both.
        twice: By the line of a reentrant checkpoint: whether a parameter inside got gradients through
            more than one call.
        refused: Why no step ran through; empty if one did.
        died: Why a step did not run through: it ended that run.
    """

    names: List[Names] = field(default_factory=list)
    trainable: List[str] = field(default_factory=list)
    late: Set[str] = field(default_factory=set)
    got: Dict[str, Set[bool]] = field(default_factory=lambda: defaultdict(set))
    twice: Dict[int, Set[bool]] = field(default_factory=lambda: defaultdict(set))
    refused: str = ""
    died: str = ""


def batch(draw: random.Random) -> Dict[str, Any]:
    """Images, and what is known of each; of the boxes of an image there may be none."""
    count = draw.choice([1, 2, 2, 3, 4])
    samples: List[Dict[str, Any]] = []
    for _ in range(count):
        sample = {
            "flag": draw.random() < 0.5,
            "label": draw.randrange(3),
            "boxes": torch.randn(draw.choice([0, 1, 3]), 4),
        }
        samples.append({**sample, "mask": torch.ones(4)} if draw.random() < 0.5 else sample)
    return {
        "inputs": torch.randn(count, 4) * draw.choice([0.3, 1, 3]) + draw.choice([-0.5, 0, 0.5]),
        "data_samples": samples,
    }


def total(losses: Any) -> torch.Tensor:
    """The sum of the losses (``mmengine/model/base_model/base_model.py: parse_losses``)."""
    found = []
    for name, value in losses.items():
        if isinstance(value, torch.Tensor):
            value = value.mean()
        elif isinstance(value, list):
            value = sum(item.mean() for item in value)
        else:
            raise TypeError(f"{name} is not a tensor or list of tensors")
        if "loss" in name:
            found.append(value)
    return sum(found)


class _Calls:
    """Follows the gradients that come back through reentrant checkpoints, call by call."""

    def __init__(self) -> None:
        self.current: Optional[Tuple[int, int]] = None
        self.count = 0
        self.reached: Dict[int, Set[Tuple[int, int]]] = defaultdict(set)
        self.inside: Dict[int, Set[int]] = {}

    def begin(self) -> None:
        self.reached.clear()
        self.inside.clear()

    def checkpoint(self, function: Any, *args: Any, use_reentrant: bool, **kwargs: Any) -> Any:
        """``torch.utils.checkpoint.checkpoint``, with a number for each call."""
        if not use_reentrant or not torch.is_grad_enabled():
            return checkpoints.checkpoint(function, *args, use_reentrant=use_reentrant, **kwargs)
        self.count += 1
        call = (sys._getframe(1).f_lineno, self.count)

        inside = self.inside.setdefault(call[0], set())

        def numbered(*args: Any) -> Any:
            with _Inside(inside):
                return function(*args)

        numbered.call = call  # type: ignore[attr-defined]
        return checkpoints.checkpoint(numbered, *args, use_reentrant=True, **kwargs)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """While gradients come back through a call, it is the current one."""
        real = checkpoints.CheckpointFunction.backward

        def backward(ctx: Any, *grads: Any) -> Any:
            before, self.current = self.current, getattr(ctx.run_function, "call", None)
            try:
                return real(ctx, *grads)
            finally:
                self.current = before

        checkpoints.CheckpointFunction.backward = staticmethod(backward)
        try:
            yield
        finally:
            checkpoints.CheckpointFunction.backward = staticmethod(real)

    def hook(self, param: torch.nn.Parameter) -> Callable[[Any], None]:
        """Notes the call that a gradient of the parameter comes through."""

        def note(_: Any) -> None:
            if self.current is not None:
                self.reached[id(param)].add(self.current)

        return note

    def twice(self) -> Dict[int, bool]:
        """By line: whether a parameter inside of the call is in several that gradients come back through."""
        reused = {param for param, calls in self.reached.items() if len(calls) > 1}
        return {line: bool(inside & reused) for line, inside in self.inside.items()}


class _Inside(TorchFunctionMode):
    """Notes the parameters that are computed with."""

    def __init__(self, found: Set[int]) -> None:
        super().__init__()
        self.found = found

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.found |= {id(item) for item in args if isinstance(item, torch.nn.Parameter)}
        return func(*args, **(kwargs or {}))


def measured(program: Program) -> Measured:
    """Builds and trains the model, several times."""
    space: Dict[str, Any] = {"__name__": "program"}
    calls, found = _Calls(), Measured()
    try:
        exec(compile(program.source, "program", "exec"), space)
        space["checkpoint"] = calls.checkpoint
        with calls.watched():
            for seed in range(INSTANCES):
                _instance(space, program.model, seed, calls, found)
    except Exception as error:  # the model itself is refused
        found.died = found.died or f"{type(error).__name__}: {error}"
    if not any(found.got.values()):
        found.refused = found.died or "nothing to train"
    return found


def _instance(
    space: Dict[str, Any], config: Dict[str, Any], seed: int, calls: _Calls, found: Measured
) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    draw = random.Random(seed)
    options = copy.deepcopy({key: value for key, value in config.items() if key != "type"})
    model = space["Net"](**options)
    named: Dict[int, List[str]] = {}
    params: Dict[int, torch.nn.Parameter] = {}
    for name, param in model.named_parameters(remove_duplicate=False):
        named.setdefault(id(param), []).append(name)
        params[id(param)] = param
    found.names = [tuple(names) for names in named.values()]
    at_wrap = {names[0]: params[key] for key, names in named.items() if params[key].requires_grad}
    found.trainable = list(at_wrap)
    model.train()
    found.late |= {name for name, param in at_wrap.items() if not param.requires_grad}
    for param in at_wrap.values():
        if param.requires_grad:
            param.register_post_accumulate_grad_hook(calls.hook(param))
    for _ in range(STEPS):
        data = batch(draw)
        model.zero_grad(set_to_none=True)
        calls.begin()
        try:
            total(model(**data, mode="loss")).backward()
        except Exception as error:  # ends the run
            found.died = found.died or f"{type(error).__name__}: {error}"
            return
        for name, param in at_wrap.items():
            found.got[name].add(param.grad is not None)
        for line, twice in calls.twice().items():
            found.twice[line].add(twice)
