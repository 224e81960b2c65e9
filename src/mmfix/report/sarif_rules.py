"""The rules as SARIF's reporting descriptors (3.49)."""

from __future__ import annotations

from typing import Any, Dict, List

from mmfix.results.pages import rule_address
from mmfix.rules import RULES


def rules(site: str = "") -> List[Dict[str, Any]]:
    """All rules, by code, with their documentation.

    Args:
        site: The address of the site of the documentation; empty: rules have no address.
    """
    return [
        {
            "id": rule.code,
            "name": rule.name,
            "shortDescription": {"text": rule.summary},
            "fullDescription": {"text": " ".join(rule.documentation.partition("\n\n")[0].split())},
            "help": {"text": rule.documentation, "markdown": rule.documentation},
            **({"helpUri": rule_address(site, rule.code)} if site else {}),
            "properties": {"tags": ["distributed-training"]},
        }
        for rule in RULES
    ]
