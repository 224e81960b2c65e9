"""Random config families: the reader and MMEngine agree, and the reader never raises anything odd."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Dict, List

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parity import Failed, differences, with_mmengine, with_mmfix, write

KEYS = st.sampled_from(["a", "b", "c", "type", "with_cp", "_delete_"])
NAMES = st.sampled_from(["model", "data", "lr", "cfg"])
SCALARS = st.one_of(
    st.integers(-5, 5),
    st.booleans(),
    st.none(),
    st.floats(allow_nan=False, width=16),
    st.sampled_from(["", "x", "é"]),
)


def source_of(value: Any) -> str:
    """Config text for a value; dicts as ``dict(...)`` calls, as people write them."""
    if isinstance(value, dict):
        return "dict(" + ", ".join(f"{key}={source_of(item)}" for key, item in value.items()) + ")"
    if isinstance(value, list):
        return "[" + ", ".join(map(source_of, value)) + "]"
    if isinstance(value, tuple):
        return "(" + "".join(f"{source_of(item)}, " for item in value) + ")"
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return f"float('{value}')"
    return repr(value)


VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.dictionaries(KEYS, inner, max_size=3),
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=2).map(tuple),
    ),
    max_leaves=8,
)
DICTS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=3)


@st.composite
def statements(draw: Any, has_base: bool, lazy: bool) -> str:
    """A few lines of a config: bindings, in-file reuse, item assignment, base access."""
    lines: List[str] = []
    bound: List[str] = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.integers(0, 7))
        name = draw(NAMES)
        if kind <= 2 or not bound:
            lines.append(f"{name} = {source_of(draw(st.one_of(DICTS, VALUES)))}")
            bound.append(name)
            continue
        other = draw(st.sampled_from(bound))
        if kind == 3:
            lines.append(f"{name} = dict(x={other}, y={other})")
            bound.append(name)
        elif kind == 4:
            lines.append(f"{other}['a'] = {source_of(draw(VALUES))}")
        elif kind == 5:
            lines.append(f"{other}.update({source_of(draw(DICTS))})")
        elif kind == 6 and has_base:
            lines.append(
                draw(
                    st.sampled_from(["_base_.model.a = 1", "cfg = _base_.model", "lr = _base_.get('lr', 2)"])
                )
            )
        elif kind == 7:
            lines.append(f"{name} = [{other}, *([{other}] if {draw(st.booleans())} else [])]")
            bound.append(name)
    return "\n".join(lines) + "\n"


@st.composite
def families(draw: Any) -> Dict[str, str]:
    """A config with up to two levels of bases, classic or lazy."""
    if draw(st.integers(0, 3)) == 0:
        head = "from mmengine.config import read_base\nwith read_base():\n    from .base import *\n"
        return {
            "config.py": head + draw(statements(has_base=False, lazy=True)),
            "base.py": draw(statements(has_base=False, lazy=True)),
        }
    files = {"config.py": "_base_ = './base.py'\n" + draw(statements(has_base=True, lazy=False))}
    if draw(st.booleans()):
        files["base.py"] = "_base_ = ['./root.py']\n" + draw(statements(has_base=True, lazy=False))
        files["root.py"] = draw(statements(has_base=False, lazy=False))
    else:
        files["base.py"] = draw(statements(has_base=False, lazy=False))
    return files


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(families())
def test_same_dict_or_both_refuse(files: Dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), files)
        theirs, ours = with_mmengine(path), with_mmfix(path)
        if isinstance(theirs, Failed) or isinstance(ours, Failed):
            assert isinstance(theirs, Failed), f"only mmfix refuses: {ours}"
            assert isinstance(ours, Failed), f"only MMEngine refuses: {theirs}"
        else:
            assert list(differences(ours, theirs)) == []


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.text(alphabet="ab=()[]{}'\"\\ \n\t,.:*+-0123#_%dictfor", max_size=80),
    st.sampled_from([".py", ".json", ".yaml"]),
)
def test_any_text_is_read_or_refused_in_one_line(text: str, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), {f"config{suffix}": text})
        result = with_mmfix(path)  # any exception but ConfigError would fail the test
        if isinstance(result, Failed):
            assert "\n" not in str(result.error)
