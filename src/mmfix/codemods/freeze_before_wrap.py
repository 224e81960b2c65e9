"""Freeze in the constructor, too: the call that ``train()`` or ``init_weights()`` makes, at its end.

Which constructors these are, and why this is right, is in ``remedies/freezing_calls.py``.
"""

from __future__ import annotations

import ast
from typing import Dict, List, Sequence

import libcst as cst

from mmfix.codemods.codemod import Case, Codemod, NodeEdit
from mmfix.codemods.source import Source, Sources
from mmfix.findings import CodeSpot
from mmfix.remedies.freezing_calls import constructors
from mmfix.remedies.own_code import Refused
from mmfix.wording import say


def edits(spots: Sequence[CodeSpot], sources: Sources, refused: List[Refused]) -> Dict[cst.CSTNode, NodeEdit]:
    """What is changed for some lines that freeze; what cannot be is appended to ``refused``."""
    found: Dict[cst.CSTNode, NodeEdit] = {}
    for one in constructors(spots, sources.files, refused):
        source = sources.of(one.code)
        edit = _appended(source, one.function, f"self.{one.method}()")
        found[edit.node] = edit
    return found


def _appended(source: Source, function: ast.FunctionDef, text: str) -> NodeEdit:
    body = source.function(function).body

    def change(node: cst.CSTNode) -> cst.CSTNode:
        assert isinstance(node, cst.IndentedBlock)
        new = cst.SimpleStatementLine(
            [cst.Expr(cst.parse_expression(text))], leading_lines=[cst.EmptyLine(indent=False)]
        )
        return node.with_changes(body=[*node.body, new])

    def expect(tree: ast.Module) -> None:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.lineno == function.lineno:
                node.body.append(ast.parse(text).body[0])

    return NodeEdit(source, body, function.lineno, change, expect)


_HEAD = """\
class Net(Base):
    def __init__(self, frozen_stages=-1):
        super().__init__()
        self.frozen_stages = frozen_stages
        self.stem = make()
"""
_NEW = "[+\n        self._freeze_stages()\n+]"
_FREEZE = """
    def _freeze_stages(self):
        if self.frozen_stages >= 0:
            for param in self.stem.parameters():
                param.requires_grad = False  # <-
"""
_TRAIN = """
    def train(self, mode=True):
        super().train(mode)
        self._freeze_stages()
"""

_CASES = (
    Case("in train()", _HEAD + _NEW + _FREEZE + _TRAIN),
    Case("in init_weights()", _HEAD + _NEW + _FREEZE + """
    def init_weights(self):
        super().init_weights()
        self._freeze_stages()
"""),
    Case("in train() of a training step alone", _HEAD + _NEW + _FREEZE + """
    def train(self, mode=True):
        if mode:
            self._freeze_stages()
"""),
    Case("in the constructor already", _HEAD + "        self._freeze_stages()\n" + _FREEZE + _TRAIN),
    Case("under a condition", _HEAD + _FREEZE + """
    def train(self, mode=True):
        if self.deep:
            self._freeze_stages()
""", "neither train() nor init_weights() of this class always calls _freeze_stages()"),
    Case("with arguments", _HEAD + _FREEZE + """
    def train(self, mode=True):
        self._freeze_stages(mode)
""", "neither train() nor init_weights() of this class always calls _freeze_stages()"),
    Case("no method of its own", _HEAD + """
    def train(self, mode=True):
        self.stem.weight.requires_grad = False  # <-
""", "train() itself freezes"),
    Case("a function", "def freeze(net):\n    net.weight.requires_grad = False  # <-\n",
         "this line is in no method of a class"),
    Case("no constructor", "class Net(Base):" + _FREEZE + _TRAIN, "Net has no constructor of its own"),
    Case("a constructor that returns", _HEAD + "        if frozen_stages < 0:\n            return\n" + _FREEZE
         + _TRAIN, "the constructor has a return"),
    Case("a function in the constructor that returns", _HEAD + """
        def twice(x):
            return x * 2

        self.twice = twice
""" + _NEW + _FREEZE + _TRAIN),
    Case("a class below that freezes in its own way", _HEAD + _FREEZE + _TRAIN + """

class Wide(Net):
    def __init__(self):
        super().__init__()
        self.extra = make()

    def _freeze_stages(self):
        self.extra.requires_grad_(False)
""", "Wide has a _freeze_stages() of its own, which would run before its constructor has"),
    Case("a class below that has no constructor", _HEAD + _NEW + _FREEZE + _TRAIN + """

class Wide(Net):
    def _freeze_stages(self):
        self.stem.requires_grad_(False)
"""),
)  # fmt: skip

CODEMOD = Codemod("freeze-before-wrap", say("the freezing call at the end of the constructor"), _CASES, edits)
