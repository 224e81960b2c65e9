"""Which names a file may register is told by its text; only some files need parsing for it."""

from __future__ import annotations

import ast
from typing import FrozenSet, Optional

import pytest

from mmfix.repository.registrations import read_registrations, registers

CLASS = "class A:\n    pass\n"
NOTHING: FrozenSet[str] = frozenset()
A = frozenset({"A"})
#: a file, the names that it may register; None: it has to be parsed
FILES = [
    ("x = 1\n", NOTHING),
    (f"from .builder import DATASETS\n\n\n@DATASETS.register_module()\n{CLASS}", NOTHING),
    (f"from .builder import DATASETS\n{CLASS}DATASETS.register_module(module=A)\n", NOTHING),
    ("from a import HOOKS\nif True:\n    @HOOKS.register_module()\n    class A:\n        x = 1", NOTHING),
    (f"from .builder import HEADS\n\n\n@HEADS.register_module()\n{CLASS}", A),
    (f"from .builder import HEADS\r\n@HEADS.register_module()\r\n{CLASS}", A),
    (f"from .builder import OWN\n\n\n@OWN.register_module()\n{CLASS}", A),
    (f"from .builder import HEADS as DATASETS\n\n\n@DATASETS.register_module()\n{CLASS}", A),
    (f"from .builder import HEADS as  \\\n  DATASETS\n\n\n@DATASETS.register_module()\n{CLASS}", A),
    (f"import builder\n\n\n@builder.HEADS.register_module()\n{CLASS}", A),
    (f"from a import DATASETS, HEADS\n@DATASETS.register_module()\n@HEADS.register_module()\n{CLASS}", A),
    (f"from a import HEADS\n@HEADS.register_module('B', force=True)  # why\n{CLASS}", A | {"B"}),
    (f'from a import HEADS\n@HEADS.register_module(name = "B")\n{CLASS}', A | {"B"}),
    ("from a import HEADS\n@HEADS.register_module()\nasync def a(): pass\n", frozenset({"a"})),
    ("from a import HEADS\n@HEADS.register_module()\ndef\ta(): pass\n", frozenset({"a"})),
    ("from a import HEADS\n@HEADS.register_module()\nclass \\\n  A: pass\n", None),
    ("from a import HEADS\n@HEADS.register_module()\nclass Ä: pass\n", None),
    (f"from a import HEADS\n@HEADS.register_module('A' 'B')\n{CLASS}", None),
    (f"from a import HEADS\n@HEADS.register_module('\\x41')\n{CLASS}", None),
    (f"from a import HEADS\n@HEADS.register_module(\n    'B')\n{CLASS}", None),
    (f"from a import HEADS\n@HEADS.register_module(['B', 'C'])\n{CLASS}", None),
    (f"from a import HEADS\n@HEADS.register_module\n{CLASS}", None),
    (f"from a import *\n{CLASS}DATASETS.register_module()(A); HEADS.register_module()(A)\n", None),
    (f"from a import HEADS\n{CLASS}add = HEADS.register_module\n", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), FILES)
def test_what_a_text_may_register(text: str, wanted: Optional[FrozenSet[str]]) -> None:
    data = text.encode()
    assert registers(data) == wanted
    found, problems = read_registrations(ast.parse(text), data, "a.py", "a", False)
    assert wanted is None or (not problems and {entry.name for entry in found} <= wanted)
