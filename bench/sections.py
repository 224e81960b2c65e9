"""Puts a section of a page in docs/ in the place of the old one. Used by the scripts that make tables."""

from __future__ import annotations

import re
from pathlib import Path

#: New sections of docs/accuracy.md go in front of this one.
ON_DDP = "## What DDP does"


def put(path: Path, heading: str, text: str, before: str = "") -> None:
    """Replace the section of that heading; a new one goes in front of the section ``before``, or to the end.

    Args:
        heading: With its marks, ``## Pythons``.
        text: The whole section, with the heading.
    """
    page = path.read_text(encoding="utf-8")
    old = re.search(rf"^{re.escape(heading)}$.*?(?=^## |\Z)", page, flags=re.M | re.S)
    if old is not None:
        start, end = old.span()
    else:
        found = re.search(rf"^{re.escape(before)}$", page, flags=re.M) if before else None
        start = end = len(page) if found is None else found.start()
    parts = (page[:start].rstrip("\n"), text.strip("\n"), page[end:].lstrip("\n"))
    path.write_text("\n\n".join(part for part in parts if part).rstrip("\n") + "\n", encoding="utf-8")
