"""Changes of files: as editors make them, and whole. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, List, Optional, Tuple

from mmfix.findings import Remedy
from mmfix.printable import line


@dataclass(frozen=True)
class Change:
    """Lines of a file that get another text. What is changed stands in the file as it is now.

    Attributes:
        path: The file.
        before: Its text.
        start: Characters before the first one that is replaced.
        end: Characters before the first one after it; ``start`` where text is only put in.
        text: What stands there afterwards.
    """

    path: str
    before: str
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class FileEdit:
    """A file of the user's own code that a cure changes.

    Attributes:
        path: Absolute, without links.
        before: Its bytes.
        after: Its bytes afterwards.
        lines: The lines of it that are changed, 1-based, as they are numbered before.
    """

    path: str
    before: bytes
    after: bytes
    lines: Tuple[int, ...]

    def diff(self) -> str:
        """A unified diff."""
        return unified_diff(self.path, self.before, self.after)


def unified_diff(path: str, before: Optional[bytes], after: Optional[bytes]) -> str:
    """A unified diff of a file, as git writes it; ``before`` is None for a file that is new."""
    import difflib

    from mmfix.results.place import display_path

    name = line(display_path(path)).lstrip("/")  # as git has it; `patch -p1` refuses absolute names
    old = "/dev/null" if before is None else f"a/{name}"
    lines = difflib.unified_diff(_lines(before), _lines(after), old, f"b/{name}", lineterm="\n")
    return "".join(
        each if each.endswith("\n") else f"{each}\n\\ No newline at end of file\n" for each in lines
    )


def _lines(data: Optional[bytes]) -> List[str]:
    """Lines as programs that apply a diff count them: `str.splitlines` would break at a form feed, too."""
    if not data:
        return []
    *whole, rest = data.decode("utf-8", errors="replace").split("\n")
    return [*(f"{each}\n" for each in whole), *([rest] if rest else [])]


#: Plans what ``mmfix patch PATH --remedy NAME`` would change, one a file; nothing where that cannot be done.
Plan = Callable[[str, Remedy], Tuple[Change, ...]]
