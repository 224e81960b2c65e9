"""Python's search for garbage that only cycles keep alive: put off where nothing makes any."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import Iterator


@contextmanager
def put_off() -> Iterator[None]:
    """No search until the block ends: it takes a quarter of the time, and syntax holds no cycles."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
