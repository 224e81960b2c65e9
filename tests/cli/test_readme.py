"""What the README shows is what mmfix prints, and what it tells people to type works."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^```console\n\$ mmfix ([^\n]*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("command", "output"), SHOWN, ids=[command for command, _ in SHOWN])
@pytest.mark.usefixtures("examples")
def test_the_output_shown_is_the_output_printed(command: str, output: str, mmfix: Any) -> None:
    assert mmfix(*shlex.split(command)).stdout == output


def test_there_is_something_shown() -> None:
    assert len(SHOWN) >= 3


def test_every_option_in_the_command_table_exists(mmfix: Any) -> None:
    commands = re.findall(r"^\| `mmfix ([^`]*)`", README, re.MULTILINE)
    assert len(commands) > 10
    for command in commands:
        name, *rest = command.split()
        known = mmfix(name, "--help").stdout
        for option in (word for word in rest if word.startswith("--")):
            assert option in known, command


def test_ci_runs_the_commands_of_the_readme() -> None:
    blocks = re.findall(r"^```bash\n(.*?)\n```$", README, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    assert not any("\n" in block for block in blocks), "one line each"
    assert blocks[0].startswith("pip install . &&")
    assert re.match(
        r'pip install torch==[\d.]+ && pip install "\.\[test\]" -c tests/locked/python310\.txt && pytest$',
        blocks[1],
    )
    torch = re.search(r"^torch==\S+", (REPOSITORY / "tests/locked/python310.txt").read_text(), re.MULTILINE)
    assert torch is not None
    assert torch.group() in blocks[1], "the version that is locked"
