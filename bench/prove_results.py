"""What is kept of a rehearsal, and where."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Dict, Tuple

from mmfix.config.reader import Reader
from mmfix.findings import CONFIDENCES, SEVERITIES, Finding
from mmfix.proofs.judged import predicted
from mmfix.proofs.types import OUTCOMES, Rehearsal
from mmfix.rules import judge
from mmfix.training import read


class Results:
    """What was measured, by part and name; a file that another process may write to, too."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, part: str) -> Dict[str, Any]:
        """All results of a part."""
        found: Dict[str, Any] = self._read().get(part, {})
        return found

    def put(self, part: str, name: str, result: Any) -> None:
        """Add one result."""
        everything = self._read()
        everything.setdefault(part, {})[name] = result
        scratch = self._path.with_suffix(f".{os.getpid()}")
        scratch.write_text(json.dumps(everything, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        os.replace(scratch, self._path)

    def _read(self) -> Dict[str, Any]:
        if not self._path.exists():
            return {}
        found: Dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
        return found


def summary(rehearsal: Rehearsal, seconds: float, alone: bool) -> Dict[str, Any]:
    """What is kept of a rehearsal."""
    return {
        "outcome": rehearsal.outcome,
        "reason": rehearsal.reason[:600],
        "scenarios": {
            item.name: {
                "outcome": item.outcome,
                "unused": len(item.unused),
                "ready_twice": len(item.ready_twice),
                "error": item.error.strip()[:300] if item.outcome != "OK" else "",
                "disagreement": item.disagreement,
            }
            for item in rehearsal.scenarios
        },
        "groups": [
            f"{g.status}: {g.module or 'model'} ({g.class_name}), {g.size}" for g in rehearsal.groups[:4]
        ],
        "trainable": rehearsal.trainable,
        "reentrant": rehearsal.reentrant,
        "replaced": [line for line in rehearsal.replaced if "compiled ops" in line],
        "activation_bytes": rehearsal.activation_bytes,
        "step_seconds": rehearsal.step_seconds,
        "seconds": round(seconds, 1),
        "alone": alone,
    }


def static_verdict(path: Path) -> Dict[str, Any]:
    """What `mmfix check` predicts for a config: the outcome of its worst finding."""
    setup = read(Reader().load(str(path)))
    found = [(finding, predicted(setup, finding)) for finding in judge(setup)]
    found = [(finding, outcome) for finding, outcome in found if outcome not in (None, "OK")]
    if not found:
        return {"static": "OK", "static_finding": "", "static_unread": setup.unread}

    def rank(item: Tuple[Finding, Any]) -> Tuple[int, int, int]:
        finding, outcome = item
        return (
            SEVERITIES.index(finding.severity),
            CONFIDENCES.index(finding.confidence),
            -OUTCOMES.index(outcome),
        )

    finding, outcome = min(found, key=rank)
    return {
        "static": outcome,
        "static_finding": f"{finding.code} {finding.confidence}",
        "static_unread": setup.unread,
        "static_all": [f"{f.code} {f.severity} {f.confidence} {o}" for f, o in found],
    }
