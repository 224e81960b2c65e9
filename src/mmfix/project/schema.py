"""The JSON schema of a settings file, made from the table of its keys: ``docs/mmfix.schema.json``."""

from __future__ import annotations

import json
from typing import Any, Dict

from mmfix.project.keys import (
    ADDRESS,
    ADDRESS_PATTERN,
    BY_PATH,
    CHOICE,
    COUNT,
    FOLDERS,
    GLOBS,
    KEYS,
    MOST_CHARACTERS,
    MOST_GPUS,
    MOST_ITEMS,
    MOST_SECONDS,
    RULES,
    SECONDS,
    VERSION,
    VERSION_PATTERN,
    Key,
)
from mmfix.wording import say


def schema() -> str:
    """The schema as JSON text (draft 7, which editors of TOML read)."""
    content = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": say("mmfix.toml, or [tool.mmfix] in pyproject.toml"),
        "type": "object",
        "additionalProperties": False,
        "properties": {
            name: {
                "description": say("{about} Option: {option}.", about=key.about, option=key.option),
                **_value(key),
            }
            for name, key in KEYS.items()
        },
        "definitions": {"rules": _rules()},
    }
    return json.dumps(content, indent=2) + "\n"


def _rules() -> Dict[str, Any]:
    from mmfix.rules import RULES as ALL

    names = [name for rule in ALL for name in (rule.code, rule.name)]
    one = {"anyOf": [{"enum": names}, {"type": "string", "pattern": r"^[Mm][Mm][Ff]\d*$"}]}
    return {"type": "array", "maxItems": MOST_ITEMS, "items": one}


def _value(key: Key) -> Dict[str, Any]:
    text = {"type": "string", "minLength": 1, "maxLength": MOST_CHARACTERS}
    rules = {"$ref": "#/definitions/rules"}
    if key.kind == RULES:
        return {"allOf": [rules]}
    if key.kind == BY_PATH:
        return {"type": "object", "maxProperties": MOST_ITEMS, "additionalProperties": rules}
    if key.kind in (GLOBS, FOLDERS):
        return {"type": "array", "maxItems": MOST_ITEMS, "items": text}
    if key.kind == CHOICE:
        return {"enum": list(key.choices)}
    if key.kind == COUNT:
        return {"type": "integer", "minimum": 1, "maximum": MOST_GPUS}
    if key.kind == SECONDS:
        return {"type": "number", "exclusiveMinimum": 0, "maximum": MOST_SECONDS}
    patterns = {VERSION: VERSION_PATTERN, ADDRESS: ADDRESS_PATTERN}
    return {**text, "pattern": patterns[key.kind]} if key.kind in patterns else text
