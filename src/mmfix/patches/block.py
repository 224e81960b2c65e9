"""The marked block mmfix appends to a config: make it, find it, take it out byte for byte."""

from __future__ import annotations

import re
from typing import List, NamedTuple, Optional, Sequence

from mmfix.errors import PatchError
from mmfix.patches.comments import only_comments
from mmfix.printable import line
from mmfix.wording import say

FIRST = '# >>> mmfix: added by "mmfix patch"; remove with "mmfix patch --undo" >>>'
LAST = "# <<< mmfix <<<"
#: Stands in the block when the file did not end with a line break, so that undo can take it away again.
NO_NEWLINE = "# (the file had no line break at its end)"
#: Stands in a block, an overlay or a copy that was written without the framework's loader.
UNCONFIRMED = "# not verified by loading: written with --no-loader"

_FIRST_LINE = re.compile(rb"^# >>> mmfix:[^\r\n]*(?:\r\n|\n|\r|\Z)", re.MULTILINE)
_LAST_LINE = re.compile(rb"^# <<< mmfix <<<[ \t]*(?:\r\n|\n|\r|\Z)", re.MULTILINE)


class Split(NamedTuple):
    """A file's bytes around its block.

    Attributes:
        original: The bytes without the block and without what was added to set it apart.
        block: The block's text, line breaks as ``\\n``.
    """

    original: bytes
    block: str


def line_break(data: bytes) -> str:
    """The line ending most lines of a file have."""
    return "\r\n" if data.count(b"\r\n") * 2 > data.count(b"\n") else "\n"


def comment(text: str) -> str:
    """One comment line: ASCII, no line breaks, no ``{{`` (MMEngine substitutes those in comments too)."""
    plain = line(" ".join(text.split())).encode("ascii", "backslashreplace").decode("ascii")
    return "# " + re.sub(r"\{(?=\{)", "{ ", plain)


def append(original: bytes, lines: Sequence[str]) -> bytes:
    """``original`` with one marked block of ``lines`` at its end, in the file's own line ending.

    Every byte of ``original`` stays; one empty line sets the block apart.
    """
    eol = line_break(original)
    head = ""
    body = list(lines)
    if original:
        # a lone "\r" at the end would become one line break together with the "\n" added here
        if not original.endswith(b"\n"):
            head = eol
            body.insert(0, NO_NEWLINE)
        head += eol
    text = "\n".join([FIRST, *body, LAST, ""])
    return original + (head + text.replace("\n", eol)).encode("utf-8")


def split(data: bytes, suffix: str = "") -> Optional[Split]:
    """The file without its block, and the block; None when there is no block.

    The block's own lines are taken out, and the empty line before it if it is there. Text that somebody
    wrote after the block is kept, on lines of its own.

    Args:
        suffix: The file's suffix. With one, marker lines only count where they are comments; without, in
            any text.

    Raises:
        PatchError: There is only half a block, or more than one; or the file is too broken to tell its
            comments from its strings.
    """
    if suffix == ".json":
        return None
    starts = list(_FIRST_LINE.finditer(data))
    ends = list(_LAST_LINE.finditer(data))
    if not starts and not ends:
        return None
    if suffix:
        offsets = only_comments(data, suffix, [found.start() for found in (*starts, *ends)])
        starts = [found for found in starts if found.start() in offsets]
        ends = [found for found in ends if found.start() in offsets]
        if not starts and not ends:
            return None
    if len(starts) != 1 or len(ends) != 1 or ends[0].start() < starts[0].end():
        at = (starts or ends)[0].start()
        raise PatchError(
            say("mmfix's block in this file is damaged"),
            line=data[:at].count(b"\n") + 1,
            hint=say(
                'it must go from one line "# >>> mmfix: ..." to one line "{last}"; delete it by hand',
                last=LAST,
            ),
        )
    before, after = data[: starts[0].start()], data[ends[0].end() :]
    block = data[starts[0].start() : ends[0].end()].decode("utf-8", "replace")
    lines: List[str] = block.splitlines()
    # The line break the block was written with, so that a line break of the file itself is never eaten.
    eol = b"\r\n" if starts[0].group().endswith(b"\r\n") else b"\n"
    return Split(_without_gap(before, eol, NO_NEWLINE in lines and not after) + after, "\n".join(lines))


def _without_gap(before: bytes, eol: bytes, unended: bool) -> bytes:
    """``before`` without the empty line at its end, if it has one; what somebody wrote there instead stays.

    Args:
        unended: The last line had no line break either.
    """
    if not before.endswith(b"\n" + eol):
        return before
    shorter = before[: -len(eol)]
    if unended and shorter.endswith(eol) and not shorter[: -len(eol)].endswith(b"\n"):
        return shorter[: -len(eol)]
    return shorter
