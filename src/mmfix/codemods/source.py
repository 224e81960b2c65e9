"""A file of the user's own, as LibCST has it: every byte, and where each node is."""

from __future__ import annotations

import ast
from typing import Dict, Sequence, Tuple

import libcst as cst
from libcst import metadata

from mmfix.codemods.codemod import NodeEdit
from mmfix.remedies.own_code import Code, OwnCode, Refused
from mmfix.wording import say


class Source:
    """One file.

    Args:
        path: Its path, without links.
        data: Its bytes.

    Attributes:
        module: Its tree.
        longest: The characters of its longest line.

    Raises:
        Refused: It cannot be read so that every byte comes back.
    """

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data
        try:
            module = cst.parse_module(data)
        except Exception as error:  # syntax, encoding, depth: whatever it is, the file stays
            at = getattr(error, "raw_line", 0)
            raise Refused(path, at, say("cannot be parsed by LibCST")) from error
        if module.bytes != data:
            raise Refused(path, 0, say("would not be written back byte for byte"))
        wrapper = metadata.MetadataWrapper(module, unsafe_skip_copy=True)
        self.module = wrapper.module
        self._positions = wrapper.resolve(metadata.PositionProvider)
        self._lines = module.code.split(module.default_newline)
        self.longest = max(map(len, self._lines))
        self._nodes: Dict[Tuple[int, ...], cst.CSTNode] = {}
        for node in self._positions:
            if isinstance(node, cst.Call):
                self._nodes[self.span(node)] = node
            elif isinstance(node, cst.FunctionDef):
                self._nodes[self.span(node.name)[:1]] = node

    def line(self, number: int) -> str:
        """The text of a line."""
        return self._lines[number - 1].rstrip("\r") if 0 < number <= len(self._lines) else ""

    def position(self, node: cst.CSTNode) -> metadata.CodeRange:
        """Where a node begins and ends; columns are characters."""
        position = self._positions[node]
        assert isinstance(position, metadata.CodeRange)
        return position

    def span(self, node: cst.CSTNode) -> Tuple[int, int, int, int]:
        """The same as ``ast`` counts: lines, and bytes of UTF-8 before each column."""
        at = self.position(node)
        start, end = (self._bytes(one.line, one.column) for one in (at.start, at.end))
        return at.start.line, start, at.end.line, end

    def _bytes(self, line: int, column: int) -> int:
        return len(self.line(line)[:column].encode("utf-8", "surrogatepass"))

    def call(self, node: ast.Call) -> cst.Call:
        """The call that a syntax tree of the same file has.

        Raises:
            Refused: It is not where that says.
        """
        end = node.end_lineno or 0, node.end_col_offset or 0
        found = self._nodes.get((node.lineno, node.col_offset, *end))
        if not isinstance(found, cst.Call):
            raise self.disagrees(node.lineno)
        return found

    def function(self, node: ast.FunctionDef) -> cst.FunctionDef:
        """The function that a syntax tree of the same file has.

        Raises:
            Refused: It is not where that says.
        """
        found = self._nodes.get((node.lineno,))
        if not isinstance(found, cst.FunctionDef):
            raise self.disagrees(node.lineno)
        return found

    def disagrees(self, line: int) -> Refused:
        """That a syntax tree of the same file says otherwise."""
        return Refused(self.path, line, say("LibCST and Python do not agree on what stands here"))

    def changed(self, edits: Sequence[NodeEdit]) -> bytes:
        """The bytes of the file with its nodes changed."""
        changer = _Changer({edit.node: edit for edit in edits})
        return self.module.visit(changer).bytes


class _Changer(cst.CSTTransformer):
    def __init__(self, edits: Dict[cst.CSTNode, NodeEdit]) -> None:
        super().__init__()
        self._edits = edits

    def on_leave(self, original_node: cst.CSTNodeT, updated_node: cst.CSTNodeT) -> cst.CSTNodeT:
        edit = self._edits.get(original_node)
        return updated_node if edit is None else edit.change(updated_node)  # type: ignore[return-value]


class Sources:
    """Files that are opened once.

    Args:
        files: What may be changed.
    """

    def __init__(self, files: OwnCode) -> None:
        self.files = files
        self._opened: Dict[str, Source] = {}

    def of(self, code: Code) -> Source:
        """One of them.

        Raises:
            Refused: It cannot be read so that every byte comes back.
        """
        if code.path not in self._opened:
            self._opened[code.path] = Source(code.path, code.data)
        return self._opened[code.path]
