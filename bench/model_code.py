"""How well mmfix reads model source, against real models. Writes a section of docs/accuracy.md.

    python bench/model_code.py [--write docs/accuracy.md] [--only strip|healthy|cost] [--repeats N]

Needs the test extra, and no OpenMMLab package installed but mmengine. The wheels it reads are downloaded once to
the user cache (`MMFIX_ZOO` moves it); what mmfix remembers goes to a temporary directory. The truth is in
`bench/gradients.json`, which `bench/gradients.py` measured. Takes about ten minutes.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Tuple

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "zoo")]

from test_model_code import (  # noqa: E402
    FALSE_ALARMS,
    NOT_SEEN,
    PACKAGES,
    SOURCES,
    SURE,
    TRUTH,
    asks_for_it,
    configs,
    judged,
    needs_it,
    stripped,
)

from mmfix.config.document import ConfigDocument  # noqa: E402
from mmfix.findings import CONFIDENCES, Finding  # noqa: E402
from mmfix.model.types import CANNOT_TELL, SOMETIMES  # noqa: E402
from mmfix.training.reading import code_reading  # noqa: E402
from mmfix.training.types import TrainingSetup  # noqa: E402
from model_code_cost import REPEATS, cost  # noqa: E402
from sections import ON_DDP, put  # noqa: E402
from wheels import unpack_zoo  # noqa: E402

HEADING = "## What is read from model source"
CORE = ("mmdet", "mmseg", "mmpretrain")
HEALTHY = ("mmdet-3.3.0", "mmsegmentation-1.2.2")
COUNTED = ("configs", "followed", "built", "open", "sometimes", "measured")

HEAD = f"""{HEADING}

Made by `python bench/model_code.py --write docs/accuracy.md`; `tests/zoo/test_model_code.py` holds it in place.
All from released wheels: {", ".join((*PACKAGES, *SOURCES))}.

The truth is measured: `bench/gradients.py` builds the models with torch {TRUTH["versions"]["torch"]}, does a training
step, and counts the parameters that DDP would wait for in vain (`bench/gradients.json`, {TRUTH["date"]}).
"""

STRIP = """### Strip test

Configs that ship `find_unused_parameters=True` or a static graph: the key is taken out in memory. Does mmfix ask to have it back,
with a finding that DDP stops for want of a gradient?

Shipping the key is not the same as needing it: {idle} of the {measured} configs measured have no parameter
without a gradient. To ask for the key there would be a false alarm, so two rates are given. *Asked back*
means *likely* or surer.
"""


@dataclass(frozen=True)
class Asked:
    """A config that ships the key, after the key was taken out."""

    config: str
    finding: Optional[Finding]
    reason: str

    @property
    def sure(self) -> bool:
        """Whether the key is asked for, at *likely* or surer."""
        return self.finding is not None and self.finding.confidence in SURE

    @property
    def family(self) -> str:
        """`mmpose/dekr`: configs of mmpose and mmaction lie one folder deeper, by task."""
        package, *folders = self.config.split("/")[:-1]
        return f"{package}/{folders[1 if package in ('mmpose', 'mmaction') else 0]}"


def table(heads: Iterable[str], rows: Iterable[Iterable[Any]]) -> List[str]:
    cells = [list(heads), ["---"] * len(list(heads)), *(list(row) for row in rows)]
    return ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in cells]


def why_not(config: str, document: ConfigDocument, setup: TrainingSetup) -> str:
    """Why a config is not asked to have the key back."""
    if needs_it(config) is False:
        return "right: no parameter is without a gradient"
    for start, reason in NOT_SEEN.items():
        if config.startswith(start):
            return reason
    if setup.wrapper != "ddp":
        return f"its wrapper ({setup.wrapper}) is not DDP around the whole model: only what is sure of its parts is told"
    code = code_reading(document, setup.era, setup.runner)
    if code is None or code.reading.gave_up:
        return code.reading.gave_up if code else "no model"
    if any(item.verdict == CANNOT_TELL for item in code.reading.submodules):
        return "cannot tell: " + next(problem.reason for problem in code.reading.problems)
    return "nothing is found to be unused"


def strip_all(zoo: Dict[str, Path]) -> List[Asked]:
    """Every config that ships the key."""
    found = []
    for name in PACKAGES:
        for config, document in configs(zoo[name], name):
            without = stripped(document)
            if without is not None:
                setup, findings = judged(without)
                finding = asks_for_it(findings)
                sure = finding is not None and finding.confidence in SURE
                found.append(Asked(config, finding, "" if sure else why_not(config, without, setup)))
    return found


def rates(name: str, results: List[Asked]) -> Tuple[str, ...]:
    """A row: how many ship the key, need it, and are asked to have it back."""
    needed = [one for one in results if needs_it(one.config)]
    idle = [one for one in results if needs_it(one.config) is False]
    asked, asked_needed, asked_idle = (sum(one.sure for one in group) for group in (results, needed, idle))

    def share(part: int, whole: int) -> str:
        return f"{part} of {whole}" + (f" ({100 * part / whole:.0f} %)" if whole else "")

    return (
        name,
        str(len(results)),
        str(len(needed) + len(idle)),
        str(len(needed)),
        share(asked, len(results)),
        f"**{share(asked_needed, len(needed))}**",
        share(asked_idle, len(idle)),
    )


def evidence(finding: Finding) -> str:
    """The first line of evidence that names source; what was read comes before what the shipped table says."""
    lines = [line for line in finding.evidence if ".py:" in line]
    return min(lines, key=lambda line: bool(re.match(r"\w+ \d", line)), default="")


def truth(config: str) -> Tuple[str, str]:
    """Measured, in two cells: parameters without a gradient, and why."""
    entry = TRUTH["ship_the_key"].get(config, {})
    if "unused" not in entry:
        return "not measured", entry.get("not_measured", "")
    late = ", ".join(f"{count} frozen in {step}" for step, count in entry.get("late_frozen", {}).items())
    return str(entry["unused"]) + (f" ({late})" if late and entry["unused"] else ""), entry.get("why", "")


def family_rows(results: List[Asked]) -> List[List[str]]:
    """Configs of one family and one measured state in one row, with one of them as the example."""
    groups: Dict[Tuple[str, str, str, str], List[Asked]] = {}
    for one in results:
        unused, why = truth(one.config)
        state = unused if needs_it(one.config) is None or unused == "0" else "yes"
        asked = f"{one.finding.code} {one.finding.confidence}" if one.finding else "no"
        groups.setdefault((one.family, state, why, asked), []).append(one)
    rows = []
    for (family, state, why, asked), members in groups.items():
        if state == "yes":
            state = truth(members[0].config)[0]
        first = members[0].finding
        line = f"`{evidence(first)}`" if first is not None and evidence(first) else ""
        rows.append([family, str(len(members)), state, why, asked, line])
    return rows


def strip_section(zoo: Dict[str, Path]) -> List[str]:
    results = strip_all(zoo)
    by_package = {package: [one for one in results if one.config.startswith(package + "/")] for package in PACKAGES.values()}  # fmt: skip
    core = [one for package in CORE for one in by_package[package]]
    measured = [one for one in results if needs_it(one.config) is not None]
    idle = sum(needs_it(one.config) is False for one in measured)
    rows = [rates(package, by_package[package]) for package in PACKAGES.values()]
    rows += [rates("mmdet, mmseg and mmpretrain (bar: 60 %)", core), rates("all", results)]
    silent: Dict[Tuple[str, str], List[str]] = {}
    for one in results:
        if not one.sure:
            silent.setdefault((one.family, one.reason), []).append(one.config)
    return [
        STRIP.format(idle=idle, measured=len(measured)),
        *table(
            ["package", "ship the key", "measured", "need it", "asked back, of all that ship it",
             "asked back, of those that need it", "asked back without need"], rows
        ),
        "\nBy family; the parameter count and the line of evidence are those of its first config. Evidence that begins with a",
        "version comes from the table that mmfix ships, the rest was read from the source.\n",
        *table(["family", "configs", "without a gradient", "why", "asked back", "evidence"], family_rows(results)),
        "\nNot asked back, each config with the reason:\n",
        *(
            f"- {family}, {reason}: " + ", ".join(f"`{Path(config).stem}`" for config in names)
            for (family, reason), names in silent.items()
        ),
        "\nAsked back without need:\n",
        *([f"- `{one.config}`: {FALSE_ALARMS.get(one.config, 'not explained')}"
           for one in results if one.sure and needs_it(one.config) is False] or ["none."]),
        "",
    ]  # fmt: skip


def healthy_section(zoo: Dict[str, Path]) -> List[str]:
    """Configs that ship without the key, and whatever is found there."""
    rows, alarms = [], []
    total: Counter = Counter()
    for name in HEALTHY:
        count: Counter = Counter()
        for config, document in configs(zoo[name], name):
            if stripped(document) is not None:
                continue
            setup, findings = judged(document)
            code = code_reading(document, setup.era, setup.runner)
            sure = [finding for finding in findings if finding.confidence in SURE]
            count["configs"] += 1
            count["measured"] += config in TRUTH["ship_without_and_none_unused"]
            if code is not None and not code.reading.gave_up:
                verdicts = {item.verdict for item in code.reading.submodules}
                count["followed"] += 1
                count["built"] += code.reading.all_built
                count["open"] += CANNOT_TELL in verdicts
                count["sometimes"] += SOMETIMES in verdicts
            count["sure"] += bool(sure)
            count["possible"] += bool(findings) and not sure
            alarms += [(config, finding) for finding in findings]
        total += count
        rows.append(healthy_row(name, count))
    rows.append(healthy_row("both (bar: 1 %)", total))
    alarms.sort(key=lambda alarm: CONFIDENCES.index(alarm[1].confidence))
    return [
        "### Healthy test\n",
        "Trainable configs that ship without the key. *Followed*: the training step could be read to its losses; *whole*:",
        "and all of the model was built; *left open*: for some part the reader cannot tell; *sometimes*: some part's gradient",
        "depends on the data (an empty batch), on which nothing is said of released packages. *Measured*: real models among",
        "them, none with a parameter without a gradient.\n",
        *table(
            ["package", "configs", "followed", "whole", "left open", "sometimes", "measured", "*likely* finding",
             "*possible* only"], rows
        ),
        "\nFindings, each explained:\n" if alarms else "\nNo finding of any confidence.",
        *(
            f"- `{config}`: {finding.code} {finding.confidence}, {finding.message} "
            f"{FALSE_ALARMS.get(config, 'Not explained yet.')}"
            for config, finding in alarms
        ),
        "",
    ]  # fmt: skip


def healthy_row(name: str, count: Counter) -> List[str]:
    share = f"{count['sure']} (**{100 * count['sure'] / count['configs']:.2f} %**)"
    return [name, *(str(count[what]) for what in COUNTED), share, str(count["possible"])]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="replace the section in this file")
    parser.add_argument("--only", choices=("strip", "healthy", "cost"))
    parser.add_argument("--repeats", type=int, default=REPEATS)
    options = parser.parse_args()
    if options.only and options.write:
        parser.error("--write needs all three measures")
    zoo = {name: unpack_zoo(name) for name in (*SOURCES, *PACKAGES)}
    sys.path[:0] = [str(folder) for folder in zoo.values()]
    lines = [HEAD]
    if options.only in (None, "strip"):
        lines += strip_section(zoo)
    if options.only in (None, "healthy"):
        lines += healthy_section(zoo)
    if options.only in (None, "cost"):
        lines += ["### Cost\n", *cost(zoo, options.repeats)]
    section = "\n".join(lines) + "\n"
    if options.write:
        put(options.write, HEADING, section, ON_DDP)
    print(section)


if __name__ == "__main__":
    main()
