"""`mmfix prove` on 20 configs of the maintained continuation (onedl-*). Prints one line each.

    python bench/prove_onedl.py

Run it with onedl-mmengine, onedl-mmcv (its Python part will do: the compiled operators get stand-ins), onedl-mmdetection,
onedl-mmsegmentation and onedl-mmpretrain: the config with the smallest backbone of each of the first 20 model folders,
eight of mmdet, eight of mmseg and four of mmpretrain.
"""

from __future__ import annotations

import importlib
from collections import Counter
from pathlib import Path
from typing import List

from prove_configs import job_of, smallest
from prove_many import in_pairs

from mmfix.prove.job import Job

SHARES = {"mmdet": 8, "mmseg": 8, "mmpretrain": 4}


def jobs() -> List[Job]:
    """Twenty of them, two steps each."""
    found: List[Job] = []
    for package, count in SHARES.items():
        root = Path(str(importlib.import_module(package).__file__)).parents[1]
        folders = [path for path in smallest(root, package).values() if path is not None]
        found += [job_of(path) for path in folders[:: max(len(folders) // count, 1)][:count]]
    return found


def main() -> None:
    """Rehearse them."""
    wanted = jobs()
    count: Counter = Counter()
    for job, (found, seconds) in zip(wanted, in_pairs(wanted)):
        count[found.outcome] += 1
        name = job.config.partition("/.mim/configs/")[2]
        print(f"{found.outcome} {name} {found.trainable} {seconds:.0f} s {found.reason[:200]}", flush=True)
        versions = found.versions
    print(dict(count), dict(versions))


if __name__ == "__main__":
    main()
