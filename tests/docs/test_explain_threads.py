"""The table of threads whose verdicts were written down first is that of their list."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmfix.diagnosis.kinds import KINDS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def bench(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "bench"))


def test_the_table_is_that_of_the_list() -> None:
    from explain_threads import LIST, lines_of

    threads = [json.loads(line) for line in LIST.read_text(encoding="utf-8").splitlines()]
    page = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8")

    assert "\n".join(lines_of(threads)) in page, (
        "python bench/explain_threads.py table --write docs/accuracy.md"
    )
    known = {kind.id for kind in KINDS}
    assert {thread["diagnosis"] for thread in threads} <= {"", *known}
    assert len({thread["address"] for thread in threads}) == 25


def test_right_is_one_diagnosis_its_cure_and_its_key() -> None:
    from explain_threads import is_false, is_right

    thread = {"diagnosis": "a", "cure": "c", "key": "k"}
    for diagnoses, cure, keys, right, false in (
        (["a"], "c", ["k", "x"], True, False),
        (["a", "b"], "c", ["k"], False, True),
        (["a"], "d", ["k"], False, False),
        (["a"], "c", ["x", "k"], False, False),
        ([], "", [], False, False),
    ):
        thread["now"] = {"diagnoses": diagnoses, "cure": cure, "keys": keys}  # type: ignore[assignment]
        assert (is_right(thread, "now"), is_false(thread, "now")) == (right, false)
