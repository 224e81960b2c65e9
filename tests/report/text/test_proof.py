"""A proof as `mmfix prove` prints it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict

import pytest
from proof_helpers import group, rehearsal

from mmfix.findings import Remedy
from mmfix.proofs.codec import to_entry
from mmfix.proofs.price import price, size_text
from mmfix.proofs.types import Proof, RemedyResult, Scenario
from mmfix.report.json.proof import as_dict
from mmfix.report.text.proof import render_text

DOCS = Path(__file__).resolve().parents[3] / "docs"
FOUND = rehearsal(
    "UNUSED",
    group("never", "head.tokens", "model"),
    activation_bytes=2_000_000,
    step_seconds=1.0,
    parameters=("head.tokens", "head.bias"),
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
    for added in ("date", "by", "digest", "parts", "cured", "code"):
        del entry[added]
    assert keys(to_entry(PROOF)) == keys(entry)


def test_the_report_cuts_nothing_and_the_file_does() -> None:
    many = tuple(f"head.{index}" for index in range(99))
    scenario = Scenario("normal", "UNUSED", many, error="x" * 9999)
    proof = replace(PROOF, rehearsal=replace(FOUND, scenarios=(scenario,)))
    full, cut = as_dict(proof)["scenarios"][0], to_entry(proof)["scenarios"][0]
    assert (full["unused"], len(full["error"])) == (list(many), 9999)
    assert (cut["unused"]["count"], len(cut["unused"]["names"]), len(cut["error"])) == (99, 50, 1500)


def test_the_order_of_the_parameters_is_for_programs() -> None:
    known, unknown = PROOF, replace(PROOF, rehearsal=replace(FOUND, parameters=()))
    assert (as_dict(known)["order"], as_dict(unknown)["order"]) == (["head.tokens", "head.bias"], [])
    assert render_text(known) == render_text(unknown)


def test_a_cure_shows_how_it_stands_and_what_it_assumes() -> None:
    results = (
        CURE,
        RemedyResult("static-graph", "OK"),
        RemedyResult("find-unused-off", "UNUSED", "it " + "fails " * 50),
    )
    proof = replace(PROOF, remedies=results)
    safe = Remedy("find-unused", "safe", "", ())
    review = Remedy("static-graph", "review", "", (), ("The graph is constant.",))
    failed = Remedy("find-unused-off", "review", "", (), ("All is used.",))
    text = render_text(proof, (safe, review, failed))
    assert (
        "  cures    find-unused (safe)        OK  activations 7 B (0.00x), step 0.50 s (about 0.5x)\n" in text
    )
    assert "           static-graph (review)     OK\n               only if: The graph is constant.\n" in text
    assert "           find-unused-off (review)  UNUSED  it fails fails" in text
    assert "All is used." not in text
    assert max(map(len, text.splitlines())) < 130
    told = as_dict(proof, (safe, review, failed))["remedies"]
    assert [item["disposition"] for item in told] == ["safe", "review", "review"]
    assert told[1]["assumes"] == ["The graph is constant."]


def test_a_failure_without_a_cure_says_so() -> None:
    assert "  cures    none that a config can hold\n" in render_text(replace(PROOF, remedies=()))
    for outcome in ("OK", "NOT_PROVED"):
        assert "cures" not in render_text(Proof("a.py", rehearsal(outcome)))


@pytest.mark.parametrize(
    ("second", "times"),
    [("grad for rank 1: 3", 1), ("grad for rank 0: 3", 1), ("grad for rank 1: 4", 2), ("another", 2)],
)
def test_an_error_is_told_once_for_all_ranks(second: str, times: int) -> None:
    errors = ("grad for rank 0: 3", second)
    scenarios = tuple(Scenario(f"s{index}", "UNUSED", error=error) for index, error in enumerate(errors))
    lines = render_text(replace(PROOF, rehearsal=replace(FOUND, scenarios=scenarios))).splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith("  error"))
    stop = next(index for index, line in enumerate(lines) if line.startswith("  cost"))
    assert lines[start].strip() == "error    grad for rank 0: 3"
    assert stop - start == times


@pytest.mark.parametrize(
    ("size", "seconds", "said"),
    [
        (None, None, ""),
        (2_000_000, 1.0, "activations 2 MB, step 1.00 s"),
        (2_010_000, 1.25, "activations 2 MB, step 1.25 s"),  # noise
        (3_000_000, 1.5, "activations 3 MB (1.50x), step 1.50 s (about 1.5x)"),
        (1_000_000, 0.7, "activations 1 MB (0.50x), step 0.70 s (about 0.7x)"),
    ],
)
def test_a_price_has_the_ratios_that_mean_something(size: int, seconds: float, said: str) -> None:
    assert price(size, seconds, FOUND) == said


def test_short_steps_are_not_compared() -> None:
    assert price(None, 0.02, replace(FOUND, step_seconds=0.002)) == "step 0.02 s"
    assert (
        price(5, 0.2, replace(FOUND, step_seconds=None, activation_bytes=None))
        == "activations 5 B, step 0.20 s"
    )


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 KB"),
        (999_999, "1 MB"),
        (25_400_000, "25 MB"),
        (1_400_000_000, "1.40 GB"),
    ],
)
def test_sizes(count: int, text: str) -> None:
    assert size_text(count) == text
