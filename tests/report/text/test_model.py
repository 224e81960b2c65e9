"""``mmfix show --model``: the text word for word, the JSON key by key."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import mmfix
from mmfix.report.json.model import render_error, render_json
from mmfix.report.text.model import render_text
from mmfix.results.checked import Problem
from mmfix.results.model import (
    IN_MODEL,
    NOT_FOLLOWED,
    NOT_FOUND,
    NOT_IN_MODEL,
    Checkpoint,
    CodeLine,
    Freezing,
    ModelPart,
    ModelRow,
    ModelTree,
)

SOMETIMES = "it depends on the data"
FUSION = ModelPart(
    "fusion",
    "Parameter",
    "never used",
    "not used in the training step",
    CodeLine("net/backbone.py", 21),
    CodeLine("net/backbone.py", 27),
    ("model", "backbone", "use_fusion"),
)
ROOT = ModelRow(("model",), "Net", CodeLine("net/model.py", 3), IN_MODEL, "used", 2)


def row(name: str, **more: object) -> ModelRow:
    made = ModelRow(("model", name), "Part", CodeLine("net/part.py", 7), IN_MODEL, "used", 4)
    return replace(made, **more)  # type: ignore[arg-type]


def tree(*rows: ModelRow, **more: object) -> ModelTree:
    return replace(ModelTree("a.py", "classic", "mmengine", (ROOT, *rows), (), ""), **more)  # type: ignore[arg-type]


def test_a_tree_with_its_evidence() -> None:
    heads = tuple(
        ModelPart(
            f"fc.{index}", "Linear", "used only sometimes", SOMETIMES, CodeLine("net/head.py", 5), None, None
        )
        for index in range(5)
    )
    text = render_text(
        tree(
            row("backbone", class_name="Backbone", verdict="never used", parts=(FUSION,)),
            row("layers", key=("model", "backbone", "layers", 0), frozen=4, verdict=None),
            row("loss", class_name="L1", parameters=0, verdict=None, defined=None),
            row("heads", key=("model", "heads", 1), verdict="used only sometimes", parts=heads),
        )
    )
    assert (
        text
        == """\
model          Net       used                         net/model.py:3
  backbone     Backbone  1 part never used            net/part.py:7
      - fusion (Parameter): never used, not used in the training step
          made at net/backbone.py:21
          mentioned at net/backbone.py:27
          decided by model.backbone.use_fusion
    layers[0]  Part      frozen                       net/part.py:7
  loss         L1        nothing to train
  heads[1]     Part      5 parts used only sometimes  net/part.py:7
      - fc.0, fc.1, fc.2 and 2 more (Linear): used only sometimes, it depends on the data
          made at net/head.py:5
"""
    )


SWITCH = ("model", "part", "with_cp")
LINE = CodeLine("net/part.py", 30)


@pytest.mark.parametrize(
    ("changes", "marks", "details"),
    [
        ({"verdict": "cannot tell"}, "cannot tell", []),
        ({"frozen": 3}, "used, 3 of 4 parameters frozen", []),
        ({"exists": NOT_IN_MODEL}, "not in the model", []),
        ({"exists": NOT_FOLLOWED}, "cannot tell", []),
        (
            {"verdict": "never used", "parts": (replace(FUSION, name=""),)},
            "never used",
            ["- not used in the training step", "    made at net/backbone.py:21"],
        ),
        (
            {"checkpoints": tuple(Checkpoint("reentrant", SWITCH, replace(LINE, line=at)) for at in (30, 9))},
            "used, checkpoint (with_cp, reentrant)",
            ["- checkpoint, decided by model.part.with_cp: net/part.py:9, 30"],
        ),
        (
            {"checkpoints": (Checkpoint("fairscale", None, LINE),)},
            "used, checkpoint (always, fairscale)",
            ["- checkpoint, always: net/part.py:30"],
        ),
        (
            {"verdict": None, "frozen": 4, "freezings": (Freezing("train", LINE, SWITCH),)},
            "frozen in train() after the wrap",
            ["- frozen in train() after the wrap, decided by model.part.with_cp: net/part.py:30"],
        ),
        (
            {"frozen": 1, "freezings": (Freezing("init_weights", None, None),)},
            "used, 1 of 4 parameters frozen, frozen in init_weights() after the wrap",
            [],
        ),
        (
            {"freezings": (Freezing("step", LINE, None),)},
            "used, requires_grad switched while training",
            ["- requires_grad switched while training, always: net/part.py:30"],
        ),
    ],
)  # fmt: skip
def test_marks(changes: dict[str, object], marks: str, details: list[str]) -> None:
    lines = render_text(tree(row("part", **changes))).splitlines()
    assert lines[1].startswith(f"  part  Part  {marks}  ")
    assert lines[1].endswith("  net/part.py:7")
    assert [line[6:] for line in lines[2 : 2 + len(details)]] == details


def test_of_several_made_from_one_dict_the_first_is_the_module_itself() -> None:
    parts = tuple(
        ModelPart(name, "Linear", "used only sometimes", SOMETIMES, CodeLine("net/head.py", 5), None, None)
        for name in ("", "heads.1.fc", "heads.2.fc")
    )
    text = render_text(tree(row("head", verdict="used only sometimes", parts=parts)))
    assert f"- itself, heads.1.fc, heads.2.fc (Linear): used only sometimes, {SOMETIMES}" in text


def test_what_could_not_be_told_comes_last() -> None:
    problems = tuple((f"loop {index} is not followed", CodeLine("net/part.py", index)) for index in range(6))
    missing = ModelRow(("model", "neck"), "Neck", None, NOT_FOUND)
    text = render_text(tree(missing, problems=(("a clause", None), *problems), gave_up="too many steps"))
    assert (
        text
        == """\
model   Net   used                 net/model.py:3
  neck  Neck  not found in source
not found in source: searched were the repository around the config and what is installed where mmfix runs
no verdicts: too many steps
could not be followed: 7 places
  a clause
  loop 0 is not followed  net/part.py:0
  loop 1 is not followed  net/part.py:1
  loop 2 is not followed  net/part.py:2
  loop 3 is not followed  net/part.py:3
  and 2 more; --format json lists them all
"""
    )


def test_colours() -> None:
    text = render_text(
        tree(row("part", verdict="never used", parts=(replace(FUSION, name=""),))),
        lambda text, style: f"<{style}>{text}</>",
    )
    first, second = text.splitlines()[:2]
    assert first == "<strong>model </>  Net   <added>used</>        <dim>net/model.py:3</>"
    assert second == "<strong>  part</>  Part  <error>never used</>  <dim>net/part.py:7</>"


def test_json_key_by_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = row(
        "backbone",
        verdict="never used",
        frozen=1,
        parts=(FUSION,),
        checkpoints=(Checkpoint("reentrant", SWITCH, LINE),),
        freezings=(Freezing("train", LINE, None),),
    )
    shown = tree(made, path=str(tmp_path / "a.py"), problems=(("a clause", LINE),), gave_up="why")
    document = json.loads(render_json(shown))
    model = document.pop("model")
    assert document == {
        "version": 1,
        "mmfix": mmfix.__version__,
        "path": "a.py",
        "kind": "classic",
        "era": "mmengine",
        "problems": [{"reason": "a clause", "place": {"path": "net/part.py", "line": 30}}],
        "gave_up": "why",
        "error": None,
    }
    assert model[1] == {
        "key": "model.backbone",
        "class": "Part",
        "place": {"path": "net/part.py", "line": 7},
        "exists": "in the model",
        "verdict": "never used",
        "parameters": 4,
        "frozen": 1,
        "parts": [
            {
                "name": "fusion",
                "class": "Parameter",
                "verdict": "never used",
                "why": "not used in the training step",
                "created": {"path": "net/backbone.py", "line": 21},
                "used": {"path": "net/backbone.py", "line": 27},
                "decided_by": "model.backbone.use_fusion",
            }
        ],
        "checkpoints": [
            {
                "kind": "reentrant",
                "switch": "model.part.with_cp",
                "place": {"path": "net/part.py", "line": 30},
            }
        ],
        "freezings": [{"when": "train", "decided_by": None, "place": {"path": "net/part.py", "line": 30}}],
    }


def test_the_json_of_an_error_has_the_same_keys() -> None:
    error = json.loads(render_error("a.py", Problem("config", "bad", "a.py", 3)))
    assert set(error) == set(json.loads(render_json(tree())))
    assert (error["model"], error["error"]["line"]) == ([], 3)
