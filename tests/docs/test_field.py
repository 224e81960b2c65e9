"""The tables on other people's repositories: what is counted, and that what was judged can be read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture(autouse=True)
def bench(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCH))


def finding(confidence: str, message: str, severity: str = "warning") -> Dict[str, Any]:
    return {
        "code": "MMF102", "key": "model.neck", "message": message, "severity": severity,
        "confidence": confidence, "evidence": [], "remedies": [],
    }  # fmt: skip


def config(path: str, followed: str, *findings: Dict[str, Any]) -> Dict[str, Any]:
    judged = {"extent": "fully" if followed == "fully" else "partly"}
    return {"path": path, "status": "ok", "judged": judged, "followed": followed, "findings": list(findings)}


RAW = {
    "owner/name": {
        "commit": "0" * 40,
        "era": "mmcv1",
        "cpu": 3.0,
        "alone": [2.0, 0.5, 0.7],
        "configs": [
            config("a.py", "fully", finding("likely", "4 parts", "error")),
            config("b.py", "partly", finding("likely", "5 parts", "error")),
            config("c.py", "lost", finding("possible", "perhaps")),
        ],
    }
}


def test_findings_that_differ_in_numbers_are_one_group() -> None:
    from field_tables import groups

    (group,) = groups(RAW)
    assert group["configs"] == ["a.py", "b.py"]
    assert group["message"] == "# parts"
    assert len(groups(RAW, possible=True)) == 2


@pytest.mark.parametrize(
    ("true", "precise", "wrong"),
    [
        (True, "**2 of 2 (100.0 %)**", "**0 of 3 (0.0 %)**"),
        (False, "**0 of 2 (0.0 %)**", "**2 of 3 (66.7 %)**"),
    ],
)
def test_the_table_counts_what_was_judged(true: bool, precise: str, wrong: str, tmp_path: Path) -> None:
    from field_tables import groups, section

    (group,) = groups(RAW)
    line = {name: group[name] for name in ("repository", "code", "key", "message")}
    file = tmp_path / "judgments.jsonl"
    file.write_text(json.dumps({**line, "true": true, "reason": "read"}) + "\n", encoding="utf-8")
    text = section(RAW, file)
    assert f"that are true, of those judged | {precise}" in text
    assert f"shown one that is not true | {wrong}" in text
    assert "groups at *likely* or surer that nobody has judged | 0 of 1" in text
    assert "configs whose model was lost | **1 of 3 (33.3 %)**" in text


def test_a_group_is_judged_once_and_with_a_reason() -> None:
    lines = (BENCH / "field_judgments.jsonl").read_text(encoding="utf-8").splitlines()
    read = [json.loads(line) for line in lines]
    keys = [(line["repository"], line["code"], line["key"], line["message"]) for line in read]
    assert len(keys) == len(set(keys))
    assert all(isinstance(line["true"], bool) and line["reason"] for line in read)


def test_a_fix_is_a_line_added_to_a_config_that_had_none() -> None:
    from human_fixes import _added

    log = "COMMIT {}\n\ndiff --git a/{} b/{}\n--- a/{}\n+++ b/{}\n@@ -9,0 +10 @@\n{}\n"
    hashes = [digit * 40 for digit in "1234"]
    diffs = [
        "+find_unused_parameters = True",
        "-find_unused_parameters=True\n+find_unused_parameters = True",
        "+# find_unused_parameters = True",
        "+model_wrapper_cfg = dict(type='MMDistributedDataParallel', find_unused_parameters=True)",
    ]
    names = [["a.py"] * 4, ["b.py"] * 4, ["c.py"] * 4, ["old.py", "new.py", "old.py", "new.py"]]
    text = "".join(log.format(commit, *files, diff) for commit, files, diff in zip(hashes, names, diffs))
    assert list(_added(text)) == [(hashes[0], "a.py", "a.py"), (hashes[3], "old.py", "new.py")]
