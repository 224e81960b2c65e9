"""A report comes back from JSON as it was, or is not kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmfix import check
from mmfix.config.origin import Unknown
from mmfix.findings import Finding, Override, Remedy
from mmfix.kept.values import NotKept, from_values, to_values

SIMPLE = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
VALUES = st.recursive(
    SIMPLE,
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(SIMPLE, inner),
    max_leaves=20,
)


def there_and_back(item: Any) -> Any:
    return from_values(json.loads(json.dumps(to_values(item))))


def same(one: Any, other: Any) -> bool:
    """Equal, and of the same kinds all through."""
    return repr(one) == repr(other)


@given(VALUES)
def test_what_a_config_may_hold_comes_back(value: Any) -> None:
    override = Override(("model", 0, "x"), value, "why")
    finding = Finding("MMF101", "name", "error", "likely", "message", ("model",), remedies=(
        Remedy("cure", "safe", "cost", (override,)),
    ))  # fmt: skip
    assert same(there_and_back(finding), finding)


def test_real_reports_come_back(examples: Path) -> None:
    reports = check(examples).configs
    assert any(report.findings for report in reports)
    assert same(there_and_back(reports), reports)


@pytest.mark.parametrize("value", [Unknown("why"), float("nan"), float("inf"), 1j, b"x", {1}, object()])
def test_what_would_not_come_back_is_not_kept(value: object) -> None:
    with pytest.raises(NotKept):
        to_values((1, [value]))


@pytest.mark.parametrize(
    "value",
    [{}, {"a": 1, "b": 2}, {"Nobody": []}, {"Gap": ["one"]}, {"Gap": 3}, {"list": 4}, {"dict": [[1]]}],
)
def test_what_was_never_kept_is_refused(value: Any) -> None:
    with pytest.raises((LookupError, TypeError, ValueError)):
        from_values(value)
