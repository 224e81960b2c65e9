"""The model reader against torch, on random models.

    python bench/fuzz_model.py FILE [--models N] [--processes N] [--write docs/reliability.md]
    python bench/fuzz_model.py --reduce KIND NUMBER...

FILE gets one JSON object a line for each model, by its number; a model that is in it is not tried again, so that
a run which was stopped goes on. With `--write` the section of the document is made of all that FILE holds.
Needs torch, numpy and MMEngine; the models are written by `tests/model/fuzz`.

--reduce  the models of these numbers, made as small as they can be while that kind (`never used`, ...) is wrong
"""

from __future__ import annotations

import argparse
import json
import logging
import multiprocessing
import sys
import tempfile
import warnings
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any, Dict, List, Tuple

from sections import put

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

HEADING = "## Model reader against torch"
_LOT = 20


def quiet() -> None:
    import torch

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)


def tried(numbers: List[int]) -> List[Dict[str, Any]]:
    """What came out for the models of these numbers."""
    from model.fuzz.compared import compared
    from model.fuzz.programs import program

    found = []
    with tempfile.TemporaryDirectory() as folder:
        for number in numbers:
            found.append({"model": number, **asdict(compared(program(number), Path(folder)))})
    return found


def fill(path: Path, models: int, processes: int) -> None:
    done = {entry["model"] for entry in known(path)}
    left = [number for number in range(models) if number not in done]
    lots = [left[start : start + _LOT] for start in range(0, len(left), _LOT)]
    with multiprocessing.get_context("spawn").Pool(processes, quiet) as pool, path.open("a") as file:
        for entries in pool.imap_unordered(tried, lots):
            file.writelines(json.dumps(entry) + "\n" for entry in entries)
            file.flush()


def known(path: Path) -> List[Dict[str, Any]]:
    """The lines that are complete."""
    found = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue  # the run was stopped while it wrote this one
    return found


def section(entries: List[Dict[str, Any]]) -> str:
    from model.fuzz.compared import WRONG_NEVER, WRONG_ONCE, WRONG_TRAINS, WRONG_TWICE, WRONG_USED

    ran = [entry for entry in entries if not entry["refused"]]
    wrong = Counter(kind for entry in ran for kind in entry["wrong"])
    parts, exact, loose, unsure = (
        sum(entry[name] for entry in ran) for name in ("parts", "exact", "loose", "open")
    )
    whole = sum(entry["exact"] == entry["parts"] and not entry["wrong"] for entry in ran)
    cells = (f"{len(ran):,}", f"{whole:,}", f"{100 * unsure / max(parts, 1):.1f} %", wrong[WRONG_NEVER], wrong[WRONG_TWICE],
             wrong[WRONG_USED] + wrong[WRONG_TRAINS])  # fmt: skip
    return "\n".join([
        HEADING,
        "",
        f"Made by `python bench/fuzz_model.py FILE --models {len(entries)} --write docs/reliability.md`. Each model is a random text (`tests/model/fuzz`)",
        "that torch trains, with several seeds and batches, and the model reader reads. *Exact*: each parameter that DDP would wait for",
        "has the verdict that was seen; *open*: parameters of which the reader says \"cannot tell\". *Wrong* counts models: \"never used\" where a run",
        "uses it; \"used twice\" of a checkpointed part that in some run is not; *trains*: \"used\" where a run does without, or",
        "another set of trainable or late frozen parameters.",
        "",
        "| tried | exact | open | wrong: never used | wrong: used twice | wrong: trains |",
        "|---|---|---|---|---|---|",
        "| " + " | ".join(map(str, cells)) + " |",
        "",
        f"Of {parts:,} parameters {exact:,} have the verdict that was seen, {loose:,} are \"used only sometimes\" where all runs did the same.",
        f"{len(entries) - len(ran):,} more models were refused by torch itself; no training step ran. Of checkpointed parts that are used twice,",
        f"{wrong[WRONG_ONCE]} models have one that is said not to be. The reader gave up on {sum(bool(entry['gave_up']) for entry in ran):,} models; their parameters are among the open ones.",
        "",
        "What is wrong of *trains*, in those that were made small by `--reduce`: a batch without images or without boxes, or with fewer images than a",
        "list has modules (`zip(self.layers, data_samples)`). That a batch has some is taken for granted, and said in docs/architecture.md.",
        "",
    ])  # fmt: skip


def reduce(kind: str, numbers: List[int]) -> None:
    from model.fuzz.compared import compared
    from model.fuzz.programs import Program, program
    from model.fuzz.reduced import reduced

    quiet()
    with tempfile.TemporaryDirectory() as folder:
        for number in numbers:
            whole = program(number)
            healthy = not compared(whole, Path(folder)).died

            def shows(smaller: Program, healthy: bool = healthy) -> bool:
                found = compared(smaller, Path(folder))
                return kind in found.wrong and not (healthy and found.died)

            if not shows(whole):
                print(f"# {number}: not wrong in that way")
                continue
            small = reduced(whole, shows)
            print(
                f"# {number}: {small.model} {compared(small, Path(folder)).wrong}\n{small.source}\n",
                flush=True,
            )


def arguments() -> Tuple[argparse.ArgumentParser, argparse.Namespace]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--models", type=int, default=20000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--reduce", nargs="+")
    return parser, parser.parse_args()


def main() -> None:
    parser, args = arguments()
    if args.reduce:
        reduce(args.reduce[0], list(map(int, args.reduce[1:])))
        return
    if args.file is None:
        parser.error("FILE is needed")
    fill(args.file, args.models, args.processes)
    if args.write:
        put(args.write, HEADING, section(known(args.file)))


if __name__ == "__main__":
    main()
