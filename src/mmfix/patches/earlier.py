"""The block of an earlier patch: take it out, with all that it stands for."""

from __future__ import annotations

import contextlib
import os.path as osp
import re
from typing import Iterator, List, NamedTuple, Optional, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import MISSING, KeyPath, format_key
from mmfix.errors import PatchError
from mmfix.findings import Override
from mmfix.patches.block import UNCONFIRMED, comment, split
from mmfix.patches.difference import declared, differences, keys_gone, without
from mmfix.patches.reading import Loads
from mmfix.patches.records import FIRST_WORDS, Record, put_back, records_in
from mmfix.wording import say

#: A line of the block that names a key: ``# key: old -> new``.
_COMMENT = re.compile(r"# \S.*?: .* -> ")


class TakenOut(NamedTuple):
    """A file without mmfix's block.

    Attributes:
        data: Its bytes, as they were before the patch.
        block: The block's text.
        left: Literals that mmfix has changed in place and somebody else since; they stay.
    """

    data: bytes
    block: str
    left: Tuple[Record, ...]


def undo(data: bytes, path: str = "") -> Optional[bytes]:
    """The bytes of :func:`take_out`, None if the file has no block."""
    found = take_out(data, path)
    return None if found is None else found.data


def take_out(data: bytes, path: str = "", reader: Optional[Loads] = None) -> Optional[TakenOut]:
    """The file without mmfix's block, and with what it has changed in place put back; None without a block.

    Args:
        path: The file; its suffix tells how to know a comment from text that looks like one.
        reader: Tells literals on equal lines apart; without it, their line numbers must do.

    Raises:
        PatchError: The block is damaged.
    """
    try:
        found = split(data, osp.splitext(path)[1])
        records = () if found is None else records_in(found.block)
    except PatchError as error:
        error.path = path or None
        raise
    if found is None:
        return None
    if not records:
        return TakenOut(found.original, found.block, ())
    text, left = put_back(path, found.original.decode("utf-8"), records, reader)
    return TakenOut(text.encode("utf-8"), found.block, left)


def before_block(document: ConfigDocument, reader: Loads) -> ConfigDocument:
    """The config as it was before an earlier patch; the document itself if it has no block.

    Raises:
        PatchError: The block is damaged, or does more than its comments say: somebody wrote into it.
        ConfigError: The file cannot be read without its block.
    """
    with naming(document):
        found = take_out(document.text.encode("utf-8"), document.path, reader)
        if found is None:
            return document
        plain = reader.load(document.path, text=found.data.decode("utf-8"))
        said = [
            line[2 : line.index(": ")]
            for line in found.block.splitlines()
            if _COMMENT.match(line) and not line.startswith(FIRST_WORDS)
        ]
        for difference in differences(plain.to_dict(), document.to_dict()):
            name = comment(format_key(difference.key))[2:]
            if not any(same_branch(name, key) for key in said):
                raise PatchError(
                    say("mmfix's block was changed by hand: it also sets {key}", key=name),
                    hint=say("move what you added out of the block"),
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
    reason = say("written with --no-loader")
    block = split(document.text.encode("utf-8"), osp.splitext(document.path)[1])
    gone = [] if block is None else keys_moved(plain, document, block.block)
    found = declared(without(plain.tree, gone), document.tree)
    return tuple(Override(key, value, reason) for key, value in (*((key, MISSING) for key in gone), *found))


def keys_moved(plain: ConfigDocument, patched: ConfigDocument, block: str) -> List[KeyPath]:
    """The keys that a block says it has renamed or taken out, and that are no longer there."""
    said = {record.key for record in records_in(block)}
    return [key for key in keys_gone(plain.tree, patched.tree) if format_key(key) in said]


def same_branch(name: str, other: str) -> bool:
    """True if one key is the other or stands below it."""
    shorter, longer = sorted((name, other), key=len)
    return longer.startswith(shorter) and longer[len(shorter) :][:1] in ("", ".", "[")


@contextlib.contextmanager
def naming(document: ConfigDocument) -> Iterator[None]:
    """Name the file in refusals that do not know it."""
    try:
        yield
    except PatchError as error:
        error.path = error.path or document.path or None
        raise
