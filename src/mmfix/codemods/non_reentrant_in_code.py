"""``use_reentrant=False`` at the checkpoint calls of a model.

Each call that the finding is about gets the argument, however the function was imported; a
``functools.partial`` of it gets it where it is made. A function of the repository that only passes the
argument on (``**kwargs``, or a parameter of its own) stays as it is, and the lines that call it get it.
Which these are is decided in ``remedies/checkpoint_calls.py``.
"""

from __future__ import annotations

from typing import Dict, List, Sequence

import libcst as cst

from mmfix.codemods.arguments import argument_edit
from mmfix.codemods.codemod import Case, Codemod, NodeEdit
from mmfix.codemods.source import Sources
from mmfix.findings import CodeSpot
from mmfix.remedies.checkpoint_calls import targets
from mmfix.remedies.own_code import Refused


def edits(spots: Sequence[CodeSpot], sources: Sources, refused: List[Refused]) -> Dict[cst.CSTNode, NodeEdit]:
    """What is changed for the checkpoint calls in some lines; what cannot be is appended to ``refused``."""
    found: Dict[cst.CSTNode, NodeEdit] = {}
    for target in targets(spots, sources.files, refused):
        source = sources.of(target.code)
        call = source.call(target.call)
        found[call] = argument_edit(source, call, target.keyword, "False")
    return found


_UNKNOWN = "no checkpoint is called here by a name that can be followed"
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
    _case("arguments that also go to what is checkpointed", """\
def forward(self, x, **kwargs):
    if self.deep:
        return ckpt(self.run, x, **kwargs[+, use_reentrant=False+])  # <-
    return self.run(x, **kwargs)
"""),
    _case("the same, where the argument has a name in the file", """\
def forward(self, x, **kwargs):
    if self.deep:
        return ckpt(self.run, x, **kwargs)  # <-
    return self.run(x, **kwargs)
layer(x, use_reentrant=True)
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
    _case("Python 2", "print 'x'\ny = ckpt(f, x)  # <-\n",
          "is Python 2 code, which is not read; convert it to Python 3"),
)  # fmt: skip

CODEMOD = Codemod("non-reentrant-in-code", "use_reentrant=False", _CASES, edits)
