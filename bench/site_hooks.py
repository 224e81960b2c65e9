"""Hooks of mkdocs: the pages beside docs/ belong to the site, and links between all of them hold there, too.

In the repository a page links to files as they lie. On the site the README and its like are below ``project/``, and
what is no page (source, tests) is named and not linked.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
BESIDE = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
_LINK = re.compile(r"\[([^\]\n]*)\]\((?!\w+:|#)([^)\s#]+)(#[^)\s]*)?\)")


def on_config(config: Any) -> Any:
    """Put each rule, and each page for developers, below the page that lists them."""
    folders = {"rules.md": ("The rules", "rules"), "developers/index.md": ("Teach it", "developers")}

    def filled(entry: Any) -> Any:
        if isinstance(entry, dict):
            return {title: filled(part) for title, part in entry.items()}
        if isinstance(entry, list):
            return [filled(part) for part in entry]
        if entry not in folders:
            return entry
        title, folder = folders[entry]
        pages = sorted(f"{folder}/{path.name}" for path in (ROOT / "docs" / folder).glob("*.md"))
        return {title: [entry, *(page for page in pages if page != entry)]}

    config.nav = filled(config.nav)
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages beside docs/."""
    for name in BESIDE:
        files.append(File.generated(config, f"project/{name}", abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Turn links between files of the repository into links between pages of the site."""
    here = page.file.src_uri
    folder = "" if here.startswith("project/") else posixpath.dirname(f"docs/{here}")

    def linked(found: re.Match[str]) -> str:
        text, path, anchor = found[1], found[2], found[3] or ""
        target = posixpath.normpath(posixpath.join(folder, path))
        if target.startswith("docs/"):
            goal = target[len("docs/") :]
        elif target in BESIDE:
            goal = f"project/{target}"
        elif (ROOT / target).exists():
            return text
        else:
            return found[0]  # leads nowhere, which a strict build says
        return f"[{text}]({posixpath.relpath(goal, posixpath.dirname(here) or '.')}{anchor})"

    return _LINK.sub(linked, markdown)
