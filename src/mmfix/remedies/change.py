"""A change of the setup, and the overrides that make it: each written where the framework reads it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Dict, List, Optional, Tuple

from mmfix.config.document import to_plain
from mmfix.config.keypath import KeyPath
from mmfix.ddp import Checkpoint, Settings
from mmfix.findings import Override
from mmfix.remedies.graph import NONREENTRANT_MODULE, custom_imports, cut_off, is_true, reentrant_sites
from mmfix.training.activation import KEY
from mmfix.training.types import TrainingSetup

#: Where DDP arguments go when the config has no wrapper yet, and what the runner would build by default.
_NEW_WRAPPER = {"Runner": ("model_wrapper_cfg",), "FlexibleRunner": ("strategy", "model_wrapper")}

#: Top-level keys that look like static graph; no framework reads them.
STATIC_GRAPH_KEYS = ("static_graph", "use_static_graph")


@dataclass(frozen=True)
class Change:
    """What a cure changes; None leaves it.

    ``checkpoint`` is ``NONE`` (switched off) or ``NON_REENTRANT``. ``cut_off`` only takes the checkpoints
    out whose input has no gradient (entries of ``activation_checkpointing``).
    """

    find_unused: Optional[bool] = None
    static_graph: Optional[bool] = None
    accumulation: Optional[int] = None
    checkpoint: Optional[Checkpoint] = None
    cut_off: bool = False

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
    """The overrides that make ``change``, in the order checkpoint, DDP arguments, accumulation."""
    found: List[Override] = []
    if change.checkpoint is Checkpoint.NONE:
        found += _switch_off(setup)
    elif change.checkpoint is Checkpoint.NON_REENTRANT:
        found += _import_nonreentrant(setup)
    elif change.cut_off:
        found += _take_out(setup)
    found += _ddp_arguments(setup, change)
    if change.static_graph is False:
        found += _dead_static_graph(setup)
    if change.accumulation is not None and setup.accumulation.key is not None:
        reason = "static graph cannot start under no_sync()"
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
    sites = reentrant_sites(setup)
    found = []
    for key, off in {site.key: site.off for site in sites}.items():  # one key may switch several parts
        names = dict.fromkeys(site.type_name for site in sites if site.key == key)
        found.append(Override(key, to_plain(off), f"no gradient checkpoint in {', '.join(names)}"))
    return found


def _take_out(setup: TrainingSetup) -> List[Override]:
    """``activation_checkpointing`` without the entries that are cut off."""
    gone = [site.value for site in cut_off(setup)]
    value = setup.document.get(KEY, None)
    entries = [] if isinstance(value, str) else [to_plain(entry) for entry in value if entry not in gone]
    return [Override(KEY, entries, f"no gradient checkpoint around {', '.join(gone)}")]


def _import_nonreentrant(setup: TrainingSetup) -> List[Override]:
    if not runs_custom_imports(setup):
        return []
    reason = "makes torch's default checkpoint non-reentrant"
    if setup.document.get(("custom_imports",), None) is None:
        value = {"imports": [NONREENTRANT_MODULE], "allow_failed_imports": False}
        return [Override(("custom_imports",), value, reason)]
    names = [*custom_imports(setup.document), NONREENTRANT_MODULE]
    return [Override(("custom_imports", "imports"), names, reason)]


def _ddp_arguments(setup: TrainingSetup, change: Change) -> List[Override]:
    wanted: Dict[str, Any] = {}
    if change.static_graph not in (None, setup.settings.static_graph):
        wanted["static_graph"] = change.static_graph
    if change.find_unused not in (None, setup.settings.find_unused_parameters):
        wanted["find_unused_parameters"] = change.find_unused
    if not wanted:
        return []
    reason = ", ".join(f"{name}={value}" for name, value in wanted.items()) + " for DDP"
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
    asking = [key for key in STATIC_GRAPH_KEYS if is_true(setup.document.get((key,), None))]
    return [Override((key,), False, "nobody reads it; says what holds") for key in asking]


def place(setup: TrainingSetup, key: KeyPath, value: Any, reason: str) -> Override:
    """An override of ``key`` that also brings the ``strategy`` dict when there is none.

    Without ``strategy`` a FlexibleRunner under a launcher builds DDPStrategy
    (``mmengine/runner/_flexible_runner.py: build_strategy``).
    """
    if key[0] == "strategy" and not isinstance(setup.document.get(("strategy",), None), dict):
        return Override(("strategy",), {"type": "DDPStrategy", str(key[1]): value}, reason)
    return Override(key, value, reason)
