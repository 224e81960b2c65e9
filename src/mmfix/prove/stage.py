"""What one rank does and sees in a rehearsal: the scenarios, one after another, each with its steps."""

from __future__ import annotations

import time
import traceback
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import torch.distributed as dist
from torch import nn

from mmfix.errors import MmfixError
from mmfix.prove.counting import Counters, counting_activations
from mmfix.prove.job import Job
from mmfix.prove.joining import Place, are_there, part
from mmfix.prove.verdict import Counts, RankRun
from mmfix.prove.wrapping import Wrappers

#: (kind, step, rank) -> a batch as a dataloader gives it.
Batches = Callable[[str, int, int], Any]
#: Steps of every scenario but the normal one.
STEPS = 2
#: Seconds a failed rank waits for the others to fail, too.
GRACE = 5.0


class Rehearsed(BaseException):
    """Everything ran: leave the framework's own loop."""


class Parted(BaseException):
    """One rank failed and another did not: the processes cannot go on together."""


class Stage:
    """What one rank does and sees: scenarios one after another, each with its steps.

    Attributes:
        kinds: The scenarios.
        runs: What was seen, one entry a scenario that was begun.
        frozen_by: Index of a parameter -> the phase after which it no longer required a gradient.
        activation_bytes: Of one normal step.
        step_seconds: Of one normal step without DDP.
        weights: One fingerprint a parameter, equal on two ranks when it is: after the first scenario, and
            after the last step under DDP.
    """

    def __init__(
        self,
        job: Job,
        kinds: Sequence[str],
        batches: Batches,
        counters: Counters,
        wrappers: Wrappers,
        progress: Callable[[str], None],
        place: Place,
        keep: Callable[[], None],
    ) -> None:
        self.runs: List[RankRun] = []
        self.frozen_by: Dict[int, str] = {}
        self.activation_bytes: Optional[int] = None
        self.step_seconds: Optional[float] = None
        self.weights: Tuple[Tuple[str, ...], ...] = ()
        self.kinds = tuple(kinds)
        self._job, self._batches = job, batches
        self._counters, self._wrappers, self._progress = counters, wrappers, progress
        self._place, self._keep = place, keep
        self._rank = dist.get_rank()
        self._taken = 0
        self._is_new = True

    def note_frozen(self, phase: str) -> None:
        """Remember which parameters the phase before has frozen."""
        for index, parameter in enumerate(self._counters.parameters):
            if not parameter.requires_grad:
                self.frozen_by.setdefault(index, phase)

    def perform(
        self, step: Callable[[Any, bool], None], bare: Callable[[Any], None], module: nn.Module
    ) -> None:
        """Run all scenarios.

        Args:
            step: One training step under DDP on a batch, which reduces gradients whatever the accumulation if
                the second argument is true.
            bare: The same without DDP, on ``module``.
            module: The model inside DDP.

        Raises:
            Parted: This rank failed, or another one, and not all of them.
        """
        together = self._with_ddp(step)
        if together and len(self.runs) > 1:
            self.weights += (_fingerprints(self._counters.parameters),)
        self._wrappers.release()
        self._without_ddp(bare, module)
        if not together:
            raise Parted

    def _with_ddp(self, step: Callable[[Any, bool], None]) -> bool:
        """Run the scenarios; whether the ranks are still together then."""
        for position, kind in enumerate(self.kinds):
            self.runs.append(self._scenario(kind, step))
            if position == 0:
                self.weights = (_fingerprints(self._counters.parameters),)
            self._keep()
            together, failed = self._agree(position, bool(self.runs[-1].error))
            if not together:
                part(self._place, self._job)
                return False
            if failed and position < len(self.kinds) - 1:
                self._wrappers.wrap_again()
                self._counters.take(False)
                self._is_new = True
        return True

    def _scenario(self, kind: str, step: Callable[[Any, bool], None]) -> RankRun:
        taken: List[Counts] = []
        kinds = [kind] * (self._job.iterations if kind == "normal" else STEPS)
        if self._is_new and self._wrappers.are_static:
            kinds[:0] = ["normal"] if kind != "normal" else []  # what training would record first
        for each in kinds:
            try:
                batch = self._batch(each, kind)
                self._progress(f"{kind} step {len(taken)}")
                # the first step of all is an accumulating one, where there are any
                step(batch, not (kind == "normal" and self._is_new))
                self._is_new = False
                self._wrappers.finish_reduction()
            except Exception as error:
                # DDP reports an unused parameter in the forward pass after it: then there is nothing new
                last = self._counters.take("finished reduction" in str(error))
                if last.ready or not taken:
                    taken.append(last)
                return RankRun(_text(error), traceback.format_exc(), tuple(taken))
            taken.append(self._counters.take(True))
            self.note_frozen("step")
        return RankRun("", "", tuple(taken))

    def _batch(self, each: str, kind: str) -> Any:
        self._progress(f"{kind} batch")
        self._taken += 1
        return self._batches(each, self._taken - 1, self._rank)

    def _agree(self, position: int, failed: bool) -> Tuple[bool, bool]:
        """Whether all ranks go on together, and whether any of them failed.

        They do not when this one failed and another one does not come, or has left.
        """
        store = self._place.store
        mark = f"ran/{self._job.attempt}/{position}"
        store.set(f"{mark}/{self._rank}", str(failed))
        said = [f"{mark}/{rank}" for rank in range(dist.get_world_size())]
        until = time.monotonic() + GRACE
        together = True
        while together and not are_there(store, said):
            together = not failed or time.monotonic() < until
            time.sleep(0.01)
        # the first to decide decides for all
        if store.compare_set(f"{mark}/decision", "", "on" if together else "part") != b"on":
            return False, failed
        return True, any(store.get(key) == b"True" for key in said)

    def _without_ddp(self, bare: Callable[[Any], None], module: nn.Module) -> None:
        """Count where DDP cut a backward pass short, and measure what a step costs."""
        handle = module.register_forward_hook(self._counters.after_forward)
        self._counters.take(False)
        for position, (kind, run) in enumerate(zip(self.kinds, self.runs)):
            priced = kind == "normal" and self._job.prices
            if not priced and all(step.complete for step in run.steps):
                continue
            try:
                batch = self._batch(kind, kind)
                self._progress(f"{kind} step without DDP")
                began = time.perf_counter()
                saved = _activations(bare, module, batch)
                seconds = time.perf_counter() - began
                counted = self._counters.take(True)
                if priced:
                    self.activation_bytes, self.step_seconds = saved, seconds
            except Exception:  # the model itself fails here, and has done so before
                self._counters.take(False)
                continue
            if not all(step.complete for step in run.steps):
                self.runs[position] = run._replace(steps=(*(s for s in run.steps if s.complete), counted))
        handle.remove()


def _activations(step: Callable[[Any], None], module: nn.Module, batch: Any) -> int:
    """Bytes that the forward pass saves; in the backward pass a reentrant checkpoint saves again."""
    saved: List[int] = []
    with counting_activations(module) as total:
        handle = module.register_forward_hook(lambda *_: saved.append(total[0]))
        step(batch)
        handle.remove()
    return saved[-1] if saved else total[0]


def _fingerprints(parameters: Sequence[nn.Parameter]) -> Tuple[str, ...]:
    weights = (parameter.detach().double() for parameter in parameters)
    return tuple(repr((float(weight.sum()), float(weight.norm()))) for weight in weights)


def _text(error: BaseException) -> str:
    return str(error) if isinstance(error, MmfixError) else f"{type(error).__name__}: {error}"
