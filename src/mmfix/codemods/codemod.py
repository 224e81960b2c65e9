"""What a codemod is: its name, its cases, and how it finds what to change."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Dict, List, NamedTuple, Sequence, Tuple

from mmfix.findings import CodeSpot
from mmfix.python.place import Place
from mmfix.remedies.own_code import Refused

if TYPE_CHECKING:
    import libcst as cst

    from mmfix.codemods.source import Source, Sources


class NodeEdit(NamedTuple):
    """One node that gets another text.

    Attributes:
        source: The file.
        node: What is changed.
        line: Where it stands.
        change: The node, as it is by now, to what stands there afterwards.
        expect: The same, said a second time: what it makes of the syntax tree of the whole file.
    """

    source: Source
    node: cst.CSTNode
    line: int
    change: Callable[[cst.CSTNode], cst.CSTNode]
    expect: Callable[[ast.Module], None]


@dataclass(frozen=True)
class Case:
    """Code, and what becomes of it: documentation and test in one.

    Attributes:
        name: What the case shows.
        text: The file. What is put in stands in ``[+ +]``, what is taken out in ``[- -]``, as ``wdiff`` shows
            it. A line that ends in ``# <-`` is one the finding is about, ``# <- called`` one that calls its
            function.
        refused: What is said of the line, where it is left alone.
    """

    name: str
    text: str
    refused: str = ""

    @property
    def before(self) -> str:
        """The file as it is."""
        return re.sub(r"\[\+.*?\+\]|\[-|-\]", "", self.text, flags=re.DOTALL)

    @property
    def after(self) -> str:
        """The file afterwards."""
        return re.sub(r"\[-.*?-\]|\[\+|\+\]", "", self.text, flags=re.DOTALL)

    def spots(self, path: str) -> Tuple[CodeSpot, ...]:
        """The marked lines, as a finding has them."""
        lines = list(enumerate(self.before.split("\n"), 1))
        called = tuple(Place(path, number) for number, line in lines if line.endswith("# <- called"))
        return tuple(CodeSpot(path, number, called) for number, line in lines if line.endswith("# <-"))


@dataclass(frozen=True)
class Codemod:
    """One cure in code.

    Attributes:
        name: That of the remedy.
        summary: What it changes, a clause: ``use_reentrant=False``.
        cases: Code that it changes, and some that it leaves alone.
        edits: What it changes for the lines of a finding. Appends what it refuses.
    """

    name: str
    summary: str
    cases: Tuple[Case, ...]
    edits: Callable[[Sequence[CodeSpot], Sources, List[Refused]], Dict[cst.CSTNode, NodeEdit]]
