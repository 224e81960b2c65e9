"""What a config builds is looked up for each judgment: its code may have become another."""

from __future__ import annotations

from pathlib import Path
from typing import List

import pytest

from mmfix.config.reader import Reader
from mmfix.python.disk import instead
from mmfix.training import read
from mmfix.training.arguments import refused_arguments

NET = """
from mmengine.model import BaseModule
from mmengine.registry import MODELS


@MODELS.register_module()
class Net(BaseModule):
    def __init__(self, depth=1):
        super().__init__()
"""
CONFIG = """
default_scope = 'mmengine'
custom_imports = dict(imports=['net'])
model = dict(type='Net', width=3)
train_cfg = dict(by_epoch=True, max_epochs=1)
"""


def test_a_config_that_is_judged_again_with_other_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MMFIX_CACHE_DIR", str(tmp_path / "cache"))
    home = tmp_path.resolve() / "home"
    (home / "configs").mkdir(parents=True)
    (home / "setup.py").write_text("")
    (home / "net.py").write_text(NET)
    (home / "configs" / "a.py").write_text(CONFIG)
    document = Reader().load(str(home / "configs" / "a.py"))

    def refused() -> List[str]:
        return [str(one.key[-1]) for one in refused_arguments(read(document))]

    assert refused() == ["width"]
    with instead({str(home / "net.py"): NET.replace("depth=1", "width=1").encode()}):
        assert refused() == []
    assert refused() == ["width"]
