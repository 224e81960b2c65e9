"""The repository's own training script, where it decides what DDP gets."""

from __future__ import annotations

from typing import List, Optional

from mmfix.code.library.roots import source_roots
from mmfix.code.scripts import KeyRead, TrainingScript, read_training_script
from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import MISSING, format_key
from mmfix.config.origin import Unknown
from mmfix.training.types import Setting


def deciding_script(document: ConfigDocument, runner: str, unknown: List[str]) -> Optional[TrainingScript]:
    """The script of the repository around a config, if it says how DDP gets an argument; else None.

    In the mmcv 1.x era every repository wraps the model itself; MMEngine's Runner does it for all, and a
    script can only call ``_set_static_graph()`` afterwards. Appends to ``unknown`` what could not be
    followed.
    """
    roots = source_roots(document.path, document.tree) if document.path else ()
    script = read_training_script(roots, document.path) if roots else None
    if script is None or (script.runner == "mmengine") is (runner == "mmcv1"):
        return None
    for problem in script.problems:
        where = f", {script.where(problem.place)}" if problem.place else ""
        unknown.append(f"the training script{where}: {problem.reason}")
    return script if script.find_unused or script.static_graph else None


def setting_of(
    read: KeyRead, script: TrainingScript, document: ConfigDocument, unknown: List[str]
) -> Setting:
    """What DDP gets by way of a script."""
    value = MISSING if read.key is None else document.get(read.key)
    if isinstance(value, Unknown):
        unknown.append(f"{format_key(read.key or ())}: {value.reason}")
        return Setting(value, read.key)
    if value is not MISSING:
        return Setting(read.value(value), read.key)
    if read.default is None:
        name = format_key(read.key or ())
        unknown.append(f"{name}: not set, and {script.where(read.place)} needs it. Write the key.")
    return Setting(bool(read.default), None)
