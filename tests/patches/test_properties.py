"""Random config trees as files: a patch is right or refused, never wrong; repeatable; undone exactly."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Dict, List, Tuple

from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from patch_helpers import change_and_check, load, patch_and_check

from mmfix.errors import ConfigError, PatchError
from mmfix.findings import Override
from mmfix.patches import Verifier, plan_copy, plan_overlay
from mmfix.patches.expression import render

NAMES = ("model", "a", "b", "neck")
scalars = st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.just(0.5), st.sampled_from(["x", "y"]))
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from([*NAMES, "a-b"]), inner, max_size=3),
        st.dictionaries(st.sampled_from(NAMES), inner, max_size=2).map(
            lambda tree: {"_delete_": True, **tree}
        ),
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
    ),
    max_leaves=8,
)
values = trees.filter(lambda tree: "_delete_" not in repr(tree))
configs = st.dictionaries(st.sampled_from(NAMES), trees, max_size=3)

#: Statements that make own values refer to each other or to the base; those that do not fit are left out.
REUSE = (
    "b = {x}",
    "b = dict(one={x}, two={x})",
    "a = [{x}, {x}]",
    "neck = ({x}, 1)",
    "model = dict(inner={x})",
    "model = dict({x})",
    "del {x}",
    "a = {{{{ _base_.{x} }}}}",
    "neck = dict(k={{{{ _base_.{x} }}}})",
    "b = _base_.{x}",
    "model = dict(**_base_.{x})",
    "for a in [{x}]:\n    pass",
)
LAZY_REUSE = tuple(line for line in REUSE if "_base_" not in line)


def file_text(data: Dict[str, Any], reuse: List[Tuple[str, str]], head: str) -> str:
    lines = [head, *(f"{name} = {render(value)}" for name, value in data.items())]
    return "\n".join([*lines, *(line.format(x=name) for line, name in reuse), ""])


def paths_of(value: Any, path: Tuple[Any, ...] = ()) -> List[Tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, item in value.items():
            found += paths_of(item, (*path, key))
        found.append((*path, "new"))
        found.append((*path, "new", "deep"))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            found += paths_of(item, (*path, index))
    elif value is None and path:
        found.append((*path, "new"))
    return found


def contradict(one: Tuple[Any, ...], other: Tuple[Any, ...]) -> bool:
    """True if setting one key sets the other too."""
    length = min(len(one), len(other))
    return one[:length] == other[:length]


def honest(error: PatchError) -> None:
    """A refusal must name a reason; it must not be the check that found a wrong patch."""
    for text in ("would also change", "would not set", "cannot load the patched", "could not be read"):
        if text in error.message:
            raise AssertionError(str(error)) from error


def check_one(data: Any, verifier: Verifier, files: Dict[str, str]) -> bool:
    """True if a patch was written, False if it was refused."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in files.items():
            (folder / file).write_text(text)
        path = folder / "leaf.py"
        before = path.read_bytes()
        try:
            document, reader = load(path)
        except ConfigError:
            reject()
        keys = [key for key in paths_of(document.to_dict()) if "_delete_" not in key]
        chosen = data.draw(st.lists(st.sampled_from(keys), min_size=1, max_size=3), label="keys")
        chosen = [key for at, key in enumerate(chosen) if not any(contradict(key, o) for o in chosen[:at])]
        overrides = [Override(key, data.draw(values, label="value"), "why") for key in chosen]
        for make, target in ((plan_overlay, folder / "over.py"), (plan_copy, folder / "sub" / "copy.py")):
            target.parent.mkdir(exist_ok=True)
            try:
                made = make(document, overrides, str(target))
                patched = made if isinstance(made, bytes) else made.data
                verifier.verify(document, patched, overrides, reader, str(target))
            except PatchError as error:
                honest(error)
        try:
            change_and_check(path, overrides, verifier)
        except PatchError as error:
            honest(error)
        path.write_bytes(before)
        try:
            patch_and_check(path, overrides, verifier)
        except PatchError as error:
            honest(error)
            assert path.read_bytes() == before
            return False
        return True


reuse = st.lists(st.tuples(st.sampled_from(REUSE), st.sampled_from(NAMES)), max_size=3)
lazy_reuse = st.lists(st.tuples(st.sampled_from(LAZY_REUSE), st.sampled_from(NAMES)), max_size=3)
OPTIONS = settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def test_classic(verifier: Verifier) -> None:
    written = []

    @OPTIONS
    @given(st.data(), configs, configs, reuse, st.booleans())
    def run(data: Any, base: Any, leaf: Any, lines: Any, mmengine: bool) -> None:
        marker = "default_scope = 'mmdet'" if mmengine else ""
        leaf_text = file_text(leaf, lines, "_base_ = './base.py'")
        files = {"base.py": file_text(base, [], marker), "leaf.py": leaf_text}
        written.append(check_one(data, verifier, files))

    run()
    assert sum(written) > 0.8 * len(written) > 10


def test_lazy(verifier: Verifier) -> None:
    written = []

    @OPTIONS
    @given(st.data(), configs, configs, lazy_reuse)
    def run(data: Any, base: Any, leaf: Any, lines: Any) -> None:
        head = "from mmengine.config import read_base\nwith read_base():\n    from .base import *"
        files = {"base.py": file_text(base, [], ""), "leaf.py": file_text(leaf, lines, head)}
        written.append(check_one(data, verifier, files))

    run()
    assert sum(written) > 0.8 * len(written) > 10
