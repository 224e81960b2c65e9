"""The measured tables, as data: one row a graph, one outcome a setting. Shared by both tests of it."""

from __future__ import annotations

from dataclasses import asdict
from enum import Enum
from itertools import product
from typing import Dict, List, NamedTuple, Tuple

from mmfix.ddp import Checkpoint, Outcome, Settings, Traits, Unused

OK = Outcome.OK
UNUSED = Outcome.UNUSED
TWICE = Outcome.READY_TWICE
ASSERT = Outcome.NO_SYNC_ASSERT
UNTRAINED = Outcome.UNTRAINED
DIVERGED = Outcome.DIVERGED


class Cell(NamedTuple):
    """One measured cell."""

    name: str
    settings: Settings
    traits: Traits
    expected: Outcome


#: (find_unused_parameters, static_graph) of the four columns.
COLUMNS = ((False, False), (True, False), (False, True), (True, True))
NOT_REENTRANT = (Checkpoint.NONE, Checkpoint.NON_REENTRANT)
REENTRANT = (Checkpoint.REENTRANT,)

Row = Tuple[str, Tuple[Checkpoint, ...], dict, dict, Tuple[Outcome, ...]]

ROWS: Tuple[Row, ...] = (
    ("all used once", NOT_REENTRANT, {}, {}, (OK, OK, OK, OK)),
    ("all used once", REENTRANT, {}, {}, (OK, TWICE, OK, OK)),
    ("unused", NOT_REENTRANT, {"unused": Unused.ALWAYS}, {}, (UNUSED, OK, OK, OK)),
    ("unused", REENTRANT, {"unused": Unused.ALWAYS}, {}, (UNUSED, TWICE, OK, OK)),
    ("reused", NOT_REENTRANT, {"reused": True}, {}, (OK, OK, OK, OK)),
    ("reused", REENTRANT, {"reused": True}, {}, (TWICE, TWICE, OK, OK)),
    ("unused + reused", NOT_REENTRANT, {"unused": Unused.ALWAYS, "reused": True}, {}, (UNUSED, OK, OK, OK)),
    ("unused + reused", REENTRANT, {"unused": Unused.ALWAYS, "reused": True}, {}, (TWICE, TWICE, OK, OK)),
    ("varying", NOT_REENTRANT, {"unused": Unused.SOMETIMES}, {}, (UNUSED, OK, UNUSED, UNUSED)),
    ("varying", REENTRANT, {"unused": Unused.SOMETIMES}, {}, (UNUSED, TWICE, UNUSED, UNUSED)),
    ("all used once + accumulation", NOT_REENTRANT, {}, {"accumulation": 2}, (OK, OK, ASSERT, ASSERT)),
    ("all used once + accumulation", REENTRANT, {}, {"accumulation": 2}, (OK, TWICE, ASSERT, ASSERT)),
    (
        "unused + accumulation",
        NOT_REENTRANT,
        {"unused": Unused.ALWAYS},
        {"accumulation": 2},
        (UNUSED, OK, ASSERT, ASSERT),
    ),
    (
        "unused + accumulation",
        REENTRANT,
        {"unused": Unused.ALWAYS},
        {"accumulation": 2},
        (UNUSED, TWICE, ASSERT, ASSERT),
    ),
    # The further rows.
    ("frozen after the wrap", NOT_REENTRANT, {"late_freeze": True}, {}, (UNUSED, OK, OK, OK)),
    ("frozen after the wrap", REENTRANT, {"late_freeze": True}, {}, (UNUSED, TWICE, OK, OK)),
    (
        "checkpoint input without grad",
        REENTRANT,
        {"input_has_grad": False},
        {},
        (UNUSED, UNTRAINED, UNTRAINED, UNTRAINED),
    ),
    ("checkpoint input without grad", NOT_REENTRANT, {"input_has_grad": False}, {}, (OK, OK, OK, OK)),
    # A training step past DDP.forward (mmcv 1.x): static graph never reduces, and nothing uses no_sync().
    (
        "all used once, step past forward",
        NOT_REENTRANT,
        {},
        {"bypasses_forward": True},
        (OK, OK, DIVERGED, DIVERGED),
    ),
    (
        "all used once, step past forward",
        REENTRANT,
        {},
        {"bypasses_forward": True},
        (OK, TWICE, DIVERGED, DIVERGED),
    ),
    (
        "unused, step past forward",
        NOT_REENTRANT,
        {"unused": Unused.ALWAYS},
        {"bypasses_forward": True},
        (UNUSED, OK, DIVERGED, DIVERGED),
    ),
    (
        "accumulation, step past forward",
        NOT_REENTRANT,
        {},
        {"bypasses_forward": True, "accumulation": 2},
        (OK, OK, DIVERGED, DIVERGED),
    ),
)


def table() -> List[Cell]:
    """Every cell of the tables."""
    cells = []
    for graph, checkpoints, traits, settings, outcomes in ROWS:
        for checkpoint in checkpoints:
            for (find_unused, static), expected in zip(COLUMNS, outcomes):
                cells.append(
                    Cell(
                        f"{graph}, {checkpoint.value}, F={find_unused:d} S={static:d}",
                        Settings(find_unused, static, **settings),
                        Traits(checkpoint=checkpoint, **traits),
                        expected,
                    )
                )
    return cells


def every_combination() -> List[Tuple[Settings, Traits]]:
    """Each setting with each graph, the ones no table lists included."""
    flag = (False, True)
    return [
        (Settings(find_unused, static, accumulation, past), Traits(checkpoint, grad, unused, late, reused))
        for find_unused, static, accumulation, past in product(flag, flag, (1, 2), flag)
        for checkpoint, grad, unused, late, reused in product(Checkpoint, flag, Unused, flag, flag)
    ]


def as_json(name: str, settings: Settings, traits: Traits) -> Dict[str, object]:
    """What ``gloo_child.py`` reads."""
    fields = {**asdict(settings), **asdict(traits), "name": name}
    return {key: value.value if isinstance(value, Enum) else value for key, value in fields.items()}
