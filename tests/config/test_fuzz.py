"""Promise: what the reader says of a config is what MMEngine says, or an explicit Unknown; of generated configs.

``docs/reliability.md`` has 100,000 of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest
from fuzz.case import Case
from fuzz.compare import DIFFERENT, judge
from fuzz.engine import Refused
from fuzz.run import case_of, run, smallest

from mmfix.config.interpreter import methods

HERE = Path(__file__).resolve().parent
CASES, SHARDS = 500, 2


@pytest.mark.skipif(sys.version_info < (3, 9), reason="Python has no ast.unparse")
def test_a_broken_reader_is_found_and_the_case_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(methods._LIST, "append", lambda *_: None)
    case = Case(
        "planted",
        "0",
        {
            "c.py": "a = [1]\nb = dict(x=a, y=len(a))\nif b['y']:\n    for i in range(3):\n        a.append(i)\nc = 5\n"
        },
    )
    small, result = smallest(case, DIFFERENT)
    assert result.outcome == DIFFERENT
    assert ".append(" in small.files["c.py"]
    assert len(small.files["c.py"].splitlines()) <= 3


def test_generated_configs_find_a_broken_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(owner: Any, args: List[Any], blame: Any) -> Any:
        return args[1] if len(args) > 1 else None

    monkeypatch.setitem(methods._DICT, "setdefault", forgetful)
    found = (
        "setdefault" in "".join(case.files.values()) and result.outcome == DIFFERENT
        for first in range(0, 400, 40)
        for case, result in run(range(first, first + 40))[1]
    )
    assert any(found)


def test_a_number_is_always_the_same_case() -> None:
    assert case_of(7, ()) == case_of(7, ())
    assert case_of(7, ()) != case_of(10, ())


def test_a_value_that_the_run_decides_must_be_unknown() -> None:
    assert judge({"a": 1}, ({"a": 1}, {"a": 2})).outcome == DIFFERENT
    assert judge({"a": 1}, ({"a": 1}, Refused("stops"))).outcome != DIFFERENT


def fuzz(first: int, cases: int, *arguments: str) -> Dict[str, Dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "fuzz.run", "--first", str(first), "--cases", str(cases), *arguments],
        env={**os.environ, "PYTHONPATH": str(HERE), "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-8000:]
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def share(counts: Dict[str, Dict[str, Any]], kind: str) -> float:
    """Of the values that MMEngine knows."""
    every = counts.values()
    return float(sum(count[kind] for count in every) / sum(count["leaves"] for count in every))


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_the_grammar(shard: int) -> None:
    counts = fuzz(shard * CASES // SHARDS, CASES // SHARDS)
    assert sum(sum(count["outcomes"].values()) for count in counts.values()) == CASES // SHARDS
    assert share(counts, "unknown") <= 0.14  # of 500 cases; of many, 0.1 is meant
    assert sum(count["outcomes"]["only mmfix refuses"] for count in counts.values()) <= 2


@pytest.mark.zoo
@pytest.mark.parametrize("shard", range(SHARDS))
def test_mutated_configs_of_the_zoos(zoo: Callable[[str], Path], shard: int) -> None:
    roots = [zoo("mmdet-3.3.0") / "mmdet/.mim/configs", zoo("mmsegmentation-1.2.2") / "mmseg/.mim/configs"]
    counts = fuzz(shard * CASES // SHARDS, CASES // SHARDS, *(f"--zoo={root}" for root in roots))
    assert share(counts, "unknown") <= 0.02
