"""Which files each command runs, by canaries. Writes its table into docs/reliability.md.

    python bench/canaries.py [--write docs/reliability.md]

The repository and the commands are those of `tests/cli/test_canaries.py`. `prove` and `explain --build` come in addition (they need
torch and MMEngine): they run what the training would run, and have no other modules lying around, since those would end their ranks.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
import tempfile
from pathlib import Path
from typing import FrozenSet, List, Tuple

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "tests" / "cli")]

from canary_repository import COMMANDS, CONFIGS, PLACES, Repository  # noqa: E402

from sections import put  # noqa: E402

HEADING = "## What is run"
#: Of commands whose work it is to train.
TRAINING = CONFIGS | {"net", "plug"}
TRAIN: List[Tuple[List[str], FrozenSet[str]]] = [
    (["prove", "configs/cfg.py"], TRAINING),
    (["explain", "train.log", "--config", "configs/cfg.py", "--build"], TRAINING),
]


def fired(command: List[str], modules: bool) -> FrozenSet[str]:
    """The marks that a command leaves in a fresh repository."""
    root = Path(tempfile.mkdtemp(prefix="mmfix-canaries-"))
    try:
        repository = Repository(root, modules)
        repository.run(*command)
        return repository.fired()
    finally:
        shutil.rmtree(root, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", type=Path, metavar="FILE")
    options = parser.parse_args()
    rows, unasked, silent = [], 0, 0
    for commands, modules in ((COMMANDS, True), (TRAIN, False)):
        places = [place for place in PLACES if modules or place != "shadow"]
        for command, runs in commands:
            found = fired(command, modules)
            unasked += len(found - runs)
            silent += len(runs - found)
            words = {
                place: "runs" if place in found & runs else "**runs**" if place in found else ""
                for place in places
            }
            rows.append(
                f"| `{shlex.join(command)}` | {' | '.join(words.get(place, 'not tried') for place in PLACES)} |"
            )
            print(rows[-1], flush=True)
    lines = [
        f"{HEADING}\n",
        "A repository in which every file leaves a mark when it is run, and each command in a fresh copy of it. *runs*: the mark was left, and",
        "the help of the command says that it runs that; in bold: it does not say so. Modules that lie around are called like those that",
        f"Python, mmfix and the frameworks import. Made by `python bench/canaries.py --write docs/reliability.md`: {len(rows)} commands, {unasked} marks",
        f"that nobody asked for, {silent} that were to be left and were not.\n",
        f"| command | {' | '.join(PLACES.values())} |",
        f"|---|{'---|' * len(PLACES)}",
        *rows,
    ]
    if options.write:
        put(options.write, HEADING, "\n".join(lines))
    print("\n".join(lines))
    return int(bool(unasked or silent))


if __name__ == "__main__":
    sys.exit(main())
