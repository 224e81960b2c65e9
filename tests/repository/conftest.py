"""One cache for all tests here, so that installed packages are indexed once."""

from __future__ import annotations

from typing import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MMFIX_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield
