"""JSON version 1: every key, its type, and values JSON has no word for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import mmfix
from mmfix.config.origin import MissingBase, Origin, Unknown
from mmfix.config.values import LazyName
from mmfix.findings import Finding, Override, Remedy
from mmfix.report.json.check import render_report
from mmfix.report.json.parts import jsonable
from mmfix.report.json.patch import render_patches
from mmfix.results.checked import ConfigReport, Problem, Report
from mmfix.results.judged import CLASS, PARTLY, Gap, Judged
from mmfix.results.patched import PatchResult, Place
from mmfix.results.suppressed import COMMENT, Suppressed

KEY = ("model", "heads", 0, "with_cp")
REMEDY = Remedy("checkpoint-off", "safe", "memory", (Override(KEY, False, "off"),), ("it fits",))


def finding(path: Path) -> Finding:
    origins = (Origin(str(path / "a.py"), 3, 5), Origin(str(path / "b.py"), 1, 2))
    return Finding("MMF101", "n", "error", "certain", "m", KEY, origins, ("e",), (REMEDY,))


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_report_key_by_key(tmp_path: Path) -> None:
    good = ConfigReport(
        str(tmp_path / "a.py"),
        "mmcv1",
        "classic",
        "ok",
        None,
        (finding(tmp_path),),
        ("u",),
        judged=Judged(PARTLY, (Gap(CLASS, "Carafe (mmcv)"),)),
        missing=(MissingBase(str(tmp_path / "b.py"), "../b.py", Origin(str(tmp_path / "a.py"), 1, 1)),),
    )
    error = Problem("config", "bad", str(tmp_path / "c.py"), 7, "mend")
    bad = ConfigReport(str(tmp_path / "c.py"), None, None, "unreadable", error)
    assert json.loads(render_report(Report((good, bad), ("n",)))) == {
        "version": 1,
        "mmfix": mmfix.__version__,
        "configs": [
            {
                "path": "a.py",
                "era": "mmcv1",
                "kind": "classic",
                "status": "ok",
                "error": None,
                "findings": [{**finding_json(), "part": None, "page": None}],
                "unknown": ["u"],
                "model_code": None,
                "proof": None,
                "notes": [],
                "judged": {"extent": "partly", "gaps": [{"kind": "class", "what": "Carafe (mmcv)"}]},
                "missing_bases": [
                    {
                        "entry": "../b.py",
                        "path": "b.py",
                        "origin": {"path": "a.py", "line": 1, "column": 1},
                        "read": None,
                        "where": None,
                        "hint": "",
                    }
                ],
                "taken_back": [],
                "suppressed": [],
            },
            {
                "path": "c.py",
                "era": None,
                "kind": None,
                "status": "unreadable",
                "error": {"kind": "config", "message": "bad", "path": "c.py", "line": 7, "hint": "mend"},
                "findings": [],
                "unknown": [],
                "model_code": None,
                "proof": None,
                "notes": [],
                "judged": None,
                "missing_bases": [],
                "taken_back": [],
                "suppressed": [],
            },
        ],
        "summary": {
            "configs": 2,
            "unreadable": 1,
            "skipped": 0,
            "findings": 1,
            "suppressed": 0,
            "taken_back": 0,
            "error": 1,
            "warning": 0,
            "note": 0,
        },
        "statistics": [{"code": "MMF101", "name": "n", "causes": 1, "findings": 1, "configs": 1}],
        "notes": ["n"],
        "interrupted": None,
    }


def finding_json() -> Any:
    return {
        "code": "MMF101",
        "name": "n",
        "severity": "error",
        "confidence": "certain",
        "message": "m",
        "key": "model.heads[0].with_cp",
        "origin": {"path": "a.py", "line": 3, "column": 5},
        "blame": [{"path": "a.py", "line": 3, "column": 5}, {"path": "b.py", "line": 1, "column": 2}],
        "evidence": ["e"],
        "remedies": [
            {
                "name": "checkpoint-off",
                "disposition": "safe",
                "cost": "memory",
                "assumes": ["it fits"],
                "rehearsed": None,
                "code": [],
                "needs": None,
                "overrides": [{"key": "model.heads[0].with_cp", "value": False, "reason": "off"}],
            }
        ],
    }


def test_what_is_suppressed_says_by_whom_and_why(tmp_path: Path) -> None:
    hidden = replace(finding(tmp_path), part="neck.1")
    config = ConfigReport(
        str(tmp_path / "a.py"),
        "mmengine",
        "classic",
        "ok",
        suppressed=(Suppressed(hidden, COMMENT, "we know", str(tmp_path / "b.py"), 4),),
        docs_url="https://example.org/",
    )
    content = json.loads(render_report(Report((config,))))
    assert content["configs"][0]["suppressed"] == [
        {
            **finding_json(),
            "part": "neck.1",
            "page": "https://example.org/rules/MMF101/",
            "by": "comment",
            "reason": "we know",
            "place": {"path": "b.py", "line": 4},
        }
    ]
    assert content["configs"][0]["findings"] == []
    assert (content["summary"]["findings"], content["summary"]["suppressed"]) == (0, 1)


def test_in_memory_the_origin_is_null() -> None:
    config = ConfigReport(
        "<memory>",
        "mmengine",
        "memory",
        "ok",
        findings=(Finding("MMF101", "n", "error", "certain", "m", KEY),),
    )
    found = json.loads(render_report(Report((config,))))["configs"][0]["findings"][0]
    assert (found["origin"], found["blame"]) == (None, [])


def test_patches_key_by_key(tmp_path: Path) -> None:
    path = str(tmp_path / "a.py")
    result = PatchResult(
        path,
        path,
        b"",
        b"b = 2\n",
        True,
        ("checkpoint-off",),
        REMEDY.overrides,
        (finding(tmp_path),),
        notes=("n",),
        confirmed_by="mmengine 0.10.7",
        places=(Place(3, "model.heads[0].with_cp", "True", "False"),),
        heirs=(str(tmp_path / "b.py"),),
    )
    assert json.loads(render_patches([result])) == {
        "version": 1,
        "mmfix": mmfix.__version__,
        "patches": [
            {
                "path": "a.py",
                "target": "a.py",
                "status": "left",
                "written": True,
                "remedies": ["checkpoint-off"],
                "overrides": [{"key": "model.heads[0].with_cp", "value": False, "reason": "off"}],
                "in_place": [{"line": 3, "key": "model.heads[0].with_cp", "was": "True", "now": "False"}],
                "heirs": ["b.py"],
                "confirmed_by": "mmengine 0.10.7",
                "diff": "--- a/a.py\n+++ b/a.py\n@@ -0,0 +1 @@\n+b = 2\n",
                "left": [finding_json()],
                "error": None,
                "notes": ["n"],
                "judged": None,
                "proof": None,
                "taken_back": [],
                "edits": [],
            }
        ],
        "summary": {"configs": 1, "patched": 0, "clean": 0, "left": 1, "refused": 0, "skipped": 0},
        "interrupted": None,
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, (2, "x")), [1, [2, "x"]]),
        ({1: None, "a": True}, {"1": None, "a": True}),
        (Unknown("read from the environment"), {"unknown": "read from the environment"}),
        (LazyName("torch.optim.AdamW"), "torch.optim.AdamW"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
        (b"\x00", "b'\\x00'"),
    ],
)
def test_values_json_has_no_word_for(value: object, expected: object) -> None:
    assert jsonable(value) == expected
    json.loads(json.dumps(jsonable(value), allow_nan=False))
