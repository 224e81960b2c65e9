"""mmfix on the zoos of the maintained continuation of OpenMMLab (onedl-*). Writes a section of docs/accuracy.md.

    python bench/onedl.py FOLDER [--output FILE] [--write docs/accuracy.md]
    python bench/onedl.py --from FILE --write docs/accuracy.md

FOLDER holds the unpacked sdists onedl-mmdetection-3.5.1, onedl-mmsegmentation-1.4.2 and onedl-mmpretrain-1.3.6, as the tests
keep them (`~/.cache/mmfix/zoo`). Run it with onedl-mmengine and, for the model source, with these packages installed;
nothing of them is imported but the config loader. Takes about twenty minutes. FILE has the rows of the tables as they come; what it
has is not measured again.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from importlib import metadata
from pathlib import Path
from typing import Any, Dict, List

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "config"), str(TESTS / "zoo")]

from test_model_code import SURE, asks_for_it, judged, needs_it, stripped  # noqa: E402
from zoo_helpers import ONEDL, leaves  # noqa: E402

import mmfix  # noqa: E402
from accuracy import parity  # noqa: E402
from sections import put  # noqa: E402

HEADING = "## The maintained continuation (onedl)"
BEFORE = "## Patches"
#: What is true of the findings in the zoos, by reading their source.
JUDGED = {
    "onedl-mmdetection-3.5.1": "true: the neck of CLRNet takes three of the four outputs of its ResNet",
    "onedl-mmpretrain-1.3.6": "true, all DeiT3: its layer makes `ln2` and goes through `ln1` twice "
    "(`mmpretrain/models/backbones/deit3.py: DeiT3TransformerEncoderLayer`), as in mmpretrain 1.2.0",
}


def main() -> None:
    """All tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--from", dest="results", type=Path)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    rows: Dict[str, List[Any]] = {}
    known = given.results or given.output
    if known and known.is_file():
        rows = json.loads(known.read_text(encoding="utf-8"))
    for name in ONEDL if given.folder else ():
        for what, measured in (("parity", _parity), ("healthy", _healthy), ("strip", _strip)):
            if f"{what} {name}" not in rows:
                rows[f"{what} {name}"] = measured(given.folder, name)
                print(what, name, rows[f"{what} {name}"], flush=True)
            if given.output:
                given.output.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    text = _section(rows)
    print(text)
    if given.write:
        put(given.write, HEADING, text, before=BEFORE)


def _section(rows: Dict[str, List[Any]]) -> str:
    lines = [
        f"Made by `python bench/onedl.py` from `bench/onedl.json`, with onedl-mmengine {metadata.version('onedl-mmengine')}. A zoo that is not in a",
        "table was not measured yet; the script goes on where it stopped. The reader against that MMEngine, on every config file of the three zoos:",
        "",
        "| zoo | config files | equal | explicit Unknown | both refuse | one refuses | silently different |",
        "|---|---|---|---|---|---|---|",
        *(_row(name, *rows[f"parity {name}"]) for name in ONEDL if f"parity {name}" in rows),
        "",
        "`mmfix check` on them as they are shipped; the right answer is silence, but for what is true:",
        "",
        "| zoo | leaf configs | errors | warnings | notes | not readable |",
        "|---|---|---|---|---|---|",
        *(_row(name, *rows[f"healthy {name}"][:-1]) for name in ONEDL if f"healthy {name}" in rows),
        "",
        *(
            f"- {name}: {told}; {JUDGED.get(name, 'not judged')}"
            for name in ONEDL
            for told in rows.get(f"healthy {name}", [[]])[-1]
        ),
        "",
        "Configs that ship `find_unused_parameters=True` or a static graph, with the key taken out: is it asked back, *likely* or surer?",
        "*Needed* is what was measured for the config of that name in the release that this one goes on from.",
        "",
        "| zoo | ship the key | known to need it | asked back of those | known not to need it | asked back of those | not known | asked back of those |",
        "|---|---|---|---|---|---|---|---|",
        *(_row(name, *rows[f"strip {name}"]) for name in ONEDL if f"strip {name}" in rows),
    ]
    return "\n".join([HEADING, "", *lines]) + "\n"


def _parity(folder: Path, name: str) -> List[Any]:
    count = parity(lambda zoo: folder / zoo, name)
    one = count["only mmfix refuses"] + count["only MMEngine refuses"]
    counts = (count["equal"], count["unknown"], count["both refuse"], one, count["different"])
    return [sum(count.values()), *counts]


def _healthy(folder: Path, name: str) -> List[Any]:
    """Its last item: a line for each kind of finding."""
    report = mmfix.check(folder / name / ONEDL[name])
    ok = [config for config in report.configs if config.status == "ok"]
    found = [finding for config in ok for finding in config.findings]
    count = Counter(finding.severity for finding in found)
    kinds = [count[severity] for severity in ("error", "warning", "note")]
    told = Counter((finding.code, finding.confidence) for finding in found)
    lines = [f"{number} x {code}, {sure}" for (code, sure), number in told.items()]
    return [len(ok), *kinds, len(report.configs) - len(ok), lines]


def _strip(folder: Path, name: str) -> List[Any]:
    root = ONEDL[name]
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
        (count[needed, True] + count[needed, False], count[needed, True]) for needed in (True, False, None)
    ]
    return [sum(count.values()), *(cell for pair in pairs for cell in pair)]


def _row(*cells: Any) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


if __name__ == "__main__":
    main()
