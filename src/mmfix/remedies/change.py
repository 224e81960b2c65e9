"""A change of the setup, and the overrides that make it: each written where the framework reads it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple

from mmfix.config.document import to_plain
from mmfix.config.keypath import KeyPath
from mmfix.ddp import Checkpoint, Settings
from mmfix.findings import CodeSpot, Override
from mmfix.remedies.graph import NONREENTRANT_MODULE, custom_imports, cut_off, is_true, reentrant_sites
from mmfix.training.activation import KEY
from mmfix.training.types import CheckpointSite, ModelFact, TrainingSetup
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.scripts.types import KeyRead

#: Where DDP arguments go when the config has no wrapper yet, and what the runner would build by default.
_NEW_WRAPPER = {"Runner": ("model_wrapper_cfg",), "FlexibleRunner": ("strategy", "model_wrapper")}

#: Top-level keys that look like static graph; no framework reads them.
STATIC_GRAPH_KEYS = ("static_graph", "use_static_graph")


@dataclass(frozen=True)
class Change:
    """What a cure changes; None leaves it.

    ``checkpoint`` is ``NONE`` (switched off) or ``NON_REENTRANT``. ``cut_off`` only takes the checkpoints
    out whose input has no gradient. ``model`` is set in the model itself, which takes the facts ``cures``
    away. ``code`` is changed in the source of the model, and not by the config; ``by_hand`` says why mmfix
    leaves it to its author.
    """

    find_unused: Optional[bool] = None
    static_graph: Optional[bool] = None
    accumulation: Optional[int] = None
    checkpoint: Optional[Checkpoint] = None
    cut_off: bool = False
    model: Tuple[Override, ...] = ()
    cures: Tuple[ModelFact, ...] = ()
    code: Tuple[CodeSpot, ...] = ()
    by_hand: str = ""

    def settings(self, old: Settings) -> Settings:
        """The settings after the change."""
        return replace(
            old,
            find_unused_parameters=_or(self.find_unused, old.find_unused_parameters),
            static_graph=_or(self.static_graph, old.static_graph),
            accumulation=_or(self.accumulation, old.accumulation),
        )


def _or(new: Any, old: Any) -> Any:
    return old if new is None else new


def write(setup: TrainingSetup, change: Change) -> Tuple[Override, ...]:
    """The overrides that make ``change``, in the order model, checkpoint, DDP arguments, accumulation."""
    found: List[Override] = list(change.model)
    if change.checkpoint is Checkpoint.NONE:
        found += _switch_off(setup)
    elif change.checkpoint is Checkpoint.NON_REENTRANT and not change.code:
        found += import_modules(
            setup, [NONREENTRANT_MODULE], say("makes torch's default checkpoint non-reentrant")
        )
    elif change.cut_off:
        found += _take_out(setup)
    found += _ddp_arguments(setup, change)
    if change.static_graph is False:
        found += _dead_static_graph(setup)
    if change.accumulation is not None and setup.accumulation.key is not None:
        reason = say("static graph cannot start under no_sync()")
        found.append(Override(setup.accumulation.key, change.accumulation, reason))
    return tuple(found)


def runs_custom_imports(setup: TrainingSetup) -> bool:
    """Whether a ``custom_imports`` written now would be executed, and what is there can be kept.

    ``Config.fromfile`` executes it, except for lazy configs (``mmengine/config/config.py: fromfile``);
    an in-memory config is past that point.
    """
    if setup.document.kind in ("lazy", "memory"):
        return False
    present = setup.document.get(("custom_imports",), None)
    if present is None:
        return True
    names = present.get("imports") if isinstance(present, dict) else None
    return isinstance(names, str) or (
        isinstance(names, (list, tuple)) and all(isinstance(name, str) for name in names)
    )


def _switch_off(setup: TrainingSetup) -> List[Override]:
    return _off(reentrant_sites(setup))


def _off(sites: Sequence[CheckpointSite]) -> List[Override]:
    found = []
    for key, off in {site.key: site.off for site in sites}.items():  # one key may switch several parts
        names = dict.fromkeys(site.type_name for site in sites if site.key == key)
        found.append(
            Override(key, to_plain(off), say("no gradient checkpoint in {types}", types=", ".join(names)))
        )
    return found


def _take_out(setup: TrainingSetup) -> List[Override]:
    """The checkpoints that are cut off, without the others: switched off, or out of the list."""
    gone = cut_off(setup)
    found = _off([site for site in gone if site.key != KEY])
    entries = [site.value for site in gone if site.key == KEY]
    if entries:
        value = setup.document.get(KEY, None)
        left = [] if isinstance(value, str) else [to_plain(entry) for entry in value if entry not in entries]
        found.append(
            Override(KEY, left, say("no gradient checkpoint around {modules}", modules=", ".join(entries)))
        )
    return found


def import_modules(setup: TrainingSetup, modules: Sequence[str], reason: str) -> List[Override]:
    """``custom_imports`` with some modules more; nothing where it would not be executed."""
    if not runs_custom_imports(setup):
        return []
    if setup.document.get(("custom_imports",), None) is None:
        value = {"imports": [*modules], "allow_failed_imports": False}
        return [Override(("custom_imports",), value, reason)]
    names = [*custom_imports(setup.document), *modules]
    return [Override(("custom_imports", "imports"), names, reason)]


def can_write(setup: TrainingSetup, change: Change) -> bool:
    """Whether keys of a config reach the DDP arguments that ``change`` sets, each by itself.

    A training script may pass a constant, or one key as both arguments; mmcv 1.x scripts know of a static
    graph only where they read one.
    """
    wanted, reads = _wanted(setup, change), _reads(setup)
    static = reads.get("static_graph")
    if "static_graph" in wanted and static is None and setup.era == "mmcv1":
        return not setup.script  # without a script the outcome rules it out
    for name in wanted:
        read = reads.get(name)
        if read is not None and (
            read.key is None or (name != "static_graph" and static and static.key == read.key)
        ):
            return False
    return True


def _wanted(setup: TrainingSetup, change: Change) -> Dict[str, bool]:
    wanted: Dict[str, bool] = {}
    if change.static_graph not in (None, setup.settings.static_graph):
        wanted["static_graph"] = bool(change.static_graph)
    in_code = bool(change.code)  # then the script passes on what the config says
    if not in_code and change.find_unused not in (None, setup.settings.find_unused_parameters):
        wanted["find_unused_parameters"] = bool(change.find_unused)
    return wanted


def _reads(setup: TrainingSetup) -> Dict[str, KeyRead]:
    """The DDP arguments the repository's own training script sets, by name."""
    script = setup.script
    if script is None:
        return {}
    reads = {"find_unused_parameters": script.find_unused, "static_graph": script.static_graph}
    return {name: read for name, read in reads.items() if read is not None}


#: Why DDP gets an argument.
_WHY = {
    ("find_unused_parameters", True): say("some parameters may get no gradient"),
    ("find_unused_parameters", False): say("every parameter gets a gradient"),
    ("static_graph", True): say("the graph is the same in every iteration"),
    ("static_graph", False): say("the graph may differ between iterations"),
}


def _ddp_arguments(setup: TrainingSetup, change: Change) -> List[Override]:
    wanted = _wanted(setup, change)
    if not wanted:
        return []
    reason = "; ".join(_WHY[name, value] for name, value in wanted.items())
    by_script = [
        Override(read.key, wanted.pop(name) is not read.negated, reason)
        for name, read in _reads(setup).items()
        if name in wanted and read.key is not None
    ]
    return [*by_script, *(_to_wrapper(setup, change, wanted, reason) if wanted else ())]


def _to_wrapper(setup: TrainingSetup, change: Change, wanted: Dict[str, bool], reason: str) -> List[Override]:
    if not setup.wrapper_key and set(wanted) == {"find_unused_parameters"}:
        return [Override(("find_unused_parameters",), wanted["find_unused_parameters"], reason)]
    key = setup.wrapper_key or _NEW_WRAPPER[setup.runner]
    if isinstance(setup.document.get(key, None), dict):
        return [Override((*key, name), value, reason) for name, value in wanted.items()]
    # A new wrapper carries what the runner gives DDP without one, so that nothing else changes
    # (mmengine/runner/runner.py: wrap_model; mmengine/_strategy/distributed.py: _wrap_model).
    wrapper = {
        "type": "MMDistributedDataParallel",
        **({"static_graph": wanted["static_graph"]} if "static_graph" in wanted else {}),
        "broadcast_buffers": False,
        "find_unused_parameters": change.settings(setup.settings).find_unused_parameters,
    }
    return [place(setup, key, wrapper, reason)]


def _dead_static_graph(setup: TrainingSetup) -> List[Override]:
    """Keys nobody reads that would go on asking for the static graph that is switched off."""
    read = _reads(setup).get("static_graph")
    dead = [key for key in STATIC_GRAPH_KEYS if read is None or read.key != (key,)]
    asking = [key for key in dead if is_true(setup.document.get((key,), None))]
    return [Override((key,), False, say("was ignored; now says what holds")) for key in asking]


def place(setup: TrainingSetup, key: KeyPath, value: Any, reason: str) -> Override:
    """An override of ``key`` that also brings the ``strategy`` dict when there is none.

    Without ``strategy`` a FlexibleRunner under a launcher builds DDPStrategy
    (``mmengine/runner/_flexible_runner.py: build_strategy``).
    """
    if key[0] == "strategy" and not isinstance(setup.document.get(("strategy",), None), dict):
        return Override(("strategy",), {"type": "DDPStrategy", str(key[1]): value}, reason)
    return Override(key, value, reason)
