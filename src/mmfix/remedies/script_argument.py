"""What a training script passes as ``find_unused_parameters``, as the configs say it, where that is exact.

The one place that decides it: `check` asks before it offers the cure, the cure before it changes the text.

An absent key is False to MMEngine (``mmengine/runner/runner.py: wrap_model``) and to mmdet 2.x
(``mmdet/apis/train.py: train_detector``).
"""

from __future__ import annotations

import ast
import re
from typing import List, NamedTuple, Optional, Sequence, Union

from mmfix.findings import CodeSpot
from mmfix.python.trees import dotted
from mmfix.remedies.own_code import Code, OwnCode, Refused, decided
from mmfix.wording import say

ARGUMENT = "find_unused_parameters"
#: What a training script calls its config.
_CONFIGS = ("cfg", "config")
_WRAPPER = re.compile(r"(?:DistributedDataParallel(?:Wrapper)?|^DDP|^build_ddp|^wrap_distributed_model)$")
_CURE = say("pass {argument}=cfg.get('{argument}', False) to the wrapper", argument=ARGUMENT)


class Passed(NamedTuple):
    """A call of which one argument gets another value.

    Attributes:
        code: The file.
        call: The call.
        argument: Its keyword, or its position.
        value: The expression.
    """

    code: Code
    call: ast.Call
    argument: Union[str, int]
    value: str


def passed(spots: Sequence[CodeSpot], files: OwnCode, refused: List[Refused]) -> List[Passed]:
    """What is changed for the lines that decide the argument; appends what cannot be done."""
    return decided(spots, files, refused, _passed)


def _passed(code: Code, line: int) -> Optional[Passed]:
    """The change in a line; None where it passes what the configs say already.

    Raises:
        Refused: The line is none of the three that are known.
    """
    reads = [call for call in code.scopes.calls(line) if _default_at(call) is not None]
    given = [
        (call, word.value)
        for call in _calls(code)
        for word in call.keywords
        if word.arg == ARGUMENT and line in (call.lineno, word.value.lineno)
    ]
    reads += [value for _, value in given if isinstance(value, ast.Call) and _default_at(value) is not None]
    if len(set(reads)) == 1:
        return _default_off(code, reads[0])
    if len(given) == 1 and isinstance(given[0][1], ast.Constant):
        return _read_key(code, given[0][0])
    wrappers = [call for call in code.scopes.calls(line) if _WRAPPER.search(dotted(call.func))]
    if not reads and not given and len(wrappers) == 1:
        if any(word.arg is None for word in wrappers[0].keywords):
            raise Refused(
                code.path, line, say("{argument} may be in what ** hands on", argument=ARGUMENT), _CURE
            )
        return _read_key(code, wrappers[0])
    raise Refused(code.path, line, say("what becomes {argument} is computed", argument=ARGUMENT), _CURE)


def _calls(code: Code) -> List[ast.Call]:
    return [node for node in ast.walk(code.scopes.tree) if isinstance(node, ast.Call)]


def _default_at(call: ast.Call) -> Union[str, int, None]:
    """Where ``cfg.get('find_unused_parameters', True)`` and its like have their default; None elsewhere."""
    function = call.func
    named = function.attr if isinstance(function, ast.Attribute) else dotted(function)
    if named not in ("get", "pop", "getattr"):
        return None
    at = 1 if named == "getattr" else 0
    key = call.args[at] if len(call.args) > at else None
    if not isinstance(key, ast.Constant) or key.value != ARGUMENT:
        return None
    if len(call.args) > at + 1:
        return at + 1
    return "default" if any(word.arg == "default" for word in call.keywords) else None


def _default_off(code: Code, call: ast.Call) -> Optional[Passed]:
    at = _default_at(call)
    assert at is not None
    said = call.args[at] if isinstance(at, int) else next(w.value for w in call.keywords if w.arg == at)
    if not isinstance(said, ast.Constant):
        raise Refused(
            code.path, call.lineno, say("the default of {argument} is computed", argument=ARGUMENT), _CURE
        )
    return Passed(code, call, at, "False") if said.value else None


def _read_key(code: Code, call: ast.Call) -> Passed:
    """The wrapper gets the key of the config, by the name that the function around has for it.

    Raises:
        Refused: It has none, or several.
    """
    function = code.scopes.function_around(call)
    body = [] if function is None else function.body
    read = {
        node.value.id
        for statement in body
        for node in ast.walk(statement)
        if isinstance(node, (ast.Attribute, ast.Subscript))
        and isinstance(node.value, ast.Name)
        and node.value.id in _CONFIGS
        and node.lineno <= call.lineno
    }
    taken = {arg.arg for arg in function.args.args} & set(_CONFIGS) if function is not None else set()
    if len(read | taken) != 1:
        raise Refused(code.path, call.lineno, say("which name the config has here is not known"), _CURE)
    return Passed(code, call, ARGUMENT, f"{(read | taken).pop()}.get('{ARGUMENT}', False)")
