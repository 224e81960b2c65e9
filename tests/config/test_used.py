"""Which names a config's files use: most are told apart without parsing, and the answer is the same."""

from __future__ import annotations

import pytest

from mmfix.config.memory import from_mapping
from mmfix.config.reader import Reader
from mmfix.config.used import is_said, own_used_names, used_names

BASE = "scale = 1\nother = 2\n"


@pytest.fixture
def load(tmp_path):
    def load(text, base=BASE):
        (tmp_path / "base.py").write_text(base, encoding="utf-8")
        (tmp_path / "leaf.py").write_text(f"_base_ = './base.py'\n{text}", encoding="utf-8")
        return Reader().load(str(tmp_path / "leaf.py"))

    return load


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("scale = 2\n", ""),
        ("scale = 2\nmodel = dict(scale=3)\n", ""),
        ("scale = 2  # scale is what matters\n", ""),
        ("scale = 2\nmodel = dict(size=scale)\n", "scale"),
        ("scale = 2\nscale += 1\n", "scale"),
        ("scale = 2\nmodel = dict(size='{{_base_.scale}}')\n", "scale"),
        ("größe = 2\nmodel = dict(size=größe)\n", "größe"),
        ("größe = 2\nmodel = dict(size=gro\u0308ße)\n", "größe"),
    ],
)
def test_own_names(load, text, used) -> None:
    document = load(text)
    assert own_used_names(document, ["scale", "größe"]) == set(used.split())


@pytest.mark.parametrize(
    ("text", "base", "used"),
    [
        ("scale = 2\n", BASE, ""),
        ("scale = 2\n", BASE + "model = dict(size=scale)\n", "scale"),
        ("model = dict(size=_base_.scale)\nscale = 1\n", BASE, "scale"),
        ("scale = 2\n", BASE + "note = 'scale'\n", ""),
    ],
)
def test_names_of_the_chain(load, text, base, used) -> None:
    assert used_names(load(text, base), ["scale", "other"]) == set(used.split())


def test_a_word_is_said_in_any_file(load) -> None:
    document = load("model = dict(_delete_=True)\n", BASE)
    assert is_said(document, "_delete_")
    assert is_said(document, "other")
    assert not is_said(document, "nobody")


def test_a_config_in_no_file_may_say_anything() -> None:
    assert is_said(from_mapping({"model": {}}), "_delete_")
