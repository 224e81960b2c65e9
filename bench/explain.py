"""`mmfix explain`: speed and memory on large logs, and what it says of the collected threads and real errors.

    python bench/explain.py speed --write docs/performance.md
    python bench/explain.py accuracy --write docs/accuracy.md

`accuracy` makes the errors for real: environment variables as for the tests (MMFIX_OPENMMLAB, MMFIX_OPENMMLAB1).
Without --write the section is printed. `speed` needs 1.5 GB in the temporary folder, and about two minutes.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Tuple

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "diagnosis")]

from entries import ENTRIES, Entry  # noqa: E402
from messages import unused  # noqa: E402
from reproductions import REPRODUCTIONS  # noqa: E402
from unrelated import UNRELATED  # noqa: E402

import mmfix  # noqa: E402
from mmfix.rules.rule import MMCV1  # noqa: E402
from prove_tables import table  # noqa: E402

TIMES = 7
SIZE, MB = 500_000_000, 1_000_000
EXPLAIN = [sys.executable, "-m", "mmfix", "explain"]

ITERATION = (
    "2024/11/19 12:{:02d}:{:02d} - mmengine - INFO - Epoch(train)  [{}][{:5d}/14786]  lr: 2.0000e-02  eta: 1 day, 3:12:44  "
    "time: 0.5534  data_time: 0.0103  memory: 9312  loss: 0.5{:03d}  loss_rpn_cls: 0.0512  loss_rpn_bbox: 0.0611  "
    "loss_cls: 0.2311  acc: 93.4570  loss_bbox: 0.2013\n"
)
HEAD = (
    "2024/11/19 12:00:00 - mmengine - INFO - Config:\nfind_unused_parameters = False\nmodel = dict(\n"
    "    type='MaskRCNN',\n    backbone=dict(type='SwinTransformer', frozen_stages=3))\ntrain_dataloader = dict()\n\n"
)
ERROR = "Traceback (most recent call last):\n" + unused((*range(33), 325, 326))
LOGS = {"error at the end": 1.0, "error in the middle": 0.5, "no error": None}
BAR = "\r{:3d}%|#########           | {}/300000 [00:12<01:20,  3.45it/s]"
FAILED = (
    'Traceback (most recent call last):\n  File "/a/b.py", line 12, in forward\n    x = self.f(x)\n'
    "RuntimeError: something {} went wrong\n"
)
#: Text that is repeated with a growing number, MB.
WORST: Dict[str, Tuple[str, int]] = {
    "a traceback in every line": ("Traceback (most recent call last): RuntimeError: oops {}\n", 50),
    "tracebacks of four lines": (FAILED, 50),
    "progress and tracebacks in turns": (ITERATION.format(0, 0, 1, 50, 0) * 50 + FAILED, 50),
    "DDP's error again and again": (ERROR, 50),
    "progress bars (`\\r`) without a line end": (BAR.format(9, "{}"), 100),
    "one line": ("x" * 1000, 200),
}


def write_log(path: Path, error: Any, size: int = SIZE) -> None:
    """A log as MMEngine writes it, with an error after a part of it, or None."""
    block = "".join(ITERATION.format(n // 60 % 60, n % 60, 1, n, n % 1000) for n in range(1, 14787)).encode()
    place = None if error is None else int(size * error)
    with open(path, "wb") as file:
        file.write(HEAD.encode())
        while file.tell() < size:
            if place is not None and file.tell() >= place:
                file.write(ERROR.encode())
                place = None
            file.write(block)
        if place is not None:
            file.write(ERROR.encode())


def measured(command: List[str], log: Path, stdin: bool = False) -> Tuple[float, float]:
    """Seconds and peak megabytes of a whole process; its output goes to a file.

    Not to /dev/null, where GNU grep stops at the first line it finds.
    """
    with open(log, "rb") as source, tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdin=source if stdin else subprocess.DEVNULL, stdout=output)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
    process.returncode = os.WEXITSTATUS(status)
    if os.WIFSIGNALED(status) or process.returncode > 1:
        raise SystemExit(f"{command} failed: {status}")
    return seconds, used.ru_maxrss / 1024


def speed(folder: Path) -> Iterator[str]:
    """The section of docs/performance.md."""
    # people run compiled bytecode; without it every start compiles all modules again
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
    log = folder / "train.log"
    yield "## `mmfix explain`\n"
    yield "Made by `python bench/explain.py speed --write docs/performance.md`. A log of 500 MB as MMEngine writes it, with its config at the head;"
    yield f"whole processes from start to end, in turns with `grep -c Error`, best of {TIMES}.\n"
    rows: List[Tuple[Any, ...]] = []
    for name, place in LOGS.items():
        write_log(log, place)
        commands: Dict[str, Callable[[], Tuple[float, float]]] = {
            "grep": lambda: measured(["grep", "-c", "Error", str(log)], log),
            "file": lambda: measured([*EXPLAIN, str(log)], log),
            "stdin": lambda: measured([*EXPLAIN, "-"], log, stdin=True),
        }
        best = dict.fromkeys(commands, (1e9, 0.0))
        for key in ["file", *list(commands) * TIMES]:
            seconds, peak = commands[key]()
            best[key] = min(best[key][0], seconds), max(best[key][1], peak)
        grep = best["grep"][0]
        rows.append((name, f"{grep:.2f} s", *(
            cell for key in ("file", "stdin")
            for cell in (f"{best[key][0]:.2f} s", f"**{best[key][0] / grep:.2f}**", f"{best[key][1]:.0f} MB")
        )))  # fmt: skip
        print(rows[-1], os.getloadavg(), file=sys.stderr)
    heads = ("500 MB", "`grep -c Error FILE`", "`mmfix explain FILE`", "ratio (bar: 3)", "peak memory (bar: 150 MB)",
             "`mmfix explain - < FILE`", "ratio", "peak memory")  # fmt: skip
    yield from table(heads, rows)
    yield "\nWhat is slow or large to read (bars: 30 s, 150 MB):\n"
    rows = []
    for name, (text, size) in WORST.items():
        write_repeated(log, text, size * MB)
        seconds, peak = measured([*EXPLAIN, str(log)], log)
        rows.append((name, f"{size} MB", f"{seconds:.1f} s", f"{peak:.0f} MB"))
        print(rows[-1], file=sys.stderr)
    yield from table(("log", "size", "time", "peak memory"), rows)


def write_repeated(path: Path, text: str, size: int) -> None:
    """A text again and again, with a growing number in it."""
    with open(path, "w", newline="") as file:
        number = written = 0
        while written < size:
            written += file.write(text.replace("{}", str(number)))
            number += 1


def accuracy(folder: Path) -> Iterator[str]:
    """The section of docs/accuracy.md."""
    yield "## What is explained\n"
    yield "Made by `python bench/explain.py accuracy --write docs/accuracy.md`; `tests/diagnosis` holds it in place.\n"
    yield "### Public threads\n"
    yield "Expected and got: the diagnosis, and the first cure for the text alone; where the thread tells of its config, then with it the key that is"
    yield "named and the cure (among those that `--patch` can write). *none*: the message is not in the text that was posted.\n"
    rows = [(entry.id, entry.thread, *verdicts(entry, folder)) for entry in ENTRIES]
    yield from table(("id", "thread", "expected", "got"), rows)
    yield f"\nAs expected: **{sum(want == got for _, _, want, got in rows)} of {len(rows)}**.\n"
    yield "### Errors made for real\n"
    yield "With torch 2.13, mmengine, mmdet 3 and mmsegmentation 1, and with mmcv 1.7 and mmdet 2, two gloo ranks where ranks are needed. *From source*: what needs a"
    yield "GPU or an older torch, as its source or its users have it.\n"
    count: Dict[str, List[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for text in REPRODUCTIONS:
        found = mmfix.explain(text.make(empty(folder / text.name)))
        place = 0 if text.needs else 2
        count[text.diagnosis][place] += 1
        right = (found.id, found.outcome) == (text.diagnosis, text.outcome)
        count[text.diagnosis][place + 1] += right
        if not right:
            print("WRONG", text.name, found.id, found.outcome, file=sys.stderr)
    all_of = [sum(column) for column in zip(*count.values())]
    yield from table(
        ("diagnosis", "made for real", "explained as expected", "from source", "explained as expected"),
        [*((name, *count[name]) for name in sorted(count)), ("all", *(f"**{number}**" for number in all_of))],
    )
    false = [text.name for text in UNRELATED if mmfix.explain(text.make(empty(folder / text.name))).known]
    made = sum(bool(text.needs) for text in UNRELATED)
    yield "\n### Other errors and healthy logs\n"
    yield f"{len(UNRELATED)} texts that are none of these, {made} of them made for real (bar: 30): **{len(false)}** false diagnoses{' (' + ', '.join(false) + ')' if false else ''}."


def empty(folder: Path) -> Path:
    folder.mkdir()
    return folder


def verdicts(entry: Entry, folder: Path) -> Tuple[str, str]:
    """Expected and got, in the same words."""
    alone = mmfix.explain(entry.text)
    want = f"{entry.diagnosis}, {entry.cure}" if entry.diagnosis else "none"
    got = f"{alone.id}, {alone.remedies[0].name if alone.remedies else 'no cure'}" if alone.known else "none"
    if not entry.config:
        return want, got
    config = folder / f"{entry.id}.py"
    config.write_text(MMCV1 + entry.config, encoding="utf-8")
    found = mmfix.explain(entry.text, config)
    cures = [remedy.name for remedy in found.remedies if remedy.overrides]
    cure = entry.written or entry.cure
    key = ".".join(map(str, found.findings[0].key)) if found.findings else "no key"
    return (
        f"{want}; `{entry.key}`, {cure}",
        f"{got}; `{key}`, {cure if cure in cures else next(iter(cures), 'no cure')}",
    )


def put(path: Path, section: str) -> None:
    """Replace the section with this heading in a document, or put it in front of the one on DDP, or at the end."""
    text = path.read_text(encoding="utf-8")
    heading = section.splitlines()[0]
    old = re.search(rf"^{re.escape(heading)}$.*?(?=^## |\Z)", text, flags=re.M | re.S)
    place = re.search(r"^## What DDP does$", text, flags=re.M)
    end = len(text) if place is None else place.start()
    before, after = (text[: old.start()], text[old.end() :]) if old else (text[:end], text[end:])
    parts = [part.strip("\n") for part in (before, section, after)]
    path.write_text("\n\n".join(part for part in parts if part) + "\n", encoding="utf-8")


def main() -> None:
    """Measure, and print or write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=("speed", "accuracy"))
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the section into this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        part = speed if options.part == "speed" else accuracy
        section = "\n".join(part(Path(scratch)))
    if options.write:
        put(options.write, section)
    else:
        print(section)


if __name__ == "__main__":
    main()
