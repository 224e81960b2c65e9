"""Overrides -> the bytes of a patched config, of an overlay, or of a patched copy."""

from __future__ import annotations

import contextlib
import os.path as osp
import re
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Protocol, Sequence, Tuple

from mmfix.config.document import ConfigDocument, to_plain
from mmfix.config.keypath import KeyPath, format_key
from mmfix.errors import PatchError
from mmfix.findings import Override
from mmfix.patches.block import UNCONFIRMED, append, comment, split
from mmfix.patches.data import inherited_data, json_copy, to_json, to_yaml, yaml_lines
from mmfix.patches.difference import declared, differences, resolve_key, short, with_overrides
from mmfix.patches.edits import DELETE
from mmfix.patches.python import append_statements, overlay_statements
from mmfix.patches.rebase import module_reference, rebased_bases, rebased_text, reference_to
from mmfix.patches.seal import sealed

Pairs = Tuple[Tuple[KeyPath, Any], ...]

#: A line of the block that names a key: ``# key: old -> new``.
_COMMENT = re.compile(r"# \S.*?: .* -> ")


class Loads(Protocol):
    """What reads a config: :class:`mmfix.config.reader.Reader`."""

    def load(self, path: str, text: Optional[str] = None) -> ConfigDocument:
        """The config at ``path``, with ``text`` in place of the file's."""


class _Order(NamedTuple):
    """What to write: the config without mmfix's block, all overrides on it, and the comment lines."""

    document: ConfigDocument
    overrides: Pairs
    comments: List[str]


def plan(
    document: ConfigDocument,
    overrides: Sequence[Override],
    reader: Optional[Loads] = None,
    confirmed: bool = True,
) -> bytes:
    """The bytes of the document's file with ``overrides`` set in one marked block at its end.

    Overrides that the config already has are left out; if none is left the bytes are those the document was
    read from. An earlier block is replaced by one that sets its overrides and the new ones; if no loader has
    confirmed it, and one will confirm the new one, then in any case.

    Args:
        reader: Needed if the file has an earlier block.
        confirmed: Whether a loader will confirm the patch before it is written; if not, the block says so.

    Raises:
        PatchError: Nothing that can be appended sets them and nothing else; the message says what to do.
        ConfigError: The file cannot be read without its earlier block.
    """
    with _naming(document):
        data = document.text.encode("utf-8")
        if not _pairs(document, overrides) and not (confirmed and is_unconfirmed(document)):
            return data
        if document.kind == "json":
            raise PatchError(
                "nothing can be appended to a JSON file", document.path, hint="use --overlay or --output"
            )
        order = _order(document, overrides, reader, confirmed)
        return _with_block(order.document, order, order.document.text)


def plan_copy(
    document: ConfigDocument,
    overrides: Sequence[Override],
    target_path: str,
    reader: Optional[Loads] = None,
    confirmed: bool = True,
) -> bytes:
    """The bytes of a patched copy of the document's file, to be written to ``target_path``.

    ``_base_`` and relative imports are changed only if the folder differs.

    Raises:
        PatchError: As :func:`plan`, or the bases cannot be named from the other folder.
        ConfigError: As :func:`plan`.
    """
    with _naming(document):
        if osp.splitext(target_path)[1] != osp.splitext(document.path)[1]:
            raise PatchError(
                f"a copy of {osp.basename(document.path)} must keep its file type",
                target_path,
                hint=f"name it *{osp.splitext(document.path)[1]}",
            )
        folder = _folder(target_path)
        order = _order(document, overrides, reader, confirmed)
        if document.kind == "json":
            _require_confirmed(confirmed)
            bases = rebased_bases(to_plain(document.own.get("_base_")), osp.dirname(document.path), folder)
            return json_copy(document, order.overrides, bases).encode("utf-8")
        return _with_block(order.document, order, rebased_text(order.document, folder))


def plan_overlay(
    document: ConfigDocument, overrides: Sequence[Override], target_path: str, confirmed: bool = True
) -> bytes:
    """The bytes of a new config that inherits the document's file and sets ``overrides``.

    It is of the same kind; a ``.py`` overlay can also inherit JSON or YAML. ``confirmed`` as in :func:`plan`.

    Raises:
        PatchError: The kind does not fit ``target_path``, or the overlay cannot set a key; says what to do.
    """
    with _naming(document):
        suffix = osp.splitext(target_path)[1]
        same = osp.splitext(document.path)[1]
        if document.kind == "memory" or suffix not in (same, ".py"):
            raise PatchError(f"an overlay of a {same or 'memory'} config must be {same} or .py", target_path)
        if osp.abspath(target_path) == osp.abspath(document.path):
            raise PatchError("an overlay cannot have the name of the config it inherits", target_path)
        folder = _folder(target_path)
        pairs = _pairs(document, overrides)
        reference = reference_to(document.path, folder)
        made = comment(f'Made by "mmfix patch --overlay": {reference} with these changes:')
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


def undo(data: bytes, path: str = "") -> Optional[bytes]:
    """The file's bytes without mmfix's block, None if it has none.

    Args:
        path: The file; its suffix tells how to know a comment from text that looks like one.

    Raises:
        PatchError: The block is damaged.
    """
    try:
        found = split(data, osp.splitext(path)[1])
    except PatchError as error:
        error.path = path or None
        raise
    return None if found is None else found.original


def before_block(document: ConfigDocument, reader: Loads) -> ConfigDocument:
    """The config as it was before an earlier patch; the document itself if it has no block.

    Raises:
        PatchError: The block is damaged, or does more than its comments say: somebody wrote into it.
        ConfigError: The file cannot be read without its block.
    """
    with _naming(document):
        found = split(document.text.encode("utf-8"), osp.splitext(document.path)[1])
        if found is None:
            return document
        plain = reader.load(document.path, text=found.original.decode("utf-8"))
        said = [line[2 : line.index(": ")] for line in found.block.splitlines() if _COMMENT.match(line)]
        for difference in differences(plain.to_dict(), document.to_dict()):
            name = comment(format_key(difference.key))[2:]
            if not any(_same_branch(name, key) for key in said):
                raise PatchError(
                    f"mmfix's block was changed by hand: it also sets {name}",
                    hint="move what you added out of the block",
                )
        return plain


def is_unconfirmed(document: ConfigDocument) -> bool:
    """True if the document's file has a block that was written without the framework's loader."""
    if UNCONFIRMED not in document.text:
        return False
    found = split(document.text.encode("utf-8"), osp.splitext(document.path)[1])
    return found is not None and UNCONFIRMED in found.block.splitlines()


def block_overrides(document: ConfigDocument, plain: ConfigDocument) -> Tuple[Override, ...]:
    """What the document's unconfirmed block sets in the config without it (:func:`before_block`)."""
    reason = "written with --no-loader"
    return tuple(Override(key, value, reason) for key, value in declared(plain.tree, document.tree))


def _standing(confirmed: bool) -> List[str]:
    return [] if confirmed else [UNCONFIRMED]


def _require_confirmed(confirmed: bool) -> None:
    if not confirmed:
        raise PatchError(
            "a JSON file has no place to say that no loader has confirmed it",
            hint='"--overlay --output NAME.py" has one',
        )


def _same_branch(name: str, other: str) -> bool:
    """True if one key is the other or stands below it."""
    shorter, longer = sorted((name, other), key=len)
    return longer.startswith(shorter) and longer[len(shorter) :][:1] in ("", ".", "[")


def _folder(path: str) -> str:
    """The folder of a file to be written; MMEngine finds no relative base from one that is not there."""
    folder = osp.dirname(osp.abspath(path))
    if not osp.isdir(folder):
        raise PatchError("cannot be written: its folder does not exist", path, hint=f"create {folder} first")
    return folder


@contextlib.contextmanager
def _naming(document: ConfigDocument) -> Iterator[None]:
    """Name the file in refusals that do not know it."""
    try:
        yield
    except PatchError as error:
        error.path = error.path or document.path or None
        raise


def _pairs(document: ConfigDocument, overrides: Sequence[Override]) -> Pairs:
    """The overrides that change something, in the smallest form: a changed dict as its changed keys."""
    if document.kind == "memory":
        raise PatchError("an in-memory config has no file to patch")
    tree: Any = document.tree
    for override in overrides:
        if not override.key:
            raise PatchError("an override needs a key", document.path)
        if DELETE in override.key or _mentions_delete(override.value):
            raise PatchError(f"{DELETE} in {override} is an order to MMEngine, not a setting", document.path)
        key = resolve_key(tree, override.key)
        tree = with_overrides(tree, [(key, to_plain(override.value))])
    return declared(document.tree, tree)


def _mentions_delete(value: Any) -> bool:
    if isinstance(value, dict):
        return DELETE in value or any(_mentions_delete(item) for item in value.values())
    return isinstance(value, (list, tuple)) and any(_mentions_delete(item) for item in value)


def _order(
    document: ConfigDocument, overrides: Sequence[Override], reader: Optional[Loads], confirmed: bool
) -> _Order:
    pairs = _pairs(document, overrides)
    if document.kind == "json":
        return _Order(document, pairs, [])
    found = split(document.text.encode("utf-8"), osp.splitext(document.path)[1])
    if found is None:
        return _Order(document, pairs, [*_standing(confirmed), *_comments(document, pairs, overrides)])
    if reader is None:
        raise PatchError("this file already has an mmfix block", document.path, hint="undo it first")
    plain = reader.load(document.path, text=found.original.decode("utf-8"))
    together = declared(plain.tree, with_overrides(document.tree, pairs))
    comments = _comments(plain, together, overrides, found.block)
    return _Order(plain, together, [*_standing(confirmed), *comments])


def _with_block(document: ConfigDocument, order: _Order, text: str) -> bytes:
    data = text.encode("utf-8")
    if not order.overrides:
        return data
    if document.kind == "yaml":
        return append(data, [*order.comments, *yaml_lines(document, order.overrides)])
    return append(data, [*order.comments, *append_statements(document, order.overrides)])


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
        head = comment(f"{format_key(key)}: {short(document.get(key))} -> {short(value)}")
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
