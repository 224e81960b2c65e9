"""Values as source text."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmfix.config.origin import Unknown
from mmfix.errors import PatchError
from mmfix.patches.difference import differences
from mmfix.patches.expression import render

keys = st.one_of(st.text(max_size=5), st.sampled_from(["class", "a", "type", "a-b", "\ufb01"]), st.integers())
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.sampled_from(["{{a}}", "{{{", "'{{", "\\{{"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(keys, inner, max_size=4),
    ),
    max_leaves=12,
)


@given(values)
def test_round_trip(value: Any) -> None:
    text = render(value)
    assert text.isascii()
    assert "{{" not in text
    assert not list(differences(value, eval(text)))
    ast.parse(f"a = {text}")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": 1, "b": "x"}, "dict(a=1, b='x')"),
        ({"a-b": 1, "c": (1,)}, "{'a-b': 1, 'c': (1,)}"),
        ({"class": {}}, "{'class': dict()}"),
        (float("inf"), "float('inf')"),
        ({2, 1}, "{1, 2}"),
        ("{{ x }}", "'{' '{ x }}'"),
    ],
)
def test_text(value: Any, text: str) -> None:
    assert render(value) == text


def test_long_values_are_broken_over_lines() -> None:
    text = render({"heads": [{"type": "SomeVeryLongHeadName", "channels": 256} for _ in range(3)]}, room=90)
    assert text.splitlines() == [
        "dict(",
        "    heads=[",
        "        dict(type='SomeVeryLongHeadName', channels=256),",
        "        dict(type='SomeVeryLongHeadName', channels=256),",
        "        dict(type='SomeVeryLongHeadName', channels=256),",
        "    ],",
        ")",
    ]


@pytest.mark.parametrize("value", [int, object(), Unknown("why"), lambda: 1, True.real.__class__, {1: int}])
def test_no_literal(value: Any) -> None:
    with pytest.raises(PatchError, match="cannot be written as text"):
        render(value)
