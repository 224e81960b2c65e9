"""Files that register nothing a model is built from need no parsing."""

from __future__ import annotations

import ast

import pytest

from mmfix.repository.registrations import may_register, read_registrations

CLASS = "class A:\n    pass\n"
#: a file, whether it has to be parsed
FILES = [
    ("x = 1\n", False),
    (f"from .builder import DATASETS\n\n\n@DATASETS.register_module()\n{CLASS}", False),
    (f"from .builder import DATASETS\n{CLASS}DATASETS.register_module(module=A)\n", False),
    ("from a import HOOKS\nif True:\n    @HOOKS.register_module()\n    class A:\n        x = 1", False),
    (f"from .builder import HEADS\n\n\n@HEADS.register_module()\n{CLASS}", True),
    (f"from .builder import OWN\n\n\n@OWN.register_module()\n{CLASS}", True),
    (f"from .builder import HEADS as DATASETS\n\n\n@DATASETS.register_module()\n{CLASS}", True),
    (f"from .builder import HEADS as  \\\n  DATASETS\n\n\n@DATASETS.register_module()\n{CLASS}", True),
    (f"import builder\n\n\n@builder.HEADS.register_module()\n{CLASS}", True),
    (f"from a import DATASETS, HEADS\n@DATASETS.register_module()\n@HEADS.register_module()\n{CLASS}", True),
    (f"from a import *\n{CLASS}DATASETS.register_module()(A); HEADS.register_module()(A)\n", True),
    (f"from a import HEADS\n{CLASS}add = HEADS.register_module\n", True),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), FILES)
def test_only_what_may_register_is_parsed(text: str, wanted: bool) -> None:
    data = text.encode()
    assert may_register(data) is wanted
    assert wanted or read_registrations(ast.parse(text), data, "a.py", "a", False) == ([], [])
