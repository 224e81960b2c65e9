"""The public functions: check, patch, load."""

from __future__ import annotations

import os
from typing import Any, Mapping, Optional, Union

from mmfix.config.document import ConfigDocument
from mmfix.report.types import PatchResult, Report

#: A path, or a config in memory: MMEngine's ``Config``, mmcv 1.x's ``Config``, a plain dict.
Target = Union[str, "os.PathLike[str]", Mapping[str, Any], Any]

NO_ORIGINS = "a config in memory does not know its files: findings have a key, but no file and line"


def load(path: Union[str, os.PathLike[str]]) -> ConfigDocument:
    """Read a config without running it; every value knows the line that set it.

    Raises:
        ConfigError: It cannot be read, and MMEngine could not load it either.
    """
    from mmfix.config.reader import Reader

    return Reader().load(os.fspath(path))


def check(target: Target, launcher: Optional[str] = None, *, dependants: bool = False) -> Report:
    """Say what will crash or silently go wrong in distributed training.

    Args:
        target: A config file, a directory of configs, or a config in memory.
        launcher: The launcher it is trained with; ``'none'`` (one process) silences DDP findings.
            None: distributed.
        dependants: Judge the configs that inherit ``target``, too (those of a base are always judged).

    A config that cannot be read is in the report (``status == 'unreadable'``); it is not raised.
    """
    from mmfix.jobs.checking import check_files, judge_document, report_of, select

    if not isinstance(target, (str, os.PathLike)):
        from mmfix.jobs.inmemory import as_document

        return Report((judge_document(as_document(target), launcher),), (NO_ORIGINS,))
    selection = select([os.fspath(target)], dependants)
    judged = check_files((*selection.paths, *selection.inherited), selection.reader, launcher)
    return report_of(selection, judged)


def patch(
    target: Target,
    remedy: Optional[str] = None,
    *,
    output: Optional[Union[str, os.PathLike[str]]] = None,
    overlay: bool = False,
    undo: bool = False,
    write: bool = False,
) -> PatchResult:
    """Plan a patch for one config, and write it when asked.

    Args:
        target: A config file, or a config in memory: then ``result.config`` is a patched copy.
        remedy: Name of the cure; None: the first ``safe`` one.
        output: Write a patched copy to this file instead.
        overlay: Write a new config that inherits the file instead: to ``output``, or beside it.
        undo: Take the block of an earlier patch out again.
        write: Write the file. Without it ``result.diff()`` and ``result.after`` show what would be written.

    Raises:
        ConfigError: The config cannot be read.
        PatchError: The patch was refused or could not be written; no file was changed.
    """
    if not isinstance(target, (str, os.PathLike)):
        if output is not None or overlay or undo or write:
            raise TypeError("a config in memory has no file: output, overlay, undo and write need a path")
        from mmfix.jobs.inmemory import patch_config

        return patch_config(target, remedy)
    from mmfix.config.reader import Reader
    from mmfix.jobs.patching import Options, patch_file
    from mmfix.patches import Verifier

    options = Options(remedy, None if output is None else os.fspath(output), overlay, undo, write)
    with Verifier() as verifier:
        return patch_file(os.fspath(target), Reader(), options, verifier)
