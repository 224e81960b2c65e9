"""mmfix on the zoos of the maintained continuation of OpenMMLab (onedl-*). Writes a section of docs/accuracy.md.

    python bench/onedl.py FOLDER [--write docs/accuracy.md]

FOLDER holds the unpacked sdists onedl-mmdetection-3.5.1, onedl-mmsegmentation-1.4.2 and onedl-mmpretrain-1.3.6, as the tests
keep them (`~/.cache/mmfix/zoo`). Run it with onedl-mmengine and, for the model source, with these packages installed;
nothing of them is imported but the config loader. Takes about twenty minutes.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from importlib import metadata
from pathlib import Path
from typing import Any, Dict, List, Tuple

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "config"), str(TESTS / "zoo")]

from accuracy import parity  # noqa: E402
from sections import put  # noqa: E402
from test_model_code import SURE, asks_for_it, judged, needs_it, stripped  # noqa: E402
from zoo_helpers import ONEDL, leaves  # noqa: E402

import mmfix  # noqa: E402

HEADING = "## The maintained continuation (onedl)"
BEFORE = "## Patches"


def main() -> None:
    """All tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    lines = [*_parity(given.folder), *_healthy(given.folder), *_strip(given.folder)]
    text = "\n".join([HEADING, "", *lines]) + "\n"
    print(text)
    if given.write:
        put(given.write, HEADING, text, before=BEFORE)


def _parity(folder: Path) -> List[str]:
    lines = [
        f"Made by `python bench/onedl.py FOLDER --write docs/accuracy.md` with onedl-mmengine {metadata.version('onedl-mmengine')}.",
        "The reader against that MMEngine, on every config file of the three zoos:",
        "",
        "| zoo | config files | equal | explicit Unknown | both refuse | one refuses | silently different |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in ONEDL:
        count = parity(lambda zoo: folder / zoo, name)
        one = count["only mmfix refuses"] + count["only MMEngine refuses"]
        counts = (count["equal"], count["unknown"], count["both refuse"], one, count["different"])
        lines.append(_row(name, sum(count.values()), *counts))
    return [*lines, ""]


def _healthy(folder: Path) -> List[str]:
    lines = [
        "`mmfix check` on them as they are shipped; the right answer is silence:",
        "",
        "| zoo | leaf configs | errors | warnings | notes | not readable |",
        "|---|---|---|---|---|---|",
    ]
    told: Dict[Tuple[str, str, str], int] = Counter()
    for name, root in ONEDL.items():
        report = mmfix.check(folder / name / root)
        ok = [config for config in report.configs if config.status == "ok"]
        found = [finding for config in ok for finding in config.findings]
        count = Counter(finding.severity for finding in found)
        told.update((name, finding.code, finding.confidence) for finding in found)
        kinds = (count[severity] for severity in ("error", "warning", "note"))
        lines.append(_row(name, len(ok), *kinds, len(report.configs) - len(ok)))
    lines += ["", *(f"- {name}: {count} x {code}, {sure}" for (name, code, sure), count in told.items())]
    return [*lines, ""]


def _strip(folder: Path) -> List[str]:
    lines = [
        "Configs that ship `find_unused_parameters=True` or a static graph, with the key taken out: is it asked back, *likely* or surer?",
        "*Needed* is what was measured for the config of that name in the release that this one goes on from.",
        "",
        "| zoo | ship the key | known to need it | asked back of those | known not to need it | asked back of those | not known | asked back of those |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, root in ONEDL.items():
        count: Counter = Counter()
        for document in leaves(lambda zoo: folder / zoo, name):
            bare = stripped(document)
            if bare is None:
                continue
            top = folder / name / root
            needed = needs_it(f"{root.partition('/')[0]}/{Path(document.path).relative_to(top).as_posix()}")
            finding = asks_for_it(judged(bare)[1])
            count[needed, finding is not None and finding.confidence in SURE] += 1
        pairs = [
            (count[needed, True] + count[needed, False], count[needed, True])
            for needed in (True, False, None)
        ]
        lines.append(_row(name, sum(count.values()), *(cell for pair in pairs for cell in pair)))
    return lines


def _row(*cells: Any) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


if __name__ == "__main__":
    main()
