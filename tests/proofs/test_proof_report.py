"""A proof as `mmfix prove` prints it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict

from proof_helpers import group, rehearsal

from mmfix.proofs.codec import to_entry
from mmfix.proofs.types import Proof, RemedyResult, Scenario
from mmfix.report.proof import as_dict

DOCS = Path(__file__).resolve().parents[2] / "docs"
FOUND = rehearsal(
    "UNUSED",
    group("never", "head.tokens", "model"),
    activation_bytes=2_000_000,
    step_seconds=1.0,
    left=("uneven",),
)
CURE = RemedyResult("find-unused", "OK", "", 7, 0.5, ("x = True",), (Scenario("normal", "OK"),))
PROOF = Proof("a.py", FOUND, (CURE,), 12.34)


def documented(page: str, heading: str) -> Dict[str, Any]:
    """The JSON example below a heading of the documentation."""
    text = (DOCS / page).read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2]
    example: Dict[str, Any] = json.loads(text.partition("```json\n")[2].partition("```")[0])
    return example


def keys(value: Any) -> Any:
    """The keys of nested dicts; of a list those of its first entry."""
    if isinstance(value, dict):
        return {key: keys(item) for key, item in value.items() if key != "versions"}
    return keys(value[0]) if isinstance(value, list) and value else None


def test_the_json_has_the_keys_that_are_documented() -> None:
    assert keys(as_dict(PROOF)) == keys(documented("json.md", "prove"))


def test_the_entry_has_the_keys_that_are_documented() -> None:
    entry = documented("proofs.md", "The file")["configs"]["configs/a.py"]
    for added in ("date", "digest", "parts", "cured", "code"):
        del entry[added]
    assert keys(to_entry(PROOF)) == keys(entry)


def test_the_report_cuts_nothing_and_the_file_does() -> None:
    many = tuple(f"head.{index}" for index in range(99))
    scenario = Scenario("normal", "UNUSED", many, error="x" * 9999)
    proof = replace(PROOF, rehearsal=replace(FOUND, scenarios=(scenario,)))
    full, cut = as_dict(proof)["scenarios"][0], to_entry(proof)["scenarios"][0]
    assert (full["unused"], len(full["error"])) == (list(many), 9999)
    assert (cut["unused"]["count"], len(cut["unused"]["names"]), len(cut["error"])) == (99, 50, 1500)
