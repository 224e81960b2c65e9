"""Arguments are bound as Python binds them: compared with calls of real functions."""

from __future__ import annotations

import ast
from typing import Any, Dict, List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmfix.python.signatures import bind, refusal, signature_of

NAMES = ["a", "b", "c", "d", "e"]


@st.composite
def declarations(draw: Any) -> str:
    """The parameters of a function: any mix that Python accepts."""
    names = draw(st.permutations(NAMES))[: draw(st.integers(0, 5))]
    first, second = sorted((draw(st.integers(0, len(names))), draw(st.integers(0, len(names)))))
    only, either, named = names[:first], names[first:second], names[second:]
    free = draw(st.integers(0, second))  # the first positional ones have no default
    parts: List[str] = [name if at < free else f"{name}=0" for at, name in enumerate([*only, *either])]
    if only:
        parts.insert(len(only), "/")
    if draw(st.booleans()):
        parts.append("*args")
    elif named:
        parts.append("*")
    parts += [name if draw(st.booleans()) else f"{name}=0" for name in named]
    return ", ".join([*parts, *(["**kwargs"] if draw(st.booleans()) else [])])


@given(
    declarations(),
    st.integers(0, 6),
    st.lists(st.sampled_from([*NAMES, "x", "args", "kwargs"]), unique=True, max_size=5),
)
@settings(max_examples=500, deadline=None)
def test_as_python_binds(declared: str, count: int, named: List[str]) -> None:
    args = [f"argument {position}" for position in range(count)]
    kwargs = {name: f"keyword {name}" for name in named}
    space: Dict[str, Any] = {}
    exec(f"def function({declared}): return locals()", space)
    node = ast.parse(f"def function({declared}): pass").body[0]
    assert isinstance(node, ast.FunctionDef)

    signature = signature_of(node.args)
    defaults = signature.default_nodes()
    found = bind(signature, args, kwargs)
    wrong = refusal(signature, found, defaults)
    try:
        # not `inspect.signature(...).bind`, which refuses `a=` for `(a=0, /, **kwargs)` before Python 3.13
        wanted = space["function"](*args, **kwargs)
    except TypeError:
        assert wrong is not None
        return
    assert wrong is None
    mine: Dict[str, Any] = {**dict.fromkeys(defaults, 0), **found.given}
    if signature.star is not None:
        mine[signature.star] = found.surplus
    if signature.double_star is not None:
        mine[signature.double_star] = found.unknown
    assert mine == wanted
    assert found.twice == {}


@pytest.mark.parametrize(
    ("declared", "args", "kwargs", "words"),
    [
        ("a", [1, 2, 3], {}, "takes 1 positional arguments but 3 were given"),
        ("a", [1], {"a": 2}, "got multiple values for argument 'a'"),
        ("a", [1], {"b": 2}, "got an unexpected keyword argument 'b'"),
        ("a, /", [], {"a": 2}, "got a positional-only argument passed as keyword argument: 'a'"),
        ("a, *, b", [1], {}, "missing a required argument: 'b'"),
        ("a, /, **words", [1], {"a": 2}, None),
    ],
)
def test_what_is_wrong_is_said(declared: str, args: List[Any], kwargs: Dict[str, Any], words: Any) -> None:
    node = ast.parse(f"lambda {declared}: 0", mode="eval").body
    assert isinstance(node, ast.Lambda)
    signature = signature_of(node.args)
    assert refusal(signature, bind(signature, args, kwargs), ()) == words
