"""What would be too large is refused before it is computed, by the readers of configs and of models alike."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmfix.config.reader import Reader
from mmfix.errors import ConfigError
from mmfix.model.reading import read_model
from mmfix.model.types import NEVER
from mmfix.python.bounds import TooLarge, size_of_binary
from mmfix.python.call_bounds import size_of_call
from mmfix.python.method_bounds import size_of_method
from mmfix.repository.library import Library

#: Each would take minutes or gigabytes.
HUGE = {
    "power": "3 ** 10 ** 9",
    "power by pow": "pow(3, 10 ** 9)",
    "power of a modulus": "pow(3, 7 ** 9000, 7 ** 9000 + 1)",
    "shift": "1 << 10 ** 10",
    "text times": "'x' * 10 ** 10",
    "times text": "10 ** 10 * 'x'",
    "tuple times": "(0, 1) * 10 ** 9",
    "percent": "'%1500000000d' % 1",
    "percent star": "'%*d' % (10 ** 9, 1)",
    "percent precision": "'%.1500000000f' % 1.5",
    "percent with a strange key": "'%((a))1500000000d' % {'(a)': 1}",
    "many percent fields": "('%9999d' * 5000) % ((1,) * 5000)",
    "padding": "'x'.ljust(1_500_000_000)",
    "padding to the right": "'x'.rjust(1_500_000_000)",
    "centre": "'x'.center(1_500_000_000, '-')",
    "zeros": "'1'.zfill(1_500_000_000)",
    "tabs": "'\\t'.expandtabs(1_500_000_000)",
    "tabs by name": "'\\t'.expandtabs(tabsize=1_500_000_000)",
    "many tabs": "('\\t' * 90_000).expandtabs(9000)",
    "replace": "('x' * 90_000).replace('x', 'y' * 90_000)",
    "replace nothing": "('x' * 90_000).replace('', 'y' * 90_000)",
    "join": "('x' * 90_000).join('y' * 90_000)",
    "join long parts": "''.join(['x' * 90_000] * 900)",
    "format": "'{:>1500000000}'.format('x')",
    "format in format": "'{:>{}}'.format('x', 1_500_000_000)",
    "format by text": "'{:{}}'.format('x', '>1500000000')",
    "format by pieces": "'{:>{}{}}'.format('x', 9999, 9999)",
    "format_map": "'{a:>1500000000}'.format_map({'a': 'x'})",
    "many fields": "('{0}' * 5000).format('x' * 90_000)",
    "format()": "format('x', '>1500000000')",
    "a number of too many digits": "int('9' * 100_000)",
    "round": "round(5, -10 ** 9)",
    "numbers of a range": "sum(range(10 ** 11))",
    "a list of a range": "list(range(10 ** 11))",
    "a range without a length": "list(range(10 ** 30))",
}
#: Of these a config knows nothing, or what it knows is another word than a model's.
ONLY_MODEL = {
    "factorial": "math.factorial(4_000_000)",
    "perm": "math.perm(10 ** 7, 10 ** 6)",
    "perm of all": "math.perm(4_000_000)",
    "comb": "math.comb(10 ** 8, 10 ** 7)",
    "prod": "math.prod((7 ** 9000,) * 3000)",
    "sub": "re.sub('', 'x' * 90_000, 'y' * 90_000)",
    "to_bytes": "(5).to_bytes(1_500_000_000, 'big')",
    "mul": "operator.mul('x', 10 ** 10)",
    "power by its method": "(3).__pow__(10 ** 9)",
    "text times by its method": "'x'.__mul__(10 ** 10)",
    "doubling text": "grown('x')",
}
ONLY_CONFIG = {
    "bytes": "bytes(10 ** 10)",
    "f-string": "f'{1:>1500000000}'",
    "f-string with a computed width": "f'{1:>{10 ** 9}}'",
    "sum of lists": "sum([[1] * 900] * 900, [])",
}


@pytest.mark.parametrize("name", [*HUGE, *ONLY_CONFIG])
def test_a_config_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "config.py"
    path.write_text(f"x = {({**HUGE, **ONLY_CONFIG})[name]}\n")
    start = time.process_time()
    with pytest.raises(ConfigError, match=r"too (large|wide|much) to be a|Exceeds|exceeds"):
        Reader().load(str(path))
    assert time.process_time() - start < 2


MODEL = """
import math, operator, re
import torch
from torch import nn


def grown(text):
    for _ in range(64):
        text = text + text
    return text


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.value = {}
        self.used = nn.Conv2d(3, 3, 1)
        self.idle = nn.Conv2d(3, 3, 1)

    def forward(self, x, data_samples=None, mode='loss'):
        return dict(loss=self.used(x))
"""


@pytest.mark.parametrize("name", [*HUGE, *ONLY_MODEL])
def test_a_model_is_read_past_it(name: str, tmp_path: Path) -> None:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "net.py").write_text(MODEL.replace("{}", {**HUGE, **ONLY_MODEL}[name]))
    start = time.process_time()
    reading = read_model({"type": "shop.net.Net"}, Library([str(tmp_path)]), "mmengine", "shop")
    assert time.process_time() - start < 5
    assert not reading.gave_up, reading.gave_up
    assert {part.name: part.verdict for part in reading.submodules} == {"idle": NEVER}


LIMITED = """
import resource, sys
sys.path[:0] = {path!r}
from mmfix.model.reading import read_model
from mmfix.repository.library import Library
used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
reading = read_model(dict(type="shop.net.Net"), Library([{folder!r}]), "mmengine", "shop")
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used
print(grown // 1024, sum(resource.getrusage(resource.RUSAGE_SELF)[:2]), bool(reading.gave_up))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted in KB only there")
@pytest.mark.parametrize(
    "expression",
    ["math.factorial(4_000_000)", "'x'.ljust(1_500_000_000)", "'{:>1500000000}'.format('x')"],
)
def test_a_model_needs_no_time_and_no_memory_for_it(expression: str, tmp_path: Path) -> None:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "net.py").write_text(MODEL.replace("{}", expression))
    code = LIMITED.format(path=sys.path, folder=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    megabytes, seconds, gave_up = done.stdout.split()
    assert (int(megabytes) < 100, float(seconds) < 10, gave_up) == (True, True, "False")


#: What people write, and what it must still give.
PLAIN = {
    "10000 ** 0.5": 100.0,
    "2 ** 100": 2**100,
    "pow(3, 200, 13)": pow(3, 200, 13),
    "'{:>8}|{:.3f}'.format('x', 1 / 3)": f"{'x':>8}|{1 / 3:.3f}",
    "'{:>{}}'.format('x', 8)": "       x",
    "'{name}'.format(name='x')": "x",
    "'{receiver}{function}'.format(receiver='x', function='y')": "xy",
    "'%-5s%05.1f%%' % ('a', 2)": "a    002.0%",
    "'layer%d' % 123456": "layer123456",
    "'a,b'.replace(',', '-').ljust(5, '.')": "a-b..",
    "'-'.join(['a', 'b'])": "a-b",
    "round(1234, -2)": 1200,
    "int('0x1f', 16)": 31,
    "sum([1, 2, 3])": 6,
    "str(12) + repr('x')": "12'x'",
    "(0,) * 2000": (0,) * 2000,
    "divmod(17, 5)": (3, 2),
}


@pytest.mark.parametrize("text", PLAIN)
def test_what_people_write_is_computed(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config.py"
    path.write_text(f"x = {text}\n")
    assert Reader().load(str(path)).to_dict()["x"] == PLAIN[text]

    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    source = MODEL.replace("{}", text).replace(
        "self.used(x)", f"self.used(x) if self.value == {PLAIN[text]!r} else 0"
    )
    (package / "net.py").write_text(source)
    reading = read_model({"type": "shop.net.Net"}, Library([str(tmp_path)]), "mmengine", "shop")
    assert {part.name: part.verdict for part in reading.submodules} == {"idle": NEVER}


# -- the size is not too small -------------------------------------------------------------------

_SCALARS = st.one_of(st.integers(-300, 300), st.text(max_size=30), st.floats(-9, 9), st.none())
_VALUES = st.one_of(_SCALARS, st.lists(_SCALARS, max_size=9), st.tuples(_SCALARS, _SCALARS))


def actual(value: Any) -> int:
    """The size of a result, as sizes are counted."""
    if isinstance(value, (str, bytes)):
        return len(value) // 16
    if isinstance(value, int):
        return 0
    return len(value) if isinstance(value, (list, tuple)) else 0


def holds(size: Callable[[], int], compute: Callable[[], Any]) -> None:
    try:
        foreseen = size()
    except (TooLarge, TypeError, ValueError):
        return
    try:
        result = compute()
    except Exception:
        return
    assert actual(result) <= 12 * foreseen + 40  # an escape is up to ten characters


@given(st.sampled_from([ast.Add, ast.Mult, ast.Mod]), _VALUES, _VALUES)
@settings(max_examples=400, deadline=None)
def test_sizes_of_operators(kind: type, left: Any, right: Any) -> None:
    def compute() -> Any:
        return {ast.Add: lambda: left + right, ast.Mult: lambda: left * right, ast.Mod: lambda: left % right}[
            kind
        ]()

    holds(lambda: size_of_binary(kind, left, right), compute)


TEMPLATES = st.lists(
    st.sampled_from(
        [
            "{}",
            "{0}",
            "{a}",
            "{:>99}",
            "{:{}}",
            "{0:>{1}}",
            "{!r:.3}",
            "%s",
            "%9d",
            "%*d",
            "%(a)99s",
            "x",
            "\t",
            " ",
        ]
    ),
    max_size=12,
).map("".join)
_NAMES = [
    "format",
    "ljust",
    "expandtabs",
    "replace",
    "join",
    "zfill",
    "__mod__",
    "__mul__",
    "translate",
    "split",
]


@given(
    TEMPLATES, st.sampled_from(_NAMES), st.lists(_VALUES, max_size=4), st.dictionaries(st.just("a"), _VALUES)
)
@settings(max_examples=600, deadline=None)
def test_sizes_of_methods(owner: str, name: str, args: List[Any], kwargs: Dict[str, Any]) -> None:
    holds(lambda: size_of_method(owner, name, args, kwargs), lambda: getattr(owner, name)(*args, **kwargs))


@given(
    st.sampled_from([str, repr, ascii, sum, round, bytes, format, pow, hex]), st.lists(_VALUES, max_size=3)
)
@settings(max_examples=400, deadline=None)
def test_sizes_of_functions(function: Any, args: List[Any]) -> None:
    holds(lambda: size_of_call(function, args, {}), lambda: function(*args))
