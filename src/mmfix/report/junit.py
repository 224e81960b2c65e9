"""JUnit's XML, as CI servers read it: one test case a config."""

from __future__ import annotations

from typing import List
from xml.etree import ElementTree

from mmfix import printable
from mmfix.findings import Finding
from mmfix.report.causes import shown
from mmfix.report.text.check import tail
from mmfix.report.text.page import PAGE
from mmfix.report.text.words import as_text
from mmfix.results.checked import ConfigReport, Report, failing
from mmfix.results.place import display_place

_COUNTS = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}


def render_report(report: Report) -> str:
    """One suite: what fails the run is a failure, what cannot be read an error, other findings are output.

    The output of the suite is what the text says at its end: what was not judged, and the counts.
    """
    suite = ElementTree.Element("testsuite", name="mmfix")
    for config in report.configs:
        suite.append(_case(config, report))
    ElementTree.SubElement(suite, "system-out").text = as_text(tail(report, PAGE))
    for name, tag in _COUNTS.items():
        suite.set(name, str(sum(1 for _ in suite.iter(tag))))
    whole = ElementTree.Element("testsuites")
    whole.append(suite)
    text = ElementTree.tostring(whole, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _case(config: ConfigReport, report: Report) -> ElementTree.Element:
    case = ElementTree.Element("testcase", classname="mmfix", name=printable.line(shown(config.path)))
    if config.error is not None:
        tag = "error" if config.status == "unreadable" else "skipped"
        ElementTree.SubElement(case, tag, message=printable.line(config.error.message))
    fails = failing(config.findings, report.fail_on)
    for finding in fails:
        told = ElementTree.SubElement(
            case, "failure", type=finding.code, message=printable.line(finding.message)
        )
        told.text = "\n".join(_lines(config, finding))
    rest = [line for finding in config.findings if finding not in fails for line in _lines(config, finding)]
    if rest:
        ElementTree.SubElement(case, "system-out").text = "\n".join(rest)
    return case


def _lines(config: ConfigReport, finding: Finding) -> List[str]:
    place = display_place(*finding.origins[0]) if finding.origins else display_place(config.path)
    lines = [f"{place}: {finding.severity}[{finding.code}] {finding.confidence}: {finding.message}"]
    lines += [f"{remedy.name} ({remedy.disposition}): {remedy.cost}" for remedy in finding.remedies]
    return [printable.line(line) for line in lines]
