"""Globs of settings: what they reach, and that none takes long."""

from __future__ import annotations

import time

import pytest

from mmfix.project.globs import matches


@pytest.mark.parametrize(
    ("glob", "path", "expected"),
    [
        ("configs/old", "configs/old/a.py", True),
        ("configs/old/", "configs/old", True),
        ("configs/old", "configs/older/a.py", False),
        ("./configs/*.py", "configs/a.py", True),
        ("configs/*.py", "configs/sub/a.py", False),
        ("configs/**", "configs/sub/a.py", True),
        ("configs/**/a.py", "configs/a.py", True),
        ("configs/**/a.py", "configs/x/y/a.py", True),
        ("**/_base_/**", "configs/_base_/a.py", True),
        ("*_debug.py", "configs/x/my_debug.py", True),
        ("old", "configs/old/a.py", True),
        ("old", "configs/old.py", False),
        ("a?.py", "ab.py", True),
        ("a?.py", "a.py", False),
        ("**", "anything", True),
        ("*", "../outside.py", False),
        ("", "a.py", False),
        ("/", "a.py", False),
    ],
)
def test_what_a_glob_reaches(glob: str, path: str, expected: bool) -> None:
    assert matches(glob, path) is expected


def test_no_glob_takes_long() -> None:
    began = time.process_time()
    assert not matches("*a" * 120 + "/" + "**/" * 80 + "b", "a" * 4000 + "/x" * 40)
    assert not matches("*a" * 200, "a" * 100 + "b")
    assert time.process_time() - began < 1
