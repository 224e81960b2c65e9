"""Promise: what CI servers and editors read is what the text says, once a cause, whatever a name holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, List
from xml.etree import ElementTree

import pytest

from mmfix.config.origin import Origin
from mmfix.findings import Finding
from mmfix.report import CHECK_FORMATS
from mmfix.report.causes import causes
from mmfix.results.checked import ConfigReport, Report
from mmfix.rules.rule import MMENGINE

BASE = (
    MMENGINE + "model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50,\n    with_cp=True))\n"
)
CRASHES = "_base_ = 'base.py'\nfind_unused_parameters = True\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five configs that inherit one faulty line, a healthy one, and one that cannot be read."""
    (tmp_path / "base.py").write_text(BASE)
    for name in ("a", "b", "c", "d", "e"):
        (tmp_path / f"{name}.py").write_text(CRASHES)
    (tmp_path / "fine.py").write_text("_base_ = 'base.py'\nmodel = dict(backbone=dict(with_cp=False))\n")
    (tmp_path / "torn.py").write_text("model = dict(\n")
    return tmp_path


LINE = BASE.count("\n")


def test_concise(folder: Path, mmfix: Any) -> None:
    first, *_, last = mmfix("check", ".", "--format", "concise").stdout.splitlines()
    assert first.startswith(f"base.py:{LINE}:13: error[MMF101] certain: ")
    assert first.endswith("(in 5 configs: a.py, b.py, c.py and 2 more)")
    assert last == "8 configs checked: 5 errors from 1 cause, 1 not readable"


def test_github(folder: Path, mmfix: Any) -> None:
    torn, cause, *_, last = mmfix("check", ".", "--format", "github").stdout.splitlines()
    assert torn.startswith("::error file=torn.py,line=1,title=mmfix::")
    title = "MMF101 reentrant-checkpoint-with-find-unused"
    assert cause.startswith(
        f"::error file=base.py,line={LINE},col=13,title={title}::find_unused_parameters=True "
    )
    assert "%0AIt is in 5 configs: a.py, b.py, c.py and 2 more.%0A" in cause
    assert last.startswith("8 configs checked: ")


def test_github_shows_what_does_not_fail_as_a_notice(folder: Path, mmfix: Any) -> None:
    done = mmfix("check", "a.py", "--format", "github", "--fail-on", "never")
    assert done.returncode == 0
    assert done.stdout.startswith("::notice file=base.py,")


def test_gitlab(folder: Path, mmfix: Any) -> None:
    torn, cause = json.loads(mmfix("check", ".", "--format", "gitlab").stdout)
    assert (torn["severity"], torn["location"]["path"]) == ("blocker", "torn.py")
    assert (cause["severity"], cause["location"]) == (
        "critical",
        {"path": "base.py", "lines": {"begin": LINE}},
    )
    assert cause["check_name"] == "MMF101 reentrant-checkpoint-with-find-unused"


def test_a_fingerprint_stays_where_lines_move(folder: Path, mmfix: Any) -> None:
    def fingerprints() -> List[str]:
        return [row["fingerprint"] for row in json.loads(mmfix("check", ".", "--format", "gitlab").stdout)]

    before = fingerprints()
    (folder / "base.py").write_text("# one more\n" + BASE)
    assert fingerprints() == before
    assert len(set(before)) == len(before)


def test_junit(folder: Path, mmfix: Any) -> None:
    (suite,) = ElementTree.fromstring(mmfix("check", ".", "--format", "junit").stdout)
    counts = {"name": "mmfix", "tests": "8", "failures": "5", "errors": "1", "skipped": "0"}
    assert suite.attrib == counts
    found = {case.get("name"): [part.tag for part in case] for case in suite.iter("testcase")}
    assert found["a.py"] == ["failure"]
    assert found["fine.py"] == []
    assert found["torn.py"] == ["error"]


def test_junit_tells_what_does_not_fail(folder: Path, mmfix: Any) -> None:
    done = mmfix("check", "a.py", "--format", "junit", "--fail-on", "never")
    (case,) = ElementTree.fromstring(done.stdout).iter("testcase")
    assert [part.tag for part in case] == ["system-out"]
    assert "MMF101" in (case[0].text or "")


@pytest.mark.parametrize("format_", ["concise", "github", "junit"])
def test_what_was_not_judged_is_said(format_: str, folder: Path, mmfix: Any) -> None:
    (folder / "other.py").write_text("_base_ = 'nowhere.py'\n" + CRASHES.partition("\n")[2])
    text = mmfix("check", "other.py").stdout
    assert "note: the base nowhere.py is not here" in text
    said = mmfix("check", "other.py", "--format", format_).stdout
    if format_ == "junit":
        said = ElementTree.fromstring(said).findtext("testsuite/system-out") or ""
    assert said.endswith(text[text.index("note: ") :])


def test_a_thousand_heirs_are_one_entry() -> None:
    finding = Finding("MMF101", "name", "error", "certain", "message", ("a",), (Origin("base.py", 3, 5),))
    configs = tuple(
        ConfigReport(f"{number}.py", "mmengine", "classic", "ok", findings=(finding, finding))
        for number in range(1000)
    )
    (cause,) = causes(Report(configs))
    assert (cause.path, cause.line, cause.column, len(cause.configs)) == ("base.py", 3, 5, 1000)
    assert cause.where() == "in 1000 configs: 0.py, 1.py, 2.py and 997 more"


def test_what_no_config_says_is_one_entry_for_each_line_of_code() -> None:
    def report_of(name: str, *evidence: str) -> ConfigReport:
        finding = Finding("MMF111", "name", "note", "certain", "message", ("a",), (), evidence)
        return ConfigReport(name, "mmcv1", "classic", "ok", findings=(finding,))

    reports = (report_of("a.py", "t.py:9"), report_of("b.py", "t.py:9"), report_of("c.py", "u.py:9"))
    found = causes(Report((*reports, report_of("d.py"), report_of("e.py"))))
    assert [(cause.path, cause.line, cause.configs) for cause in found] == [
        ("a.py", None, ("a.py", "b.py")),
        ("c.py", None, ("c.py",)),
        ("d.py", None, ("d.py",)),
        ("e.py", None, ("e.py",)),
    ]


def test_several_reports_of_one_run(folder: Path, mmfix: Any) -> None:
    files = [word for name in CHECK_FORMATS for word in ("--output-file", f"{name}:{name}.out")]
    done = mmfix("check", ".", *files)
    for name in CHECK_FORMATS:
        alone = mmfix("check", ".", "--format", name, env={"COLUMNS": "100"})
        assert (folder / f"{name}.out").read_text() == alone.stdout
        assert alone.returncode == done.returncode == 2


@pytest.mark.parametrize("given", ["junit", "junit:", "sarof:a", ":a"])
def test_what_is_no_format_and_file(given: str, folder: Path, mmfix: Any) -> None:
    done = mmfix("check", ".", "--output-file", given)
    assert done.returncode == 2
    assert f"'{given}' is not FORMAT:FILE, with a FORMAT of text, json, concise" in done.stderr


def test_a_file_that_cannot_be_written(folder: Path, mmfix: Any) -> None:
    done = mmfix("check", "fine.py", "--output-file", "junit:no/such.xml")
    assert done.returncode == 2
    assert (
        done.stderr
        == "no/such.xml: error: cannot be written: No such file or directory (create the folder first)\n"
    )
    assert done.stdout.endswith("nothing found by keys alone\n")


@pytest.mark.parametrize("format_", CHECK_FORMATS)
def test_a_name_that_is_a_command(format_: str, tmp_path: Path, mmfix: Any) -> None:
    name = "a%0A,b]]>&\x1b[31m\n::stop-commands::x.py"
    (tmp_path / name).write_text(MMENGINE + CRASHES.partition("\n")[2] + BASE.replace(MMENGINE, ""))
    done = mmfix("check", ".", "--format", format_)
    assert done.returncode == 1
    assert "\x1b" not in done.stdout
    assert not [line for line in done.stdout.splitlines() if line.startswith("::stop")]
    if format_ == "junit":
        assert len(list(ElementTree.fromstring(done.stdout).iter("testcase"))) == 1
    elif format_ in ("json", "gitlab"):
        json.loads(done.stdout)
