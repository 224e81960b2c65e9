"""The published schemas of mmfix's JSON documents, and what a command prints held against them.

For users a document may have keys that its schema does not know. Here it may not: all that mmfix prints is
published.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, Sequence

import jsonschema
from referencing import Registry, Resource

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "schema"


@lru_cache(maxsize=None)
def validator(name: str) -> jsonschema.Draft202012Validator:
    """What a document of this kind is held against, ``check``; any key must be in the schema."""
    read = {
        path.name: _closed(json.loads(path.read_text(encoding="utf-8"))) for path in FOLDER.glob("*.json")
    }
    registry = Registry().with_resources((file, Resource.from_contents(each)) for file, each in read.items())
    return jsonschema.Draft202012Validator(read[f"{name}.json"], registry=registry)


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed: Dict[str, Any] = {key: _closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed


def require_valid(words: Sequence[str], printed: str) -> None:
    """Fail if a command line with ``--format json`` has printed a document that its schema does not take."""
    if "--format" not in words or words[words.index("--format") + 1 :][:1] != ["json"] or not printed:
        return
    name = "show-model" if words[0] == "show" and "--model" in words else words[0]
    require(name, json.loads(printed))


def require(name: str, document: Any) -> None:
    """Fail if the schema of that name does not take the document."""
    found = [f"{error.json_path}: {error.message[:300]}" for error in validator(name).iter_errors(document)]
    assert not found, f"docs/schema/{name}.json: {found}"
