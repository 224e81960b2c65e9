"""What `mmfix check` says of the official config zoos. Prints docs/zoo.md.

    python bench/zoo.py FOLDER > docs/zoo.md

FOLDER holds the unpacked wheels mmdet-3.3.0, mmdet-2.28.2, mmsegmentation-1.2.2 and mmsegmentation-0.30.0,
as the tests keep them in the user cache (`~/.cache/mmfix/zoo`).
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Dict, List, Tuple

import mmfix
from mmfix.config.family import walk
from mmfix.config.keypath import format_key
from mmfix.config.reader import Reader
from mmfix.errors import ConfigError
from mmfix.training import is_trainable, read

ROOTS = {
    "mmdet-3.3.0": "mmdet/.mim/configs",
    "mmdet-2.28.2": "mmdet/.mim/configs",
    "mmsegmentation-1.2.2": "mmseg/.mim/configs",
    "mmsegmentation-0.30.0": "mmseg/.mim/configs",
}

HEAD = """# What mmfix says of the official zoos

Made by `python bench/zoo.py FOLDER > docs/zoo.md`; `tests/zoo/test_check.py` holds it in place.

The official configs are healthy, so the right answer is silence, and it is: no finding of any severity. The tests
then break the same configs (a checkpoint switched on beside `find_unused_parameters=True`, a frozen Swin) and
require the finding.
"""


def survey(root: Path) -> Tuple[List[str], List[str], Counter, Counter]:
    """Table cells, unreadable files, checkpoint switches that are on, deciding facts of one zoo."""
    report = mmfix.check(root)
    severities = Counter(finding.severity for config in report.configs for finding in config.findings)
    unreadable = [config for config in report.configs if config.status != "ok"]
    switches: Counter = Counter()
    facts: Counter = Counter()
    unused = 0
    reader = Reader()
    for path in walk(str(root)):
        try:
            document = reader.load(path)
        except ConfigError:
            continue
        if not is_trainable(document):
            continue
        setup = read(document)
        unused += setup.find_unused.value is True
        switches.update({f"{site.type_name}.{site.key[-1]}" for site in setup.checkpoints})
        facts.update(
            {
                f"{fact.kind}: {fact.type_name} ({format_key(fact.key[-1:])}), {fact.confidence}; "
                f"find_unused_parameters is {'on' if setup.find_unused.value is True else 'off'}"
                for fact in setup.facts
            }
        )
    cells = [
        str(len(report.configs) - len(unreadable)),
        *(str(severities[severity]) for severity in ("error", "warning", "note")),
        str(len(unreadable)),
        str(unused),
        str(sum(switches.values())),
    ]
    return (
        cells,
        [f"`{Path(one.path).relative_to(root)}`: {one.error.message}" for one in unreadable],
        switches,
        facts,
    )


def main() -> None:
    results: Dict[str, Tuple[List[str], List[str], Counter, Counter]] = {
        name: survey(Path(sys.argv[1]) / name / root) for name, root in ROOTS.items()
    }
    print(HEAD)
    print(
        "| zoo | leaf configs | errors | warnings | notes | not readable | ship `find_unused_parameters=True` |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, (cells, _, _, _) in results.items():
        print(f"| {name} | " + " | ".join(cells[:-1]) + " |")
    print(
        "\n## Not readable\n\nMMEngine refuses the same files: a base is not in the wheel, or belongs to a package"
    )
    print("that is not installed where the table was made.\n")
    for name, (_, unreadable, _, _) in results.items():
        for line in unreadable:
            print(f"- {name} {line}")
    print(
        "\n## Gradient checkpoints that are on\n\nAll of them train with `find_unused_parameters` off and no module is"
    )
    print(
        "checkpointed twice in a step, so DDP is fine with them: silence is right. `UNetModel` (VPD) trains with"
    )
    print("it on, but its checkpoint hands the parameters to autograd itself and is not reentrant for DDP.\n")
    print("| zoo | class and switch | configs |\n|---|---|---|")
    for name, (_, _, switches, _) in results.items():
        for switch, count in sorted(switches.items()):
            print(f"| {name} | {switch} | {count} |")
    print(
        "\n## Parts that may go without a gradient\n\nWith `find_unused_parameters` on, DDP takes care of them; a module"
    )
    print("that runs twice matters only together with a checkpoint, and no such config has one on.\n")
    print("| zoo | fact | configs |\n|---|---|---|")
    for name, (_, _, _, facts) in results.items():
        for fact, count in sorted(facts.items()):
            print(f"| {name} | {fact} | {count} |")


if __name__ == "__main__":
    main()
