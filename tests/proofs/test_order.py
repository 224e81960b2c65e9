"""The order of the parameters in the proof file: readable, short, and back as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proof_helpers import rehearsal, repository

from mmfix.config.reader import Reader
from mmfix.findings import Override, Remedy
from mmfix.proofs.codec import from_entry, to_entry
from mmfix.proofs.store import load, save
from mmfix.proofs.types import Proof, RemedyResult, Scenario

ORDER = ("query", "backbone.conv1.weight", "backbone.bn1.weight", "backbone.bn1.bias", "head.bias")
#: What torch takes as the name of a module or a parameter: any text without a dot (``nn/modules/module.py``).
PARTS = st.text(st.characters(exclude_characters="."), min_size=1, max_size=5)
NAMES = st.builds(".".join, st.lists(PARTS, min_size=1, max_size=4))


def back(names: Tuple[str, ...]) -> Tuple[str, ...]:
    """What a proof file gives back."""
    entry = to_entry(Proof("a.py", rehearsal("OK", parameters=names)))
    return from_entry("a.py", json.loads(json.dumps(entry))).rehearsal.parameters


@given(st.lists(NAMES, max_size=20))
def test_any_order_comes_back(names: Tuple[str, ...]) -> None:
    assert back(tuple(names)) == tuple(names)


@pytest.mark.parametrize("odd", ["a b.c d", "a%20b.c%", "%25.%2520", " . ", "a.\n", "a"])
def test_odd_names_come_back(odd: str) -> None:
    assert back((odd, *ORDER, odd)) == (odd, *ORDER, odd)


def test_a_module_is_one_line() -> None:
    found = to_entry(Proof("a.py", rehearsal("OK", parameters=ORDER)))["order"]
    assert found == [" query", "backbone.conv1 weight", "backbone.bn1 weight bias", "head bias"]


def test_a_large_model_takes_little_room_and_a_monstrous_one_none() -> None:
    swin = tuple(
        f"backbone.stages.2.blocks.{block}.attn.w_msa.{part}.{kind}"
        for block in range(100)
        for part in ("qkv", "proj")
        for kind in ("weight", "bias")
    )
    kept = to_entry(Proof("a.py", rehearsal("OK", parameters=swin)))["order"]
    assert len(json.dumps(kept, indent=1)) < sum(map(len, swin)) * 0.65
    assert back(swin) == swin
    assert back(tuple(f"{name}{index}" for index in range(20) for name in swin)) == ()


def test_an_older_entry_has_none() -> None:
    entry = to_entry(Proof("a.py", rehearsal("OK", parameters=ORDER)))
    del entry["order"]
    assert from_entry("a.py", entry).rehearsal.parameters == ()


@pytest.mark.parametrize("wrong", [None, "backbone weight", [3], {"a": 1}])
def test_a_broken_one_is_an_error(wrong: object) -> None:
    entry = to_entry(Proof("a.py", rehearsal("OK", parameters=ORDER)))
    with pytest.raises((TypeError, ValueError)):
        from_entry("a.py", {**entry, "order": wrong})


@pytest.mark.parametrize(
    ("cure", "order"),
    [
        *((name, ORDER) for name in ("find-unused", "checkpoint-off", "non-reentrant", "static-graph")),
        *((name, ()) for name in ("fewer-stages", "freeze-teacher", "wrapper-keys")),
    ],
)
def test_a_cure_that_is_patched_in_may_leave_other_parameters(
    cure: str, order: Tuple[str, ...], tmp_path: Path
) -> None:
    path = repository(tmp_path)
    result = RemedyResult(cure, "OK", scenarios=(Scenario("normal", "OK"),))
    proof = Proof(str(path), replace(rehearsal("UNUSED"), parameters=ORDER), (result,))
    remedy = Remedy(cure, "safe", "", (Override(("model", "backbone", "depth"), 18, ""),))
    save(proof, Reader().load(str(path)), (remedy,))
    assert load(Reader().load(str(path))).proof.rehearsal.parameters == ORDER
    path.write_text(path.read_text().replace("depth=50", "depth=18"))
    cured = load(Reader().load(str(path)))
    assert (cured.fresh, cured.proof.rehearsal.outcome) == (True, "OK")
    assert cured.proof.rehearsal.parameters == order
