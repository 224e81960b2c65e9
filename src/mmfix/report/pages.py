"""Where the site of the documentation has its pages."""

from __future__ import annotations


def rule_page(code: str) -> str:
    """The page of a rule, below the address of the site: ``rules/MMF101/``."""
    return f"rules/{code}/"
