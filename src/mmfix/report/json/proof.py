"""A proof as JSON."""

from __future__ import annotations

import json
import os
from typing import Any, Dict, Sequence

from mmfix.findings import Remedy
from mmfix.proofs.codec import as_plain
from mmfix.proofs.types import NOT_PROVED, Proof, Rehearsal
from mmfix.report.json.parts import problem_json
from mmfix.results.checked import Problem

#: Keys of the report that the proof file calls something else.
_KEYS = {"groups": "parameters", "left": "not_run"}


def render_json(proof: Proof, remedies: Sequence[Remedy] = ()) -> str:
    """The proof as JSON, version 1 (docs/json.md); ``remedies`` as for :func:`render_text`."""
    return json.dumps(as_dict(proof, remedies), indent=2) + "\n"


def as_dict(proof: Proof, remedies: Sequence[Remedy] = ()) -> Dict[str, Any]:
    """The proof as plain data, version 1; ``remedies`` as for :func:`render_text`."""
    found = {_KEYS.get(key, key): value for key, value in as_plain(proof).items()}
    known = {remedy.name: remedy for remedy in remedies}
    for result in found["remedies"]:
        remedy = known.get(result["name"])
        result["disposition"] = None if remedy is None else remedy.disposition
        result["assumes"] = [] if remedy is None else list(remedy.assumes)
    seconds = round(proof.seconds, 1)
    return {"version": 1, "config": proof.config, **found, "seconds": seconds, "error": None}


def render_error(path: str, problem: Problem) -> str:
    """The JSON document for a config that could not be rehearsed at all."""
    nothing = Proof(os.path.abspath(path), Rehearsal(NOT_PROVED, problem.message))
    return json.dumps({**as_dict(nothing), "error": problem_json(problem)}, indent=2) + "\n"
