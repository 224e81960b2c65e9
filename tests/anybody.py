"""A child process that has no more rights than other users have, whoever runs the tests."""

from __future__ import annotations

import os
import sys
from typing import Callable, Sequence

import pytest

on_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="takes capabilities from root, as Linux has them"
)

#: ``linux/capability.h``: to give files away, to read and write every file, to change those of others.
_RIGHTS = {"CHOWN": 0, "DAC_OVERRIDE": 1, "DAC_READ_SEARCH": 2, "FOWNER": 3, "FSETID": 4}
_PR_CAPBSET_DROP = 24


def as_anybody(groups: Sequence[int] = ()) -> Callable[[], None]:
    """For ``preexec_fn``: what root may do with files of others, the program that is started may not.

    Args:
        groups: Further groups that it is in; only root can say so.
    """

    def drop() -> None:
        import ctypes

        if groups:
            os.setgroups(list(groups))
        for capability in _RIGHTS.values():
            ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)

    return drop
