"""What a setup says about the graph, from setups made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mmfix.config.memory import from_mapping
from mmfix.ddp import Checkpoint, Outcome, Traits, Unused
from mmfix.remedies.graph import (
    custom_imports,
    dead_find_unused,
    follows_torch_default,
    may_be_frozen,
    outcomes,
    possible,
    reentrant_sites,
    reuses,
    suspected,
)
from mmfix.training import CheckpointSite, ModelFact, Setting, TrainingSetup

SITE = CheckpointSite(
    key=("model", "backbone", "with_cp"), value=True, in_config=True, off=False, type_name="ResNet",
    reentrant=True, guarded=True, evidence="here", known=True,
)  # fmt: skip

GAN = {"optim_wrapper": {"g": {"optimizer": {"type": "Adam"}}, "d": {"optimizer": {"type": "Adam"}}}}


def fact(kind, confidence="certain", scope=("model",)):
    return ModelFact(kind, ("model", "type"), "Net", confidence, "Because.", ("here",), scope)


def setup_of(*facts, sites=(), find_unused=False, static=False, config=None):
    return TrainingSetup(
        document=from_mapping(config or {"model": {"backbone": {}}}), era="mmengine", runner="Runner",
        wrapper="ddp", wrapper_key=(), find_unused=Setting(find_unused, None),
        static_graph=Setting(static, None), accumulation=Setting(1, None), checkpoints=tuple(sites),
        facts=tuple(facts),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("setup", "expected"),
    [
        (setup_of(), (Traits(),)),
        # nobody would have noticed an unused parameter
        (setup_of(find_unused=True), (Traits(unused=None),)),
        (setup_of(static=True), (Traits(unused=None),)),
        (setup_of(config={"model_wrapper_cfg": {"find_unused_parameters": True}}), (Traits(unused=None),)),
        # a sure fact does not say how often
        (setup_of(fact("unused")), (Traits(unused=Unused.ALWAYS), Traits(unused=Unused.SOMETIMES))),
        (setup_of(fact("unused", "possible")), (Traits(unused=None),)),
        # frozen for a while: sure or not, static graph is never right
        (setup_of(fact("toggled", "possible")), (Traits(unused=Unused.SOMETIMES),)),
        (setup_of(fact("toggled"), fact("unused")), (Traits(unused=Unused.SOMETIMES),)),
        (setup_of(fact("toggled"), find_unused=True), (Traits(unused=Unused.SOMETIMES),)),
        (setup_of(fact("toggled"), config=GAN), (Traits(),)),
        (setup_of(fact("late-freeze", "likely")), (Traits(late_freeze=True),)),
        (setup_of(fact("late-freeze", "possible")), (Traits(late_freeze=None),)),
        (setup_of(sites=[SITE]), (Traits(Checkpoint.REENTRANT),)),
        (
            setup_of(sites=[replace(SITE, guarded=False)]),
            (Traits(Checkpoint.REENTRANT, input_has_grad=None),),
        ),
        (setup_of(sites=[replace(SITE, guarded=None)]), (Traits(Checkpoint.REENTRANT, input_has_grad=None),)),
        (
            setup_of(sites=[replace(SITE, guarded=False, input_has_grad=True)]),
            (Traits(Checkpoint.REENTRANT),),
        ),
        (
            setup_of(sites=[SITE, replace(SITE, guarded=False, input_has_grad=False)]),
            (Traits(Checkpoint.REENTRANT, input_has_grad=False),),
        ),
        (setup_of(sites=[replace(SITE, known=False)]), (Traits(None),)),
        (setup_of(sites=[replace(SITE, reentrant=None)]), (Traits(None),)),
        (setup_of(sites=[replace(SITE, reentrant=False)]), (Traits(Checkpoint.NON_REENTRANT),)),
        (setup_of(sites=[SITE, replace(SITE, known=False)]), (Traits(Checkpoint.REENTRANT),)),
        (setup_of(fact("reused"), sites=[SITE]), (Traits(Checkpoint.REENTRANT, reused=True),)),
        (setup_of(fact("reused", "possible"), sites=[SITE]), (Traits(Checkpoint.REENTRANT, reused=None),)),
        (setup_of(fact("reused", scope=("model", "head")), sites=[SITE]), (Traits(Checkpoint.REENTRANT),)),
        (setup_of(fact("reused")), (Traits(),)),
    ],
)
def test_possible(setup, expected):
    assert possible(setup) == expected


def test_a_cure_sets_the_checkpoint():
    (traits,) = possible(setup_of(sites=[SITE]), Checkpoint.NONE)
    assert traits.checkpoint is Checkpoint.NONE


def test_suspected_takes_every_fact_at_its_word():
    facts = (fact("unused", "possible"), fact("late-freeze", "possible"), fact("reused", "possible"))
    assert suspected(setup_of(*facts, sites=[replace(SITE, known=False)])) == Traits(
        Checkpoint.REENTRANT, True, Unused.ALWAYS, late_freeze=True, reused=True
    )
    assert suspected(setup_of(find_unused=True)) == Traits()
    assert suspected(setup_of(fact("toggled", "possible"))) == Traits(unused=Unused.SOMETIMES)
    one = {"optimizers": {"generator": {"type": "Adam"}}}
    assert suspected(setup_of(fact("toggled"), config=one)) == Traits(unused=Unused.SOMETIMES)


def test_outcomes_are_united():
    setup = setup_of(fact("unused"), static=True)
    assert outcomes(setup.settings, possible(setup)) == {Outcome.OK, Outcome.UNUSED}


@pytest.mark.parametrize(
    ("backbone", "model", "guarded", "expected"),
    [
        ({}, {}, True, False),
        ({"frozen_stages": 1}, {}, True, False),
        ({"frozen_stages": 4}, {}, True, True),
        ({"frozen_stages": 4}, {}, False, False),
        ({"frozen_stages": 4}, {}, None, False),
        ({}, {"freeze_img": True}, True, True),
        ({}, {"freeze_img": False}, True, False),
        ({"freeze_bn": True}, {}, True, False),
        ({"freeze_all_norm": True}, {}, True, False),
    ],
)
def test_may_be_frozen(backbone, model, guarded, expected):
    document = from_mapping({"model": {**model, "backbone": {"with_cp": True, **backbone}}})
    assert may_be_frozen(document, replace(SITE, guarded=guarded)) is expected


def test_reuse_is_about_a_part():
    assert reuses(fact("reused"), SITE)
    assert reuses(fact("reused", scope=("model", "backbone")), SITE)
    assert not reuses(fact("reused", scope=("model", "pts_bbox_head")), SITE)
    assert not reuses(fact("unused"), SITE)


@pytest.mark.parametrize(
    ("site", "left"),
    [
        (SITE, False),
        (replace(SITE, known=False), False),
        (replace(SITE, key=("model", "encoder", "num_cp"), value=6, counts_layers=True), True),
        (replace(SITE, value=4), False),  # a number given to a plain switch
    ],
)
def test_the_flipped_default_reaches_torch_checkpoints_only(site, left):
    config = {"custom_imports": {"imports": ["x", "mmfix.nonreentrant_checkpoint"]}}
    assert bool(reentrant_sites(setup_of(sites=[site], config=config))) is left
    assert reentrant_sites(setup_of(sites=[site])) == (site,)


@pytest.mark.parametrize(
    ("value", "expected"),
    [({"imports": "a"}, ("a",)), ({"imports": ["a", "b"]}, ("a", "b")), (None, ()), ({}, ())],
)
def test_custom_imports(value, expected):
    assert custom_imports(from_mapping({"custom_imports": value})) == expected


def test_dead_find_unused():
    config = {"find_unused_parameters": True, "strategy": {"model_wrapper": {"find_unused_parameters": True}}}
    keys = (("find_unused_parameters",), ("strategy", "model_wrapper", "find_unused_parameters"))
    assert dead_find_unused(setup_of(config=config)) == keys
    assert dead_find_unused(setup_of(config=config, find_unused=True)) == ()


@pytest.mark.parametrize(
    ("changes", "follows"),
    [
        ({}, True),
        ({"explicit": True}, False),  # use_reentrant=True in the call
        ({"counts_layers": True}, False),  # fairscale's own checkpoint
        ({"known": False}, None),
        ({"reentrant": None}, None),
    ],
)
def test_what_flipping_torchs_default_reaches(changes, follows):
    assert follows_torch_default(replace(SITE, **changes)) is follows
