"""The schemas in docs/schema/ are schemas, are named in docs/json.md, and take what docs/json.md shows.

What commands print is held against them by the fixture that runs commands (tests/conftest.py).
"""

from __future__ import annotations

import json
import re
from typing import Any, Iterator

import jsonschema
import pytest

from mmfix.findings import Finding, Override, Remedy
from mmfix.report.json import comparison, diagnosis, model, patch, proof, values
from mmfix.report.json.check import render_report
from mmfix.results.checked import ConfigReport, Problem, Report
from mmfix.results.diagnosis import Diagnosis
from mmfix.results.patched import PatchResult
from schemas import FOLDER, require, require_valid

NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
PROBLEM = Problem("config", "bad", "a.py", 3, "mend")
FINDING = Finding(
    *("MMF101", "n", "error", "certain", "m", ("a", 0)),
    remedies=(Remedy("off", "safe", "", (Override(("a",), {"b": [1.5, None]}, "r"),), (), "OK"),),
)


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one(name: str) -> None:
    schema = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == jsonschema.Draft202012Validator.META_SCHEMA["$id"]
    page = (FOLDER.parent / "json.md").read_text(encoding="utf-8")
    assert f"(schema/{name}.json)" in page


def references(schema: Any) -> Iterator[str]:
    for key, value in schema.items() if isinstance(schema, dict) else enumerate(schema):
        if key == "$ref":
            yield value
        elif isinstance(value, (dict, list)):
            yield from references(value)


@pytest.mark.parametrize("name", NAMES)
def test_a_reference_leads_somewhere(name: str) -> None:
    for reference in references(json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))):
        file, _, pointer = reference.partition("#/$defs/")
        target = json.loads((FOLDER / (file or f"{name}.json")).read_text(encoding="utf-8"))
        assert pointer in target["$defs"], reference


def test_what_is_not_in_a_schema_is_found() -> None:
    document = json.loads(render_report(Report(())))
    require("check", document)
    for wrong in ({**document, "more": 1}, {**document, "notes": None}, {**document, "version": 2}):
        with pytest.raises(AssertionError, match=r"docs/schema/check\.json"):
            require("check", wrong)
    with pytest.raises(AssertionError):
        require_valid(["rules", "--format", "json"], '{"version": 1}')


DOCUMENTS = {
    "a config that cannot be read": (
        "check",
        render_report(Report((ConfigReport("a.py", None, None, "unreadable", PROBLEM),))),
    ),
    "a run that was ended": (
        "check",
        render_report(
            Report((ConfigReport("a.py", "mmcv1", "classic", "ok", findings=(FINDING,)),), interrupted=(1, 2))
        ),
    ),
    "a refused patch": ("patch", patch.render_patches([PatchResult("a.py", "a.py", error=PROBLEM)], (1, 2))),
    "a value that cannot be shown": ("show", values.render_error("a.py", PROBLEM)),
    "configs that cannot be compared": ("diff", comparison.render_error("a.py", "b.py", "main", PROBLEM)),
    "a model that cannot be shown": ("show-model", model.render_error("a.py", PROBLEM)),
    "nothing to rehearse": ("prove", proof.render_error("a.py", PROBLEM)),
    "a log that cannot be read": ("explain", diagnosis.render_json(None, error=PROBLEM)),
    "an unknown error": (
        "explain",
        diagnosis.render_json(Diagnosis("unknown", "t", None, "possible", "e", findings=(FINDING,))),
    ),
}


@pytest.mark.parametrize("what", DOCUMENTS)
def test_what_is_seldom_printed(what: str) -> None:
    name, text = DOCUMENTS[what]
    require(name, json.loads(text))


def test_every_document_of_the_page_has_a_schema() -> None:
    page = (FOLDER.parent / "json.md").read_text(encoding="utf-8")
    shown = re.findall(r"^## (.*)\n", page, flags=re.M)
    titles = {"show --model" if name == "show-model" else name for name in NAMES} - {"common"}
    assert titles <= set(shown)
