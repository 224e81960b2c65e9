"""An overlay knows whether somebody has changed it."""

from __future__ import annotations

import pytest

from mmfix.patches.seal import is_untouched, sealed

DATA = sealed(["# Made", "a = 1"])


@pytest.mark.parametrize("data", [DATA, DATA.replace(b"\n", b"\r\n"), sealed([])])
def test_untouched(data: bytes) -> None:
    assert is_untouched(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"a = 1\n",
        DATA + b"b = 2\n",
        DATA + b"\n",
        b"b = 2\n" + DATA,
        DATA.replace(b"a = 1", b"a = 2"),
        DATA[:-1],
        DATA + DATA,
    ],
)
def test_touched(data: bytes) -> None:
    assert not is_untouched(data)
