"""Overrides -> literals of the config's own file, changed where they stand."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from mmfix.config.document import ConfigDocument, to_plain
from mmfix.config.keypath import MISSING, KeyPath, format_key
from mmfix.config.origin import Origin, Unknown
from mmfix.errors import ConfigError, PatchError
from mmfix.findings import KeyMove
from mmfix.patches.data_literals import edit_in_json, edit_in_yaml
from mmfix.patches.difference import Difference, differences, with_overrides
from mmfix.patches.literals import edit_in_python
from mmfix.patches.moves import edit_of_key
from mmfix.patches.reading import Loads
from mmfix.patches.spans import Edit, NotInPlace, edited
from mmfix.wording import say

Pairs = Tuple[Tuple[KeyPath, Any], ...]


class Elsewhere(NamedTuple):
    """An override that no literal of the file can make.

    Attributes:
        key: What it sets.
        reason: Why not, one clause.
        origin: The place that sets it now, if that is why.
        is_move: It was to get another name, or to go.
    """

    key: KeyPath
    reason: str
    origin: Optional[Origin] = None
    is_move: bool = False


class InPlace(NamedTuple):
    """What of some overrides was made where it stands.

    Attributes:
        document: The config with those made.
        edits: The literals, in the text as it was.
        rest: The overrides that are not made.
        elsewhere: Why not.
        gone: The keys that are no longer there.
    """

    document: ConfigDocument
    edits: Tuple[Edit, ...]
    rest: Pairs
    elsewhere: Tuple[Elsewhere, ...]
    gone: Tuple[KeyPath, ...] = ()


def change_in_place(
    document: ConfigDocument, pairs: Pairs, reader: Loads, moves: Sequence[KeyMove] = ()
) -> InPlace:
    """Change each literal that decides nothing but its override; mmfix reads the text again to see that.

    Args:
        document: The config.
        pairs: The overrides.
        reader: Reads it again.
        moves: Keys that are renamed, which makes an override with the same value, or taken out.
    """
    moved, stay = _moved(document, pairs, moves)
    by_name = {key for _, each in moved for key, _ in each}
    groups, elsewhere = _grouped(document, tuple(pair for pair in pairs if pair[0] not in by_name), moved)
    elsewhere += stay
    made: List[Tuple[Edit, Pairs]] = []
    now = document
    if groups:
        together = _tried(document, groups, reader)
        if isinstance(together, ConfigDocument):
            made, now = groups, together
        else:
            for group in groups:
                changed = _tried(document, [*made, group], reader)
                if isinstance(changed, ConfigDocument):
                    made, now = [*made, group], changed
                else:
                    elsewhere += [Elsewhere(key, changed, None, new is MISSING) for key, new in group[1]]
    done = {key for _, each in made for key, _ in each}
    rest = tuple((key, value) for key, value in pairs if key not in done)
    gone = tuple(move.key for move in moves if move.key in done)
    return InPlace(now, tuple(edit for edit, _ in made), rest, tuple(elsewhere), gone)


def _moved(
    document: ConfigDocument, pairs: Pairs, moves: Sequence[KeyMove]
) -> Tuple[List[Tuple[Edit, Pairs]], List[Elsewhere]]:
    """The edits of keys, each with the overrides that it makes, and the keys that stay.

    A name that becomes that of a key sets all that is to be set there: dicts are merged into those of a base.
    """
    groups: List[Tuple[Edit, Pairs]] = []
    elsewhere = []
    for move in moves:
        new = (*move.key[:-1], move.to)
        made = tuple(pair for pair in pairs if move.to and pair[0][: len(new)] == new)
        try:
            edit = edit_of_key(document, move if made else KeyMove(move.key))
            if any(_overlap(edit, other) for other, _ in groups):
                raise NotInPlace(say("what stands beside it goes, too"))
            groups.append((edit, ((move.key, MISSING), *made)))
        except NotInPlace as error:
            elsewhere.append(Elsewhere(move.key, str(error), is_move=True))
    return groups, elsewhere


def edit_at(path: str, text: str, origin: Origin, key: KeyPath, old: Any, new: Any) -> Edit:
    """What makes ``new`` of the value ``old`` of any kind of config; the arguments of :func:`edit_in_python`.

    Raises:
        NotInPlace: It does not stand there, or cannot be changed there.
    """
    try:
        if path.endswith(".json"):
            return edit_in_json(text, origin, key, old, new)
        if path.endswith((".yaml", ".yml")):
            return edit_in_yaml(text, origin, key, new)
        return edit_in_python(path, text, origin, key, old, new)
    except (ConfigError, PatchError) as error:
        raise NotInPlace(error.message) from error


def _grouped(
    document: ConfigDocument, pairs: Pairs, moved: Sequence[Tuple[Edit, Pairs]]
) -> Tuple[List[Tuple[Edit, Pairs]], List[Elsewhere]]:
    """The edits with all overrides that each of them makes, and the overrides without one."""
    found: Dict[Tuple[int, int], Tuple[Edit, Pairs]] = {group[0][:2]: group for group in moved}
    elsewhere = []
    for key, value in pairs:
        old = document.get(key)
        origin = None if old is MISSING else document.origin(key)
        try:
            if origin is None:
                raise NotInPlace(say("nothing sets it"))
            if isinstance(old, Unknown):
                raise NotInPlace(say("it is not known: {why}", why=old.reason))
            if origin.path != document.path:
                raise NotInPlace(say("a base sets it"))
            edit = edit_at(document.path, document.text, origin, key, to_plain(old), to_plain(value))
            first, others = found.get(edit[:2], (edit, ()))
            if first.text != edit.text or any(_overlap(edit, other) for other, _ in found.values()):
                raise NotInPlace(say("one text there would have to be two"))
            found[edit[:2]] = first, (*others, (key, value))
        except NotInPlace as error:
            elsewhere.append(Elsewhere(key, str(error), origin))
    return list(found.values()), elsewhere


def _overlap(edit: Edit, other: Edit) -> bool:
    return edit[:2] != other[:2] and edit.start < other.end and other.start < edit.end


def _tried(document: ConfigDocument, groups: Sequence[Tuple[Edit, Pairs]], reader: Loads) -> Any:
    """The config with edits made if they make their overrides and nothing else; else what else they do."""
    pairs = [pair for _, each in groups for pair in each]
    text = edited(document.text, [edit for edit, _ in groups])
    try:
        changed = reader.load(document.path, text=text)
    except ConfigError as error:
        return say("the file could not be read then: {why}", why=error.message)
    expected = with_overrides(document.to_dict(), [(key, to_plain(value)) for key, value in pairs])
    found: Optional[Difference] = next(differences(expected, changed.to_dict()), None)
    if found is None:
        return changed
    alone = any(found.key[: len(key)] == key for key, _ in pairs)
    return (
        say("it does not decide it alone")
        if alone
        else say("{key} would change, too", key=format_key(found.key))
    )
