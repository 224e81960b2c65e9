"""What is installed beside mmfix, found without importing it."""

from __future__ import annotations

import os.path as osp
import re
import sys
from functools import lru_cache
from typing import Optional

from mmfix.python.disk import as_text, read_start

_VERSION = re.compile(r"""^__version__(?:\s*:[^=]+)?\s*=\s*['"]([^'"]+)""", re.MULTILINE)


#: The line to type where LibCST is missing.
INSTALL = 'pip install "mmfix[code]"'


@lru_cache(maxsize=None)
def can_change_code() -> bool:
    """Whether LibCST is installed; it is not imported."""
    from importlib.util import find_spec  # only where there is such a cure

    return find_spec("libcst") is not None


def installed_torch() -> str:
    """The version of the torch that ``import torch`` would find, ``1.9.0+cu111``; empty without one."""
    return installed("torch") or ""


@lru_cache(maxsize=None)
def installed(package: str) -> Optional[str]:
    """What the ``version.py`` of a package says; empty where it says nothing, None without the package."""
    for folder in sys.path:
        try:
            match = _VERSION.search(as_text(read_start(osp.join(folder, package, "version.py"), 4096)))
        except (OSError, ValueError):
            continue
        return match.group(1) if match else ""
    return None
