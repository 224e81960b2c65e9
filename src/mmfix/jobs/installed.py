"""What is installed beside mmfix, found without importing it."""

from __future__ import annotations

import os.path as osp
import re
import sys
from functools import lru_cache

from mmfix.python.disk import as_text, read_start

_VERSION = re.compile(r"""^__version__(?:\s*:[^=]+)?\s*=\s*['"]([^'"]+)""", re.MULTILINE)


@lru_cache(maxsize=1)
def installed_torch() -> str:
    """The version of the torch that ``import torch`` would find, ``1.9.0+cu111``; empty without one."""
    for folder in sys.path:
        try:
            match = _VERSION.search(as_text(read_start(osp.join(folder, "torch", "version.py"), 4096)))
        except (OSError, ValueError):
            continue
        return match.group(1) if match else ""
    return ""
