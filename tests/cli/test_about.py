"""Promise: mmfix says what it is, what it looks for, and what is installed beside it."""

from __future__ import annotations

import json
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import click
import pytest


def test_version(mmfix: Any) -> None:
    import mmfix as package

    first, second = mmfix("--version").stdout.splitlines()
    assert first == f"mmfix {package.__version__}"
    assert second.startswith(f"here: Python {platform.python_version()}, ")
    assert f"mmengine {metadata.version('mmengine')}" in second


def test_version_names_what_is_not_here(tmp_path: Path, mmfix: Any) -> None:
    (tmp_path / "mmcv").mkdir()
    (tmp_path / "mmcv" / "version.py").write_text("__version__ = metadata.version('onedl-mmcv')\n")
    said = mmfix("--version", env={**os.environ, "PYTHONPATH": str(tmp_path)}).stdout
    assert said.endswith(", mmcv of unknown version\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str, mmfix: Any) -> None:
    done = mmfix("completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert "_MMFIX_COMPLETE" in done.stdout
    asked = {
        "_MMFIX_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": "mmfix ch",
        "COMP_CWORD": "ch" if shell == "fish" else "1",
    }
    assert "check" in mmfix(env={**os.environ, **asked}).stdout


def test_help_has_every_command_once_and_an_example_of_each(mmfix: Any) -> None:
    from mmfix.cli import cli

    listed = [line.split()[0] for line in mmfix("--help").stdout.splitlines() if line.startswith("  ")]
    names = cli.list_commands(click.Context(cli))
    assert len(names) > 8
    for name in names:
        assert listed.count(name) == 1
        assert f"\n  Example: mmfix {name}" in mmfix(name, "--help").stdout


def test_a_mistyped_command_is_told_which_one_was_meant(mmfix: Any) -> None:
    done = mmfix("chek", ".")
    assert done.returncode == 2
    known = tuple(map(int, metadata.version("click").split(".")[:2])) >= (8, 4)
    assert "No such command 'chek'." + (" Did you mean 'check'?" if known else "") in done.stderr


def test_every_rule_is_listed_and_explained(mmfix: Any) -> None:
    from mmfix.rules import RULES

    listed = mmfix("rules").stdout.splitlines()
    assert [line.split()[:2] for line in listed] == [[rule.code, rule.name] for rule in RULES]
    by_code, by_name = mmfix("rule", RULES[0].code.lower()), mmfix("rule", RULES[0].name)
    assert by_code.stdout == by_name.stdout
    assert by_code.stdout.startswith(f"{RULES[0].code} {RULES[0].name}\n\n")
    assert len(by_code.stdout.splitlines()) > 5
    assert mmfix("rule", "wrapper").stdout.startswith("MMF106 wrapper-shadows-find-unused\n\n")
    assert "'late' may be late-freezing, late-freezing-with-checkpoint" in mmfix("rule", "late").stderr


def test_rules_as_json(mmfix: Any) -> None:
    from mmfix.rules import RULES

    found = json.loads(mmfix("rules", "--format", "json").stdout)
    assert [(one["code"], one["name"], one["summary"]) for one in found["rules"]] == [
        (rule.code, rule.name, rule.summary) for rule in RULES
    ]
    assert all(one["documentation"].count("\n") > 5 for one in found["rules"])
