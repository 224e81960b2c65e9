"""What ranks of a rehearsal leave to the process that started them."""

from __future__ import annotations

from typing import Any, Dict, Tuple

from mmfix.prove.verdict import Counts

KINDS = ("normal", "empty", "single")
UNUSED = "RuntimeError: Expected to have finished reduction in the prior iteration"


def rank(*errors: str, ready: Tuple[int, ...] = (0, 1), **more: Any) -> Dict[str, Any]:
    """What a rank leaves after scenarios with these errors; two parameters, of which some became ready."""
    steps = (tuple(Counts(dict.fromkeys(ready, 1), {0, 1}, set(), False, True)),)
    return {
        "kinds": KINDS,
        "runs": [(error, f"Traceback {error}" if error else "", steps) for error in errors],
        "names": ("used.weight", "idle.weight"),
        "classes": {"": "Model", "used": "Linear", "idle": "Linear"},
        "keys": {},
        "frozen_by": {},
        "activation_bytes": None,
        "step_seconds": None,
        "find_unused_parameters": False,
        "static_graph": False,
        "accumulation": 1,
        "bypasses_forward": False,
        "world_size": 2,
        "backend": "gloo",
        "weights": (("a", "b"), ("a", "b")),
        "replaced": (),
        "order": ("used.weight", "idle.weight"),
        "missing": (),
        "versions": {},
        **more,
    }
