"""What becomes of findings and cures when a rehearsal has shown what really happens."""

from __future__ import annotations

from dataclasses import replace

import pytest
from proof_helpers import DATE, LINE, ON, RESNET, SWIN, document, findings, group, rehearsal

from mmfix.config.reader import Reader
from mmfix.ddp import Outcome
from mmfix.proofs.candidates import candidates
from mmfix.proofs.judged import judged, predicted
from mmfix.proofs.measured import with_proof
from mmfix.proofs.types import Proof, RemedyResult, Scenario
from mmfix.remedies import solve
from mmfix.rules import RULES, judge
from mmfix.training import read

KEY = ("model", "backbone", "frozen_stages")
CP = ("model", "backbone", "with_cp")
FLAG = "model = dict(type='Own', use_fusion=True, backbone=dict(type='mmdet.ResNet', depth=50))\n"
PLAIN = "model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))\n"
FREEZE = group("never", "backbone.stages.0", "model.backbone", 37, "train")
TWICE = group("ready twice", "backbone.layer3", "model.backbone")
UNKNOWN_SWITCH = (
    "model = dict(type='FCOS', backbone=dict(type='OwnNet', with_cp=True), "
    "neck=dict(type='OwnNeck', with_cp=True))\n"
)
STATIC = PLAIN + (
    "model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False, static_graph=True)\n"
)


def told(found):
    return [(finding.code, finding.severity, finding.confidence) for finding in found]


def setup_of(text: str, found, *remedies):
    return with_proof(read(document(text)), Proof("config.py", found, remedies), DATE)


# ---------------------------------------------------------------- facts


@pytest.mark.parametrize(
    ("item", "kind", "varies"),
    [
        (group("never", "neck.a", "model.neck"), "unused", False),
        (group("sometimes", "neck.a", "model.neck"), "unused", True),
        (group("never", "neck.a", "model.neck", frozen_by="init_weights"), "late-freeze", False),
        (group("never", "neck.a", "model.neck", frozen_by="train"), "late-freeze", False),
        (group("never", "neck.a", "model.neck", frozen_by="hook"), "late-freeze", False),
        (group("never", "neck.a", "model.neck", frozen_by="step"), "toggled", False),
        (group("sometimes", "neck.a", "model.neck", frozen_by="hook"), "toggled", True),
        (group("ready twice", "neck.a", "model.neck"), "reused", False),
    ],
)
def test_a_group_becomes_a_fact(item, kind: str, varies: bool) -> None:
    text = "model = dict(type='FCOS', neck=dict(type='OwnNeck'))\n"
    (fact,) = setup_of(text, rehearsal("UNUSED", item, reentrant=True)).facts
    assert (fact.kind, fact.key, fact.varies, fact.confidence) == (kind, ("model", "neck"), varies, "proven")
    assert fact.evidence[0].startswith(f"{LINE}: UNUSED, 2 parameters, neck.a: ")
    assert "2 parameters of neck.a (Block)" in fact.why


def test_a_group_gets_the_key_of_what_was_suspected() -> None:
    (fact,) = setup_of(SWIN, rehearsal("UNUSED", FREEZE)).facts
    static = read(document(SWIN)).facts[0]
    assert (fact.key, fact.confidence, fact.why) == (KEY, "proven", static.why)
    assert fact.evidence == (
        *static.evidence,
        f"{LINE}: UNUSED, 37 parameters, backbone.stages.0: never used",
    )


@pytest.mark.parametrize(
    ("module", "key"),
    [
        ("fusion", ("model", "use_fusion")),
        ("learned_fusion.conv", ("model", "use_fusion")),
        ("other", ("model", "use_teacher")),
    ],
)
def test_flags_are_told_apart_by_name(module: str, key) -> None:
    text = "model = dict(type='Own', use_fusion=True, use_teacher=True, teacher=dict(type='Other'))\n"
    item = group("never", module, "model")
    (fact,) = setup_of(text, rehearsal("UNUSED", item)).facts
    assert fact.key == (key if module != "other" else ("model",))
    assert fact.why.startswith("No iteration gives 2 parameters")


def test_a_key_that_the_config_does_not_have_ends_where_it_does() -> None:
    item = group("never", "backbone.a", "model.backbone.a[3]")
    (fact,) = setup_of(PLAIN, rehearsal("UNUSED", item)).facts
    assert fact.key == ("model", "backbone")


def test_many_groups_of_one_key_are_one_fact() -> None:
    items = [group("never", f"backbone.{index}", "model.backbone") for index in range(9)]
    (fact,) = setup_of(PLAIN, rehearsal("UNUSED", *items)).facts
    assert len(fact.evidence) == 4
    assert fact.evidence[-1].startswith("and 12 parameters of backbone.3 (Block)")
    assert "18 parameters of" in fact.why


# ---------------------------------------------------------------- checkpoints


def sites(text: str, found):
    return [(site.key, site.reentrant, site.input_has_grad) for site in setup_of(text, found).checkpoints]


def test_a_checkpoint_that_did_not_run_loses_its_claim() -> None:
    assert sites(ON + RESNET, rehearsal("OK")) == [(CP, False, None)]


def test_what_was_seen_of_the_input_counts() -> None:
    assert sites(RESNET, rehearsal("OK", reentrant=True)) == [(CP, True, True)]
    cut_off = group("untrained", "backbone.layer1", "model.backbone")
    assert sites(RESNET, rehearsal("UNUSED", cut_off, reentrant=True)) == [(CP, True, False)]


def test_the_switch_of_another_part_keeps_what_was_read() -> None:
    before = {site.key: site for site in read(document(UNKNOWN_SWITCH)).checkpoints}
    measured = setup_of(ON + UNKNOWN_SWITCH, rehearsal("READY_TWICE", TWICE, reentrant=True))
    after = {site.key: site for site in measured.checkpoints}
    assert after[CP].reentrant is True
    neck = ("model", "neck", "with_cp")
    assert after[neck] == before[neck]


def test_activation_checkpointing_is_told_by_the_modules_name() -> None:
    text = PLAIN + "activation_checkpointing = ['backbone.layer3', 'neck']\n"
    item = group("untrained", "backbone.layer3.0", "model.backbone")
    found = sites(text, rehearsal("UNUSED", item, reentrant=True))
    assert [has_grad for _, _, has_grad in found] == [
        False,
        read(document(text)).checkpoints[1].input_has_grad or True,
    ]


LAYERS = "model = dict(type='DETR', encoder=dict(type='DetrTransformerEncoder', num_cp=2))\n"


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # its parameters are hidden from DDP's walk, so none hidden means that it did not run
        (rehearsal("OK"), [("num_cp", False, None)]),
        (rehearsal("OK", reentrant=True), [("num_cp", True, True)]),
        (
            rehearsal("READY_TWICE", group("ready twice", "encoder.layers", "model.encoder"), reentrant=True),
            [("num_cp", True, True)],
        ),
        # it always gets a tensor that requires a gradient: another checkpoint has cut these off
        (
            rehearsal("UNTRAINED", group("untrained", "encoder.layers", "model.encoder"), reentrant=True),
            [("num_cp", True, True), ("encoder", True, False)],
        ),
    ],
)
def test_a_checkpoint_that_counts_layers(found, expected) -> None:
    measured = setup_of(LAYERS, found).checkpoints
    assert [(site.key[-1], site.reentrant, site.input_has_grad) for site in measured] == expected
    assert measured[0].counts_layers


def test_a_checkpoint_nobody_knew_of() -> None:
    found = findings(ON + PLAIN, rehearsal("READY_TWICE", TWICE, reentrant=True))
    assert told(found) == [("MMF101", "error", "proven")]
    assert "a reentrant gradient checkpoint in Block stops the first iteration" in found[0].message
    cures = {remedy.name: remedy.disposition for remedy in found[0].remedies}
    assert cures == {"non-reentrant": "review", "static-graph": "review", "find-unused-off": "review"}


# ---------------------------------------------------------------- findings


@pytest.mark.parametrize(
    ("text", "found", "code", "line"),
    [
        (SWIN, rehearsal("UNUSED", FREEZE), "MMF103", "37 parameters"),
        (ON + RESNET, rehearsal("READY_TWICE", TWICE, reentrant=True), "MMF101", "READY_TWICE"),
        (ON + RESNET, rehearsal("READY_TWICE", reentrant=True), "MMF101", "READY_TWICE"),
        (FLAG, rehearsal("UNUSED", group("never", "fusion", "model")), "MMF102", "never used"),
        (RESNET, rehearsal("READY_TWICE", TWICE, reentrant=True), "MMF105", "ready twice"),
        (
            RESNET,
            rehearsal("UNUSED", group("untrained", "backbone.layer1", "model.backbone"), reentrant=True),
            "MMF110",
            "UNUSED, 2 parameters of backbone.layer1",
        ),
        (
            ON + RESNET,
            rehearsal("UNTRAINED", group("untrained", "backbone.layer1", "model.backbone"), reentrant=True),
            "MMF110",
            "UNTRAINED",
        ),
        (
            STATIC + "optim_wrapper['accumulative_counts'] = 4\n",
            rehearsal("NO_SYNC_ASSERT"),
            "MMF109",
            "NO_SYNC_ASSERT",
        ),
    ],
)
def test_a_prediction_that_showed_is_proven(text: str, found, code: str, line: str) -> None:
    (finding,) = findings(text, found)
    assert (finding.code, finding.severity, finding.confidence) == (code, "error", "proven")
    assert any(item.startswith(LINE) and line in item for item in finding.evidence)
    assert "may stop" not in finding.message
    error = found.scenarios[0].error.partition("\n")[0]
    assert not error or error in finding.evidence


def test_a_suspicion_that_did_not_show_is_left_out() -> None:
    assert told(judge(read(document(FLAG)))) == [("MMF102", "warning", "possible")]
    assert findings(FLAG, rehearsal("OK")) == ()
    unsure = ON + "model = dict(type='FCOS', backbone=dict(type='OwnNet', with_cp=True))\n"
    assert told(judge(read(document(unsure)))) == [("MMF101", "warning", "possible")]
    assert findings(unsure, rehearsal("OK", reentrant=True)) == ()
    assert findings(unsure, rehearsal("OK")) == ()


@pytest.mark.parametrize("text", [SWIN, ON + RESNET])
@pytest.mark.parametrize("reentrant", [True, False])
def test_what_is_certain_is_kept_and_says_that_it_did_not_show(text: str, reentrant: bool) -> None:
    (before,) = judge(read(document(text)))
    (after,) = findings(text, rehearsal("OK", reentrant=reentrant))
    assert before.confidence == "certain"
    assert after == replace(
        before, evidence=(*before.evidence, f"did not show when {LINE}"), remedies=after.remedies
    )
    assert after.remedies == before.remedies


def test_a_dead_key_is_left_alone() -> None:
    text = PLAIN + "use_static_graph = True\n"
    assert findings(text, rehearsal("OK")) == judge(read(document(text)))


def test_a_freeze_schedule_may_come_later() -> None:
    text = "model = dict(type='BasicVSR', generator=dict(type='Net'), train_cfg=dict(fix_iter=5000))\n"
    before = judge(read(document(text)))
    (after,) = findings(text, rehearsal("OK"))
    assert told(before) == told([after]) == [("MMF114", "warning", "possible")]
    assert any("a switch may come after" in line for line in after.evidence)


def test_after_a_crash_in_the_first_step_the_rest_is_not_refuted() -> None:
    text = ON + SWIN.replace("frozen_stages=2", "frozen_stages=2, with_cp=True")
    (finding,) = findings(text, rehearsal("READY_TWICE", TWICE, reentrant=True))
    assert told([finding]) == [("MMF104", "error", "proven")]
    cure = finding.remedies[0]
    assert [str(override) for override in cure.overrides] == ["model.backbone.with_cp = False"]


def test_an_unused_run_without_a_name_proves_what_was_suspected() -> None:
    assert told(findings(FLAG, rehearsal("UNUSED"))) == [("MMF102", "error", "proven")]


def test_varying_parts_need_an_empty_batch_to_be_refuted() -> None:
    setup = read(document(PLAIN))
    fact = replace(read(document(FLAG)).facts[0], varies=True)
    setup = replace(setup, facts=(fact,))
    normal = Proof("config.py", rehearsal("OK", scenarios=("normal",)))
    assert with_proof(setup, normal).facts == (fact,)
    assert with_proof(setup, Proof("config.py", rehearsal("OK"))).facts == ()
    refused = (Scenario("normal", "OK"), Scenario("empty", "NOT_PROVED"))
    found = replace(rehearsal("OK"), scenarios=refused)
    assert with_proof(setup, Proof("config.py", found)).facts == (fact,)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (PLAIN, rehearsal("UNUSED")),
        (ON + PLAIN, rehearsal("UNUSED", group("never", "neck", "model"))),
        (PLAIN, rehearsal("HANG", reason="no rank made a step in 60 s")),
        (PLAIN, rehearsal("DIVERGED")),
        (STATIC, rehearsal("UNUSED", group("sometimes", "head", "model.backbone"))),
    ],
)
def test_a_failure_no_rule_explains(text: str, found) -> None:
    (finding,) = findings(text, found)
    assert told([finding]) == [("MMF116", "error", "proven")]
    assert found.outcome in finding.message
    assert found.reason in finding.message
    assert finding.evidence[0] == LINE
    for item in found.groups:
        assert f"2 parameters of {item.module} (Block)" in finding.message
        assert ".".join(finding.key) == item.key


def test_a_failure_that_a_rule_explains_is_told_once() -> None:
    switched = rehearsal("UNUSED", group("sometimes", "neck", "model", frozen_by="step"))
    assert told(findings(STATIC, switched)) == [("MMF114", "error", "proven")]


def test_an_unexplained_failure_gets_the_cures_of_what_was_measured() -> None:
    found = rehearsal("HANG", group("never", "backbone.a", "model.backbone"))
    finding = next(item for item in findings(PLAIN, found) if item.code == "MMF116")
    assert [remedy.name for remedy in finding.remedies] == ["find-unused", "static-graph"]


def test_without_ddp_there_is_nothing_to_say() -> None:
    setup = read(document(SWIN), launcher="none")
    assert judged(setup, Proof("config.py", rehearsal("UNUSED", FREEZE)), DATE) == ()


def test_every_rule_that_predicts_is_known() -> None:
    """Each rule that speaks of a graph predicts a failure in some case of its own."""
    for rule in RULES:
        said = set()
        for case in rule.cases if rule.traits is not None else ():
            setup = replace(read(Reader().load("case.py", text=case.config)), rehearsed=case.rehearsed)
            said |= {predicted(setup, item) for item in judge(setup) if item.code == rule.code}
        if rule.traits is not None:
            assert said - {None}
            assert Outcome.OK.value not in said


# ---------------------------------------------------------------- cures

GB, MB = 1000**3, 1000**2


def test_a_rehearsed_cure_says_how_it_went_and_a_failed_one_is_not_offered() -> None:
    proof = rehearsal("READY_TWICE", TWICE, reentrant=True, step_seconds=2.0)
    (finding,) = findings(
        ON + RESNET,
        proof,
        RemedyResult("checkpoint-off", "OK", "", int(1.4 * GB), 3.0),
        RemedyResult("static-graph", "UNUSED"),
        RemedyResult("find-unused-off", "NOT_PROVED"),
    )
    said = {remedy.name: (remedy.disposition, remedy.rehearsed) for remedy in finding.remedies}
    assert said == {
        "checkpoint-off": ("safe", "OK, activations 1.40 GB, step 3.00 s (about 1.5x)"),
        "non-reentrant": ("safe", ""),
        "find-unused-off": ("review", ""),
    }


def test_a_rehearsal_does_not_make_a_cure_safe() -> None:
    (finding,) = findings(
        ON + RESNET,
        rehearsal("READY_TWICE", TWICE, reentrant=True),
        RemedyResult("find-unused-off", "OK", "", 3 * MB),
    )
    cure = next(remedy for remedy in finding.remedies if remedy.name == "find-unused-off")
    assert (cure.disposition, cure.rehearsed) == ("review", "OK, activations 3 MB")


def test_a_cure_of_the_same_name_that_sets_other_keys_was_not_rehearsed() -> None:
    results = (RemedyResult("checkpoint-off", "UNUSED", overrides=("model.neck.with_cp = False",)),)
    (finding,) = findings(ON + RESNET, rehearsal("READY_TWICE", TWICE, reentrant=True), *results)
    assert (finding.remedies[0].name, finding.remedies[0].rehearsed) == ("checkpoint-off", "")


def test_candidates_are_those_of_what_was_read_else_of_what_was_measured() -> None:
    setup = read(document(ON + RESNET))
    assert candidates(setup, rehearsal("READY_TWICE")) == tuple(r for r in solve(setup) if r.overrides)
    plain = read(document(PLAIN))
    assert candidates(plain, rehearsal("OK")) == ()
    found = rehearsal("UNUSED", group("never", "backbone.a", "model.backbone"))
    assert [remedy.name for remedy in candidates(plain, found)] == ["find-unused", "static-graph"]
    assert candidates(plain, rehearsal("HANG")) == candidates(plain, rehearsal("NOT_PROVED")) == ()
