"""The repository's own training script, where it decides what DDP gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Optional, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import MISSING, format_key
from mmfix.config.origin import Unknown
from mmfix.repository.roots import source_roots
from mmfix.scripts import read_training_script
from mmfix.training.types import Setting
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.scripts.types import KeyRead, TrainingScript


def deciding_script(document: ConfigDocument, runner: str, unknown: List[str]) -> Optional[TrainingScript]:
    """The script of the repository around a config, if it says how DDP gets an argument; else None.

    In the mmcv 1.x era every repository wraps the model itself; MMEngine's Runner does it for all, and a
    script can only call ``_set_static_graph()`` afterwards. Appends to ``unknown`` what could not be
    followed.
    """
    script = _script_around(document)
    if script is None or (script.runner == "mmengine") is (runner == "mmcv1"):
        return None
    for problem in script.problems:
        if problem.place:
            place = script.where(problem.place)
            unknown.append(say("the training script, {place}: {why}", place=place, why=problem.reason))
        else:
            unknown.append(say("the training script: {why}", why=problem.reason))
    if script.touches is not None:
        unknown.append(
            say(
                "find_unused_parameters: {place} handles it itself, which is not followed; what is said "
                "about it here is only possible",
                place=script.where(script.touches),
            )
        )
    return script if script.find_unused or script.static_graph else None


def _script_around(document: ConfigDocument) -> Optional[TrainingScript]:
    known = document.path or document.homes
    roots = source_roots(document.path, document.tree, document.homes, document.roots) if known else ()
    if not roots:
        return None
    return read_training_script(roots, document.path)


def script_files(document: ConfigDocument) -> Tuple[str, ...]:
    """The files of the repository around a config that decide what DDP gets."""
    script = _script_around(document)
    return () if script is None else script.files


def trains_first(document: ConfigDocument, runner: str) -> bool:
    """Whether the repository's script calls the model's ``train()`` before it wraps the model."""
    script = _script_around(document) if runner == "mmcv1" else None
    return script is not None and script.trained


def is_decided_elsewhere(document: ConfigDocument, runner: str) -> bool:
    """Whether the repository's script for MMEngine's Runner handles ``find_unused_parameters`` itself."""
    script = _script_around(document)
    return script is not None and script.touches is not None and runner != "mmcv1"


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
        unknown.append(
            say(
                "{key}: not set, and {place} needs it. Write the key.",
                key=name,
                place=script.where(read.place),
            )
        )
    return Setting(bool(read.default), None)
