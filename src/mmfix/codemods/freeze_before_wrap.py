"""Freeze in the constructor, too: the call that ``train()`` or ``init_weights()`` makes, at its end.

DDP counts the parameters that are trainable when it wraps the model, which is before both are called. This is
how the ResNets of OpenMMLab do it (``mmdet/models/backbones/resnet.py: ResNet.__init__``).
"""

from __future__ import annotations

import ast
from typing import Dict, List, Optional, Sequence

import libcst as cst
from libcst import matchers

from mmfix.codemods.codemod import Case, Codemod, NodeEdit, Refused
from mmfix.codemods.source import Source, Sources
from mmfix.findings import CodeSpot

#: What runs after the wrap.
_LATE = ("train", "init_weights")
_BY_HAND = "call it at the end of the constructor by hand"


def edits(spots: Sequence[CodeSpot], sources: Sources, refused: List[Refused]) -> Dict[cst.CSTNode, NodeEdit]:
    """What is changed for some lines that freeze; what cannot be is appended to ``refused``."""
    found: Dict[cst.CSTNode, NodeEdit] = {}
    for spot in spots:
        try:
            edit = _edit(sources.get(spot.path), spot.line)
            if edit is not None:
                found[edit.node] = edit
        except Refused as error:
            refused.append(error)
    return found


def _edit(source: Source, line: int) -> Optional[NodeEdit]:
    """The edit for a line that freezes; None where its method is called in the constructor already.

    Raises:
        Refused: There is no such call that is made in any case, or no place for it.
    """
    method = source.method_at(line)
    cls = None if method is None else source.class_around(method)
    if method is None or cls is None:
        raise Refused(source.path, line, "this line is in no method of a class", _BY_HAND)
    name = method.name.value
    if name in _LATE:
        raise Refused(source.path, line, f"{name}() itself freezes", "move that to a method of its own")
    methods = {item.name.value: item for item in cls.body.body if isinstance(item, cst.FunctionDef)}
    if not any(_calls(methods[late], name) for late in _LATE if late in methods):
        why = f"neither train() nor init_weights() of this class always calls {name}()"
        raise Refused(source.path, line, why, _BY_HAND)
    constructor = methods.get("__init__")
    if constructor is None or not isinstance(constructor.body, cst.IndentedBlock):
        raise Refused(source.path, line, f"{cls.name.value} has no constructor of its own", _BY_HAND)
    if _calls(constructor, name):
        return None
    if _returns(constructor.body):
        at = source.position(constructor).start.line
        raise Refused(source.path, at, "the constructor has a return", _BY_HAND)
    _require_ready(source, cls, name)
    return _appended(source, constructor, f"self.{name}()")


def _calls(method: cst.FunctionDef, name: str) -> bool:
    """Whether a method calls another one of its object whatever happens, without arguments."""
    call = matchers.Expr(
        matchers.Call(matchers.Attribute(matchers.Name("self"), matchers.Name(name)), args=[])
    )
    statements = list(method.body.body)
    for statement in method.body.body:  # `if mode:` is true where it counts
        if matchers.matches(statement, matchers.If(test=matchers.Name("mode"))):
            assert isinstance(statement, cst.If)
            statements += statement.body.body
    return any(
        matchers.matches(part, call)
        for statement in statements
        if isinstance(statement, cst.SimpleStatementLine)
        for part in statement.body
    )


def _returns(node: cst.CSTNode) -> bool:
    """Whether a body returns; what a function inside of it does is its own affair."""
    if isinstance(node, (cst.FunctionDef, cst.Lambda, cst.ClassDef)):
        return False
    return isinstance(node, cst.Return) or any(map(_returns, node.children))


def _require_ready(source: Source, cls: cst.ClassDef, name: str) -> None:
    """Refuse where a class below this one has a method of that name: it would run before its constructor has.

    Raises:
        Refused: There is one in the file.
    """
    below = {cls.name.value}
    for other in matchers.findall(source.module, matchers.ClassDef()):  # in their order
        assert isinstance(other, cst.ClassDef)
        bases = (matchers.findall(base.value, matchers.Name()) for base in other.bases)
        if not any(isinstance(item, cst.Name) and item.value in below for found in bases for item in found):
            continue
        below.add(other.name.value)
        own = {item.name.value for item in other.body.body if isinstance(item, cst.FunctionDef)}
        if {name, "__init__"} <= own:
            why = f"{other.name.value} has a {name}() of its own, which would run before its constructor has"
            raise Refused(source.path, source.position(other).start.line, why, _BY_HAND)


def _appended(source: Source, function: cst.FunctionDef, text: str) -> NodeEdit:
    line = source.position(function).start.line

    def change(node: cst.CSTNode) -> cst.CSTNode:
        assert isinstance(node, cst.IndentedBlock)
        new = cst.SimpleStatementLine(
            [cst.Expr(cst.parse_expression(text))], leading_lines=[cst.EmptyLine(indent=False)]
        )
        return node.with_changes(body=[*node.body, new])

    def expect(tree: ast.Module) -> None:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == "__init__" and _def_line(node) == line:
                node.body.append(ast.parse(text).body[0])

    return NodeEdit(source, function.body, line, change, expect)


def _def_line(node: ast.FunctionDef) -> int:
    """The line that LibCST has for it: that of its first decorator."""
    return min([node.lineno, *(item.lineno for item in node.decorator_list)])


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

CODEMOD = Codemod("freeze-before-wrap", "the freezing call at the end of the constructor", _CASES, edits)
