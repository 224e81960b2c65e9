"""The text people see, word for word."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mmfix.config.origin import Origin
from mmfix.findings import Finding, Override, Remedy
from mmfix.report.text.check import render_report
from mmfix.report.text.page import Page
from mmfix.report.text.patch import render_patches
from mmfix.report.text.problems import render_problems
from mmfix.results.checked import ConfigReport, Problem, Report
from mmfix.results.patched import PatchResult

KEY = ("model", "backbone", "with_cp")
OFF = Remedy("checkpoint-off", "safe", "more memory", (Override(KEY, False, "no checkpoint"),))
STATIC = Remedy(
    "static-graph",
    "review",
    "no memory",
    (Override(("model_wrapper_cfg", "static_graph"), True, "one graph"),),
    assumes=("the graph is the same in every step",),
)


def finding(*origins: Origin, severity: str = "error") -> Finding:
    return Finding(
        "MMF101",
        "cp-with-find-unused",
        severity,
        "certain",
        "Backward stops.",
        KEY,
        origins,
        ("mmdet resnet.py:306",),
        (OFF, STATIC),
    )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "base.py").write_text("model = dict(\n    backbone=dict(with_cp=True))\n")
    (tmp_path / "my config.py").write_text("_base_ = 'base.py'\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_finding_says_what_happens_where_the_line_to_paste_the_cures_and_how_it_is_known(
    project: Path,
) -> None:
    config, base = str(project / "my config.py"), str(project / "base.py")
    found = finding(Origin(base, 2, 27), Origin(base, 1, 1))
    report = Report((ConfigReport(config, "mmengine", "classic", "ok", findings=(found,)),))
    assert (
        render_report(report)
        == """\
base.py:2:27: error[MMF101] cp-with-find-unused
  Backward stops.
      2 |     backbone=dict(with_cp=True))
        |                           ^^^^
  key      model.backbone.with_cp
  config   my config.py
  patch    mmfix patch 'my config.py'
           or set with_cp = False in base.py:2 (--edit-base): that changes every config that
           inherits it
  cures    checkpoint-off (safe): more memory
               model.backbone.with_cp = False
           static-graph (review): no memory
               only if: the graph is the same in every step
  known    certain: follows from the config and the framework's code
           mmdet resnet.py:306

1 config checked: 1 error
"""
    )
    assert str(report) == render_report(report)


def test_verbose_shows_what_was_overridden_and_what_each_cure_sets(project: Path) -> None:
    config, base = str(project / "my config.py"), str(project / "base.py")
    evidence = ("one", "two", "three", "four", "five", "six")
    found = replace(finding(Origin(base, 2, 27), Origin(base, 1, 1)), evidence=evidence)
    report = Report((ConfigReport(config, "mmengine", "classic", "ok", findings=(found,)),))
    short, long = render_report(report), render_report(report, Page(verbose=True))
    assert "  earlier  base.py:1:1  model = dict(" not in short
    assert "           and 2 more (-v shows them)\n" in short
    assert "  earlier  base.py:1:1  model = dict(\n" in long
    assert "               model_wrapper_cfg.static_graph = True\n" in long
    assert "           six\n" in long


def test_findings_of_one_kind_with_the_same_cures_are_one_block(project: Path) -> None:
    config = str(project / "my config.py")
    several = tuple(replace(finding(), key=(*KEY, number), message=f"Part {number}.") for number in range(5))
    report = Report((ConfigReport(config, "mmengine", "classic", "ok", findings=several),))
    text = render_report(report)
    assert text.count("error[MMF101]") == text.count("  patch    ") == text.count("  known    ") == 1
    assert "  Part 2.\n" in text
    assert "Part 3." not in text
    keys = "model.backbone.with_cp[3], model.backbone.with_cp[4]"
    assert f"  and 2 more of this kind (-v shows them): {keys}\n" in text
    assert "Part 4." in render_report(report, Page(verbose=True))


def heirs(project: Path, number: int) -> Report:
    base = str(project / "base.py")
    configs = [str(project / f"exp_{index}.py") for index in range(number)]
    found = finding(Origin(base, 2, 27))
    return Report(
        tuple(ConfigReport(path, "mmengine", "classic", "ok", findings=(found,)) for path in configs)
    )


def test_what_many_inherit_is_told_once_with_two_ways_to_cure_all(project: Path) -> None:
    text = render_report(heirs(project, 1000))
    assert len(text.splitlines()) < 40
    assert max(map(len, text.splitlines())) <= 100
    assert text.endswith(
        """
told once, but in several configs (--each tells each in full)
  base.py:2:27 MMF101 in 1000 configs: exp_0.py, exp_1.py, exp_2.py and 997 more
      mmfix patch ., or set with_cp = False in base.py:2 (--edit-base)

1000 configs checked: 1000 errors from 1 cause
"""
    )
    each = render_report(heirs(project, 3), Page(each=True))
    assert each.count("  patch    ") == 3
    assert "told once" not in each


def test_lines_fit_the_width_whatever_it_is(project: Path) -> None:
    long = replace(finding(), message="One word after the other. " * 20, evidence=("so " * 60,))
    report = Report((ConfigReport("/a.py", "mmcv1", "classic", "ok", findings=(long,)),), ("note " * 50,))
    for width in (60, 80, 120):
        lines = render_report(report, Page(width=width)).splitlines()
        assert width - 20 < max(map(len, lines)) <= width


def test_a_cure_that_is_not_taken_unasked_is_named(project: Path) -> None:
    config = str(project / "my config.py")
    guessed = replace(finding(), confidence="possible")
    for found in (guessed, replace(finding(), remedies=(STATIC,)), finding(severity="note")):
        report = Report((ConfigReport(config, "mmengine", "classic", "ok", findings=(found,)),))
        named = f"--remedy {found.remedies[0].name}\n"
        assert f"  patch    mmfix patch 'my config.py' {named}" in render_report(report)
        heir = ConfigReport(str(project / "heir.py"), "mmengine", "classic", "ok", findings=(found,))
        assert f"      mmfix patch . {named}" in render_report(Report((*report.configs, heir)))


def test_in_memory_there_is_no_place_and_nothing_to_paste() -> None:
    config = ConfigReport("<memory>", "mmengine", "memory", "ok", findings=(finding(),))
    text = render_report(Report((config,), ("a config in memory has no origins",)))
    assert text.splitlines()[:3] == [
        "<memory>: error[MMF101] cp-with-find-unused",
        "  Backward stops.",
        "  key      model.backbone.with_cp  (not set in a file)",
    ]
    assert "mmfix patch" not in text
    assert text.endswith("note: a config in memory has no origins\n1 config checked: 1 error\n")


@pytest.mark.parametrize(
    ("configs", "last_line"),
    [
        ([], "0 configs checked: nothing to judge"),
        ([ConfigReport("/a", "mmcv1", "classic", "ok")], "1 config checked: nothing found"),
        (
            [
                ConfigReport(
                    "/a", "mmcv1", "classic", "ok", findings=(finding(), finding(severity="warning"))
                ),
                ConfigReport("/b", "mmcv1", "classic", "ok", findings=(finding(),), unknown=("what x is",)),
                ConfigReport("/c", None, None, "unreadable", Problem("config", "bad", "/c")),
            ],
            "3 configs checked: 2 errors, 1 warning from 2 causes, 1 not readable, 1 only partly readable",
        ),
    ],
)
def test_the_summary_hides_nothing(configs: list[ConfigReport], last_line: str) -> None:
    assert render_report(Report(tuple(configs))).splitlines()[-1] == last_line


def test_what_cannot_be_told_is_said() -> None:
    config = ConfigReport("/a.py", "mmcv1", "classic", "ok", unknown=("model.with_cp is computed by f()",))
    assert "/a.py: cannot tell: model.with_cp is computed by f()\n" in render_report(Report((config,)))


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (Problem("config", "no such file", "/x/a.py"), "/x/a.py: error: no such file"),
        (
            Problem("config", "bad\n  syntax", "/x/a.py", 3, "mend it"),
            "/x/a.py:3: error: bad syntax (mend it)",
        ),
        (Problem("internal", "oops"), "error: oops"),
    ],
)
def test_a_problem_is_one_line(problem: Problem, line: str) -> None:
    assert render_problems([(problem, problem.path or "")]) == line + "\n"


def test_a_broken_base_is_told_once(project: Path) -> None:
    base = Problem("config", "no such base", str(project / "base.py"), 1)
    stopped = [(base, str(project / name)) for name in ("a.py", "b.py", "c.py")]
    assert render_problems(stopped) == "base.py:1: error: no such base [read by a.py and 2 more]\n"
    assert render_problems(stopped[:1]) == "base.py:1: error: no such base [read by a.py]\n"


def test_colour_goes_where_the_caller_wants_it() -> None:
    config = ConfigReport("/a.py", "mmcv1", "classic", "ok", findings=(finding(),))
    text = render_report(Report((config,)), Page(lambda text, style: f"<{style}>{text}</>"))
    assert text.startswith("<strong>/a.py</>: <error>error[MMF101]</> cp-with-find-unused\n")


def patched(project: Path, **changes: object) -> PatchResult:
    path = str(project / "base.py")
    values = {
        "before": b"a = 1\n",
        "after": b"a = 1\nb = 2\n",
        "remedies": ("checkpoint-off",),
        "overrides": OFF.overrides,
        **changes,
    }
    return PatchResult(path, str(values.pop("target", path)), **values)  # type: ignore[arg-type]


def test_a_diff_and_what_it_does(project: Path) -> None:
    assert (
        render_patches([patched(project)], diff=True)
        == """\
--- a/base.py
+++ b/base.py
@@ -1 +1,2 @@
 a = 1
+b = 2
base.py: would patch with checkpoint-off
    model.backbone.with_cp = False  # no checkpoint
1 config: 1 would change; not verified by loading (--verify does that)
"""
    )
    confirmed = render_patches([patched(project, confirmed_by="mmcv 1.7.2")], diff=True)
    assert confirmed.splitlines()[-3] == "base.py: would patch with checkpoint-off (confirmed by mmcv 1.7.2)"
    assert confirmed.splitlines()[-1] == "1 config: 1 would change"
    undone = render_patches([patched(project, remedies=(), overrides=())], diff=True)
    assert undone.splitlines()[-1] == "1 config: 1 would change"


def test_a_diff_of_a_last_line_without_newline_can_be_applied(project: Path) -> None:
    assert patched(project, before=b"a = 1", after=b"a = 2").diff().splitlines()[3:] == [
        "-a = 1",
        "\\ No newline at end of file",
        "+a = 2",
        "\\ No newline at end of file",
    ]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"written": True}, "base.py: patched with checkpoint-off (not verified by loading)"),
        (
            {"written": True, "target": "over.py", "before": None, "confirmed_by": "mmcv 1.7.2"},
            "base.py: patched with checkpoint-off into over.py (confirmed by mmcv 1.7.2)",
        ),
        (
            {"remedies": (), "confirmed_by": "mmcv 1.7.2"},
            "base.py: verified what --no-loader wrote (confirmed by mmcv 1.7.2)",
        ),
        ({"after": b"a = 1\n"}, "base.py: already patched with checkpoint-off"),
        ({"after": None, "remedies": (), "overrides": ()}, "1 config: nothing to patch"),
        ({"after": b"", "remedies": (), "overrides": ()}, "base.py: took the mmfix block out"),
    ],
)
def test_what_was_done_in_a_few_words(project: Path, changes: dict[str, object], line: str) -> None:
    assert render_patches([patched(project, **changes)]).splitlines()[0] == line


def test_what_is_left_lists_its_cures(project: Path) -> None:
    result = patched(project, after=None, remedies=(), overrides=(), left=(finding(),))
    assert render_patches([result]).splitlines() == [
        "base.py:",
        "  left: error[MMF101] cp-with-find-unused",
        "    Backward stops.",
        "    --remedy checkpoint-off (safe): more memory",
        "    --remedy static-graph (review): no memory",
        "        only if: the graph is the same in every step",
        "1 config: 1 with findings left",
    ]


def test_configs_of_which_the_same_is_said_are_told_together(project: Path) -> None:
    paths = [str(project / f"{name}.py") for name in "abcde"]
    results = [replace(patched(project, written=True), path=path, target=path) for path in paths]
    assert render_patches(results).splitlines()[0] == (
        "a.py, b.py, c.py and 2 more (-v names them): patched with checkpoint-off (not verified by loading)"
    )
    assert render_patches(results, Page(verbose=True)).startswith("a.py, b.py, c.py, d.py, e.py: patched")
