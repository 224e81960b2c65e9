"""Where the site of the documentation has its pages."""

from __future__ import annotations


def rule_page(code: str) -> str:
    """The page of a rule, below the address of the site: ``rules/MMF101/``."""
    return f"rules/{code}/"


def rule_address(docs_url: str, code: str) -> str:
    """The address of the page of a rule; empty where nobody said where the site is.

    Args:
        docs_url: The address of the site that ``mkdocs build`` makes of ``docs/``.
        code: Of the rule.
    """
    return f"{docs_url.rstrip('/')}/{rule_page(code)}" if docs_url else ""
