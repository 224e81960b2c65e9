"""Every case of every rule, through the real reader; and what its default cure leaves."""

from __future__ import annotations

import copy
import re
import tempfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from mmfix.config.memory import from_mapping
from mmfix.config.reader import Reader
from mmfix.findings import CONFIDENCES, SEVERITIES
from mmfix.rules import RULES, judge, rule_of
from mmfix.rules.rule import Wrappers
from mmfix.training import read

CASES = [(rule, case) for rule in RULES for case in rule.cases]
IDS = [f"{rule.code} {case.name}" for rule, case in CASES]


FOLDER = tempfile.TemporaryDirectory()


@lru_cache(maxsize=None)
def load(case):
    if not case.inherits and not case.source:
        return Reader().load("case.py", text=case.config)
    folder = Path(tempfile.mkdtemp(dir=FOLDER.name))
    (folder / "setup.py").write_text("")
    (folder / "nets.py").write_text(case.source)
    (folder / "base.py").write_text(case.base + case.inherits)
    (folder / "case.py").write_text(case.config)
    return Reader().load(str(folder / "case.py"))


def setup_of(case, launcher=None):
    return replace(read(load(case), launcher=launcher or case.launcher), rehearsed=case.rehearsed)


def apply(tree: Any, override) -> None:
    *parents, last = override.key
    for part in parents:
        tree = tree[part] if isinstance(tree, list) else tree.setdefault(part, {})
    tree[last] = copy.deepcopy(override.value)


def patched(document, remedy):
    tree = copy.deepcopy(document.to_dict())
    for override in remedy.overrides:
        apply(tree, override)
    return from_mapping(tree)


def failing(findings):
    return [finding for finding in findings if finding.severity in ("error", "warning")]


@pytest.mark.parametrize(("rule", "case"), CASES, ids=IDS)
def test_the_rule_says_what_the_case_says(rule, case):
    findings = [finding for finding in judge(setup_of(case)) if finding.code == rule.code]
    said = {f"{finding.severity} {finding.confidence}" for finding in findings}
    assert said == ({case.finds} if case.finds else set())


@pytest.mark.parametrize(("rule", "case"), CASES, ids=IDS)
def test_no_other_rule_speaks_of_a_silent_case(rule, case):
    codes = {finding.code for finding in failing(judge(setup_of(case))) if finding.code != rule.code}
    expected = {
        ("MMF105", "with find_unused_parameters it is MMF101"): {"MMF101"},
        ("MMF104", "no checkpoint"): {"MMF103"},
    }
    assert codes == expected.get((rule.code, case.name), set())


@pytest.mark.parametrize(("rule", "case"), CASES, ids=IDS)
def test_findings_are_complete(rule, case):
    document = load(case)
    for finding in judge(setup_of(case)):
        assert finding.severity in SEVERITIES
        assert finding.confidence in CONFIDENCES
        assert finding.name == rule_of(finding).name
        assert finding.evidence
        assert all(finding.evidence)
        assert len(finding.message) < 500
        blame = document.blame(finding.key)
        assert finding.origins == (() if blame is None else blame.chain())


#: What a file sets beside its base, and the repository around it, are not to be seen in memory.
IN_ONE = [(rule, case) for rule, case in CASES if not case.inherits and not case.source]


@pytest.mark.parametrize(("rule", "case"), IN_ONE, ids=[f"{rule.code} {case.name}" for rule, case in IN_ONE])
def test_the_default_cure_cures(rule, case):
    """What ``mmfix patch`` applies: the first safe remedy of each finding; then nothing is left to say."""
    document = load(case)
    findings = failing(judge(setup_of(case)))
    chosen = [
        next((remedy for remedy in finding.remedies if remedy.disposition == "safe"), None)
        for finding in findings
    ]
    tree = copy.deepcopy(document.to_dict())
    for remedy in chosen:
        for override in remedy.overrides if remedy else ():
            apply(tree, override)
    after = read(from_mapping(tree), launcher=case.launcher)
    if None in chosen:  # what was rehearsed still holds
        after = replace(after, rehearsed=case.rehearsed)
    left = {finding.code for finding in failing(judge(after))}
    assert left == {finding.code for finding, remedy in zip(findings, chosen) if remedy is None}


@pytest.mark.parametrize(("rule", "case"), CASES, ids=IDS)
def test_every_cure_that_a_config_can_hold_cures(rule, case):
    document = load(case)
    for finding in judge(setup_of(case)):
        for remedy in finding.remedies:
            if remedy.overrides:
                left = failing(judge(read(patched(document, remedy), launcher=case.launcher)))
                assert finding.code not in {found.code for found in left}, remedy


@pytest.mark.parametrize(("rule", "case"), CASES, ids=IDS)
def test_launcher_none_silences_what_is_about_ddp(rule, case):
    found = judge(setup_of(case, launcher="none"))
    assert {rule_of(finding).wrappers for finding in found} <= {Wrappers.NONE, Wrappers.ALL}


@pytest.mark.parametrize("rule", RULES, ids=[rule.code for rule in RULES])
def test_a_rule_is_a_page(rule):
    headings = re.findall(r"^## (.+)$", rule.page, re.MULTILINE)
    assert headings == ["What it does", "Why it is bad", "Example", "Cure", "How it is known"]
    assert re.fullmatch(r"MMF[12]\d\d", rule.code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
    assert rule.name.replace("-", "_") == rule.check.__module__.rsplit(".", 1)[1]
    assert rule.summary.endswith(".")
    assert len({case.name for case in rule.cases}) == len(rule.cases)
    assert any(case.finds for case in rule.cases)
    assert any(not case.finds for case in rule.cases)
    # the page speaks of the cures it offers, and only of those
    offered = {remedy.name for case in rule.cases for finding in judge(setup_of(case))
               if finding.code == rule.code for remedy in finding.remedies}  # fmt: skip
    cure = rule.page.split("## Cure")[1].split("## ")[0]
    assert set(re.findall(r"^- `([a-z-]+)`", cure, re.MULTILINE)) <= offered


def test_rules_are_sorted_and_unique():
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes)) == [f"MMF{number}" for number in (*range(101, 118), *range(201, 210))]
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_evidence_is_said_once() -> None:
    """A frozen, checkpointed Swin: both facts come from the same class."""
    config = {
        "default_scope": "mmdet",
        "model": {"backbone": {"type": "SwinTransformer", "with_cp": True, "frozen_stages": 2}},
        "find_unused_parameters": True,
        "train_dataloader": {},
        "train_cfg": {"max_epochs": 1},
        "optim_wrapper": {"type": "OptimWrapper"},
    }
    found = [finding for finding in judge(read(from_mapping(config))) if finding.code == "MMF104"]
    assert found
    assert all(len(set(finding.evidence)) == len(finding.evidence) for finding in found)
