"""``use_reentrant=False`` at the checkpoint calls of a model.

Each call that the finding is about gets the argument, however the function was imported; a
``functools.partial`` of it gets it where it is made. A function of the repository that only passes the
argument on (``**kwargs``, or a parameter of its own) stays as it is, and the lines that call it get it.

``torch/utils/checkpoint.py: checkpoint`` takes ``use_reentrant`` by keyword since torch 1.11.
"""

from __future__ import annotations

from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence

import libcst as cst
from libcst import matchers

from mmfix.codemods.arguments import argument, keyword_edit
from mmfix.codemods.codemod import Case, Codemod, NodeEdit, Refused
from mmfix.codemods.source import Source, Sources
from mmfix.findings import CodeSpot
from mmfix.python.place import Place

_CHECKPOINTS = frozenset(
    {"torch.utils.checkpoint.checkpoint", "torch.utils.checkpoint.checkpoint_sequential"}
)
_PARTIAL = "functools.partial"
_ARGUMENT = "use_reentrant"
_UNKNOWN = "no checkpoint is called here by a name that can be followed"
_BY_HAND = "set use_reentrant=False there by hand"


class _Target(NamedTuple):
    """A call that gets the argument, and the keyword it goes by there."""

    source: Source
    call: cst.Call
    keyword: str


def edits(spots: Sequence[CodeSpot], sources: Sources, refused: List[Refused]) -> Dict[cst.CSTNode, NodeEdit]:
    """What is changed for the checkpoint calls in some lines; what cannot be is appended to ``refused``."""
    found: Dict[cst.CSTNode, NodeEdit] = {}
    for spot in spots:
        try:
            source = sources.get(spot.path)
            for call in _checkpoint_calls(source, spot.line):
                for target in _targets(source, call, spot.called, sources):
                    if not _says_false(target.call, target.keyword):
                        edit = keyword_edit(target.source, target.call, target.keyword, "False")
                        found[target.call] = edit
        except Refused as error:
            refused.append(error)
    return found


def _checkpoint_calls(source: Source, line: int) -> List[cst.Call]:
    """The calls in a line that run a checkpoint, or the partial that they are of.

    Raises:
        Refused: None of them does by a name that can be followed.
    """
    calls = source.calls(line)
    sure = [found for found in (_followed(source, call) for call in calls) if found is not None]
    if sure:
        return sure
    # what another module of the repository calls so: that it is a checkpoint was read from that module
    elsewhere = [call for call in calls if _is_imported(source, call.func)]
    if len(elsewhere) == 1:
        return elsewhere
    raise Refused(source.path, line, _UNKNOWN, _BY_HAND)


def _followed(source: Source, call: cst.Call) -> Optional[cst.Call]:
    """The call, where it is one of torch's checkpoint; the partial, where it is one of that."""
    if _is_checkpoint(source, call.func):
        return call
    made: Optional[cst.BaseExpression] = call.func
    if isinstance(call.func, cst.Name):
        made = source.assigned(call.func)
    elif isinstance(call.func, cst.Attribute):
        made = source.attribute(call.func)
    if made is None:
        return None
    if _is_checkpoint(source, made):
        return call
    if isinstance(made, cst.Call) and _PARTIAL in source.imported(made.func) and made.args:
        if argument(call, _ARGUMENT) is not None:
            made, call = call, made  # what the call says wins over the partial
            return made if _is_checkpoint(source, call.args[0].value) else None
        return made if _is_checkpoint(source, made.args[0].value) else None
    return None


def _is_checkpoint(source: Source, node: cst.CSTNode) -> bool:
    return not _CHECKPOINTS.isdisjoint(source.imported(node))


def _is_imported(source: Source, node: cst.CSTNode) -> bool:
    names = source.imported(node)
    return bool(names) and not any(name.split(".")[0] in ("torch", "functools") for name in names)


def _targets(source: Source, call: cst.Call, called: Sequence[Place], sources: Sources) -> Iterator[_Target]:
    """Where the argument goes: into the call, or into the calls of the function that passes it on.

    Raises:
        Refused: It cannot be said exactly.
    """
    _check_place(source, call)
    parameter = _passed_on(source, call)
    if parameter is None:
        yield _Target(source, call, _ARGUMENT)
        return
    function = source.function_around(call)
    assert function is not None
    line = source.position(call).start.line
    if not called:
        why = f"{function.name.value}() passes use_reentrant on, and no line that calls it is known"
        raise Refused(source.path, line, why, _BY_HAND)
    for place in called:
        yield from _callers(sources.get(place.path), place.line, function, parameter)


def _callers(source: Source, line: int, function: cst.FunctionDef, parameter: str) -> Iterator[_Target]:
    name = function.name.value
    calls = [call for call in source.calls(line) if _last_name(source, call.func) == name]
    if not calls:
        raise Refused(source.path, line, f"{name}() is called here by another name", _BY_HAND)
    for call in calls:
        _check_place(source, call)
        if any(arg.star for arg in call.args if arg.star == "**" or _is_positional(function, parameter)):
            raise Refused(source.path, line, f"what {name}() gets here is not spelled out", _BY_HAND)
        if _position(function, parameter) < sum(arg.keyword is None for arg in call.args):
            raise Refused(source.path, line, f"{name}() gets {parameter} by its position here", _BY_HAND)
        _check_value(source, call, parameter)
        yield _Target(source, call, parameter)


def _last_name(source: Source, node: cst.CSTNode) -> str:
    """The name that a function was defined under, as far as import statements tell."""
    for name in source.imported(node):
        return name.rpartition(".")[2]
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, cst.Name) else ""


def _check_place(source: Source, call: cst.Call) -> None:
    line = source.position(call).start.line
    for node in source.around(call):
        if isinstance(node, cst.Decorator):
            raise Refused(source.path, line, "the checkpoint is called in a decorator", _BY_HAND)
        if type(node).__name__ in ("FormattedStringExpression", "TemplatedStringExpression"):
            raise Refused(source.path, line, "the checkpoint is called in an f-string", _BY_HAND)


def _passed_on(source: Source, call: cst.Call) -> Optional[str]:
    """The keyword under which the function around takes the argument; None where the call says it itself.

    Raises:
        Refused: What the call says cannot be followed.
    """
    line = source.position(call).start.line
    said = argument(call, _ARGUMENT)
    rest = [arg for arg in call.args if arg.star == "**"]
    if said is None and not rest:
        if _is_sequential(source, call) and sum(arg.keyword is None for arg in call.args) > _OF_SEQUENTIAL:
            raise Refused(source.path, line, "use_reentrant is given by its position here", _BY_HAND)
        return None
    function = source.function_around(call)
    named = said.value if said is not None else rest[0].value
    if said is not None and _constant(said) is not None:
        return None
    if not isinstance(named, cst.Name) or function is None or len(rest) > 1 or (said and rest):
        what = "is a value that is computed" if said is not None else "may be in what ** hands on"
        raise Refused(source.path, line, f"use_reentrant {what}", _BY_HAND)
    star = function.params.star_kwarg
    if said is None:
        if star is None or star.name.value != named.value or not _is_used_once(function, named.value):
            raise Refused(source.path, line, f"use_reentrant may be in **{named.value}", _BY_HAND)
        return _ARGUMENT
    if named.value not in _parameters(function) or not _is_used_once(function, named.value):
        raise Refused(source.path, line, f"use_reentrant is the variable {named.value}", _BY_HAND)
    return named.value


#: ``checkpoint_sequential(functions, segments, input)``.
_OF_SEQUENTIAL = 3


def _is_sequential(source: Source, call: cst.Call) -> bool:
    return any(name.endswith("_sequential") for name in source.imported(call.func))


def _check_value(source: Source, call: cst.Call, keyword: str) -> None:
    said = argument(call, keyword)
    if said is not None and _constant(said) is None:
        line = source.position(call).start.line
        raise Refused(source.path, line, f"{keyword} is a value that is computed", _BY_HAND)


def _constant(arg: cst.Arg) -> Optional[str]:
    """``True``, ``False`` or ``None`` as it is written."""
    name = arg.value.value if isinstance(arg.value, cst.Name) else ""
    return name if name in ("True", "False", "None") else None


def _says_false(call: cst.Call, keyword: str) -> bool:
    said = argument(call, keyword)
    return said is not None and _constant(said) == "False"


def _parameters(function: cst.FunctionDef) -> Dict[str, int]:
    """The parameters by name, each with its position; those by keyword alone are behind all."""
    params = function.params
    plain = [param.name.value for param in (*params.posonly_params, *params.params)]
    found = {name: position for position, name in enumerate(plain)}
    found.update((param.name.value, len(plain) + 1_000) for param in params.kwonly_params)
    return found


def _is_positional(function: cst.FunctionDef, parameter: str) -> bool:
    return _parameters(function).get(parameter, 1_000) < 1_000


def _position(function: cst.FunctionDef, parameter: str) -> int:
    """How many arguments by position stand before it at most; a method's own object is not among them."""
    names = list(_parameters(function))
    own = bool(names) and names[0] in ("self", "cls")
    return _parameters(function).get(parameter, 1_000) - own


def _is_used_once(function: cst.FunctionDef, name: str) -> bool:
    named = matchers.Name(name)
    every = matchers.findall(function.body, named)
    keywords = matchers.findall(function.body, matchers.Arg(keyword=named))
    attributes = matchers.findall(function.body, matchers.Attribute(attr=named))
    return len(every) - len(keywords) - len(attributes) == 1


_IMPORTS = """\
import functools
import torch
import torch.utils.checkpoint as cp
from torch.utils import checkpoint as module
from torch.utils.checkpoint import checkpoint as ckpt, checkpoint_sequential
from .utils import checkpoint
"""


def _case(name: str, text: str, refused: str = "") -> Case:
    return Case(name, _IMPORTS + text, refused)


_CASES = (
    _case("by the name of the module", "y = cp.checkpoint(inner, x[+, use_reentrant=False+])  # <-\n"),
    _case("by another name", "y = ckpt(blk, x, mask[+, use_reentrant=False+])  # <-\n"),
    _case("by its full name", "torch.utils.checkpoint.checkpoint(f, *x[+, use_reentrant=False+])  # <-\n"),
    _case("by the name of both", "y = module.checkpoint(f, x[+, use_reentrant=False+])  # <-\n"),
    _case("a sequence", "y = checkpoint_sequential(layers, 2, x[+, use_reentrant=False+])  # <-\n"),
    _case("from the repository's own module", "y = checkpoint(f, x[+, use_reentrant=False+])  # <-\n"),
    _case("one argument a line", """\
y = ckpt(  # <-
    blk,  # the block
    x,[+
    use_reentrant=False,+]
)
"""),
    _case("two lines", """\
y = ckpt(blk,  # <-
         x[+,
         use_reentrant=False+])
"""),
    _case("a line that would get too long", """\
class Net:
    def forward(self, x):
        if self.with_cp and x.requires_grad:
            return cp.checkpoint(self.inner, x, self.mask, self.shape, self.last_of_all[+,
                                 use_reentrant=False+])  # <-
"""),
    _case("tabs, and what else is in the line", """\
if x:
\ty = [ckpt( f,x[+,use_reentrant=False+] ), 'ä', ckpt(g, y[+, use_reentrant=False+])]  # <-
"""),
    _case("one in another", """\
y = ckpt(f, ckpt(g, x[+, use_reentrant=False+])[+, use_reentrant=False+])  # <-
"""),
    _case("it says True", "y = ckpt(f, x, use_reentrant=[-True-][+False+], debug=True)  # <-\n"),
    _case("it says False already", "y = ckpt(f, x, use_reentrant=False)  # <-\n"),
    _case("under a name of its own", """\
run = cp.checkpoint
y = run(f, x[+, use_reentrant=False+])  # <-
"""),
    _case("a partial of it", """\
run = functools.partial(ckpt, use_reentrant=[-True-][+False+])
y = run(f, x)  # <-
"""),
    _case("a partial that the call goes over", """\
run = functools.partial(ckpt, use_reentrant=True)
y = run(f, x, use_reentrant=[-True-][+False+])  # <-
"""),
    _case("a partial in the constructor", """\
class Net:
    def __init__(self):
        self.run = functools.partial(ckpt, self.f[+, use_reentrant=False+])

    def forward(self, x):
        return self.run(x)  # <-
"""),
    _case("a function that passes all on", """\
def run(fn, *args, **kwargs):
    return ckpt(fn, *args, **kwargs)  # <-
y = run(f, x[+, use_reentrant=False+])  # <- called
"""),
    _case("a function with a parameter for it", """\
def run(fn, *args, old=True):
    return ckpt(fn, *args, use_reentrant=old)  # <-
y = run(f, x[+, old=False+])  # <- called
"""),
    _case("a function that says nothing of it", """\
def run(fn, x):
    return ckpt(fn, x[+, use_reentrant=False+])  # <-
y = run(f, x)  # <- called
"""),
    _case("shadowed by a parameter", """\
def forward(x, ckpt):
    return ckpt(f, x)  # <-
""", _UNKNOWN),
    _case("one of two functions", """\
run = cp.checkpoint if deep else call
y = run(f, x)  # <-
""", _UNKNOWN),
    _case("a function that is handed in", """\
def run(how, x):
    return how(f, x)  # <-
y = run(ckpt, x)  # <- called
""", _UNKNOWN),
    _case("arguments from elsewhere", """\
y = ckpt(f, x, **OPTIONS)  # <-
""", "use_reentrant may be in what ** hands on"),
    _case("arguments that also go elsewhere", """\
def run(fn, **kwargs):
    print(kwargs)
    return ckpt(fn, **kwargs)  # <-
y = run(f)  # <- called
""", "use_reentrant may be in **kwargs"),
    _case("passed on, and nobody knows by whom", """\
def run(fn, **kwargs):
    return ckpt(fn, **kwargs)  # <-
""", "run() passes use_reentrant on, and no line that calls it is known"),
    _case("passed on by position", """\
def run(fn, x, old):
    return ckpt(fn, x, use_reentrant=old)  # <-
y = run(f, x, True)  # <- called
""", "run() gets old by its position here"),
    _case("a variable", """\
def run(fn, x):
    return ckpt(fn, x, use_reentrant=OLD)  # <-
""", "use_reentrant is the variable OLD"),
    _case("an attribute", """\
y = ckpt(f, x, use_reentrant=cfg.old)  # <-
""", "use_reentrant is a value that is computed"),
    _case("in an f-string", "y = f'{ckpt(f, x)}'  # <-\n", "the checkpoint is called in an f-string"),
    _case("in a decorator", """\
@ckpt(f, x)  # <-
def g(): ...
""", "the checkpoint is called in a decorator"),
    Case("a generated file", """\
# This file is auto-generated. DO NOT EDIT.
ckpt(f, x)  # <-
""", "says that it is generated"),
    _case("Python 2", "print 'x'\ny = ckpt(f, x)  # <-\n", "cannot be parsed by LibCST"),
)  # fmt: skip

CODEMOD = Codemod("non-reentrant-in-code", "use_reentrant=False", _CASES, edits)
