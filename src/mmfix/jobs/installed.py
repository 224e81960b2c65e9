"""What is installed beside mmfix, found without importing it."""

from __future__ import annotations

import os.path as osp
import re
import sys
from functools import lru_cache

_VERSION = re.compile(r"""^__version__(?:\s*:[^=]+)?\s*=\s*['"]([^'"]+)""", re.MULTILINE)


@lru_cache(maxsize=1)
def installed_torch() -> str:
    """The version of the torch that ``import torch`` would find, ``1.9.0+cu111``; empty without one."""
    for folder in sys.path:
        try:
            with open(osp.join(folder, "torch", "version.py"), encoding="utf-8", errors="replace") as file:
                match = _VERSION.search(file.read(4096))
        except (OSError, ValueError):
            continue
        return match.group(1) if match else ""
    return ""
