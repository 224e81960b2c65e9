"""What tests of the stand-ins share: torch or a skip, random numbers in double precision, a fixed seed."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def seeded() -> None:
    """A test module that imports this gets the same random numbers in each of its tests every time."""
    torch.manual_seed(0)


def random(*shape: int) -> Any:
    """Between 0 and 1, exact enough for finite differences."""
    return torch.rand(*shape, dtype=torch.double)
