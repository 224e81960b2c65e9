"""`mmfix patch` on a folder, killed with SIGKILL at random moments. Writes its table into docs/reliability.md.

    python bench/patch_kill.py [--kills 300] [--seed 1] [--loader] [--write docs/reliability.md]

After each kill every config must have the bytes that it had before, or those that an undisturbed run writes (*torn*: neither),
and the next run must finish the work and leave no file that nobody asked for (*left over*), in the folder and in the folder for
temporary files. `--loader` lets MMEngine confirm each patch, as by default; without it the writes stand closer together.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, List, Tuple

from sections import put

HEADING = "## Killed in the middle"
CONFIGS = 30
CONFIG = """_base_ = './base.py'
# {number}
model = dict(backbone=dict(depth={depth}, with_cp=True))
"""
BASE = """default_scope = 'mmdet'
model = dict(type='RetinaNet', backbone=dict(type='ResNet', with_cp=False))
find_unused_parameters = True
train_cfg = dict(by_epoch=True, max_epochs=1)
train_dataloader = dict(batch_size=1)
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))
"""


def tree(folder: Path) -> Dict[str, bytes]:
    """The bytes of every file below a folder, by name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def fresh(folder: Path) -> None:
    (folder / "configs").mkdir(parents=True)
    (folder / "configs" / "base.py").write_text(BASE)
    for number in range(CONFIGS):
        text = CONFIG.format(number=number, depth=(18, 34, 50)[number % 3])
        (folder / "configs" / f"c{number:02}.py").write_text(text)


def start(folder: Path, loader: bool) -> subprocess.Popen[bytes]:
    options = [] if loader else ["--no-loader"]
    return subprocess.Popen(
        [sys.executable, "-m", "mmfix", "patch", "configs", *options],
        cwd=folder,
        env={**os.environ, "TMPDIR": str(folder / "tmp"), "MMFIX_CACHE_DIR": str(folder / "cache")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def prepared(folder: Path) -> Path:
    fresh(folder)
    (folder / "tmp").mkdir()
    (folder / "cache").mkdir()
    return folder


def one(folder: Path, moment: float, wanted: Dict[str, bytes], loader: bool) -> Tuple[str, List[str], int]:
    """Kill a run after ``moment`` seconds: how it had ended, what is wrong, and how many configs it had written."""
    before = tree(prepared(folder) / "configs")
    process = start(folder, loader)
    try:
        process.wait(timeout=moment)
        ended = "finished"
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        ended = "killed"
    after = tree(folder / "configs")
    faults = [f"torn: {name}" for name in before if after.get(name) not in (before[name], wanted[name])]
    written = sum(after.get(name) == wanted[name] != before[name] for name in before)
    start(folder, loader).wait()
    again = tree(folder / "configs")
    faults += [f"not finished: {name}" for name in before if again.get(name) != wanted[name]]
    faults += [f"left over: {name}" for name in again if name not in before]
    time.sleep(0.05)  # a child whose parent was killed ends by itself
    faults += [
        f"left over in the folder for temporary files: {path.name}" for path in (folder / "tmp").iterdir()
    ]
    return ended, faults, written


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--loader", action="store_true")
    parser.add_argument("--write", type=Path, metavar="FILE")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    root = Path(tempfile.mkdtemp(prefix="mmfix-kill-"))
    try:
        begun = time.monotonic()
        start(prepared(root / "whole"), options.loader).wait()
        long = time.monotonic() - begun
        wanted = tree(root / "whole" / "configs")
        changed = sum(name != "base.py" and b"mmfix" in data for name, data in wanted.items())
        if changed != CONFIGS:
            sys.exit(f"only {changed} of {CONFIGS} configs are patched when nobody disturbs")
        kills = between = 0
        faults: List[str] = []
        while kills < options.kills:
            folder = root / "one"
            ended, found, written = one(folder, chance.uniform(0, long), wanted, options.loader)
            shutil.rmtree(folder)
            kills += ended == "killed"
            between += ended == "killed" and 0 < written < CONFIGS
            faults += found
            for text in found:
                print(text, flush=True)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    torn = sum(text.startswith("torn") for text in faults)
    left = sum(text.startswith("left") for text in faults)
    lines = [
        f"{HEADING}\n",
        f"`mmfix patch` on a folder of {CONFIGS} configs, killed with SIGKILL at random moments. *Between*: some configs were written, some",
        f"not. Made by `python bench/patch_kill.py --kills {options.kills}{' --loader' if options.loader else ''} --write docs/reliability.md`.\n",
        "| kills | between | torn | left over after the next run | not finished by the next run |",
        "|---|---|---|---|---|",
        f"| {kills} | {between} | {torn} | {left} | {len(faults) - torn - left} |",
    ]
    if options.write:
        put(options.write, HEADING, "\n".join(lines))
    print("\n".join(lines))
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
