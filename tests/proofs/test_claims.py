"""Proofs that cannot be true are refused; those that a rehearsal can have made are not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from proof_helpers import ON, RESNET, document, group, rehearsal

from mmfix.ddp import Outcome, Traits, possible_outcomes
from mmfix.proofs.claims import impossible
from mmfix.proofs.types import Rehearsal, Scenario
from mmfix.training import read

STATIC = (
    "model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False, static_graph=True)\n"
)
ACCUMULATES = "optim_wrapper = dict(type='OptimWrapper', accumulative_counts=4)\n"
NEVER, SOMETIMES = group("never", "neck.a", "model"), group("sometimes", "neck.a", "model")
UNTRAINED, TWICE = group("untrained", "neck.a", "model"), group("ready twice", "neck.a", "model")
SETTINGS = {"neither": RESNET, "F": RESNET + ON, "S": RESNET + STATIC, "S+": RESNET + STATIC + ACCUMULATES}


def why(settings: str, found: Rehearsal) -> str:
    return impossible(read(document(SETTINGS[settings])), found)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("claim", [item.value for item in Outcome])
def test_every_outcome_under_all_settings(settings: str, claim: str) -> None:
    """The table alone decides, whatever the graph may be."""
    setup = read(document(SETTINGS[settings]))
    there = {item.value for item in possible_outcomes(setup.settings, Traits(None, None, None, None, None))}
    fine = claim in there or claim == "DIVERGED" or (settings, claim) == ("F", "UNUSED")
    assert (why(settings, rehearsal(claim)) == "") is fine


@pytest.mark.parametrize(
    ("settings", "claim", "counted"),
    [
        ("neither", "OK", NEVER),
        ("neither", "OK", SOMETIMES),
        ("neither", "OK", TWICE),
        ("F", "OK", UNTRAINED),
        ("F", "OK", TWICE),
        ("S", "OK", SOMETIMES),
        ("S", "OK", UNTRAINED),
    ],
)
def test_counts_that_belie_the_claim(settings: str, claim: str, counted) -> None:
    assert "the parameters that it counts" in why(settings, rehearsal(claim, counted))


@pytest.mark.parametrize(
    ("settings", "claim", "counted"),
    [("F", "OK", NEVER), ("F", "OK", SOMETIMES), ("S", "OK", NEVER), ("F", "UNTRAINED", UNTRAINED)],
)
def test_counts_that_go_with_the_claim(settings: str, claim: str, counted) -> None:
    assert why(settings, rehearsal(claim, counted)) == ""


def test_names_of_a_scenario_count() -> None:
    found = Rehearsal("OK", scenarios=(Scenario("normal", "OK", unused=("neck.weight",)),))
    assert why("F", found) == ""
    assert "which the parameters that it counts exclude with find_unused_parameters=False" in why(
        "neither", found
    )


def test_a_claim_that_its_scenarios_do_not_make() -> None:
    assert why("neither", Rehearsal("OK")) == "it claims OK, and its scenarios say NOT_PROVED"
    mixed = Rehearsal("OK", scenarios=(Scenario("normal", "OK"), Scenario("empty", "HANG")))
    assert why("neither", mixed) == "it claims OK, and its scenarios say HANG"
    assert why("neither", replace(mixed, outcome="HANG")) == ""
    assert why("neither", Rehearsal("DIVERGED", scenarios=(Scenario("normal", "OK"),))) == ""


def test_static_graph_with_accumulation_in_words() -> None:
    assert (
        why("S+", rehearsal("OK"))
        == "it claims OK, which static_graph=True with gradient accumulation excludes"
    )


def test_what_ddp_did_against_the_table_is_a_rehearsals_own_word() -> None:
    odd = Scenario("normal", "READY_TWICE", disagreement="the counts say OK, DDP says READY_TWICE")
    assert why("S", Rehearsal("READY_TWICE", scenarios=(odd,))) == ""


def test_a_script_of_its_own_may_do_anything() -> None:
    setup = replace(read(document(RESNET + ON)), decided_elsewhere=True)
    assert impossible(setup, rehearsal("NO_SYNC_ASSERT")) == ""
