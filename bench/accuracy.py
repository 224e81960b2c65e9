"""Reader parity and patch safety on the official zoos. Prints the tables of docs/accuracy.md.

    python bench/accuracy.py FOLDER

FOLDER holds the unpacked wheels, as the tests keep them in the user cache (`~/.cache/mmfix/zoo`). Takes about
ten minutes: MMEngine loads every config, and every patched config, itself.
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import Any, List

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS / "config"), str(TESTS / "zoo")]

from parity import Failed, differences, with_mmengine  # noqa: E402
from test_patch import remedies  # noqa: E402
from zoo_helpers import ROOTS, config_files, leaves  # noqa: E402

from mmfix.config.reader import Reader  # noqa: E402
from mmfix.errors import ConfigError, PatchError  # noqa: E402
from mmfix.patches import Verifier, plan, undo  # noqa: E402


def row(*cells: Any) -> None:
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def parity(zoo: Any, name: str) -> Counter:
    """How often the reader and MMEngine agree on the files of a zoo."""
    count: Counter = Counter()
    reader = Reader()
    for path in config_files(zoo, name):
        theirs = with_mmengine(path)
        try:
            document = reader.load(path)
        except ConfigError:
            document = None
        if document is None or document.missing:  # without a base it is judged, which MMEngine cannot do
            count["both refuse" if isinstance(theirs, Failed) else "only mmfix refuses"] += 1
            continue
        ours = document.to_dict()
        if isinstance(theirs, Failed):
            count["only MMEngine refuses"] += 1
            continue
        kinds = {kind for kind, _ in differences(ours, theirs)}
        count["different" if "different" in kinds else "unknown" if kinds else "equal"] += 1
    return count


def patches(zoo: Any, name: str) -> List[Any]:
    """(remedy, tried, verified, idempotent, undone) over all leaf configs of a zoo."""
    count: Counter = Counter()
    with Verifier() as verifier:
        for document in leaves(zoo, name):
            original = Path(document.path).read_bytes()
            for remedy, overrides in remedies(document).items():
                if not overrides:
                    continue
                count[remedy, "tried"] += 1
                reader = Reader()
                try:
                    data = plan(document, overrides, reader)
                    verifier.verify(document, data, overrides, reader)
                except PatchError as error:
                    print(error, file=sys.stderr)
                    continue
                count[remedy, "verified"] += 1
                again = reader.load(document.path, text=data.decode("utf-8"))
                count[remedy, "idempotent"] += plan(again, overrides, reader) == data
                count[remedy, "undone"] += undo(data) == original
    return [
        [remedy, *(count[remedy, what] for what in ("tried", "verified", "idempotent", "undone"))]
        for remedy in dict.fromkeys(remedy for remedy, _ in count)
    ]


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)

    def zoo(name: str) -> Path:
        return Path(sys.argv[1]) / name

    row(
        "zoo", "config files", "equal", "explicit Unknown", "both refuse", "one refuses", "silently different"
    )
    row(*["---"] * 7)
    for name in ROOTS:
        count = parity(zoo, name)
        one = count["only mmfix refuses"] + count["only MMEngine refuses"]
        row(
            name,
            sum(count.values()),
            count["equal"],
            count["unknown"],
            count["both refuse"],
            one,
            count["different"],
        )
    print()
    row("zoo", "override", "leaf configs", "verified", "second run changes nothing", "undo is byte-exact")
    row(*["---"] * 6)
    for name in ("mmdet-3.3.0", "mmsegmentation-1.2.2"):
        for cells in patches(zoo, name):
            row(name, *cells)


if __name__ == "__main__":
    main()
