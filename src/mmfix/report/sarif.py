"""SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"): one run, one result a cause.

The section numbers are those of the standard. What code scanning takes: docs.github.com, "SARIF support for
code scanning", the tables of properties and of limits.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple
from urllib.parse import quote

import mmfix
from mmfix import printable
from mmfix.config.keypath import format_key
from mmfix.config.origin import Origin
from mmfix.findings import CONFIDENCES, SEVERITIES, Finding, Remedy
from mmfix.report.causes import Cause, causes, distinct, shown
from mmfix.report.sarif_rules import rules
from mmfix.report.text.judged import account
from mmfix.report.text.missing import missing_bases
from mmfix.results.change import Change, Plan
from mmfix.results.checked import ConfigReport, Problem, Report, failing
from mmfix.results.place import display_path, display_place, line_at
from mmfix.results.suppressed import COMMENT, Suppressed
from mmfix.wording import say

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
#: What code scanning takes of a run, and of a result; a file with more is refused.
MOST_RESULTS = 25_000
MOST_RELATED = 1_000
#: Of a cure: the configs that it may change. One that would have to change more is not offered.
MOST_CHANGED = 100
#: Plans that are made for a report. The cures of later results are not offered.
MOST_PLANS = 2_000
_ROOT = "%SRCROOT%"
_ARGUMENT = re.compile(r"\{(\d+)\}")
#: How urgent a result is, 0 to 100 (3.27.25): how sure it is.
_RANK = dict(zip(CONFIDENCES, (100.0, 90.0, 60.0, 20.0)))


def render_report(report: Report, plan: Optional[Plan] = None) -> str:
    """A SARIF log; ``plan`` makes the fixes, without it there are none."""
    run = _Run(report, plan)
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run.as_json()]}
    return json.dumps(log, indent=2) + "\n"


class _Run:
    def __init__(self, report: Report, plan: Optional[Plan]) -> None:
        self._report = report
        self._plan = plan
        self._plans = 0
        self._configs = {shown(config.path): config for config in report.configs}

    def as_json(self) -> Dict[str, Any]:
        found = causes(self._report)
        taken = _worst(found) if len(found) > MOST_RESULTS else found
        hidden = causes(_of_suppressed(self._report))[: MOST_RESULTS - len(taken)]
        descriptors = rules(next((config.docs_url for config in self._report.configs if config.docs_url), ""))
        numbers = {rule["id"]: number for number, rule in enumerate(descriptors)}
        results = [self._result(cause, numbers, list(self._fixes(cause))) for cause in taken]
        for cause in hidden:
            results.append({**self._result(cause, numbers), "suppressions": list(self._suppressions(cause))})
        for result, fingerprint in zip(results, distinct([cause.fingerprint for cause in (*taken, *hidden)])):
            result["partialFingerprints"] = {"mmfix/v1": fingerprint}
        return {
            "tool": {
                "driver": {
                    "name": "mmfix",
                    "version": mmfix.__version__,
                    "semanticVersion": mmfix.__version__,
                    "rules": descriptors,
                }
            },
            "columnKind": "utf16CodeUnits",
            "originalUriBaseIds": {_ROOT: {"uri": f"{Path.cwd().as_uri().rstrip('/')}/"}},
            "invocations": [
                {
                    "executionSuccessful": self._report.exit_code < 2 and self._report.interrupted is None,
                    "toolExecutionNotifications": list(self._notifications(len(found) - len(taken))),
                }
            ],
            "results": results,
        }

    def _result(
        self, cause: Cause, numbers: Dict[str, int], fixes: Sequence[Dict[str, Any]] = ()
    ) -> Dict[str, Any]:
        finding, where = cause.finding, cause.where()
        related = list(_related(cause))
        result = {
            "ruleId": finding.code,
            "ruleIndex": numbers.get(finding.code, -1),
            "level": self._level(finding),
            "rank": _RANK[finding.confidence],
            "message": _message(f"{finding.message} ({where})" if where else finding.message),
            "locations": [_primary(cause)],
            "properties": {
                "name": finding.name,
                "confidence": finding.confidence,
                "key": format_key(finding.key),
                "configs": len(cause.configs),
                "evidence": list(finding.evidence),
                "remedies": [
                    {"name": remedy.name, "disposition": remedy.disposition, "cost": remedy.cost}
                    for remedy in finding.remedies
                ],
            },
        }
        if related:
            result["relatedLocations"] = related[:MOST_RELATED]
        if fixes:
            result["fixes"] = list(fixes)
        return result

    def _suppressions(self, cause: Cause) -> Iterator[Dict[str, Any]]:
        """Who does not want to see the findings of a cause (3.35), each once."""
        told = set()
        for name in cause.configs:
            for item in self._configs[name].suppressed:
                suppression = _suppression(item)
                known = json.dumps(suppression)
                if _same(item.finding, cause.finding) and known not in told:
                    told.add(known)
                    yield suppression

    def _level(self, finding: Finding) -> str:
        """What is only possible is a note, unless it shall fail a run."""
        sure = "possible" if self._report.fail_on == "possible" else "likely"
        return finding.severity if failing((finding,), sure) else "note"

    def _fixes(self, cause: Cause) -> Iterator[Dict[str, Any]]:
        if self._plan is None or len(cause.configs) > MOST_CHANGED:
            return
        for remedy in cause.finding.remedies:
            needed = len(cause.configs)
            if not remedy.can_be_written or self._plans + needed > MOST_PLANS:
                continue
            self._plans += needed
            changes = self._changes(cause, remedy.name)
            if changes:
                made = [
                    {"artifactLocation": _artifact(change.path), "replacements": [_replacement(change)]}
                    for change in changes
                ]
                yield {"description": _message(_cure(remedy)), "artifactChanges": made}

    def _changes(self, cause: Cause, name: str) -> List[Change]:
        """What is changed for the configs that have the cause, one a file; nothing if it cannot be for one.

        Code that several of them use is changed once.
        """
        assert self._plan is not None
        found: Dict[str, Change] = {}
        for name_of_config in cause.configs:
            config = self._configs[name_of_config]
            remedy = _same_remedy(config, cause.finding, name)
            changes = () if remedy is None else self._plan(config.path, remedy)
            if not changes or any(found.setdefault(item.path, item) != item for item in changes):
                return []
        return list(found.values())

    def _notifications(self, left_out: int) -> Iterator[Dict[str, Any]]:
        """What was not judged, and what else must be known, as the text says it at its end."""
        report = self._report
        for config in report.configs:
            if config.error is not None:
                level = "error" if config.status == "unreadable" else "warning"
                yield _notification(level, _problem(config.error), config.error.path or config.path, config)
            for line in config.unknown:
                yield _notification("note", say("cannot tell: {what}", what=line), config.path)
        notes = dict.fromkeys([*report.notes, *(note for config in report.configs for note in config.notes)])
        notes.update(dict.fromkeys(missing_bases([config.missing for config in report.configs])))
        judged = (config for config in report.configs if not (config.proof and config.proof.fresh))
        notes.update(dict.fromkeys(account(config.judged for config in judged if config.judged is not None)))
        for note in notes:
            yield _notification("note", note)
        if report.interrupted is not None:
            done, planned = report.interrupted
            yield _notification(
                "warning", say("ended after {done} of {planned} files", done=done, planned=planned)
            )
        if left_out:
            told = say(
                "the {count} least of {total} results are left out: a file may have {most} for code scanning",
                count=left_out,
                total=left_out + MOST_RESULTS,
                most=MOST_RESULTS,
            )
            yield _notification("warning", told)


def _of_suppressed(report: Report) -> Report:
    """The report with what is suppressed in the place of what is shown."""
    configs = [
        replace(config, findings=tuple(item.finding for item in config.suppressed))
        for config in report.configs
        if config.suppressed
    ]
    return replace(report, configs=tuple(configs))


def _suppression(item: Suppressed) -> Dict[str, Any]:
    told: Dict[str, Any] = {
        "kind": "inSource" if item.by == COMMENT else "external",
        "justification": printable.line(item.reason or item.by),
        "properties": {"by": item.by},
    }
    if os.path.isabs(item.path):  # else the option that was typed
        told["location"] = _location_of(item.path, item.line or 1)
    return told


def _same(one: Finding, other: Finding) -> bool:
    return (one.code, one.key, one.message) == (other.code, other.key, other.message)


def _worst(found: Iterable[Cause]) -> List[Cause]:
    def order(cause: Cause) -> Tuple[int, int]:
        finding = cause.finding
        return SEVERITIES.index(finding.severity), CONFIDENCES.index(finding.confidence)

    return sorted(found, key=order)[:MOST_RESULTS]


def _primary(cause: Cause) -> Dict[str, Any]:
    """The line that sets the key; the config, where that is a file of somebody else (an installed base)."""
    finding = cause.finding
    logical = {"fullyQualifiedName": format_key(finding.key), "kind": "member"}
    origin = finding.origins[0] if finding.origins else None
    if origin is not None and (_is_below(origin.path) or not _is_below(cause.configs[0])):
        return {**_location(origin), "logicalLocations": [logical]}
    if _is_file(cause.configs[0]):
        return {**_location_of(cause.configs[0]), "logicalLocations": [logical]}
    return {"logicalLocations": [logical]}


def _related(cause: Cause) -> Iterator[Dict[str, Any]]:
    """The way of the value through the files, then the configs that have it; each place once."""
    primary = json.dumps(_primary(cause).get("physicalLocation"))
    seen = {primary}
    chain = [
        (_location(origin), _step(number, origin)) for number, origin in enumerate(cause.finding.origins)
    ]
    heirs = [(_location_of(path), say("this config has it")) for path in cause.configs if _is_file(path)]
    for location, text in (*chain, *heirs):
        place = json.dumps(location["physicalLocation"])
        if place not in seen:
            seen.add(place)
            yield {**location, "message": _message(text)}


def _step(number: int, origin: Origin) -> str:
    place, line = display_place(*origin), line_at(origin).strip()
    told = say("earlier {place}", place=place) if number else say("set at {place}", place=place)
    return f"{told}: {line[:200]}" if line else told


def _location(origin: Origin) -> Dict[str, Any]:
    column = _units(line_at(origin)[: origin.column - 1]) or origin.column - 1
    region = {"startLine": origin.line, "startColumn": column + 1}
    return {"physicalLocation": {"artifactLocation": _artifact(origin.path), "region": region}}


def _location_of(path: str, line: int = 1) -> Dict[str, Any]:
    region = {"startLine": line}
    return {"physicalLocation": {"artifactLocation": _artifact(path), "region": region}}


def _artifact(path: str) -> Dict[str, str]:
    """A file: below the working directory by a relative reference, else by an absolute one (3.4)."""
    if not _is_below(path):
        return {"uri": Path(os.path.abspath(path)).as_uri()}
    relative = os.fsencode(display_path(os.path.abspath(path)).replace(os.sep, "/"))
    return {"uri": quote(relative, safe="/"), "uriBaseId": _ROOT}


def _is_file(path: str) -> bool:
    return not path.startswith("<")  # ``<memory>``


def _is_below(path: str) -> bool:
    return _is_file(path) and not os.path.isabs(display_path(os.path.abspath(path)))


def _replacement(change: Change) -> Dict[str, Any]:
    (line, column), (end_line, end_column) = _at(change.before, change.start), _at(change.before, change.end)
    region = {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}
    return {"deletedRegion": region, "insertedContent": {"text": change.text}}


def _at(text: str, offset: int) -> Tuple[int, int]:
    """Line and column of a place; behind the last line break it is still that line (3.30.2)."""
    if offset == len(text) and text.endswith("\n"):
        begin = text.rfind("\n", 0, offset - 1) + 1
    else:
        begin = text.rfind("\n", 0, offset) + 1
    return text.count("\n", 0, begin) + 1, _units(text[begin:offset]) + 1


def _units(text: str) -> int:
    """The length in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _same_remedy(config: ConfigReport, finding: Finding, name: str) -> Optional[Remedy]:
    """The cure of that name that ``config`` has for the same finding as another config of the cause."""
    for other in config.findings:
        if _same(other, finding):
            return next((one for one in other.remedies if one.name == name and one.can_be_written), None)
    return None


def _cure(remedy: Remedy) -> str:
    told = f"{remedy.name} ({remedy.disposition}): {remedy.cost}"
    if not remedy.assumes:
        return told
    return say("{cure} Right if: {assumed}", cure=told, assumed=" ".join(remedy.assumes))


def _problem(problem: Problem) -> str:
    return f"{problem.message} ({problem.hint})" if problem.hint else problem.message


def _notification(
    level: str, text: str, path: str = "", config: Optional[ConfigReport] = None
) -> Dict[str, Any]:
    told: Dict[str, Any] = {"level": level, "message": _message(text)}
    if path and _is_file(path):
        line = config.error.line if config is not None and config.error is not None else None
        told["locations"] = [_location_of(path, line or 1)]
    return told


def _message(text: str) -> Dict[str, str]:
    """A message (3.11); what would stand for an argument, ``{0}``, is escaped."""
    return {"text": _ARGUMENT.sub(r"{{\1}}", printable.line(text))}
