"""What the model reader says of a random model, held against what torch does with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Set

from mmfix.model.reading import read_model
from mmfix.model.types import CANNOT_TELL, NEVER, SOMETIMES, USED, ModelReading
from mmfix.repository.library import Library

from .measured import Measured, Names, measured
from .programs import Program

#: What may be wrong.
WRONG_NEVER, WRONG_USED, WRONG_TWICE, WRONG_ONCE, WRONG_TRAINS = (
    "never used", "used", "used twice", "not used twice", "trains",
)  # fmt: skip
KINDS = (WRONG_NEVER, WRONG_USED, WRONG_TWICE, WRONG_ONCE, WRONG_TRAINS)


@dataclass
class Outcome:
    """Of one model.

    Attributes:
        refused: Why torch did not train it; nothing else is known then.
        parts: How many parameters DDP waits for.
        exact, loose, open: Of these: the verdict is what was seen; it is "sometimes", where only one of the
            two was seen; "cannot tell".
        wrong: By kind, what is wrong.
        gave_up: Why there are no verdicts.
        died: Why one of the runs ended early.
    """

    refused: str = ""
    parts: int = 0
    exact: int = 0
    loose: int = 0
    open: int = 0
    wrong: Dict[str, List[str]] = field(default_factory=dict)
    gave_up: str = ""
    died: str = ""

    def note(self, kind: str, what: str) -> None:
        """Something is wrong."""
        self.wrong.setdefault(kind, []).append(what)


def read(program: Program, folder: Path) -> ModelReading:
    """What its text says."""
    package = folder / "fuzzed"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").touch()
    (package / "net.py").write_text(program.source)
    model = {**program.model, "type": "fuzzed.net.Net"}
    return read_model(model, Library([str(folder)]), "mmengine", "fuzzed")


def compared(program: Program, folder: Path) -> Outcome:
    """Trains and reads it."""
    seen = measured(program)
    if seen.refused:
        return Outcome(refused=seen.refused)
    return _held_against(seen, read(program, folder), "use_reentrant=False" in program.source)


def _held_against(seen: Measured, reading: ModelReading, other_checkpoints: bool) -> Outcome:
    found = Outcome(gave_up=reading.gave_up, died=seen.died)
    waited_for = set(seen.trainable) - seen.late
    verdicts = {part.name: part.verdict for part in reading.submodules}
    all_known = reading.trainable is not None or sum(item.parameters for item in reading.built) == len(
        seen.names
    )
    for names in seen.names:
        name = names[0]
        if name not in waited_for or not seen.got[name]:
            continue
        found.parts += 1
        verdict = _verdict(names, verdicts)
        if reading.gave_up or (verdict == USED and not all_known):
            verdict = CANNOT_TELL
        _count(found, name, verdict, seen.got[name])
    if reading.trainable is not None and list(reading.trainable) != seen.trainable:
        odd = set(reading.trainable) ^ set(seen.trainable)
        found.note(WRONG_TRAINS, ", ".join(sorted(odd)) or "the order")
    if not reading.gave_up and bool(reading.late_freezes) != bool(seen.late):
        found.note(WRONG_TRAINS, f"frozen late: {sorted(seen.late)}")
    if not other_checkpoints and not reading.gave_up:
        for call in reading.checkpoints:
            twice = seen.twice.get(call.place.line, set())
            if call.reused is True and False in twice:
                found.note(WRONG_TWICE, str(call.place.line))
            elif call.reused is False and True in twice:
                found.note(WRONG_ONCE, str(call.place.line))
    return found


def _verdict(names: Names, verdicts: Dict[str, str]) -> str:
    for name in names:
        steps = name.split(".")
        for count in range(len(steps), 0, -1):
            verdict = verdicts.get(".".join(steps[:count]))
            if verdict is not None:
                return verdict
    return USED


def _count(found: Outcome, name: str, verdict: str, got: Set[bool]) -> None:
    if verdict == CANNOT_TELL:
        found.open += 1
    elif verdict == NEVER and True in got:
        found.note(WRONG_NEVER, name)
    elif verdict == USED and False in got:
        found.note(WRONG_USED, name)
    elif verdict == SOMETIMES and len(got) == 1:
        found.loose += 1
    else:
        found.exact += 1
