"""A module that is made whatever its flag says, and used under it alone, is made under it.

Which statement that is, is decided in ``remedies/flagged_modules.py``.
"""

from __future__ import annotations

import ast
from typing import Dict, List, Sequence

import libcst as cst

from mmfix.codemods.codemod import Case, Codemod, NodeEdit
from mmfix.codemods.source import Source, Sources
from mmfix.findings import CodeSpot
from mmfix.remedies.flagged_modules import Flagged, flagged
from mmfix.remedies.own_code import Refused
from mmfix.wording import say


def edits(spots: Sequence[CodeSpot], sources: Sources, refused: List[Refused]) -> Dict[cst.CSTNode, NodeEdit]:
    """What is changed for the lines that make a module; what cannot be is appended to ``refused``."""
    found: Dict[cst.CSTNode, NodeEdit] = {}
    for one in flagged(spots, sources.files, refused):
        edit = _under_flag(sources.of(one.code), one)
        found[edit.node] = edit
    return found


def _under_flag(source: Source, one: Flagged) -> NodeEdit:
    line = one.statement.lineno
    body = source.function(one.constructor).body.body
    node = next((item for item in body if source.position(item).start.line == line), None)
    if not isinstance(node, cst.SimpleStatementLine) or len(node.body) > 1:
        raise source.disagrees(line)

    def change(now: cst.CSTNode) -> cst.CSTNode:
        assert isinstance(now, cst.SimpleStatementLine)
        block = cst.IndentedBlock([now.with_changes(leading_lines=[])])
        return cst.If(cst.Name(one.flag), block, leading_lines=now.leading_lines)

    def expect(tree: ast.Module) -> None:
        for item in ast.walk(tree):
            if isinstance(item, ast.FunctionDef) and item.lineno == one.constructor.lineno:
                item.body = [
                    ast.If(test=ast.Name(id=one.flag, ctx=ast.Load()), body=[part], orelse=[])
                    if part.lineno == line
                    else part
                    for part in item.body
                ]

    return NodeEdit(source, node, line, change, expect)


def _case(name: str, made: str, used: str, refused: str = "") -> Case:
    return Case(name, f"""\
class Net(Base):
    def __init__(self, channels, use_extra=False, deep=True):
        super().__init__()
        self.use_extra = use_extra
        self.deep = deep and channels
{made}
        self.head = make()

    def forward(self, x):
{used}
        return self.head(x)
""", refused)  # fmt: skip


_MADE = "        [+if use_extra:\n            +]self.extra = make(channels)  # <-"
_PLAIN = "        self.extra = make(channels)  # <-"
_USED = "        if self.use_extra:\n            x = self.extra(x)"
_NOT_ONE = "extra is not used under one flag alone"

_CASES = (
    _case("a statement", _MADE, _USED),
    _case("with a comment above", "        # more\n" + _MADE, _USED),
    _case("several lines", """\
        [+if use_extra:
            +]self.extra = make(  # <-
        [+    +]    channels,  # of x
        [+    +]    1)""", _USED),
    _case("under more than the flag", _MADE, _USED.replace("use_extra", "use_extra and x.any()")),
    _case("deeper in it", _MADE, _USED.replace("x = self", "for _ in x: self")),
    _case("made under it already", "        if use_extra:\n    " + _PLAIN, _USED),
    _case("used without it", _PLAIN, _USED + "\n        x = self.extra(x)", _NOT_ONE),
    _case("used where it is off", _PLAIN, _USED.replace("if", "if not", 1), _NOT_ONE),
    _case("used in the else", _PLAIN, _USED + "\n        else:\n            x = self.extra(x)", _NOT_ONE),
    _case("by its name", _PLAIN, _USED + "\n        getattr(self, 'extra')", _NOT_ONE),
    _case("used nowhere", _PLAIN, "        pass", _NOT_ONE),
    _case("a flag that is computed", _PLAIN, _USED.replace("use_extra", "deep"),
          "deep is not what the constructor is given"),
    _case("in a loop", "        for _ in range(2):\n            self.extra = make(channels)  # <-", _USED,
          "it is not made by a statement of its own"),
    _case("one of two", "        self.extra = make(channels); self.more = 1  # <-", _USED,
          "it is not made by a statement of its own"),
)  # fmt: skip

CODEMOD = Codemod("unused-module", say("the module under its flag"), _CASES, edits)
