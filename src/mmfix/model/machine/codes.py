"""What evaluates an expression or runs a statement: made of a node once, and kept on it.

What a node says of itself (its parts, their names, its line) is looked up when its code is made, not each
time it runs: a node of syntax is slow to ask, and the code of one model runs again in the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Optional

if TYPE_CHECKING:
    from mmfix.model.machine.frame import Frame
    from mmfix.model.machine.machine import Machine

Code = Callable[["Machine", "Frame"], Any]
#: Type of node -> what makes its code.
MAKERS: Dict[Any, Callable[[Any], Code]] = {}


def code_of(node: Any) -> Code:
    """What evaluates an expression, or runs a statement; the node keeps it as ``code``."""
    code: Optional[Code] = getattr(node, "code", None)
    if code is None:
        node.code = code = MAKERS[type(node)](node)
    return code


def expression(handler: Callable[[Machine, Any, Frame], Any]) -> Callable[[Any], Code]:
    """A maker of codes that hand the node to ``handler``."""

    def make(node: Any) -> Code:
        def code(m: Machine, frame: Frame) -> Any:
            m.steps += 1
            return handler(m, node, frame)

        return code

    return make


def statement(handler: Callable[[Machine, Any, Frame], str]) -> Callable[[Any], Code]:
    """The same for a statement, whose line is where the machine is then."""

    def make(node: Any) -> Code:
        line = node.lineno

        def code(m: Machine, frame: Frame) -> str:
            m.line = line
            return handler(m, node, frame)

        return code

    return make
