"""What was judged of how many configs, word for word."""

from __future__ import annotations

from pathlib import Path
from typing import List

import pytest

from mmfix.config.origin import MissingBase, Origin
from mmfix.report.text.check import render_report
from mmfix.report.text.judged import account
from mmfix.report.text.missing import missing_bases
from mmfix.results.checked import ConfigReport, ProofUsed, Report
from mmfix.results.judged import (
    BASE,
    CLASS,
    CODE,
    FRAMEWORK,
    FULLY,
    KEYS,
    NOT,
    PART,
    PARTLY,
    VALUE,
    Gap,
    Judged,
)

NAMES = "`mmfix show --model CFG` names the parts"
WHERE = f"{NAMES}; run mmfix where you train: it reads what is installed"


def partly(*gaps: Gap) -> Judged:
    return Judged(PARTLY, gaps)


@pytest.mark.parametrize(
    ("judged", "lines"),
    [
        ([], []),
        ([Judged(FULLY)] * 2, ["2 configs: source followed to the loss"]),
        (
            [Judged(FULLY), partly(Gap(CLASS, "Carafe (mmcv)"))],
            [
                "1 config: source followed to the loss",
                "1 config: source followed in part (Carafe (mmcv) is not here)",
                WHERE,
            ],
        ),
        (
            [*[partly(Gap(CLASS, name), Gap(CLASS, "Z")) for name in "CAB"], partly(Gap(CLASS, "C"))],
            ["4 configs: source followed in part (Z, C and 2 more classes are not here)", WHERE],
        ),
        (
            [partly(*(Gap(PART, f"Head.{name}") for name in "abc"))],
            [
                "1 config: source followed in part (whether Head.a, Head.b and 1 more part are used "
                "cannot be told)",
                NAMES,
            ],
        ),
        (
            [partly(Gap(BASE, "a.py"), Gap(BASE, "b.py"), Gap(VALUE, "model.neck"))],
            [
                "1 config: source followed in part (the bases a.py and b.py are not here; "
                "model.neck is known only in a run)"
            ],
        ),
        (
            [Judged(KEYS, (Gap(CODE, "the reading stopped: too deep"),))],
            [
                "1 config: judged by keys and by tables of released classes alone (the reading stopped: "
                "too deep)",
                NAMES,
            ],
        ),
        (
            [Judged(NOT, (Gap(FRAMEWORK, "Pointcept"),))] * 3,
            ["3 configs: not judged (written for Pointcept)"],
        ),
    ],
)
def test_what_was_judged(judged: List[Judged], lines: List[str]) -> None:
    assert account(judged) == lines
    assert account(reversed(judged)) == lines


def test_a_gap_of_one_config_counts_once() -> None:
    one = partly(Gap(CLASS, "A"), Gap(CLASS, "A"))
    two = partly(Gap(CLASS, "B"))
    assert "(B and A are not here)" in account([one, two, two])[0]


def test_the_last_lines_of_a_clean_run() -> None:
    configs = [ConfigReport(f"/{n}.py", "mmcv1", "classic", "ok", judged=Judged(FULLY)) for n in range(3)]
    assert render_report(Report(tuple(configs))).splitlines() == [
        "3 configs: source followed to the loss",
        "3 configs checked: nothing found",
    ]


def test_a_run_in_which_no_source_was_followed_found_nothing_by_keys_alone() -> None:
    config = ConfigReport("/a.py", "mmcv1", "classic", "ok", judged=Judged(KEYS))
    last = render_report(Report((config,))).splitlines()[-1]
    assert last == "1 config checked: nothing found by keys alone"


def test_a_rehearsed_config_is_counted_as_that() -> None:
    proof = ProofUsed(True, "", "2026-11-22", "OK")
    config = ConfigReport("/a.py", "mmcv1", "classic", "ok", proof=proof, judged=Judged(KEYS))
    assert render_report(Report((config,))) == "1 config checked (1 with a proof): nothing found\n"


@pytest.mark.parametrize(
    ("statuses", "allowed", "code"),
    [
        (["skipped", "ok"], False, 0),
        (["skipped", "skipped"], False, 2),
        (["skipped", "skipped"], True, 0),
        (["skipped", "unreadable"], True, 2),
        ([], False, 0),
    ],
)
def test_a_run_that_judged_nothing_did_not_succeed(statuses: List[str], allowed: bool, code: int) -> None:
    configs = tuple(ConfigReport("/a.py", None, None, status) for status in statuses)
    assert Report(configs, allow_unjudged=allowed).exit_code == code


def test_a_missing_base_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def missing(config: str, name: str, read: str = "", where: str = "", hint: str = "") -> MissingBase:
        origin = Origin(str(tmp_path / config), 2, 1)
        return MissingBase(str(tmp_path / name), f"../{name}", origin, read, where, hint=hint)

    bases = [
        (missing("a.py", "x.py"), missing("a.py", "x.py")),
        (missing("b.py", "x.py"), missing("b.py", "y.py", hint="did you mean z.py?")),
        (missing("c.py", "w.py", str(tmp_path / "m" / "w.py"), "--base-dir m"),),
    ]
    assert list(missing_bases(bases)) == [
        "the base ../x.py is not here (a.py:2; 2 configs need it)",
        "the base ../y.py is not here (b.py:2); did you mean z.py?",
        "the base ../w.py is not here (c.py:2); read m/w.py instead (--base-dir m)",
        "what these bases may set is unknown; --base-dir DIR names a folder that holds them",
    ]
    assert len(list(missing_bases(bases[2:]))) == 1
