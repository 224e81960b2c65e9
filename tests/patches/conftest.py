from __future__ import annotations

from typing import Iterator

import pytest

from mmfix.patches import Verifier


@pytest.fixture(scope="session")
def verifier() -> Iterator[Verifier]:
    """One MMEngine process for all tests."""
    with Verifier() as one:
        yield one
