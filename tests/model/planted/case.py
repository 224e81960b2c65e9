"""One row of the table in ``cases.py``: what must be read from a planted file, and what torch measures on it.

Lines are marked in the files: ``# created: NAMES`` on the line that makes a submodule, ``# used: NAMES`` on
a use that counts or would count under another condition, ``# uncounted: NAMES`` on a use that gives no
gradient, ``# frozen: NAMES`` and ``# toggled: NAMES`` on the line that sets ``requires_grad``, ``#
checkpoint`` on a checkpoint call.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, FrozenSet, Optional, Tuple

from mmfix.model.types import USED

FOLDER = Path(__file__).resolve().parent
_MARK = re.compile(r"# (created|used|uncounted|frozen|toggled|checkpoint)\b(?:: ([\w., ]+))?")


@dataclass(frozen=True)
class Checkpoint:
    """The checkpoint call that this config switches on.

    Attributes:
        switch: Constructor parameter of the class that holds the call.
        reentrant: Whether it runs as a reentrant checkpoint.
        guarded: Whether the call is made only if its input needs a gradient.
    """

    switch: str
    reentrant: bool = True
    guarded: bool = False


@dataclass(frozen=True)
class Case:
    """One config of one planted file.

    Attributes:
        name: Unique; the test id.
        file: Stem of the file in this folder.
        model: The ``model`` dict of the config.
        expected: Verdict of each submodule that is not simply used. Largest subtrees only.
        measured: What torch measures where that differs from ``expected``, ``CANNOT_TELL`` above all.
        left_to: Submodule -> what leaves it out of some steps for certain, whatever the data is like.
        decided_by: Submodule -> the config key that decides; ``a or b`` where either would cure it.
        late_freeze: Largest subtrees trainable at the wrap and frozen before the first step.
        toggled: Largest subtrees whose ``requires_grad`` changes during the steps.
        checkpoint: The checkpoint that is on, if one is.
        repeated: Submodules that a gradient comes back through more than once a step; the outermost.
        beside: Those of them that no checkpoint runs.
        may_repeat: Whether the checkpoint is one of ``repeated`` is read to depend on the data.
        era: ``mmengine`` (wrap, then ``init_weights()``) or ``mmcv1`` (the other way round).
        views: Names of the batches a semi-supervised model gets in one step.
        masks: Whether the mmcv 1.x batch holds ``gt_masks``.
    """

    name: str
    file: str
    model: Dict[str, Any]
    expected: Dict[str, str] = field(default_factory=dict)
    measured: Optional[Dict[str, str]] = None
    left_to: Dict[str, str] = field(default_factory=dict)
    decided_by: Dict[str, str] = field(default_factory=dict)
    late_freeze: FrozenSet[str] = frozenset()
    toggled: FrozenSet[str] = frozenset()
    checkpoint: Optional[Checkpoint] = None
    repeated: FrozenSet[str] = frozenset()
    beside: FrozenSet[str] = frozenset()
    may_repeat: bool = False
    era: str = "mmengine"
    views: Tuple[str, ...] = ()
    masks: bool = False

    @property
    def truth(self) -> Dict[str, str]:
        """The verdicts that torch must confirm; USED ones left out."""
        verdicts = self.expected if self.measured is None else self.measured
        return {name: verdict for name, verdict in verdicts.items() if verdict != USED}

    @property
    def healthy(self) -> bool:
        """Nothing to report: all that DDP waits for gets a gradient in every step."""
        return not (self.expected or self.late_freeze or self.toggled)

    @property
    def reused(self) -> Optional[bool]:
        """Whether a checkpointed call runs a module again, as it is read; None when that depends."""
        return None if self.may_repeat else bool(self.repeated - self.beside)

    @property
    def outcome(self) -> str:
        """What DDP does with the plain settings (no unused parameters looked for, no static graph)."""
        if self.checkpoint and self.checkpoint.reentrant and self.repeated - self.beside:
            return "READY_TWICE"
        return "UNUSED" if self.truth or self.late_freeze or self.toggled else "OK"


def marks(file: str) -> Dict[Tuple[str, str], FrozenSet[int]]:
    """``('created', 'backbone.fusion') -> {19}`` of a planted file; ``('checkpoint', '')`` for checkpoints.

    Lines of ``helpers.py``, whose functions ``helper_function.py`` calls, are given as negative numbers.
    """
    found: Dict[Tuple[str, str], FrozenSet[int]] = {}
    files = [(file, 1)] + ([("helpers", -1)] if file == "helper_function" else [])
    for stem, sign in files:
        lines = (FOLDER / f"{stem}.py").read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, start=1):
            for kind, names in _MARK.findall(line):
                for name in (part.strip() for part in names.split(",")):
                    found[kind, name] = found.get((kind, name), frozenset()) | {sign * number}
    return found


def part(type_: str, **arguments: Any) -> Dict[str, Any]:
    """A config dict: ``{'type': ..}`` and its arguments."""
    return {"type": type_, **arguments}
