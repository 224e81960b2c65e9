"""The published page of a rule."""

from __future__ import annotations

from mmfix.findings import Finding


def rule_page(docs_url: str, finding: Finding) -> str:
    """The address of the rule behind a finding; empty where nobody said where the rules are published.

    Args:
        docs_url: The address of the page that ``docs/rules.md`` has become; its headings are the anchors.
        finding: The finding.
    """
    anchor = f"{finding.code}-{finding.name}".lower()
    return f"{docs_url.partition('#')[0]}#{anchor}" if docs_url else ""
