"""The public functions: check, patch, load, diff, explain."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Mapping, Optional, Union

from mmfix.config.document import ConfigDocument
from mmfix.results.checked import ConfigReport, Report
from mmfix.results.comparison import Comparison
from mmfix.results.patched import PatchResult
from mmfix.settings import chosen
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.results.diagnosis import Diagnosis

#: A path, or a config in memory: MMEngine's ``Config``, mmcv 1.x's ``Config``, a plain dict.
Target = Union[str, "os.PathLike[str]", Mapping[str, Any], Any]

NO_ORIGINS = say("a config in memory does not know its files: findings have a key, but no file and line")


def load(path: Union[str, os.PathLike[str]]) -> ConfigDocument:
    """Read a config without running it; every value knows the line that set it.

    Raises:
        ConfigError: It cannot be read, and MMEngine could not load it either.
    """
    from mmfix.config.reader import Reader

    return Reader().load(os.fspath(path))


def diff(
    before: Union[str, os.PathLike[str]],
    after: Optional[Union[str, os.PathLike[str]]] = None,
    *,
    since: Optional[str] = None,
) -> Comparison:
    """Say by key how two configs differ, each with all its bases. Runs nothing.

    Args:
        before: A config file.
        after: Another one; None: the same.
        since: Read ``before`` as it was in this git revision; None: as it is now.

    Raises:
        MmfixError: One of them cannot be read, or git does not know the revision.
        TypeError: Neither ``after`` nor ``since`` was given.
    """
    from mmfix.jobs.comparing import compare

    if after is None and since is None:
        raise TypeError("name two configs, or one and since")
    return compare(os.fspath(before), os.fspath(before if after is None else after), since or "")


def check(
    target: Target,
    launcher: Optional[str] = None,
    *,
    dependants: bool = False,
    fail_on: Optional[str] = None,
    proofs: bool = True,
    gitignore: bool = True,
    jobs: int = 1,
    settings: bool = True,
) -> Report:
    """Say what will crash or silently go wrong in distributed training.

    Args:
        target: A config file, a directory of configs, or a config in memory.
        launcher: The launcher it is trained with; ``'none'`` (one process) silences DDP findings.
            None: distributed.
        dependants: Judge the configs that inherit ``target``, too (those of a base are always judged).
        fail_on: How sure an error or warning must be to count in ``exit_code``: ``certain``, ``likely``,
            ``possible`` or ``never``; None: what the settings file says, else ``likely``.
        proofs: Believe the proof file of a config (``.mmfix/proofs.json``).
        gitignore: Leave out of a directory what git ignores.
        jobs: How many processes judge a directory, as far as they are worth their start. More than one are
            forks of this process, which should then have no threads; where there is no fork, it stays one.
        settings: What is not given here is as the settings file above a config says (``mmfix.toml``, or
            ``[tool.mmfix]`` in pyproject.toml); for a config in memory the one above the working directory.

    A config that cannot be read, or whose settings file cannot be used, is in the report (``status ==
    'unreadable'``); it is not raised.
    """
    from mmfix.jobs.checking import judge_document
    from mmfix.jobs.checking_many import judge_many
    from mmfix.jobs.selecting import report_of, select
    from mmfix.project.held import held
    from mmfix.workers import InOrder, processes

    wanted = replace(chosen(settings, launcher=launcher, fail_on=fail_on), proofs=proofs, gitignore=gitignore)
    if not isinstance(target, (str, os.PathLike)):
        from mmfix.jobs.inmemory import as_document

        report = judge_document(as_document(target), wanted)
        return Report((report,), (NO_ORIGINS,), held(wanted, "").settings.fail_on)
    selection = select([os.fspath(target)], dependants, wanted)
    paths = (*selection.paths, *selection.inherited)
    order: InOrder[ConfigReport] = InOrder()
    done = judge_many(paths, selection.reader, wanted, processes(jobs, len(paths)))
    judged = [report for number, found in done for report in order.add(number, found)]
    return report_of(selection, judged, wanted)


def patch(
    target: Target,
    remedy: Optional[str] = None,
    *,
    output: Optional[Union[str, os.PathLike[str]]] = None,
    overlay: bool = False,
    undo: bool = False,
    write: bool = False,
    verify: bool = False,
    no_loader: bool = False,
    possible: bool = False,
    proofs: bool = True,
    settings: bool = True,
    in_place_value: bool = False,
    edit_base: bool = False,
    all_heirs: bool = False,
    allow_dirty: bool = False,
) -> PatchResult:
    """Plan a patch for one config, and write it when asked.

    Writing runs the config in a child process: the framework's own loader must confirm the patch. Planning,
    taking a block out, and patching a config in memory run nothing.

    Args:
        target: A config file, or a config in memory: then ``result.config`` is a patched copy.
        remedy: Name of the cure; None: the first ``safe`` one of what is at least likely.
        output: Write a patched copy to this file instead.
        overlay: Write a new config that inherits the file instead: to ``output``, or beside it.
        undo: Take the block of an earlier patch out again.
        write: Write the file. Without it ``result.diff()`` and ``result.after`` show what would be written.
        verify: Without ``write``, too, run the config and have the patch confirmed: ``result.confirmed_by``.
        no_loader: Run nothing; with ``write``, write on mmfix's own reading alone, which the file then says.
        possible: Without ``remedy``, cure what is only possible, too; ``result.left`` lists it otherwise.
        proofs: Believe the proof file of a config (``.mmfix/proofs.json``).
        settings: What is not given here is as the settings file says; see :func:`check`.
        in_place_value: Change values where they stand in the file (``result.places``), and append only the
            others; ``result.notes`` says why.
        edit_base: Where one base sets all that the cures change, change it there, with all configs that
            inherit it: ``result.target`` is that base, and ``result.heirs`` are these.
        all_heirs: With ``edit_base``, also where that cures nothing in some of them.
        allow_dirty: With a ``remedy`` that changes your own code (``result.edits``), change files with
            uncommitted changes, too.

    Raises:
        ConfigError: The config cannot be read.
        SettingsError: The settings file above it cannot be used.
        PatchError: The patch was refused or could not be written; no file was changed.
        TypeError: A config in memory was given with arguments that are about a file.
        ValueError: Both ``verify`` and ``no_loader`` were given, or ``in_place_value`` or ``edit_base``
            with what leaves the file alone.
    """
    least = "possible" if possible else None
    wanted = replace(chosen(settings, patch_min_confidence=least), proofs=proofs)
    in_place = in_place_value or edit_base
    if not isinstance(target, (str, os.PathLike)):
        if output is not None or overlay or undo or write or verify or no_loader or in_place:
            raise TypeError("a config in memory has no file: only remedy and possible go with it")
        from mmfix.jobs.inmemory import patch_config

        return patch_config(target, remedy, wanted)
    from mmfix.jobs.code_cures import cure_file, is_code_cure
    from mmfix.jobs.patching import Options, patch_file
    from mmfix.jobs.selecting import reader_for
    from mmfix.patches import Verifier

    if verify and no_loader:
        raise ValueError("verify asks for the loader that no_loader leaves out")
    if in_place and (overlay or undo or (edit_base and output is not None)):
        raise ValueError("overlay, output and undo leave alone what in_place_value and edit_base change")
    file = None if output is None else os.fspath(output)
    options = Options(
        remedy=remedy,
        output=file,
        overlay=overlay,
        undo=undo,
        write=write,
        verify=verify,
        no_loader=no_loader,
        settings=wanted,
        in_place=in_place,
        all_heirs=all_heirs,
        allow_dirty=allow_dirty,
    )
    if is_code_cure(remedy):
        if overlay or output is not None or in_place or verify:
            raise ValueError(f"{remedy} changes code: it goes with nothing that says where a patch goes")
        return cure_file(os.fspath(target), reader_for(wanted), options)
    if edit_base:
        from mmfix.jobs.editing_bases import edit_base_of

        result = edit_base_of(os.fspath(target), options)
        if result is not None:
            return result
    with Verifier() as verifier:
        result = patch_file(os.fspath(target), reader_for(wanted), options, verifier)
    if not undo:
        return result
    from mmfix.jobs.undoing_code import cures_of_others, undo_file

    edits = undo_file(os.fspath(target), write)
    notes = (*result.notes, *cures_of_others([os.fspath(target)]))
    return replace(result, edits=edits, written=result.written or (write and bool(edits)), notes=notes)


def explain(text_or_path: Union[str, os.PathLike[str]], config: Optional[Target] = None) -> Diagnosis:
    """Say what a training log, or the text of an error, is about, and what cures it.

    Args:
        text_or_path: A log file, or the text itself: a text that names no file is read as one.
        config: What was trained: a path, or a config in memory; None: the one that the log shows.

    Returns:
        The first diagnosis, with later ones in ``others``; ``known`` is False when no known error was found.

    Raises:
        MmfixError: The log, or the config, cannot be read.
    """
    from mmfix.jobs.explaining import ExplainOptions, explain_file, explain_text

    if config is None or isinstance(config, (str, os.PathLike)):
        options = ExplainOptions("" if config is None else os.fspath(config))
    else:
        from mmfix.jobs.inmemory import as_document

        options = ExplainOptions(document=as_document(config))
    if isinstance(text_or_path, os.PathLike) or _names_a_file(text_or_path):
        return explain_file(os.fspath(text_or_path), options)
    return explain_text(text_or_path, options)


def _names_a_file(text: str) -> bool:
    if not isinstance(text, str):
        raise TypeError(f"expected a path or a text, not {type(text).__name__}")
    try:
        named = "\n" not in text and " " not in text and text.endswith((".log", ".txt", ".out", ".err"))
        return named or ("\n" not in text and os.path.exists(text))
    except (OSError, ValueError):  # too long for a name; a null character
        return False
