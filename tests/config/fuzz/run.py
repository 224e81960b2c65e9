"""Run many cases: ``python -m fuzz.run --cases 2000 --first 0``; the counts, and failing cases made small.

What a case is follows from its number and grammar alone: the process runs with a fixed order of sets.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
from dataclasses import dataclass, field
from typing import Any, Dict, List, Sequence, Tuple

from parity import with_mmfix

from fuzz.case import Case
from fuzz.compare import DIFFERENT, FAULTS, OUTCOMES, Reads, compare
from fuzz.configs import GRAMMARS, grammar_case
from fuzz.engine import Engine
from fuzz.reduce import reduce
from fuzz.zoo import zoo_case

_MEMORY = 2 << 30


@dataclass
class Counts:
    """What came of the cases of one grammar."""

    outcomes: Dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    leaves: int = 0
    unknown: int = 0

    @property
    def cases(self) -> int:
        """All of them."""
        return sum(self.outcomes.values())


def case_of(number: int, zoos: Sequence[str]) -> Case:
    """The case of that number: a mutated config of the zoos in turn; without zoos, of each grammar in turn."""
    if zoos:
        return zoo_case("zoo", zoos[number % len(zoos)], number)
    return grammar_case(GRAMMARS[number % len(GRAMMARS)], number)


def run(
    numbers: Sequence[int],
    zoos: Sequence[str] = (),
    read: Reads = with_mmfix,
) -> Tuple[Dict[str, Counts], List[Tuple[Case, Any]]]:
    """Counts for each grammar, and the cases that are faults."""
    counts: Dict[str, Counts] = {}
    faults = []
    with Engine() as engine:
        for number in numbers:
            case = case_of(number, zoos)
            result = compare(case, engine, read)
            count = counts.setdefault(case.grammar, Counts())
            count.outcomes[result.outcome] += 1
            count.leaves += result.leaves
            count.unknown += result.unknown
            if result.outcome in FAULTS:
                faults.append((case, result))
    return counts, faults


def smallest(case: Case, outcome: str, read: Reads = with_mmfix, tries: int = 400) -> Tuple[Case, Any]:
    """A small case with the same outcome, and what both readers say of it."""
    with Engine() as engine:
        small = reduce(case, lambda tried: compare(tried, engine, read).outcome == outcome, tries)
        return small, compare(small, engine, read)


def text_of(case: Case, result: Any) -> str:
    """A case as people read it."""
    files = "\n".join(f"--- {name}\n{text.rstrip()}" for name, text in case.files.items())
    return (
        f"{result.outcome} ({case.grammar} {case.seed})\n  "
        + "\n  ".join(result.details[:4])
        + f"\n{files}\n"
    )


def main() -> int:
    """Print the counts as JSON, and up to ``--show`` faults, made small."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--zoo", action="append", default=[], help="a folder of real configs to mutate")
    parser.add_argument("--show", type=int, default=5)
    options = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.execve(
            sys.executable,
            [sys.executable, "-m", "fuzz.run", *sys.argv[1:]],
            {**os.environ, "PYTHONHASHSEED": "0"},
        )
    # what the generator tries out, while it writes, may ask for any amount
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    counts, faults = run(range(options.first, options.first + options.cases), options.zoo)
    for case, result in sorted(faults, key=lambda fault: fault[1].outcome != DIFFERENT)[: options.show]:
        print(text_of(*smallest(case, result.outcome)), file=sys.stderr)
    json.dump({grammar: vars(count) for grammar, count in sorted(counts.items())}, sys.stdout, indent=1)
    return 1 if any(result.outcome == DIFFERENT for _, result in faults) else 0


if __name__ == "__main__":
    sys.exit(main())
