"""The site of docs/: mkdocs builds it without a warning, and no link of it leads nowhere."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Dict, List, Optional, Set, Tuple
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from mmfix.results.pages import rule_page
from mmfix.rules import RULES

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("site"),
    pytest.mark.skipif(sys.version_info < (3, 10), reason="what builds it is locked for 3.10 and later"),
]


class _Page(HTMLParser):
    """The links of a page, and the ids in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: List[str] = []
        self.ids: Set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.append(value)
            elif name == "id" and value:
                self.ids.add(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    commands = re.findall(
        r"^# The site of docs/:  pip (install .*) && mkdocs (build .*)$", _mkdocs(), flags=re.M
    )
    ((install, build),) = commands
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    programs = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    words = install.replace('"', "").split()
    subprocess.run([str(programs / "python"), "-m", "pip", *words, "--quiet"], cwd=ROOT, check=True)
    done = subprocess.run(
        [str(programs / "python"), "-m", "mkdocs", *build.split(), "--site-dir", str(folder / "site")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout
    return folder / "site"


def _mkdocs() -> str:
    return (ROOT / "mkdocs.yml").read_text(encoding="utf-8")


def test_each_rule_has_a_page_at_its_address(site: Path) -> None:
    for rule in RULES:
        text = (site / rule_page(rule.code) / "index.html").read_text(encoding="utf-8")
        assert f"{rule.code} {rule.name}" in text


def test_links_lead_somewhere_and_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    pages: Dict[Path, _Page] = {
        path.resolve(): _Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")
    }
    assert len(pages) > 40
    for path, page in pages.items():
        if path.name == "404.html":  # its links are from the root of a server
            continue
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme:
                assert parts.scheme in ("https", "http", "mailto"), link
                continue
            goal = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            goal = goal / "index.html" if goal.is_dir() else goal
            assert goal.exists(), (path, link)
            if parts.fragment and goal in pages:
                assert unquote(parts.fragment) in pages[goal].ids, (path, link)


def test_a_list_is_a_list_and_a_table_is_a_table(site: Path) -> None:
    for path in site.rglob("*.html"):
        text = re.sub(r"<(pre|code|script)\b.*?</\1>", "", path.read_text(encoding="utf-8"), flags=re.S)
        assert not re.search(r"^(- |\|.*\|$)", text, flags=re.M), path


def test_ci_builds_it(site: Path) -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/docs.yml").read_text(encoding="utf-8"))
    told = "\n".join(step.get("run", "") for step in workflow["jobs"]["site"]["steps"])
    assert 'pip install ".[docs]" -c tests/locked/docs.txt' in told
    assert "mkdocs build --strict" in told
