"""Find the cures of a setup: each candidate is vetted against every graph the model may still have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, FrozenSet, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from mmfix.config.document import to_plain
from mmfix.config.keypath import KeyPath, format_key
from mmfix.ddp import Checkpoint, Outcome, Settings, Traits, possible_outcomes
from mmfix.findings import KeyMove, Override, Remedy
from mmfix.remedies import text
from mmfix.remedies.change import Change, can_write, place, runs_custom_imports, write
from mmfix.remedies.graph import (
    cut_off,
    follows_torch_default,
    inside_children,
    is_true,
    outcomes,
    possible,
    reentrant_sites,
    suspected,
    without_doubts,
)
from mmfix.remedies.in_code import calls_in_code, late_freezing, made_under_flags, script_argument
from mmfix.remedies.inside import fewer_stages, freeze_teachers
from mmfix.training.types import CheckpointSite, TrainingSetup
from mmfix.wording import say

_FINE: FrozenSet[Outcome] = frozenset({Outcome.OK})
_TOP: KeyPath = ("find_unused_parameters",)
#: Cures that hold for whatever passes find_unused_parameters to DDP.
_ANY_WRAPPER = frozenset({"checkpoint-off", "non-reentrant", "non-reentrant-in-code", "find-unused-off"})


class Candidate(NamedTuple):
    """A cure by name.

    Attributes:
        name: Stable, as typed after ``--remedy``.
        changes: What to try, least first; the first that is OK on every possible graph is taken.
        assumes: What must hold besides; not empty makes it a ``review`` remedy.
    """

    name: str
    changes: Tuple[Change, ...]
    assumes: Tuple[str, ...] = ()


def solve(setup: TrainingSetup) -> Tuple[Remedy, ...]:
    """Every cure of the setup as a whole, best first; empty when nothing is suspected to fail.

    A cure is ``safe`` when its predicted outcome is OK on every graph the model may still have, ``review``
    when it is OK only on some, or rests on something a config does not say; then ``assumes`` says what.
    One that fails on all of them is left out. Cures are joint: ``checkpoint-off`` also switches
    ``find_unused_parameters`` on where the facts need it.
    """
    if setup.wrapper == "separate-ddp" and not setup.settings.find_unused_parameters:
        setup = inside_children(setup)
        if not setup.facts:
            return ()
    if possible_outcomes(setup.settings, suspected(setup)) == _FINE:
        return ()
    candidates = list(_candidates(setup))
    if setup.wrapper != "ddp":
        candidates = [*_for_wrapper(setup, candidates)]
    remedies = _only(setup, candidates)
    return tuple(sorted(remedies, key=lambda remedy: remedy.disposition != "safe"))


def _for_wrapper(setup: TrainingSetup, candidates: List[Candidate]) -> Iterator[Candidate]:
    """Of one DDP a child, or of what may be DDP, it is sure that F and R do not go together.

    And with one DDP a child, that F is what a part without a gradient needs.
    """
    on, separate = setup.settings.find_unused_parameters, setup.wrapper == "separate-ddp"
    if not separate and (setup.wrapper != "other" or not on):
        return
    unsure = () if separate else (text.UNKNOWN_WRAPPER,)
    for candidate in candidates:
        if candidate.name in (_ANY_WRAPPER if on else ("find-unused",)):
            yield candidate._replace(assumes=(*candidate.assumes, *unsure))


def solve_sure(setup: TrainingSetup) -> Tuple[Remedy, ...]:
    """Every cure of what is at least likely: it is applied unasked, so what is only possible adds nothing.

    A static graph is offered only if it goes with what is possible, too: nobody would see it fail.
    """
    offered = {remedy.name for remedy in solve(setup)}
    return tuple(
        remedy
        for remedy in solve(without_doubts(setup))
        if remedy.name != "static-graph" or remedy.name in offered
    )


def enable_static_graph(setup: TrainingSetup, key: str) -> Tuple[Remedy, ...]:
    """Static graph where the runner reads it; drop ``key`` where that fails, as ever in the mmcv 1.x era."""
    return _only(setup, _static_graph(setup)) or drop_key((key,))


def move_find_unused(setup: TrainingSetup) -> Tuple[Remedy, ...]:
    """``find_unused_parameters=True`` where the runner reads it; with the checkpoint off if it must be."""
    sites = reentrant_sites(setup)
    move = Change(find_unused=True)
    if setup.wrapper == "separate-ddp":  # one DDP a child: more than the outcome function speaks of
        found = _only(setup, [Candidate("wrapper-keys", (move,), (text.SEPARATE,))])
    else:
        off = (replace(move, checkpoint=Checkpoint.NONE),) if _can_switch_off(setup) else ()
        found = _only(setup, [Candidate("wrapper-keys", (move, *off))])
    if not found and sites and all(follows_torch_default(site) is not False for site in sites):
        both = replace(move, checkpoint=Checkpoint.NON_REENTRANT)
        assumes = tuple(_non_reentrant_assumes(setup))
        found = _only(setup, [Candidate("wrapper-keys", (both,), assumes)])
    return found or drop_key(_TOP)


def write_find_unused(setup: TrainingSetup) -> Tuple[Remedy, ...]:
    """The default of the training script, said by the config; nothing where the script reads no key."""
    read = setup.script.find_unused if setup.script else None
    key = _TOP if read is None else read.key
    if key is None:
        return ()
    override = Override(key, read is None or not read.negated, say("what the training script takes anyway"))
    return (Remedy("write-key", "safe", text.WRITTEN, (override,)),)


def read_key() -> Tuple[Remedy, ...]:
    """The cure for a key that the training script does not look at: by hand, in the script."""
    return (Remedy("read-key", "review", text.READ_KEY, (), (text.NEEDED,)),)


def in_training_script(setup: TrainingSetup) -> Tuple[Remedy, ...]:
    """``find_unused_parameters`` as the config says it, also where the training script does otherwise.

    An absent key is then False. Nothing where that is sure to fail, or cannot be done exactly.
    """
    return _only(setup, list(_script(setup)))


def filter_empty(keys: Sequence[KeyPath]) -> Remedy:
    """No images without ground truth: ``filter_empty_gt=True`` at every key that says False."""
    overrides = tuple(Override(key, True, say("no images without ground truth")) for key in keys)
    return Remedy("filter-empty-gt", "review", text.FILTERED, overrides, (text.BACKGROUND,))


def drop_key(key: KeyPath, ignored: bool = True) -> Tuple[Remedy, ...]:
    """The cure for a key that nobody reads where nothing can be written instead: the line goes.

    By hand, or where a patch changes what stands in the file. ``ignored``: the run goes on with it.
    """
    price = say(text.DROP if ignored else text.DROP_STOPS, key=format_key(key))
    return (replace(_dropped(price), moves=(KeyMove(key),)),)


def drop_first(name: str) -> Tuple[Remedy, ...]:
    """The same for the first of two bindings of a name, by hand."""
    return (_dropped(say(text.DROP_FIRST, key=name)),)


def _dropped(price: str) -> Remedy:
    return Remedy("drop-key", "review", price, (), (text.NOT_MEANT,))


def give_argument(key: str) -> Tuple[Remedy, ...]:
    """The cure for an argument that is not given: what it should be, only its author knows."""
    return (Remedy("give-argument", "review", say(text.GIVE, key=key), (), (text.NOT_LATER,)),)


def move_value(setup: TrainingSetup, old: KeyPath, new: KeyPath, assumes: str) -> Tuple[Remedy, ...]:
    """Move the value of an ignored key to the key that is read; if that is set, or would fail, drop it."""
    document = setup.document
    value = document.get(old, None)
    if document.get(new, None) is not None or (new[0] == "strategy" and not _can_hold_strategy(setup)):
        return drop_key(old)
    override = place(setup, new, to_plain(value), say("moved to where the runner reads it"))
    if (
        isinstance(value, dict)
        and not outcomes(_with_wrapper(setup.settings, value), possible(setup)) & _FINE
    ):
        return drop_key(old)
    return (Remedy("wrapper-keys", "review", text.MOVED, (override,), (assumes,)),)


def _with_wrapper(settings: Settings, wrapper: Any) -> Settings:
    return replace(
        settings,
        find_unused_parameters=is_true(wrapper.get("find_unused_parameters")),
        static_graph=is_true(wrapper.get("static_graph")),
    )


def _can_hold_strategy(setup: TrainingSetup) -> bool:
    strategy = setup.document.get(("strategy",), None)
    return strategy is None or isinstance(strategy, dict)


def _can_switch_off(setup: TrainingSetup) -> bool:
    sites = reentrant_sites(setup)
    return bool(sites) and all(site.off is not None for site in sites)


def _only(setup: TrainingSetup, candidates: List[Candidate]) -> Tuple[Remedy, ...]:
    return tuple(remedy for remedy in (_vet(setup, candidate) for candidate in candidates) if remedy)


def _candidates(setup: TrainingSetup) -> Iterator[Candidate]:
    settings, sites, gone = setup.settings, reentrant_sites(setup), cut_off(setup)
    frozen, fewer = freeze_teachers(setup), fewer_stages(setup)
    if frozen is not None:
        yield Candidate("freeze-teacher", (frozen,))
    if not settings.find_unused_parameters:
        yield Candidate("find-unused", (Change(find_unused=True),))
    if fewer is not None:
        yield Candidate("fewer-stages", (fewer,), (text.NO_OLD_CHECKPOINT,))
    can_take_out = bool(gone) and all(site.off is not None for site in gone)
    if can_take_out or _can_switch_off(setup):
        least = _with_find_unused(Change(cut_off=True)) if can_take_out else ()
        all_off = _with_find_unused(Change(checkpoint=Checkpoint.NONE)) if _can_switch_off(setup) else ()
        yield Candidate("checkpoint-off", (*least, *all_off))
    if sites and all(follows_torch_default(site) is not False for site in sites):
        changes = _with_find_unused(Change(checkpoint=Checkpoint.NON_REENTRANT))
        yield Candidate("non-reentrant", changes, tuple(_non_reentrant_assumes(setup)))
    calls = calls_in_code(setup)
    if calls is not None:
        in_code = Change(checkpoint=Checkpoint.NON_REENTRANT, code=calls.spots, by_hand=calls.by_hand)
        yield Candidate("non-reentrant-in-code", (in_code,), (text.NEW_TORCH_EVERYWHERE,))
    lines = late_freezing(setup)
    if lines is not None:
        late = setup.facts_of("late-freeze")
        early = Change(code=lines.spots, by_hand=lines.by_hand, cures=late)
        yield Candidate("freeze-before-wrap", (early,), (text.NOT_RESUMED,))
    made = made_under_flags(setup)
    if made is not None:
        less = Change(code=made.spots, cures=setup.facts_of("unused"))
        yield Candidate("unused-module", (less,), (text.NO_OLD_WEIGHTS,))
    if settings.static_graph:
        changes = _with_find_unused(Change(static_graph=False))
        if _can_switch_off(setup):
            off = Change(static_graph=False, checkpoint=Checkpoint.NONE)
            changes = (*changes, *_with_find_unused(off))
        yield Candidate("static-graph-off", changes)
    yield from _static_graph(setup)
    # where a module is silently untrained, a crash is no cure
    if settings.find_unused_parameters and not gone:
        yield Candidate("find-unused-off", (Change(find_unused=False),), _without_find_unused(sites))
    yield from _script(setup)
    if settings.accumulation > 1 and settings.static_graph:
        yield Candidate("accumulation-off", (Change(accumulation=1),), (text.BATCH,))


def _without_find_unused(sites: Sequence[CheckpointSite]) -> Tuple[str, ...]:
    """What must hold where ``find_unused_parameters`` goes off."""
    once = [text.ONCE_A_STEP] if sites else []
    fed = [text.INPUT_HAS_GRAD_OR_STOPS] if _may_be_cut_off(sites) else []
    return (text.ALL_USED, *once, *fed)


def _script(setup: TrainingSetup) -> Iterator[Candidate]:
    """The training script passes on what the config says, where it does otherwise now."""
    said = is_true(setup.document.get(_TOP, None))
    line = None if said is setup.settings.find_unused_parameters else script_argument(setup)
    if line is None or line.by_hand or (not said and cut_off(setup)):
        return
    assumes = () if said else (*_without_find_unused(reentrant_sites(setup)), text.NO_OTHER_NEEDS_IT)
    yield Candidate("training-script", (Change(find_unused=said, code=line.spots),), assumes)


def _non_reentrant_assumes(setup: TrainingSetup) -> Iterator[str]:
    if not all(follows_torch_default(site) for site in reentrant_sites(setup)):
        yield text.TORCH_DEFAULT
    if not runs_custom_imports(setup):
        yield text.PYTHON_CALL


def _with_find_unused(change: Change) -> Tuple[Change, ...]:
    return change, replace(change, find_unused=True)


def _static_graph(setup: TrainingSetup) -> List[Candidate]:
    if setup.settings.static_graph or any(fact.varies for fact in setup.facts):
        return []
    assumes = [text.CONSTANT_GRAPH]
    if _may_be_cut_off(reentrant_sites(setup)):
        assumes.append(text.INPUT_HAS_GRAD)
    return [Candidate("static-graph", (Change(static_graph=True),), tuple(assumes))]


def _may_be_cut_off(sites: Sequence[CheckpointSite]) -> bool:
    """Whether the input of one of the checkpoints may have no gradient."""
    return any(site.guarded is not True and not site.input_has_grad for site in sites)


def _after(setup: TrainingSetup, change: Change) -> Tuple[Traits, ...]:
    """The graphs the model may have after a change."""
    setup = replace(setup, facts=tuple(fact for fact in setup.facts if fact not in change.cures))
    if not change.cut_off:
        return possible(setup, change.checkpoint)
    gone = cut_off(setup)
    graphs = possible(replace(setup, checkpoints=tuple(s for s in setup.checkpoints if s not in gone)))
    settings = change.settings(setup.settings)
    if settings.find_unused_parameters or settings.static_graph:
        return graphs
    # what is left is as before, and would stop loudly: not a new way to fail
    return tuple(replace(graph, input_has_grad=True) for graph in graphs)


def _vet(setup: TrainingSetup, candidate: Candidate) -> Optional[Remedy]:
    """The candidate as a remedy, with the first of its changes that is fine everywhere, or else anywhere."""
    changes = [change for change in candidate.changes if can_write(setup, change)]
    after = [outcomes(change.settings(setup.settings), _after(setup, change)) for change in changes]
    best = next((found for found in after if found == _FINE), None)
    if best is None:
        best = next((found for found in after if Outcome.OK in found), None)
    if best is None:
        return None
    change = changes[after.index(best)]
    overrides = write(setup, change)
    if overrides and all(setup.document.get(item.key, None) == item.value for item in overrides):
        return None  # the config says so already, and fails all the same
    assumes = candidate.assumes or tuple(line for bad, line in text.RULES_OUT.items() if bad in best)
    return Remedy(
        name=candidate.name,
        disposition="review" if assumes else "safe",
        cost=text.cost(setup, candidate.name, change),
        overrides=overrides,
        assumes=assumes,
        code=() if change.by_hand else change.code,
    )
