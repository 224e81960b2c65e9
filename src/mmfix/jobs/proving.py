"""Prove a config: rehearse it as it is, then with its cures."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Callable, List, NamedTuple, Optional, Sequence, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.imports import find_origin
from mmfix.config.keypath import KeyPath
from mmfix.config.reader import Reader
from mmfix.ddp import Settings
from mmfix.errors import ConfigError, MmfixError, PatchError
from mmfix.findings import Remedy
from mmfix.patches.difference import with_overrides
from mmfix.proofs.candidates import candidates
from mmfix.proofs.types import NOT_PROVED, Proof, Rehearsal, RemedyResult
from mmfix.prove.job import ONLY_BUILT, SCENARIOS, Job
from mmfix.prove.supervise import Ranks, finish, ranks_of, rehearse
from mmfix.prove.supervise import follow as follow_rank_0
from mmfix.remedies.next import first_iterations, what_to_look_for
from mmfix.training import is_trainable, read
from mmfix.training.era import MMCV1
from mmfix.training.filtering import leaves_empty_out
from mmfix.training.types import TrainingSetup
from mmfix.training.wrapping import wrapping
from mmfix.wording import say

#: Scenarios for data without empty images.
_FILTERED = ("normal", "single")


@dataclass(frozen=True)
class ProveOptions:
    """What the caller of a proof wants.

    Attributes:
        remedies: Names of cures to rehearse; empty: if the config fails, best first until one holds.
        all_remedies: Rehearse every cure.
        world_size: Number of ranks, when torchrun sets none.
        scenarios: Which to run; empty: those that this config's data can bring about.
        iterations: Steps of the normal scenario.
        size: Height and width of synthetic images; None: what suits the model.
        data: ``synthetic`` or ``real``.
        seconds: Time limit of each rehearsal.
        memory_gb: Memory limit of each process.
    """

    remedies: Tuple[str, ...] = ()
    all_remedies: bool = False
    world_size: int = 2
    scenarios: Tuple[str, ...] = ()
    iterations: int = 3
    size: Optional[Tuple[int, int]] = None
    data: str = "synthetic"
    seconds: float = 300.0
    memory_gb: Optional[float] = None


class _Prepared(NamedTuple):
    document: ConfigDocument
    setup: TrainingSetup
    job: Job


class Proved(NamedTuple):
    """A proof, what is needed to keep it, and what to look for in the log of a run that it says will pass."""

    proof: Proof
    document: ConfigDocument
    remedies: Tuple[Remedy, ...]
    look_for: str = ""


def prove(path: str, options: ProveOptions, tell: Callable[[str], None] = lambda line: None) -> Proved:
    """Rehearse one config. Executes the config and its model in child processes.

    Args:
        path: Of the config.
        options: See :class:`ProveOptions`.
        tell: Called with a line on what begins.

    Raises:
        MmfixError: torch is not installed.
        ConfigError: The config cannot be read, or nothing can train it by itself.
        PatchError: There is no cure of a name in ``options.remedies``.
    """
    require_torch()
    began = time.monotonic()
    document, setup, job = _prepared(path, options)
    filtered = leaves_empty_out(document.tree)
    ranks = ranks_of(os.environ, options.world_size)
    tell(say("as it is"))
    rehearsal = rehearse(job, ranks)
    if filtered and not options.scenarios:
        kinds = tuple(name for name in SCENARIOS if name not in _FILTERED)
        why = say(
            "the datasets leave images without ground truth out (filter_empty_gt); --scenario runs them"
        )
        if rehearsal.left:
            why = f"{rehearsal.why_left}; {', '.join(kinds)}: {why}"
        rehearsal = replace(rehearsal, left=(*rehearsal.left, *kinds), why_left=why)
    results: List[RemedyResult] = []
    wanted = _wanted(candidates(setup, rehearsal), rehearsal, options)
    for number, remedy in enumerate(wanted, 1):
        tell(say("with {cure}", cure=remedy.name))
        results.append(_with_remedy(replace(job, attempt=100 * number), setup, remedy, ranks))
        if results[-1].outcome == "OK" and not options.remedies and not options.all_remedies:
            break
    if ranks.own is not None:
        finish(job, ranks)
    proof = Proof(job.config, rehearsal, tuple(results), time.monotonic() - began)
    return Proved(proof, document, tuple(wanted[: len(results)]), _look_for(document, proof))


def _look_for(document: ConfigDocument, proof: Proof) -> str:
    """For the config as it is, or with the first cure that held; nothing where neither runs."""
    if proof.rehearsal.outcome == "OK":
        return first_iterations(document)
    held = [result.name for result in proof.remedies if result.outcome == "OK"]
    return what_to_look_for(document, held[:1])


def require_torch() -> None:
    """Say so at once where there is no torch, and not by a rank that cannot start.

    Raises:
        MmfixError: torch is not installed.
    """
    if find_origin("torch") is None:
        raise MmfixError(
            say("a rehearsal trains with torch, which is not installed here"),
            hint=say(
                "run it where the config trains, or pip install torch mmengine and the config's package"
            ),
        )


class Built(NamedTuple):
    """A model that was built and wrapped.

    Attributes:
        parameters: Names of those that require a gradient at the wrap, in DDP's order; empty: not known.
        reason: Why there is none.
    """

    parameters: Tuple[str, ...]
    reason: str


def order_by_building(
    path: str, tell: Callable[[str], None] = lambda line: None, seconds: float = 120.0
) -> Built:
    """Build a config's model and wrap it, on one rank of the CPU. No step is taken, so no batch is needed.

    Executes the config and its model's constructors in a child process.

    Args:
        path: Of the config.
        tell: Called with a line on what begins.
        seconds: Time limit.

    Raises:
        ConfigError: The config cannot be read, or nothing can train it by itself.
    """
    job = _prepared(path, ProveOptions(scenarios=("normal",), seconds=seconds)).job
    tell(say("building the model for its parameters"))
    found = rehearse(replace(job, steps=False), Ranks(1))
    separate = (
        say("its parts are wrapped one by one, and each counts from 0") if found.reason == ONLY_BUILT else ""
    )
    return Built(found.parameters, "" if found.parameters else separate or found.reason)


def _prepared(path: str, options: ProveOptions) -> _Prepared:
    path = os.path.abspath(path)
    document = Reader().load(path)
    if not is_trainable(document):
        raise ConfigError(
            say("nothing can train this config by itself"), path, hint=say("prove one that inherits it")
        )
    setup = read(document)
    job = Job(
        config=path,
        folder="",
        era=setup.era,
        runner=setup.runner,
        settings=settings_of_script(setup),
        scenarios=options.scenarios or (_FILTERED if leaves_empty_out(document.tree) else SCENARIOS),
        iterations=options.iterations,
        size=options.size,
        data=options.data,
        seconds=options.seconds,
        memory_gb=options.memory_gb,
    )
    return _Prepared(document, setup, job)


def follow(path: str, options: ProveOptions) -> None:
    """Under torchrun, any rank but the first: take part in what rank 0 proves, which decides and speaks.

    Args:
        path: Of the config.
        options: Those of rank 0.
    """
    job = Job(os.path.abspath(path), folder="", seconds=options.seconds, memory_gb=options.memory_gb)
    follow_rank_0(job, ranks_of(os.environ))


def keep(proved: Proved) -> Path:
    """Save a proof in ``.mmfix/proofs.json`` and say where.

    Raises:
        MmfixError: It proves nothing, or the file cannot be written.
    """
    from mmfix.proofs.store import save

    normal = [scenario.outcome for scenario in proved.proof.rehearsal.scenarios if scenario.name == "normal"]
    if normal in ([], [NOT_PROVED]):
        raise ConfigError(say("not saved: the normal scenario did not run"), proved.proof.config)
    return save(proved.proof, proved.document, proved.remedies)


def settings_of_script(
    setup: TrainingSetup, overrides: Sequence[Tuple[KeyPath, Any]] = ()
) -> Optional[Settings]:
    """What the training script of an mmcv 1.x repository gives to DDP; None where MMEngine decides."""
    if setup.era != MMCV1:
        return None
    document = replace(setup.document, tree=with_overrides(setup.document.tree, overrides))
    _, _, find_unused, static_graph = wrapping(document, setup.runner, [], setup.script)
    return replace(setup, find_unused=find_unused, static_graph=static_graph).settings


def _with_remedy(job: Job, setup: TrainingSetup, remedy: Remedy, ranks: Ranks) -> RemedyResult:
    overrides = tuple((override.key, override.value) for override in remedy.overrides)
    settings = settings_of_script(setup, overrides)
    found = rehearse(replace(job, overrides=overrides, settings=settings), ranks)
    return RemedyResult(
        name=remedy.name,
        outcome=found.outcome,
        reason=found.reason,
        activation_bytes=found.activation_bytes,
        step_seconds=found.step_seconds,
        overrides=tuple(str(override) for override in remedy.overrides),
        scenarios=found.scenarios,
    )


def _wanted(offered: Sequence[Remedy], rehearsal: Rehearsal, options: ProveOptions) -> Sequence[Remedy]:
    if rehearsal.outcome == NOT_PROVED:
        return ()
    if options.all_remedies:
        return offered
    if options.remedies:
        known = {remedy.name: remedy for remedy in offered}
        for name in options.remedies:
            if name not in known:
                names = ", ".join(known)
                hint = (
                    say("there is {names}", names=names)
                    if names
                    else say("this config has no cure to rehearse")
                )
                raise PatchError(say("no cure is called {cure}", cure=name), hint=hint)
        return [known[name] for name in options.remedies]
    return offered if rehearsal.outcome != "OK" else ()
