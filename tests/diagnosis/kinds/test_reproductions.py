"""The texts that `mmfix explain` is measured with are what real programs print."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List, Sequence, Union

import pytest
from reproductions import REPRODUCTIONS, Reproduction
from unrelated import UNRELATED, Unrelated

import mmfix

Text = Union[Reproduction, Unrelated]


def marked(texts: Sequence[Text]) -> List[Any]:
    """Texts as parameters of a test; those that are made are played in groups, some scenes of each in two ranks."""
    parameters = []
    for text in texts:
        marks = (
            [pytest.mark.ddp, pytest.mark.xdist_group("explain-" + "-".join(text.needs))]
            if text.needs
            else []
        )
        if {"mmcv1", "mmdet"} & set(text.needs):
            marks.append(pytest.mark.zoo)
        parameters.append(pytest.param(text, id=text.name, marks=marks))
    return parameters


def without_space(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("text", marked([*REPRODUCTIONS, *UNRELATED]))
def test_a_text_says_what_it_stands_for(text: Text, tmp_path: Path) -> None:
    assert without_space(text.says) in without_space(text.make(tmp_path))


@pytest.mark.parametrize("text", marked(REPRODUCTIONS))
def test_what_happened_is_explained(text: Reproduction, tmp_path: Path) -> None:
    found = mmfix.explain(text.make(tmp_path))

    assert (found.id, found.outcome) == (text.diagnosis, text.outcome)


@pytest.mark.parametrize("text", marked(UNRELATED))
def test_nothing_is_made_of_other_texts(text: Unrelated, tmp_path: Path) -> None:
    found = mmfix.explain(text.make(tmp_path))

    assert not found.known, found.excerpt


def test_names_are_unique_and_what_is_not_made_has_a_source() -> None:
    names = [text.name for text in (*REPRODUCTIONS, *UNRELATED)]
    assert len(names) == len(set(names))
    for text in (*REPRODUCTIONS, *UNRELATED):
        assert bool(text.needs) != bool(text.source), text.name
