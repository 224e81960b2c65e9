"""Which modules a config really imports depends on the MMEngine that would load it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Optional

import pytest

from mmfix.config import imports


@pytest.mark.parametrize(
    ("version", "builtin"),
    [
        ("__version__ = '0.10.7'\n", False),  # in a virtual environment
        ("from importlib.metadata import version\n\n__version__ = version('onedl-mmengine')\n", True),
        (None, False),
    ],
)
def test_onedl_takes_the_whole_standard_library_for_builtin(
    version: Optional[str], builtin: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if version is not None:
        (tmp_path / "version.py").write_text(version)
    origins = {"json": os.__file__.replace("os.py", "json/__init__.py"), "os": "frozen"}
    mine = str(tmp_path / "__init__.py") if version is not None else None
    monkeypatch.setattr(imports, "find_origin", lambda name: origins.get(name, mine))
    monkeypatch.setattr(imports, "_PYTHON_ROOT", str(tmp_path))
    monkeypatch.setattr(imports, "_SYSTEM_PREFIX", str(tmp_path))
    for cached in (imports.is_onedl, imports.is_builtin_module):
        cached.cache_clear()
    try:
        assert [imports.is_builtin_module(name) for name in ("json", "os", "sys")] == [builtin, builtin, True]
    finally:
        for cached in (imports.is_onedl, imports.is_builtin_module):
            cached.cache_clear()
