"""Plays the scenes of ``scenes/`` in child processes, each group of modules once, and reads what they printed."""

from __future__ import annotations

import shutil
import sys
from functools import lru_cache
from pathlib import Path
from typing import Callable, Dict, List, Tuple

sys.path.insert(0, str(Path(__file__).parents[2] / "prove"))
from fresh_python import run

from openmmlab_packages import openmmlab1_folder, openmmlab_folder

SCENES = Path(__file__).with_name("scenes")
#: What the first optimizer and the first Runner would import, in each process anew; it takes seconds.
HEAVY = ("torch._dynamo",)
HEAVY_IN_RUNNER = (*HEAVY, "matplotlib.figure", "matplotlib.backends.backend_agg")
#: What one process imports and then plays, and the packages that it needs.
GROUPS: Dict[str, Tuple[Tuple[str, ...], Tuple[str, ...]]] = {
    "plain": (
        (*HEAVY_IN_RUNNER, "torch_scenes", "mmengine_scenes", "unrelated_scenes"),
        ("torch", "mmengine"),
    ),
    "torchrun": (("torchrun_scenes",), ("torch",)),
    "mmcv1": ((*HEAVY, "mmcv1_scenes"), ("torch", "mmcv1")),
    "openmmlab": ((*HEAVY_IN_RUNNER, "openmmlab_scenes"), ("torch", "mmengine", "mmdet", "mmseg")),
}
FOLDERS: Dict[str, Callable[[], Path]] = {"mmcv1": openmmlab1_folder, "mmdet": openmmlab_folder}


def needs_of(group: str) -> Tuple[str, ...]:
    """What must be importable to play a group."""
    return GROUPS[group][1]


def printed(group: str, scene: str) -> Callable[[Path], str]:
    """A function of an empty folder that gives what a scene printed."""
    return lambda folder: texts_of(group, folder)[scene]


@lru_cache(maxsize=None)
def _played(group: str) -> Dict[str, str]:
    return {}


def texts_of(group: str, folder: Path) -> Dict[str, str]:
    """Scene -> what its processes printed; the group is played in ``folder`` the first time that it is asked for."""
    texts = _played(group)
    if not texts:
        modules, needs = GROUPS[group]
        packages: List[Path] = [FOLDERS[need]() for need in needs if need in FOLDERS]
        stage = folder / "stage"
        stage.mkdir()
        run("import stage; stage.main()", SCENES, *packages, arguments=(stage, *modules))
        for path in stage.glob("*.txt"):
            # a carriage return stays: progress bars have them
            texts[path.stem] = path.read_bytes().decode("utf-8", "replace")
        for path in stage.glob("*/*/*.log"):  # of a Runner
            texts[f"{path.parts[-3]}_log"] = path.read_text(encoding="utf-8")
        for path in stage.glob("logs/*/attempt_0/0/stderr.log"):  # of torchrun
            texts["torchrun_log"] = path.read_bytes().decode("utf-8", "replace")
        shutil.rmtree(str(stage))
    return texts
