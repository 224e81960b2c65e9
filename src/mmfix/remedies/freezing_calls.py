"""Which constructors get the call that freezes, for lines that freeze late, where that can be said exactly.

The one place that decides it: `check` asks before it offers the cure, the cure before it changes the text.

DDP counts the parameters that are trainable when it wraps the model, which is before ``train()`` and
``init_weights()`` are called. This is how the ResNets of OpenMMLab freeze
(``mmdet/models/backbones/resnet.py: ResNet.__init__``).
"""

from __future__ import annotations

import ast
from typing import Dict, List, NamedTuple, Optional, Sequence

from mmfix.findings import CodeSpot
from mmfix.remedies.own_code import Code, OwnCode, Refused, decided
from mmfix.wording import say

#: What runs after the wrap.
_LATE = ("train", "init_weights")
_CURE = say("call it at the end of the constructor")


class Constructor(NamedTuple):
    """A constructor, and the method that is to be called at its end."""

    code: Code
    function: ast.FunctionDef
    method: str


def constructors(spots: Sequence[CodeSpot], files: OwnCode, refused: List[Refused]) -> List[Constructor]:
    """The constructors that are changed for some lines that freeze; appends what cannot be done."""
    found = {one.function: one for one in decided(spots, files, refused, _constructor)}
    return list(found.values())


def _constructor(code: Code, line: int) -> Optional[Constructor]:
    """The one for a line that freezes; None where its method is called in the constructor already.

    Raises:
        Refused: There is no such call that is made in any case, or no place for it.
    """
    method = code.scopes.method_at(line)
    cls = None if method is None else code.scopes.class_around(method)
    if method is None or cls is None:
        raise Refused(code.path, line, say("this line is in no method of a class"), _CURE)
    name = method.name
    if name in _LATE:
        raise Refused(
            code.path,
            line,
            say("{method}() itself freezes", method=name),
            say("move that to a method of its own"),
        )
    methods = _methods(cls)
    if not any(_calls(methods[late], name) for late in _LATE if late in methods):
        why = say("neither train() nor init_weights() of this class always calls {method}()", method=name)
        raise Refused(code.path, line, why, _CURE)
    made = methods.get("__init__")
    if made is None or made.body[0].lineno == made.lineno:
        raise Refused(code.path, line, say("{type} has no constructor of its own", type=cls.name), _CURE)
    if _calls(made, name):
        return None
    if any(map(_returns, made.body)):
        raise Refused(code.path, made.lineno, say("the constructor has a return"), _CURE)
    _require_ready(code, cls, name)
    return Constructor(code, made, name)


def _methods(cls: ast.ClassDef) -> Dict[str, ast.FunctionDef]:
    return {item.name: item for item in cls.body if isinstance(item, ast.FunctionDef)}


def _calls(method: ast.FunctionDef, name: str) -> bool:
    """Whether a method calls another one of its object whatever happens, without arguments."""
    statements = list(method.body)
    for statement in method.body:  # `if mode:` is true where it counts
        if isinstance(statement, ast.If) and isinstance(statement.test, ast.Name):
            statements += statement.body if statement.test.id == "mode" else ()
    call = ast.dump(ast.parse(f"self.{name}()").body[0])
    return any(isinstance(item, ast.Expr) and ast.dump(item) == call for item in statements)


def _returns(node: ast.AST) -> bool:
    """Whether a body returns; what a function inside of it does is its own affair."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
        return False
    return isinstance(node, ast.Return) or any(map(_returns, ast.iter_child_nodes(node)))


def _require_ready(code: Code, cls: ast.ClassDef, name: str) -> None:
    """Refuse where a class below this one has a method of that name: it would run before its constructor has.

    Raises:
        Refused: There is one in the file.
    """
    below = {cls.name}
    classes = [node for node in ast.walk(code.scopes.tree) if isinstance(node, ast.ClassDef)]
    for other in sorted(classes, key=lambda each: each.lineno):
        names = {item.id for base in other.bases for item in ast.walk(base) if isinstance(item, ast.Name)}
        if not names & below:
            continue
        below.add(other.name)
        if {name, "__init__"} <= set(_methods(other)):
            why = say(
                "{type} has a {method}() of its own, which would run before its constructor has",
                type=other.name,
                method=name,
            )
            raise Refused(code.path, other.lineno, why, _CURE)
