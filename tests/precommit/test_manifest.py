"""What ``.pre-commit-hooks.yaml`` asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

import pytest
import yaml

from mmfix.patches.verify import INSTALL


@pytest.fixture
def hooks(repository: Path) -> Dict[str, Any]:
    listed = yaml.safe_load((repository / ".pre-commit-hooks.yaml").read_text())
    return {hook["id"]: hook for hook in listed}


def test_no_hook_writes_what_no_loader_has_confirmed(hooks: Dict[str, Any]) -> None:
    assert "--no-loader" not in str(hooks)


def test_the_hook_that_writes_brings_its_loader(hooks: Dict[str, Any]) -> None:
    assert hooks["mmfix-patch"]["additional_dependencies"] == INSTALL.split()[2:]


def test_the_hook_that_reads_needs_none(hooks: Dict[str, Any]) -> None:
    assert "additional_dependencies" not in hooks["mmfix-check"]
