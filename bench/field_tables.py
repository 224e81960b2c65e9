"""Groups of findings, what people have judged of them, and the table. Used by `field.py`."""

from __future__ import annotations

import json
import re
import statistics
from collections import Counter
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

JUDGMENTS = Path(__file__).resolve().parent / "field_judgments.jsonl"
#: The lots of repositories: those that mmfix was improved on, those that nobody had looked at before, and those that nobody had looked
#: at before what was found in the second lot was mended.
HEADINGS = {
    "work": "## In people's own repositories",
    "fresh": "## In repositories that were not looked at before",
    "third": "## In a third lot, after the mends of the second",
    "fourth": "## In a fourth lot",
    "fifth": "## In a fifth lot, after the mends of the fourth",
}
SURE = ("proven", "certain", "likely")
FAILING = ("error", "warning")
KINDS = ("fully", "partly", "blind", "lost", "no model")
Key = Tuple[str, str, str, str]


def masked(message: str) -> str:
    """A message without its numbers."""
    return re.sub(r"\d+", "#", message)


def key_of(repository: str, finding: Dict[str, Any]) -> Key:
    return repository, finding["code"], finding["key"], masked(finding["message"])


def _findings(raw: Dict[str, Any], possible: bool) -> Iterator[Tuple[str, Dict[str, Any], Dict[str, Any]]]:
    for repository, report in raw.items():
        for config in report["configs"]:
            for finding in config["findings"]:
                if finding["confidence"] in SURE or possible:
                    yield repository, config, finding


def groups(raw: Dict[str, Any], possible: bool = False) -> List[Dict[str, Any]]:
    """Findings that differ in nothing but the config and its numbers, with one of them as the example."""
    found: Dict[Key, Dict[str, Any]] = {}
    for repository, config, finding in _findings(raw, possible):
        key = key_of(repository, finding)
        group = found.setdefault(
            key,
            {
                **dict(zip(("repository", "code", "key", "message"), key)),
                "confidence": finding["confidence"],
                "severity": finding["severity"],
                "configs": [],
                "evidence": finding["evidence"],
                "remedies": finding["remedies"],
            },
        )
        group["configs"].append(config["path"])
    return list(found.values())


def judgments(path: Path) -> Dict[Key, Dict[str, Any]]:
    """What has been judged, by group."""
    if not path.exists():
        return {}
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    return {(line["repository"], line["code"], line["key"], line["message"]): line for line in lines}


def judged(found: Iterable[Dict[str, Any]], path: Path) -> Iterator[Dict[str, Any]]:
    """The groups with `true` (None: not judged yet) and `reason`."""
    known = judgments(path)
    for group in found:
        line = known.get((group["repository"], group["code"], group["key"], group["message"]), {})
        yield {**group, "true": line.get("true"), "reason": line.get("reason", "")}


def _truth(known: Dict[Key, Dict[str, Any]], repository: str, finding: Dict[str, Any]) -> Optional[bool]:
    line = known.get(key_of(repository, finding))
    return None if line is None else line["true"]


def share(part: int, whole: int) -> str:
    return f"{part} of {whole}" + (f" ({100 * part / whole:.1f} %)" if whole else "")


def table(heads: Iterable[str], rows: Iterable[Iterable[Any]]) -> List[str]:
    heads = list(heads)
    cells = [heads, ["---"] * len(heads), *(list(row) for row in rows)]
    return ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in cells]


def repository_rows(raw: Dict[str, Any]) -> List[List[str]]:
    """Configs, how far each was followed, and what they cost; one row a repository, and all of them."""
    rows = []
    total: Counter = Counter()
    times: List[float] = []
    for repository, report in sorted(raw.items(), key=lambda item: item[0].lower()):
        count = _counted(report)
        total += count
        times += report["alone"][1:]  # the first has the index of all sources in its time
        name = f"{repository} {report['commit'][:7]}" + ("" if report["configs"] else " (not finished)")
        rows.append(_row(name, report["era"], count, report["alone"][1:]))
    rows.append(_row("all", "", total, times))
    return rows


def _counted(report: Dict[str, Any]) -> Counter:
    count: Counter = Counter(cpu=report["cpu"])
    for config in report["configs"]:
        count["configs"] += 1
        count[config["status"]] += 1
        count[config.get("followed", "")] += 1
        count["mute"] += is_mute(config)
        count["shown"] += any(finding["severity"] in FAILING for finding in config["findings"])
    return count


def is_mute(config: Dict[str, Any]) -> bool:
    """Whether no part of a config's model has a verdict, and the report has no word on that."""
    if config.get("followed") not in ("blind", "lost", "no model"):
        return False
    judged = config.get("judged")
    if judged is None:
        return not (config["model_code"] or config["unknown"] or config["notes"])
    return judged["extent"] == "fully"


def _row(name: str, era: str, count: Counter, times: List[float]) -> List[str]:
    read = count["ok"]
    return [
        name,
        era,
        str(count["configs"]),
        str(count["unreadable"]),
        str(count["skipped"]),
        *(str(count[kind]) for kind in KINDS),
        str(count["mute"]),
        str(count["shown"]),
        f"{count['cpu']:.0f}",
        f"{count['cpu'] / read:.2f}" if read else "",
        f"{statistics.median(times):.2f} / {max(times):.1f}" if times else "",
    ]


def finding_rows(raw: Dict[str, Any], known: Dict[Key, Dict[str, Any]]) -> List[List[str]]:
    """Findings by code and confidence, with what has been judged of them."""
    counts: Dict[Tuple[str, str], Counter] = {}
    seen: Dict[Tuple[str, str], set] = {}
    for repository, config, finding in _findings(raw, True):
        cell = (finding["code"], finding["confidence"])
        count = counts.setdefault(cell, Counter())
        count[_truth(known, repository, finding)] += 1
        count["all"] += 1
        seen.setdefault(cell, set()).add((repository, config["path"]))
    return [
        [code, confidence, str(count["all"]), str(len(seen[code, confidence])), str(count[True]),
         str(count[False]), str(count[None])]
        for (code, confidence), count in sorted(counts.items())
    ]  # fmt: skip


def _findings_of(found: Iterable[Dict[str, Any]]) -> int:
    return sum(len(group["configs"]) for group in found)


def summary(raw: Dict[str, Any], path: Path) -> List[List[str]]:
    """What was measured, and the bar of it."""
    known = judgments(path)
    sure = list(judged(groups(raw), path))
    true, false = ([group for group in sure if group["true"] is truth] for truth in (True, False))
    in_true, in_false = map(_findings_of, (true, false))
    warned = [[group for group in part if group["severity"] in FAILING] for part in (true, false)]
    warned_true, warned_false = map(_findings_of, warned)
    shown, wrong, open_ = set(), set(), set()
    for repository, config, finding in _findings(raw, True):
        if finding["severity"] in FAILING:
            place, truth = (repository, config["path"]), _truth(known, repository, finding)
            shown.add(place)
            (wrong if truth is False else open_ if truth is None else set()).add(place)
    configs = [config for report in raw.values() for config in report["configs"]]
    read = sum(config["status"] == "ok" for config in configs)
    lost = sum(config.get("followed") == "lost" for config in configs)
    broken = sum((config.get("error") or {}).get("kind") == "internal" for config in configs)
    return [
        ["findings at *likely* or surer that are true, of those judged", f"**{share(in_true, in_true + in_false)}**", "95 %"],
        ["the same by group (repository, code, key, message)", share(len(true), len(true) + len(false)), ""],
        ["the same without notes", share(warned_true, warned_true + warned_false), ""],
        ["the same without notes, by group", share(len(warned[0]), sum(map(len, warned))), ""],
        ["groups at *likely* or surer that nobody has judged", share(len(sure) - len(true) - len(false), len(sure)), "0"],
        ["configs shown a warning or an error", share(len(shown), read), ""],
        ["configs shown one that is not true", f"**{share(len(wrong), read)}**", "3 %"],
        ["configs shown none that is not true, and one that nobody has judged", share(len(open_ - wrong), read), "0"],
        ["configs whose model was lost", f"**{share(lost, read)}**", "8 %"],
        ["mute configs", share(sum(map(is_mute, configs)), read), "0"],
        ["configs that end in an internal error", str(broken), "0"],
    ]  # fmt: skip


def beside(before: Optional[List[List[str]]], now: List[List[str]]) -> List[str]:
    """The table of a summary, with that of an older mmfix if there is one."""
    if before is None:
        return table(["what", "measured", "bar"], now)
    older = {row[0]: row[1].replace("*", "") for row in before}
    return table(["what", "before", "now", "bar"], ([row[0], older[row[0]], *row[1:]] for row in now))


def section(
    raw: Dict[str, Any], path: Path, before: Optional[Dict[str, Any]] = None, lot: str = "work"
) -> str:
    """The section of docs/accuracy.md; `before` is what an older mmfix says of the same repositories."""
    false = [group for group in judged(groups(raw, possible=True), path) if group["true"] is False]
    older = None if before is None else summary({name: before[name] for name in raw if name in before}, path)
    return "\n".join(
        [
            f"{HEADINGS[lot]}\n",
            *(["The table is as found, before anything in it was mended.\n"] if lot != "work" else []),
            f"Made by `python bench/field.py table RAW.json --lot {lot} --write docs/accuracy.md`; the repositories and commits are in `bench/field.json`,",
            "what was judged by reading their source in `bench/field_judgments.jsonl`. *Fully*: every part of the model has a verdict; *partly*: some",
            "have none; *blind*: none has; *lost*: the walk ended before the loss; *mute*: blind, lost or without a model, and the report has no word",
            "on it. *Skipped*: not judged, and said so. *Shown*: with a warning or an error, *possible* included. CPU seconds: of the whole repository",
            "with an empty cache, the same for each config, and of configs checked one by one (median / longest).\n",
            *table(
                ["repository", "era", "configs", "not readable", "skipped", *KINDS, "mute", "shown", "CPU s", "CPU s a config", "alone"],
                repository_rows(raw),
            ),
            "",
            *beside(older, summary(raw, path)),
            "",
            *table(
                ["code", "confidence", "findings", "configs", "true", "false", "not judged"],
                finding_rows(raw, judgments(path)),
            ),
            "\nJudged false, *possible* included:\n",
            *([f"- {group['repository']}, {group['code']} {group['confidence']}, {len(group['configs'])} configs, `{group['key']}`: {group['reason']}" for group in false] or ["none."]),
            "",
        ]
    )  # fmt: skip
