"""Whatever a config, path, log, source or proof holds, a terminal gets lines of text and nothing else."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmfix import printable
from mmfix.config.origin import MissingBase, Origin
from mmfix.errors import ConfigError
from mmfix.findings import Finding, Override, Remedy
from mmfix.proofs.types import ParameterGroup, Proof, Rehearsal, RemedyResult, Scenario
from mmfix.report import render_patches, render_report
from mmfix.report.json import diagnosis as diagnosis_json
from mmfix.report.json import proof as proof_json
from mmfix.report.text import diagnosis as diagnosis_text
from mmfix.report.text import proof as proof_text
from mmfix.report.text.page import Page
from mmfix.report.text.problems import render_problems
from mmfix.results.checked import ConfigReport, Problem, ProofUsed, Report
from mmfix.results.diagnosis import Diagnosis
from mmfix.results.patched import PatchResult
from mmfix.rules.rule import MMENGINE
from mmfix.terminal import paint, write

#: C0 and C1 without the line break of our own; what turns text round, and what has no width.
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\u061c\ufeff]")
FORGED = "Re\x1b]0;P\x07s\x1b[31mNet\r\nerror[MMF999] forged\u202e\u2066\u200b\x9b2J"
LINES = re.compile(r"^(error\[MMF999\]|\[MMF999\])", re.M)


def assert_plain(text: str) -> None:
    assert CONTROL.findall(text) == []
    assert not LINES.search(text)


@given(st.text())
def test_a_line_is_printable_and_says_what_was_there(text: str) -> None:
    found = printable.line(text)
    assert "\n" not in found
    assert CONTROL.search(found) is None
    assert printable.line(found) == found
    if text.isprintable():
        assert found == text


def test_spaces_and_letters_of_all_scripts_stay() -> None:
    text = "模型\u3000été\xa0नमस्ते 🚀"
    assert printable.line(text) == text


hostile = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=8).map(
    lambda text: f"{text}{FORGED}"[:60]
) | st.just(FORGED)


@given(hostile, hostile)
def test_every_field_of_every_report(one: str, two: str) -> None:
    """Each report with hostile text in each of its fields, plain and painted."""
    for text in reports(one, two, plain):
        assert_plain(text)
    for text in reports(one, two, printable.styled):
        assert_plain(printable.painted(text, dict.fromkeys(("", *STYLES), "")))


STYLES = ("error", "warning", "note", "strong", "dim", "added", "removed")


def plain(text: str, style: str) -> str:
    return text


def reports(one: str, two: str, colour: Any) -> Iterator[str]:
    place = Origin(f"/{one}", 1, 1)
    remedy = Remedy(one, "safe", two, (Override((one, 0, two), {one: two}, two),), (one,), two)
    finding = Finding(
        "MMF101", one, "error", "certain", two, (one, two), (place, place), (one, two), (remedy,)
    )
    problem = Problem("config", one, f"/{two}", 3, two)
    used = ProofUsed(True, one, two, one, ((one, two),), one, f"/{two}", one)
    config = ConfigReport(
        f"/{one}", one, "classic", "ok", None, (finding,), (one,), two, used, (one, two),
        None, (MissingBase(f"/{one}", two, place),), (finding,),
    )  # fmt: skip
    report = Report((config,), (one, two))
    changed = f"a = 1 # {one}\n".encode("utf-8", "surrogatepass")
    result = PatchResult(
        f"/{one}", f"/{two}", b"a = 1\r\n", changed, True, (one,), (Override((two,), one, two),), (finding,),
        problem, notes=(one,), confirmed_by=two, proof=used, taken_back=(finding,),
    )  # fmt: skip
    diagnosis = Diagnosis(
        id=one, title=two, outcome=one, confidence="proven", explanation=two, line=3, excerpt=one,
        evidence=(one,), places=(((one, two), place),), findings=(finding,), remedies=(remedy,), hints=(two,),
        config=one, notes=(one,), command=one,
    )  # fmt: skip
    scenario = Scenario("normal", "UNUSED", (one,), (two,), one, (two,), two)
    group = ParameterGroup("never", one, two, one, (two,), one)
    rehearsal = Rehearsal(
        "UNUSED", one, (scenario,), (group,), 3, True, (one,), 5, 0.5, {one: two}, 2, one, two, (one,), two
    )
    found = Proof(f"/{one}", rehearsal, (RemedyResult(one, "OK", two), RemedyResult(two, "UNUSED", one)))
    page = Page(colour, verbose=True, each=True)
    for format_ in ("text", "json"):
        yield render_report(report, format_, page)
        for diff in (False, True):
            yield render_patches([result], format_, page, diff).replace("\t", "")
    yield render_problems([(problem, f"/{one}"), (problem, two)], colour)
    yield diagnosis_text.render_text(diagnosis, page, one)
    yield diagnosis_json.render_json(diagnosis)
    yield proof_text.render_text(found, (remedy,), page)
    yield proof_json.render_json(found, (remedy,))
    yield str(ConfigError(one, two, 3, two))


def test_colours_are_ours_alone(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    write(printable.line(paint(Terminal())(FORGED, "error")) + "\n")
    out = capsys.readouterr().out
    assert out.startswith("\x1b[31m\x1b[1mRe\\x1b]0;")
    assert out.endswith("\x1b[0m\n")
    assert_plain(out.replace("\x1b[31m\x1b[1m", "").replace("\x1b[0m", ""))


CONFIG = f"""
model = dict(type={FORGED!r}, **{{{FORGED!r}: dict(type='ResNet', with_cp=True)}},
             backbone=dict(type={"ResNet" + FORGED!r}, depth=50, with_cp=True),
             neck=dict(type='ResNet', depth=50, with_cp=True))
find_unused_parameters = True
custom_imports = dict(imports=[{FORGED!r}])
"""
ODD = f"odd{FORGED}".replace("/", "") if os.name == "posix" else "odd"


@pytest.fixture
def odd(tmp_path: Path) -> Dict[str, str]:
    """Files whose names and contents are hostile, by what they are for."""
    folder = tmp_path / f"{ODD}configs"
    folder.mkdir()
    files = {
        "config": (f"{ODD}.py", MMENGINE + CONFIG),
        "child": ("child.py", f"_base_ = {f'{ODD}.py'!r}\n"),
        "orphan": ("orphan.py", f"_base_ = {f'gone{FORGED}.py'!r}\nmodel = dict(type='A')\n"),
        "broken": ("broken.py", f"model = = 1 # {FORGED}".replace("\r\n", "")),
        "data": ("data.yaml", f"model: {{type: A, x: !{ODD.encode('unicode_escape').decode()} 1}}\n"),
        "json": ("data.json", json.dumps({"model": {"type": FORGED, FORGED: 1}, "work_dir": FORGED})),
        "log": (
            "train.log",
            f"{FORGED}\nRuntimeError: Expected to mark a variable ready only once. {FORGED}",
        ),
    }
    found = {}
    for what, (name, text) in files.items():
        (folder / name).write_text(text, encoding="utf-8")
        found[what] = str(folder / name)
    return {**found, "folder": str(folder), "root": str(tmp_path)}


COMMANDS = (
    "check folder", "check config", "check child", "check orphan", "check broken", "check data json",
    "check none", "patch --diff config", "patch --diff folder", "patch --no-loader config",
    "patch --diff --overlay json", "patch --diff config --remedy FORGED", "patch --undo config",
    "show config", "show config model", "show config FORGED", "show --model config", "show orphan",
    "diff config json", "diff orphan data", "diff broken config", "diff config --since FORGED",
    "explain log --config config", "explain log", "explain log --config config --patch --diff",
    "explain none", "rule FORGED", "check --launcher FORGED", "--FORGED", "check --FORGED", "FORGED",
    "check config --base-dir FORGED",
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command(command: str, odd: Dict[str, str], mmfix: Any) -> None:
    arguments: List[str] = [
        odd.get(word, word.replace("FORGED", FORGED).replace("none", f"{odd['root']}/{ODD}none"))
        for word in command.split()
    ]
    for more in ((), ("--format", "json")):
        if more and command.split()[0] not in ("check", "patch", "show", "diff", "explain"):
            continue
        done = mmfix(*arguments, *more)
        assert "internal error" not in done.stderr
        assert "Traceback" not in done.stderr
        assert_plain(done.stdout)
        assert_plain(done.stderr)


def test_a_proof_file(odd: Dict[str, str], mmfix: Any) -> None:
    from mmfix.config.reader import Reader
    from mmfix.proofs.store import save

    rehearsal = Rehearsal("OK", scenarios=(Scenario("normal", "OK"),))
    file = save(Proof(odd["config"], rehearsal), Reader().load(odd["config"]))
    content = json.loads(file.read_text())
    (entry,) = content["configs"].values()
    entry.update(date=FORGED, by=FORGED, backend=FORGED, versions={"torch": FORGED}, world_size=2)
    file.write_text(json.dumps(content))
    for command in (("check",), ("patch", "--diff")):
        done = mmfix(*command, odd["config"])
        assert_plain(done.stdout + done.stderr)
    entry["outcome"] = FORGED
    file.write_text(json.dumps(content))
    done = mmfix("check", odd["config"])
    assert_plain(done.stdout + done.stderr)


@pytest.mark.skipif(sys.platform == "win32", reason="names of files")
def test_a_written_block_holds_no_line_of_theirs(odd: Dict[str, str], mmfix: Any) -> None:
    before = Path(odd["config"]).read_bytes()
    done = mmfix("patch", "--no-loader", odd["config"])
    block = Path(odd["config"]).read_bytes()[len(before) :].decode("ascii")
    assert_plain(block)
    assert "not verified by loading" in block, done.stdout + done.stderr
