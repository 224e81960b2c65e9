"""Which calls get ``use_reentrant=False`` for some lines that checkpoint, where that can be said exactly.

The one place that decides it: `check` asks before it offers the cure, the cure before it changes the text.

``torch/utils/checkpoint.py: checkpoint`` takes ``use_reentrant`` by keyword since torch 1.11.
"""

from __future__ import annotations

import ast
from typing import Iterator, List, NamedTuple, Optional, Sequence, Tuple

from mmfix.findings import CodeSpot
from mmfix.python.place import Place
from mmfix.remedies.own_code import Code, OwnCode, Refused
from mmfix.wording import say

_CHECKPOINTS = frozenset(
    {"torch.utils.checkpoint.checkpoint", "torch.utils.checkpoint.checkpoint_sequential"}
)
_PARTIAL = "functools.partial"
_ARGUMENT = "use_reentrant"
_UNKNOWN = say("no checkpoint is called here by a name that can be followed")
_CURE = say("set use_reentrant=False there")
#: ``checkpoint_sequential(functions, segments, input)``.
_OF_SEQUENTIAL = 3


class Target(NamedTuple):
    """A call that gets the argument, and the keyword it goes by there."""

    code: Code
    call: ast.Call
    keyword: str

    @property
    def says_false(self) -> bool:
        """Whether it has it already."""
        said = _given(self.call, self.keyword)
        return isinstance(said, ast.Constant) and said.value is False


def targets(spots: Sequence[CodeSpot], files: OwnCode, refused: List[Refused]) -> List[Target]:
    """The calls that are changed for the checkpoint calls in some lines; appends what cannot be done."""
    found: List[Target] = []
    for spot in spots:
        try:
            code = files.get(spot.path)
            for call in _checkpoint_calls(code, spot.line):
                found += [one for one in _targets(code, call, spot.called, files) if not one.says_false]
        except Refused as error:
            refused.append(error)
    return found


def _checkpoint_calls(code: Code, line: int) -> List[ast.Call]:
    """The calls in a line that run a checkpoint, or the partial that they are of.

    Raises:
        Refused: None of them does by a name that can be followed.
    """
    calls = code.scopes.calls(line)
    sure = [found for found in (_followed(code, call) for call in calls) if found is not None]
    if sure:
        return sure
    # what another module of the repository calls so: that it is a checkpoint was read from that module
    elsewhere = [call for call in calls if _is_of_repository(code, call.func)]
    if len(elsewhere) == 1:
        return elsewhere
    raise Refused(code.path, line, _UNKNOWN, _CURE)


def _followed(code: Code, call: ast.Call) -> Optional[ast.Call]:
    """The call, where it is one of torch's checkpoint; the partial, where it is one of that."""
    if _is_checkpoint(code, call.func):
        return call
    made: Optional[ast.expr] = call.func
    if isinstance(call.func, ast.Name):
        made = code.scopes.assigned(call.func)
    elif isinstance(call.func, ast.Attribute):
        made = code.scopes.attribute(call.func)
    if made is None:
        return None
    if _is_checkpoint(code, made):
        return call
    if isinstance(made, ast.Call) and _PARTIAL in code.scopes.imported(made.func) and made.args:
        if not _is_checkpoint(code, made.args[0]):
            return None
        return made if _given(call, _ARGUMENT) is None else call  # what the call says wins over the partial
    return None


def _is_checkpoint(code: Code, node: ast.expr) -> bool:
    return not _CHECKPOINTS.isdisjoint(code.scopes.imported(node))


def _is_of_repository(code: Code, node: ast.expr) -> bool:
    names = code.scopes.imported(node)
    return bool(names) and not any(name.split(".")[0] in ("torch", "functools") for name in names)


def _targets(code: Code, call: ast.Call, called: Sequence[Place], files: OwnCode) -> Iterator[Target]:
    """Where the argument goes: into the call, or into the calls of the function that passes it on.

    Raises:
        Refused: It cannot be said exactly.
    """
    _check_place(code, call)
    parameter = _passed_on(code, call)
    if parameter is None:
        yield Target(code, call, _ARGUMENT)
        return
    function = code.scopes.function_around(call)
    assert function is not None
    if not called:
        why = say(
            "{function}() passes use_reentrant on, and no line that calls it is known", function=function.name
        )
        raise Refused(code.path, call.lineno, why, _CURE)
    for place in called:
        yield from _callers(files.get(place.path), place.line, function, parameter)


def _callers(code: Code, line: int, function: ast.FunctionDef, parameter: str) -> Iterator[Target]:
    name = function.name
    calls = [call for call in code.scopes.calls(line) if _last_name(code, call.func) == name]
    if not calls:
        raise Refused(
            code.path, line, say("{function}() is called here by another name", function=name), _CURE
        )
    for call in calls:
        _check_place(code, call)
        by_position = _position(function, parameter)
        spread = any(isinstance(arg, ast.Starred) for arg in call.args) and by_position is not None
        if spread or any(word.arg is None for word in call.keywords):
            raise Refused(
                code.path, line, say("what {function}() gets here is not spelled out", function=name), _CURE
            )
        if by_position is not None and by_position < len(call.args):
            raise Refused(
                code.path,
                line,
                say("{function}() gets {parameter} by its position here", function=name, parameter=parameter),
                _CURE,
            )
        said = _given(call, parameter)
        if said is not None and not _is_constant(said):
            raise Refused(
                code.path, line, say("{parameter} is a value that is computed", parameter=parameter), _CURE
            )
        yield Target(code, call, parameter)


def _last_name(code: Code, node: ast.expr) -> str:
    """The name that a function was defined under, as far as import statements tell."""
    for name in code.scopes.imported(node):
        return name.rpartition(".")[2]
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _check_place(code: Code, call: ast.Call) -> None:
    inner: ast.AST = call
    for node in code.scopes.around(call):
        if inner in getattr(node, "decorator_list", ()):
            raise Refused(code.path, call.lineno, say("the checkpoint is called in a decorator"), _CURE)
        if type(node).__name__ in ("JoinedStr", "TemplateStr"):
            raise Refused(code.path, call.lineno, say("the checkpoint is called in an f-string"), _CURE)
        inner = node


def _passed_on(code: Code, call: ast.Call) -> Optional[str]:
    """The keyword under which the function around takes the argument; None where the call says it itself.

    Raises:
        Refused: What the call says cannot be followed.
    """
    said = _given(call, _ARGUMENT)
    rest = [word.value for word in call.keywords if word.arg is None]
    if said is None and not rest:
        if _is_sequential(code, call) and len(call.args) > _OF_SEQUENTIAL:
            raise Refused(code.path, call.lineno, say("use_reentrant is given by its position here"), _CURE)
        return None
    if said is not None and _is_constant(said):
        return None
    function = code.scopes.function_around(call)
    named = said if said is not None else rest[0]
    if not isinstance(named, ast.Name) or function is None or len(rest) > 1 or (said is not None and rest):
        why = (
            say("use_reentrant is a value that is computed")
            if said is not None
            else say("use_reentrant may be in what ** hands on")
        )
        raise Refused(code.path, call.lineno, why, _CURE)
    alone = _uses(function, named.id) == 1
    if said is None:
        if function.args.kwarg is not None and function.args.kwarg.arg == named.id:
            if alone:
                return _ARGUMENT
            if _goes_to_the_same(code, call, function, named.id):
                return None
        raise Refused(
            code.path, call.lineno, say("use_reentrant may be in **{variable}", variable=named.id), _CURE
        )
    if named.id not in _parameters(function) or not alone:
        raise Refused(
            code.path, call.lineno, say("use_reentrant is the variable {variable}", variable=named.id), _CURE
        )
    return named.id


def _goes_to_the_same(code: Code, call: ast.Call, function: ast.FunctionDef, name: str) -> bool:
    """Whether ``**name`` goes to what is checkpointed, too, so that it has no argument of the checkpoint.

    ``checkpoint(self.run, x, **kwargs) if self.deep else self.run(x, **kwargs)``, in a file that says
    ``use_reentrant`` nowhere.
    """
    if not call.args or _ARGUMENT.encode() in code.data:
        return False
    same = ast.dump(call.args[0])
    spread = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and (node is call or ast.dump(node.func) == same)
        and any(
            word.arg is None and isinstance(word.value, ast.Name) and word.value.id == name
            for word in node.keywords
        )
    ]
    return len(spread) == _uses(function, name)


def _is_sequential(code: Code, call: ast.Call) -> bool:
    return any(name.endswith("_sequential") for name in code.scopes.imported(call.func))


def _given(call: ast.Call, name: str) -> Optional[ast.expr]:
    return next((word.value for word in call.keywords if word.arg == name), None)


def _is_constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool))


def _parameters(function: ast.FunctionDef) -> Tuple[str, ...]:
    args = function.args
    return tuple(arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs))


def _position(function: ast.FunctionDef, parameter: str) -> Optional[int]:
    """How many arguments by position stand before it; None where it only goes by keyword.

    A method's own object is not among them.
    """
    names = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args)]
    own = bool(names) and names[0] in ("self", "cls")
    return names.index(parameter) - own if parameter in names else None


def _uses(function: ast.FunctionDef, name: str) -> int:
    body = (node for statement in function.body for node in ast.walk(statement))
    return sum(isinstance(node, ast.Name) and node.id == name for node in body)
