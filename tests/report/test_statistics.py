"""``--statistics``: what each rule has found, in numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mmfix.config.origin import Origin
from mmfix.findings import Finding
from mmfix.report.statistics import RuleCount, statistics
from mmfix.results.checked import ConfigReport, Report


def config(name: str, *codes: str) -> ConfigReport:
    origins = (Origin("base.py", 3, 5),)
    found = tuple(
        Finding(code, f"rule-{code}", "error", "certain", "m", ("a", number), origins)
        for number, code in enumerate(codes)
    )
    return ConfigReport(name, "mmengine", "classic", "ok", findings=found)


def test_what_is_counted() -> None:
    report = Report((config("a.py", "MMF102", "MMF101", "MMF101"), config("b.py", "MMF102"), config("c.py")))
    assert statistics(report) == [
        RuleCount("MMF101", "rule-MMF101", 2, 2, 1),
        RuleCount("MMF102", "rule-MMF102", 1, 2, 2),
    ]
    assert statistics(Report(())) == []


@pytest.fixture
def counted(examples: Path, mmfix: Any) -> Any:
    return mmfix("check", "configs", "--statistics")


def test_as_text(counted: Any, mmfix: Any) -> None:
    first, *rest = counted.stdout.splitlines()
    assert first == "MMF102  conditional-modules-without-find-unused  3 findings, 3 causes, 1 config"
    assert rest[-1] == mmfix("check", "configs").stdout.splitlines()[-1]
    assert "  cures  " not in counted.stdout  # no finding beside the numbers
    assert counted.returncode == 1


def test_as_json(examples: Path, mmfix: Any) -> None:
    plain, asked = (
        json.loads(mmfix("check", "configs", "--format", "json", *more).stdout)
        for more in ((), ("--statistics",))
    )
    assert plain == asked
    found = [finding["code"] for each in plain["configs"] for finding in each["findings"]]
    assert {row["code"]: row["findings"] for row in plain["statistics"]} == {
        code: found.count(code) for code in found
    }


def test_a_format_that_has_no_place_for_it(examples: Path, mmfix: Any) -> None:
    done = mmfix("check", "configs", "--statistics", "--format", "junit")
    assert done.returncode == 2
    assert "--statistics goes with --format text or json, not junit" in done.stderr
