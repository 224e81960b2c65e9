"""Which config a run had: the one that is given, the one that it printed, or the one on its command line."""

from __future__ import annotations

import ast
import os
import os.path as osp
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, List, Optional, Sequence, Tuple

from mmfix.config.keypath import KeyPath, format_key, parse_key
from mmfix.diagnosis.types import ConfigInLog, Run
from mmfix.errors import ConfigError, MmfixError
from mmfix.results.place import display_path
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.config.document import ConfigDocument

#: What a cure for DDP may touch: two configs that agree here get the same answer.
_DECISIVE = (
    "model", "find_unused_parameters", "model_wrapper_cfg", "strategy", "runner_type", "data_preprocessor",
    "activation_checkpointing", "optim_wrapper", "optimizer_config", "custom_imports",
)  # fmt: skip
_ABOVE = 4


@dataclass(frozen=True)
class UsedConfig:
    """The config of a run.

    Attributes:
        document: None when none was found.
        shown: In words: ``configs/a.py``, ``printed in train.log:120``.
        path: The file that a cure can be written into; empty when there is none.
        notes: What to know, one line each.
        typed: Keys that the command line sets: it wins over the file.
        pasted: It may be a part of the config only: what is not in it may be elsewhere.
    """

    document: Optional[ConfigDocument] = None
    shown: str = ""
    path: str = ""
    notes: Tuple[str, ...] = ()
    typed: Tuple[KeyPath, ...] = ()
    pasted: bool = False


def used_config(run: Run, log: str, given: str = "") -> UsedConfig:
    """The config of a run.

    Args:
        run: What the log says of it.
        log: Path of the log; ``-`` or empty for a text.
        given: The config's path, when the user says it.

    Raises:
        ConfigError: The given config cannot be read.
    """
    notes: List[str] = []
    from mmfix.config.reader import Reader

    path = osp.abspath(given) if given else _on_disk(run, log)
    on_disk = None
    if path:
        try:
            on_disk = Reader().load(path)
        except ConfigError as error:
            if given:
                raise
            notes.append(say("the config on the command line of the log cannot be read: {why}", why=error))
            path = ""
    typed: Tuple[KeyPath, ...] = ()
    if on_disk is not None:
        on_disk, typed = _with_options(on_disk, run, notes)
    ignored = run.config is None or (run.config.pasted and on_disk is not None)
    printed = None if ignored or run.config is None else _printed(run.config, log, path, notes)
    if printed is not None and not path:
        printed = replace(printed, homes=homes_of(run, log))
    differing = _differences(on_disk, printed) if on_disk is not None and printed is not None else []
    others = [key for key in differing if key[0] == "model" and key[-1] == "type"]
    if given and others:
        notes.append(
            say(
                "{config} is not the config of this run, which has printed another model",
                config=display_path(path),
            )
        )
    elif on_disk is not None and (given or printed is None):
        if differing:
            notes.append(
                say("the log printed other values than this config has: {keys}", keys=_listed(differing))
            )
        return UsedConfig(on_disk, given or path, path, tuple(notes), typed)
    if printed is None:
        if run.command is not None and not path:
            notes.append(
                say(
                    "the log names {config}, which is not here; give it with --config",
                    config=run.command.config,
                )
            )
        return UsedConfig(notes=tuple(notes))
    line, pasted = (0, False) if run.config is None else (run.config.line, run.config.pasted)
    name = osp.basename(log) if log not in ("", "-") else say("the log")
    place = f"{name}:{line + pasted}"
    shown = say("pasted in {place}", place=place) if pasted else say("printed in {place}", place=place)
    if given:
        path = ""  # of another model
    elif differing and path:
        notes.append(
            say(
                "{config} is no longer what the log has printed, so it is not judged",
                config=display_path(path),
            )
        )
        path = ""
    return UsedConfig(printed, shown, path, tuple(notes), typed, pasted)


def _on_disk(run: Run, log: str) -> str:
    """The config of the command line: from here, or from a folder above the log."""
    if run.command is None:
        return ""
    name = osp.expanduser(run.command.config)
    paths = (osp.abspath(osp.join(folder, name)) for folder in _folders(log))
    return next((path for path in paths if osp.isfile(path)), "")


def _folders(log: str) -> List[str]:
    """The working directory, the folder of the log, and some above it."""
    folders = [os.getcwd()]
    if log not in ("", "-"):
        folder = osp.dirname(osp.abspath(log))
        for _ in range(_ABOVE):
            folders.append(folder)
            folder = osp.dirname(folder)
    return folders


def homes_of(run: Run, log: str) -> Tuple[str, ...]:
    """Where the code of a run may lie: what its traceback and its command name, as far as it is here.

    Then the working directory, the repository around the log, and PYTHONPATH.
    """
    command = run.command
    named = [*run.files]
    if command is not None:
        named += [osp.abspath(osp.join(folder, command.script)) for folder in _folders(log)]
    scripts = [path for path in named if osp.isabs(path) and osp.isfile(path)]
    found = [osp.dirname(path) for path in scripts]
    found = [osp.dirname(home) if osp.basename(home) == "tools" else home for home in found]
    found += [os.getcwd(), *(folder for folder in _folders(log) if osp.exists(osp.join(folder, ".git")))]
    listed = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    found += [osp.abspath(folder) for folder in listed if folder and osp.isdir(folder)]
    return tuple(dict.fromkeys(found))


def _printed(config: ConfigInLog, log: str, path: str, notes: List[str]) -> Optional[ConfigDocument]:
    """The printed config as a document, of the file ``path`` if that is known; None if it is unusable."""
    from mmfix.config.reader import Reader

    text, where = config.text, log if log not in ("", "-") else say("the log")
    for attempt in range(2):
        try:
            document = Reader().load_printed(osp.abspath(log) if where == log else where, text, config.line)
        except MmfixError as error:
            # another process may have written into it, or the log was cut: what stands before that is whole
            text = _before(text, (error.line or 0) - config.line + 1)
            if attempt or "model = " not in text:
                notes.append(
                    say(
                        "the config in {log}:{line} cannot be read: {why}",
                        log=where,
                        line=config.line,
                        why=error.message,
                    )
                )
                return None
            notes.append(
                say(
                    "the config in {log}:{line} is cut off; keys behind the cut are not known",
                    log=where,
                    line=config.line,
                )
            )
            continue
        if "model" in document.tree:
            return replace(document, path=path)
        notes.append(say("the config in {log}:{line} has no model", log=where, line=config.line))
        return None
    return None


def _before(text: str, line: int) -> str:
    """The text up to the last statement that begins before a line."""
    lines = text.split("\n")[: max(0, line)]
    while lines and not lines[-1][:1].isidentifier():
        lines.pop()
    return "\n".join(lines[:-1]) + "\n"


def _with_options(
    document: ConfigDocument, run: Run, notes: List[str]
) -> Tuple[ConfigDocument, Tuple[KeyPath, ...]]:
    """The config with the ``--cfg-options`` of the command line, and the keys that they set."""
    if run.command is None or not run.command.options:
        return document, ()
    overrides = []
    for option in run.command.options:
        key, _, value = option.partition("=")
        try:
            overrides.append((parse_key(key), _value(value)))
        except ValueError:
            continue
    from mmfix.patches.difference import with_overrides

    try:
        changed = replace(document, tree=with_overrides(document.tree, overrides))
    except MmfixError as error:
        notes.append(say("--cfg-options of the log do not fit this config: {why}", why=error.message))
        return document, ()
    notes.append(
        say(
            "with the command line's --cfg-options {options}; they win over the file",
            options=" ".join(run.command.options),
        )
    )
    return changed, tuple(key for key, _ in overrides)


def _value(text: str) -> Any:
    """A value as MMEngine reads it (``mmengine/config/config.py: DictAction._parse_iterable``)."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for candidate in (text, f"[{text}]") if "," in text else (text,):
        try:
            return ast.literal_eval(candidate)
        except (ValueError, SyntaxError):
            continue
    return text


def _differences(one: ConfigDocument, other: ConfigDocument) -> List[KeyPath]:
    """The decisive keys in which two configs differ."""
    keys: List[KeyPath] = []
    for name in _DECISIVE:
        _compare(one.tree.get(name), other.tree.get(name), (name,), keys)
    return keys


def _listed(keys: Sequence[KeyPath]) -> str:
    shown = ", ".join(format_key(key) for key in keys[:3])
    return say("{keys} and {count} more", keys=shown, count=len(keys) - 3) if len(keys) > 3 else shown


def _compare(one: Any, other: Any, path: KeyPath, found: List[KeyPath]) -> None:
    from mmfix.config.names import type_name

    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys([*one, *other]):
            _compare(one.get(key), other.get(key), (*path, key), found)
    elif _is_list(one) and _is_list(other) and len(one) == len(other):
        for place, (left, right) in enumerate(zip(one, other)):
            _compare(left, right, (*path, place), found)
    elif path[-1] == "type" and type_name(one) == type_name(other):
        pass  # a lazy config prints the whole path of a class
    elif not (one == other or str(one) == str(other) or (_is_list(one) and list(one) == list(other))):
        found.append(path)


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))


def options_text(overrides: Sequence[Tuple[KeyPath, Any]]) -> str:
    """``--cfg-options`` that set the overrides; empty when one of them is no plain value."""
    words = []
    for key, value in overrides:
        if not isinstance(value, (bool, int, float, str)) and value is not None:
            return ""
        words.append(f"{'.'.join(map(str, key))}={value}")
    return f"--cfg-options {' '.join(words)}" if words else ""
