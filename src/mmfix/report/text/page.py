"""What a text is written on: its colours, its width, and how much is wanted."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Iterator

from mmfix.report.text.words import Paint, plain

#: Characters in a line where no terminal says how many it has.
WIDTH = 100
#: Longer lines are hard to read, however wide the terminal is.
MOST = 120
#: Characters before the text of a row; its label stands in them.
INDENT = 11
#: Text is not squeezed into less than this.
_LEAST = 40


@dataclass(frozen=True)
class Page:
    """Where a text goes. Called as a :data:`Paint`, it puts colour around a text.

    Attributes:
        paint: Colours text.
        width: Characters in a line; a word that is longer, a path say, is not cut.
        verbose: All that is known, and not the first of it.
        each: Every config is told in full, also where its cause has been told.
    """

    paint: Paint = plain
    width: int = WIDTH
    verbose: bool = False
    each: bool = False

    def __call__(self, text: str, style: str) -> str:
        """``text`` in a style of ``words.STYLES``."""
        return self.paint(text, style)

    def wrapped(self, text: str, label: str = "", indent: int = INDENT, strong: str = "") -> Iterator[str]:
        """``text`` as lines within the width, the first behind ``label``.

        Args:
            text: A paragraph.
            label: Stands in the indentation of the first line.
            indent: Characters before the text of every line.
            strong: What the text begins with, to be set off.
        """
        room = max(self.width - indent, _LEAST)
        lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
        for index, line in enumerate(lines):
            shown = line
            if index == 0 and strong and line.startswith(strong):
                shown = self(strong, "strong") + line[len(strong) :]
            before = f"  {label}".ljust(indent) if index == 0 else " " * indent
            yield f"{before}{shown}".rstrip()

    def paragraph(self, text: str, label: str = "", style: str = "") -> Iterator[str]:
        """``text`` as lines within the width, behind ``label`` in a style; all but the first are indented."""
        whole = f"{label}: {text}" if label else text
        lines = textwrap.wrap(
            whole, self.width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )
        for index, line in enumerate(lines):
            if index == 0 and label and line.startswith(label):
                yield self(label, style) + line[len(label) :]
            else:
                yield line


#: Text without colours, for people.
PAGE = Page()
