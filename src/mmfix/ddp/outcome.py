"""Settings x graph traits -> outcome: the physics of the DDP reducer as one small function."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, FrozenSet, Iterator, Sequence, Tuple

from mmfix.ddp.types import Checkpoint, Outcome, Settings, Traits, Unused


def outcome(settings: Settings, traits: Traits) -> Outcome:
    """What a distributed run does, for fully known traits.

    F is ``find_unused_parameters``, S is ``static_graph``. The first line that matches decides:

    ====================================  ==========================================  ==============
    settings                              graph                                       outcome
    ====================================  ==========================================  ==============
    S, step bypasses ``DDP.forward``      any                                         DIVERGED
    S, accumulation                       any                                         NO_SYNC_ASSERT
    S                                     unused sometimes                            UNUSED
    S                                     reentrant checkpoint, input without grad    UNTRAINED
    S                                     anything else                               OK
    F                                     reentrant checkpoint, input without grad    UNTRAINED
    F                                     reentrant checkpoint                        READY_TWICE
    F                                     anything else                               OK
    neither                               reentrant checkpoint, input without grad    UNUSED
    neither                               reentrant checkpoint, reused                READY_TWICE
    neither                               unused always or sometimes                  UNUSED
    neither                               frozen after the wrap                       UNUSED
    neither                               anything else                               OK
    ====================================  ==========================================  ==============

    Why: with F the reducer walks the graph from the outputs and marks what it does not meet as ready
    (torch ``reducer.cpp: prepare_for_backward``). Parameters inside a reentrant checkpoint hang on a
    graph that is only built in the backward pass, so they are marked, and then marked again by their
    own hooks. With S the first iteration is recorded and every hook is counted against it, so both a
    second use and a constant unused set are fine. Frozen after the wrap is the same as never used: the
    reducer still waits for the parameter.

    Accumulation alone never decides: without S, ``no_sync()`` only skips the reduction.

    Raises:
        ValueError: A trait is None; ask :func:`possible_outcomes`.
    """
    if None in (traits.checkpoint, traits.input_has_grad, traits.unused, traits.late_freeze, traits.reused):
        raise ValueError("a trait is not known; ask possible_outcomes()")
    reentrant = traits.checkpoint is Checkpoint.REENTRANT
    cut_off = reentrant and not traits.input_has_grad
    if settings.static_graph:
        if settings.bypasses_forward:
            return Outcome.DIVERGED
        if settings.accumulation > 1:
            return Outcome.NO_SYNC_ASSERT
        if traits.unused is Unused.SOMETIMES:
            return Outcome.UNUSED
        return Outcome.UNTRAINED if cut_off else Outcome.OK
    if settings.find_unused_parameters:
        if cut_off:
            return Outcome.UNTRAINED
        return Outcome.READY_TWICE if reentrant else Outcome.OK
    if cut_off:
        return Outcome.UNUSED
    if reentrant and traits.reused:
        return Outcome.READY_TWICE
    if traits.unused is not Unused.NEVER or traits.late_freeze:
        return Outcome.UNUSED
    return Outcome.OK


#: Each trait and the values it can have.
_VALUES: Tuple[Tuple[str, Sequence[Any]], ...] = (
    ("checkpoint", tuple(Checkpoint)),
    ("input_has_grad", (True, False)),
    ("unused", tuple(Unused)),
    ("late_freeze", (True, False)),
    ("reused", (True, False)),
)


def assignments(traits: Traits) -> Iterator[Traits]:
    """Every fully known assignment that agrees with ``traits``: each None over all its values."""
    for name, values in _VALUES:
        if getattr(traits, name) is None:
            for value in values:
                yield from assignments(replace(traits, **{name: value}))
            return
    yield traits


def possible_outcomes(settings: Settings, traits: Traits) -> FrozenSet[Outcome]:
    """The outcomes of every assignment of the unknown traits."""
    return frozenset(outcome(settings, known) for known in assignments(traits))
