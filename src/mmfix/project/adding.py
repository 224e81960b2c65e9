"""Put comments that ignore findings into the text of a Python or YAML file; nothing else of it changes."""

from __future__ import annotations

import re
from typing import List, Mapping, Sequence, Tuple

from mmfix.project.comments import meaning
from mmfix.project.ignores import ignores_of

_MOST_WIDTH = 100
_LINES = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_SPACE = re.compile(rb"[ \t]*")
_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=]")


def comment(rules: Sequence[str], reason: str, whole_file: bool = False) -> str:
    """``# mmfix: ignore[MMF101] reason``."""
    return f"# mmfix: ignore{'-file' if whole_file else ''}[{', '.join(rules)}] {reason}"


def with_comments(
    data: bytes, path: str, wanted: Mapping[int, Sequence[str]], reason: str
) -> Tuple[bytes, Tuple[int, ...]]:
    """The bytes of a file with a comment for each line, and the lines for which there is no place.

    A comment stands behind the line if there is room, else on a line of its own before it.

    Args:
        data: The file, in UTF-8.
        path: Its name.
        wanted: The codes to ignore, by 1-based line; 0 for the whole file.
        reason: One line of text.
    """
    lines = [line for line in _LINES.findall(data) if line]
    newline = b"\r\n" if lines and lines[0].endswith(b"\r\n") else b"\n"
    before = meaning(data, path)
    if not before:
        return data, tuple(sorted(wanted))
    failed: List[int] = []
    for number in sorted(wanted, reverse=True):  # from the end, so that the numbers stay true
        for new in _tries(lines, number, wanted[number], reason, newline):
            if meaning(b"".join(new), path) == before and _is_read(new, path, number, wanted[number]):
                lines = new
                break
        else:
            failed.append(number)
    return b"".join(lines), tuple(sorted(failed))


def _tries(
    lines: List[bytes], number: int, rules: Sequence[str], reason: str, newline: bytes
) -> List[List[bytes]]:
    if not number:
        top = 0
        while top < min(2, len(lines)) and (lines[top].startswith(b"#!") or _CODING.match(lines[top])):
            top += 1
        head = lines[:top]
        if not top and lines and lines[0].startswith(b"\xef\xbb\xbf"):
            lines, head = [lines[0][3:], *lines[1:]], [b"\xef\xbb\xbf"]
        return [[*head, comment(rules, reason, True).encode() + newline, *lines[top:]]]
    if number > len(lines):
        return []
    line = lines[number - 1]
    said = comment(rules, reason).encode()
    body = line.rstrip(b"\r\n")
    end = line[len(body) :]
    space = _SPACE.match(body)
    above = [*lines[: number - 1], (space.group() if space else b"") + said + newline, *lines[number - 1 :]]
    behind = [*lines[: number - 1], body.rstrip() + b"  " + said + end, *lines[number:]]
    short = len((body.rstrip() + b"  " + said).decode("utf-8", "replace")) <= _MOST_WIDTH
    return [behind, above] if short and b"#" not in body else [above, behind]


def _is_read(lines: List[bytes], path: str, number: int, rules: Sequence[str]) -> bool:
    """Whether the comment is one, and is about the line that was meant."""
    text = b"".join(lines).decode("utf-8", "replace")
    meant = (number, number + 1) if number else (0,)
    return any(
        item.target in meant and item.selectors == tuple(rules) and not item.problem
        for item in ignores_of(text, path)
    )
