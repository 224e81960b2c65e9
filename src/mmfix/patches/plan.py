"""Overrides -> the bytes of a patched config, of an overlay, or of a patched copy."""

from __future__ import annotations

import os.path as osp
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from mmfix.config.document import ConfigDocument, to_plain
from mmfix.config.keypath import MISSING, KeyPath, format_key
from mmfix.errors import PatchError
from mmfix.findings import KeyMove, Override
from mmfix.patches.block import UNCONFIRMED, append, comment
from mmfix.patches.data import inherited_data, json_copy, to_json, to_yaml, yaml_lines
from mmfix.patches.difference import (
    declared,
    differences,
    resolve_key,
    short,
    with_overrides,
    without,
)
from mmfix.patches.earlier import is_unconfirmed, keys_moved, naming, same_branch, take_out
from mmfix.patches.edits import DELETE
from mmfix.patches.inplace import Elsewhere, Pairs, change_in_place
from mmfix.patches.python import append_statements, overlay_statements
from mmfix.patches.reading import Loads
from mmfix.patches.rebase import module_reference, rebased_bases, rebased_text, reference_to
from mmfix.patches.records import Record, record_line, records_in, records_of
from mmfix.patches.seal import sealed
from mmfix.wording import say


class Planned(NamedTuple):
    """The bytes of a patched config.

    Attributes:
        data: All of them.
        places: The literals that are changed in place.
        elsewhere: What was to be changed in place, and is appended; why.
        gone: The keys that were renamed or taken out.
    """

    data: bytes
    places: Tuple[Record, ...] = ()
    elsewhere: Tuple[Elsewhere, ...] = ()
    gone: Tuple[KeyPath, ...] = ()


class _Order(NamedTuple):
    """What to write: the config without mmfix's block, with what is changed in place; what is to be appended.

    Attributes:
        document: The config.
        overrides: What is to be appended.
        comments: Lines of the block.
        places: The literals that are changed in place.
        elsewhere: What was to be.
        gone: The keys that were renamed or taken out.
    """

    document: ConfigDocument
    overrides: Pairs
    comments: List[str]
    places: Tuple[Record, ...] = ()
    elsewhere: Tuple[Elsewhere, ...] = ()
    gone: Tuple[KeyPath, ...] = ()


def plan(
    document: ConfigDocument,
    overrides: Sequence[Override],
    reader: Optional[Loads] = None,
    confirmed: bool = True,
) -> bytes:
    """The bytes of :func:`planned`, with all overrides in the block but for those changed in place before."""
    return planned(document, overrides, reader, confirmed).data


def planned(
    document: ConfigDocument,
    overrides: Sequence[Override],
    reader: Optional[Loads] = None,
    confirmed: bool = True,
    in_place: bool = False,
    moves: Sequence[KeyMove] = (),
) -> Planned:
    """The document's file with ``overrides`` set in one marked block at its end, or where the values stand.

    Overrides that the config already has are left out; if none is left the bytes are those the document was
    read from. An earlier block is replaced by one that sets its overrides and the new ones; if no loader has
    confirmed it, and one will confirm the new one, then in any case. What the earlier one has changed in
    place is changed there again.

    Args:
        reader: Needed if the file has an earlier block, and for ``in_place``.
        confirmed: Whether a loader will confirm the patch before it is written; if not, the block says so.
        in_place: Literals of the file that decide nothing but an override are changed where they stand; the
            block then says what they were.
        moves: With ``in_place``, keys that get another name, or go, where they stand in this file.

    Raises:
        PatchError: Nothing that can be appended sets them and nothing else; the message says what to do.
        ConfigError: The file cannot be read without its earlier block.
    """
    with naming(document):
        pairs = _pairs(document, overrides)
        moves = [move for move in moves if in_place and document.get(move.key) is not MISSING]
        if not pairs and not moves and not (confirmed and is_unconfirmed(document)):
            return Planned(document.text.encode("utf-8"))
        order = _order(document, overrides, reader, confirmed, in_place, moves)
        if document.kind != "json":
            return _with_block(order, order.document.text)
        if order.overrides:
            raise PatchError(
                say("nothing can be appended to a JSON file"),
                document.path,
                hint=say("use --overlay or --output")
                if in_place
                else say("use --in-place-value, --overlay or --output"),
            )
        _require_confirmed(confirmed)
        return Planned(order.document.text.encode("utf-8"), order.places)


def set_in_one_file(document: ConfigDocument, overrides: Sequence[Override]) -> str:
    """The file that sets every value that overrides change; empty where several do, or nothing sets one.

    Raises:
        PatchError: As :func:`planned`.
    """
    files = set()
    for key, _ in _pairs(document, overrides):
        origin = None if document.get(key) is MISSING else document.origin(key)
        files.add("" if origin is None else origin.path)
    return files.pop() if len(files) == 1 else ""


def plan_copy(
    document: ConfigDocument,
    overrides: Sequence[Override],
    target_path: str,
    reader: Optional[Loads] = None,
    confirmed: bool = True,
    in_place: bool = False,
) -> Planned:
    """A patched copy of the document's file, to be written to ``target_path``.

    ``_base_`` and relative imports are changed only if the folder differs. In JSON every value is changed
    where it stands; otherwise ``in_place`` is as in :func:`planned`.

    Raises:
        PatchError: As :func:`plan`, or the bases cannot be named from the other folder.
        ConfigError: As :func:`plan`.
    """
    with naming(document):
        if osp.splitext(target_path)[1] != osp.splitext(document.path)[1]:
            raise PatchError(
                say("a copy of {config} must keep its file type", config=osp.basename(document.path)),
                target_path,
                hint=say("name it *{suffix}", suffix=osp.splitext(document.path)[1]),
            )
        folder = _folder(target_path)
        order = _order(document, overrides, reader, confirmed, in_place and document.kind != "json")
        if document.kind == "json":
            _require_confirmed(confirmed)
            bases = rebased_bases(to_plain(document.own.get("_base_")), osp.dirname(document.path), folder)
            return Planned(json_copy(document, order.overrides, bases).encode("utf-8"))
        return _with_block(order, rebased_text(order.document, folder))


def plan_overlay(
    document: ConfigDocument, overrides: Sequence[Override], target_path: str, confirmed: bool = True
) -> bytes:
    """The bytes of a new config that inherits the document's file and sets ``overrides``.

    It is of the same kind; a ``.py`` overlay can also inherit JSON or YAML. ``confirmed`` as in :func:`plan`.

    Raises:
        PatchError: The kind does not fit ``target_path``, or the overlay cannot set a key; says what to do.
    """
    with naming(document):
        suffix = osp.splitext(target_path)[1]
        same = osp.splitext(document.path)[1]
        if document.kind == "memory" or suffix not in (same, ".py"):
            raise PatchError(
                say(
                    "an overlay of a {kind} config must be {suffix} or .py",
                    kind=same or "memory",
                    suffix=same,
                ),
                target_path,
            )
        if osp.abspath(target_path) == osp.abspath(document.path):
            raise PatchError(say("an overlay cannot have the name of the config it inherits"), target_path)
        folder = _folder(target_path)
        pairs = _pairs(document, overrides)
        reference = reference_to(document.path, folder)
        made = comment(say('Made by "mmfix patch --overlay": {config} with these changes:', config=reference))
        about = [*_standing(confirmed), made, *_comments(document, pairs, overrides)]
        if suffix == ".json":
            _require_confirmed(confirmed)
            return to_json({"_base_": reference, **inherited_data(document.tree, pairs)}).encode("utf-8")
        if suffix in (".yaml", ".yml"):
            lines = to_yaml({"_base_": reference, **inherited_data(document.tree, pairs)})
            return sealed([*about, *lines])
        if document.kind == "lazy":
            module = module_reference(document.path, folder)
            head = [
                "from mmengine.config import read_base",
                "",
                "with read_base():",
                f"    from {module} import *",
            ]
            return sealed([*about, *head, "", *overlay_statements(document, pairs)])
        return sealed([*about, f"_base_ = {reference!a}", *overlay_statements(document, pairs)])


def _standing(confirmed: bool) -> List[str]:
    return [] if confirmed else [UNCONFIRMED]


def _require_confirmed(confirmed: bool) -> None:
    if not confirmed:
        raise PatchError(
            say("a JSON file has no place to say that no loader has confirmed it"),
            hint=say('"--overlay --output NAME.py" has one'),
        )


def _folder(path: str) -> str:
    """The folder of a file to be written; MMEngine finds no relative base from one that is not there."""
    folder = osp.dirname(osp.abspath(path))
    if not osp.isdir(folder):
        raise PatchError(
            say("cannot be written: its folder does not exist"),
            path,
            hint=say("create {folder} first", folder=folder),
        )
    return folder


def _pairs(document: ConfigDocument, overrides: Sequence[Override]) -> Pairs:
    """The overrides that change something, in the smallest form: a changed dict as its changed keys."""
    if document.kind == "memory":
        raise PatchError(say("an in-memory config has no file to patch"))
    tree: Any = document.tree
    for override in overrides:
        if not override.key:
            raise PatchError(say("an override needs a key"), document.path)
        if DELETE in override.key or _mentions_delete(override.value):
            raise PatchError(
                say("{order} in {key} is an order to MMEngine, not a setting", order=DELETE, key=override),
                document.path,
            )
        key = resolve_key(tree, override.key)
        tree = with_overrides(tree, [(key, to_plain(override.value))])
    return declared(document.tree, tree)


def _mentions_delete(value: Any) -> bool:
    if isinstance(value, dict):
        return DELETE in value or any(_mentions_delete(item) for item in value.values())
    return isinstance(value, (list, tuple)) and any(_mentions_delete(item) for item in value)


def _order(
    document: ConfigDocument,
    overrides: Sequence[Override],
    reader: Optional[Loads],
    confirmed: bool,
    in_place: bool,
    moves: Sequence[KeyMove] = (),
) -> _Order:
    plain, block = document, ""
    wanted_tree = with_overrides(document.tree, _pairs(document, overrides))
    found = take_out(document.text.encode("utf-8"), document.path, reader)
    if found is not None:
        if reader is None:
            raise PatchError(
                say("this file already has an mmfix block"), document.path, hint=say("undo it first")
            )
        plain = reader.load(document.path, text=found.data.decode("utf-8"))
        block = found.block
        moves = [*moves, *_moves_between(plain, document, block)]
    stood = [record.key for record in records_in(block)]
    stay: Tuple[Elsewhere, ...] = ()
    for tried in (moves, ()) if moves and reader is not None else ((),):
        keys = [move.key for move in tried]
        pairs = declared(without(plain.tree, keys), without(wanted_tree, keys))
        comments = [
            *_standing(confirmed),
            *_comments(plain, (*((key, MISSING) for key in keys), *pairs), overrides, block),
        ]
        wanted = tuple(
            pair for pair in pairs if in_place or any(same_branch(format_key(pair[0]), key) for key in stood)
        )
        if reader is None or not (wanted or tried):
            return _Order(plain, pairs, comments, (), stay)
        made = change_in_place(plain, wanted, reader, tried)
        if set(made.gone) == set(keys):
            break
        stay = tuple(each for each in made.elsewhere if each.is_move)
    places = records_of(plain.text, made.edits)
    rest = (*made.rest, *(pair for pair in pairs if pair not in wanted))
    elsewhere = (*stay, *made.elsewhere) if in_place else ()
    comments += map(record_line, places)
    return _Order(made.document, rest, comments, places, elsewhere, made.gone)


def _moves_between(plain: ConfigDocument, patched: ConfigDocument, block: str) -> Iterator[KeyMove]:
    """The keys that an earlier patch has renamed or taken out."""
    for key in keys_moved(plain, patched, block):
        before, after = plain.get(key[:-1]), patched.get(key[:-1])
        to = [
            name for name in after if name not in before and not any(differences(after[name], plain.get(key)))
        ]
        yield KeyMove(key, str(to[0]) if to else "")


def _with_block(order: _Order, text: str) -> Planned:
    data = text.encode("utf-8")
    if not order.overrides and not order.places:
        return Planned(data)
    make = yaml_lines if order.document.kind == "yaml" else append_statements
    lines = make(order.document, order.overrides) if order.overrides else []
    return Planned(append(data, [*order.comments, *lines]), order.places, order.elsewhere, order.gone)


def _comments(
    document: ConfigDocument, pairs: Pairs, overrides: Sequence[Override], block: str = ""
) -> List[str]:
    """One line for each key: old value, new value and reason; the reason of an earlier block is kept."""
    lines = []
    kept: Dict[str, str] = {
        line[: line.index(": ")]: line
        for line in block.splitlines()
        if line.startswith("# ") and ": " in line
    }
    for key, value in pairs:
        head = comment(f"{format_key(key)}: {short(to_plain(document.get(key)))} -> {short(value)}")
        reasons = {o.reason for o in overrides if o.reason and _overlap(o.key, key)}
        if reasons:
            lines.append(comment(f"{head[2:]} ({'; '.join(sorted(reasons))})"))
            continue
        old = kept.get(head[: head.index(": ")], "")
        lines.append(old if old.startswith(head) else head)
    return lines


def _overlap(key: KeyPath, other: KeyPath) -> bool:
    length = min(len(key), len(other))
    return [str(part) for part in key[:length]] == [str(part) for part in other[:length]]
