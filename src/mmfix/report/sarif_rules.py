"""The rules as SARIF's reporting descriptors (3.49)."""

from __future__ import annotations

from typing import Any, Dict, List

from mmfix.rules import RULES


def rules() -> List[Dict[str, Any]]:
    """All rules, by code, with their documentation."""
    return [
        {
            "id": rule.code,
            "name": rule.name,
            "shortDescription": {"text": rule.summary},
            "fullDescription": {"text": " ".join(rule.documentation.partition("\n\n")[0].split())},
            "help": {"text": rule.documentation, "markdown": rule.documentation},
            "properties": {"tags": ["distributed-training"]},
        }
        for rule in RULES
    ]
