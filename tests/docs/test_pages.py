"""The pages in docs/: those made from the code are fresh, and no link leads nowhere."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "bench"))

from mmfix.results.pages import rule_page  # noqa: E402
from mmfix.rules import RULES  # noqa: E402
from pages import pages  # noqa: E402

PAGES = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md"))


@pytest.mark.parametrize("name", pages())
def test_a_page_made_from_the_code_is_fresh(name: str) -> None:
    written = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert written == pages()[name], "python bench/pages.py docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http:", "https:")):
            continue
        path, _, heading = target.partition("#")
        goal = page if not path else (page.parent / path).resolve()
        assert goal.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.*)$", goal.read_text(encoding="utf-8"), flags=re.M)
            anchors = {re.sub(r"[^\w -]", "", one).strip().lower().replace(" ", "-") for one in headings}
            assert heading in anchors, target


@pytest.mark.parametrize("folder", ["docs", "docs/developers"])
def test_every_page_is_reached_from_the_index(folder: str) -> None:
    index = (ROOT / folder / "index.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(([\w/-]+\.md)\)", index))
    assert {path.name for path in (ROOT / folder).glob("*.md")} - {"index.md"} <= linked


def test_there_is_one_page_for_each_rule_there_is() -> None:
    written = {path.name for path in (ROOT / "docs/rules").iterdir()}
    assert written == {f"{rule.code}.md" for rule in RULES}
    text = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
    for rule in RULES:
        assert f"({rule_page(rule.code).rstrip('/')}.md)" in text
