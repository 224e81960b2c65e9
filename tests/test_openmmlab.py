"""The one list of OpenMMLab's packages, against what MMEngine knows; and that it is the only one."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from mmfix.openmmlab import of_repository, packages, with_configs
from rooms import SOURCE

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "bench"))

import make_tables  # noqa: E402


def test_bases_are_taken_from_the_packages_that_mmengine_takes_them_from() -> None:
    utils = pytest.importorskip("mmengine.config.utils")
    assert with_configs() == set(utils.MODULE2PACKAGE)


def test_each_is_installed_under_the_name_that_mmengine_knows_or_a_newer_one() -> None:
    utils = pytest.importorskip("mmengine.config.utils")
    for name, distribution in utils.MODULE2PACKAGE.items():
        assert distribution in packages()[name].distributions


@pytest.mark.parametrize(
    ("repository", "package"), [("mmdetection3d", "mmdet3d"), ("mmpose", "mmpose"), ("mine", "mine")]
)
def test_a_repository_names_its_package(repository: str, package: str) -> None:
    assert of_repository(repository) == package


def test_there_is_no_second_list() -> None:
    listing = re.compile(r"[\[({]\s*(\"mm\w+\",?\s*){4,}")
    assert [str(path) for path in SOURCE.rglob("*.py") if listing.search(path.read_text("utf-8"))] == []


def test_the_table_of_checkpoints_is_the_one_that_its_facts_make(tmp_path: Path) -> None:
    facts = make_tables.facts_of("checkpoints.jsonl")
    make_tables.write("checkpoints.json", list(make_tables.checkpoint_rows(facts)), tmp_path)
    made = (tmp_path / "checkpoints.json").read_text("utf-8")
    assert made == (make_tables.DATA / "checkpoints.json").read_text("utf-8")


def test_what_was_taken_by_hand_is_in_the_table_of_freezing() -> None:
    data = json.loads((make_tables.DATA / "freezing.json").read_text("utf-8"))
    for fact in make_tables.facts_of("freezing.jsonl"):
        row = [data["sources"].index(list(make_tables.source_in(fact))), fact["late_from"], fact["where"]]
        assert row in data["types"][fact["type"]][fact["key"]]
