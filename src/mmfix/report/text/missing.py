"""Bases that are not where configs say, each told once for all configs that it is missing from."""

from __future__ import annotations

from typing import Dict, Iterable, Iterator, List, Sequence

from mmfix.config.origin import MissingBase
from mmfix.results.place import display_path, display_place
from mmfix.wording import say


def missing_bases(configs: Iterable[Sequence[MissingBase]]) -> Iterator[str]:
    """One line a base: where it is missing and what was read in its place; and what to do.

    Args:
        configs: The bases that are missing from each config.
    """
    found: Dict[str, List[MissingBase]] = {}
    for bases in configs:
        for base in {base.path: base for base in bases}.values():
            found.setdefault(base.path, []).append(base)
    for bases in found.values():
        yield _line(bases)
    if any(not bases[0].read for bases in found.values()):
        yield say("what these bases may set is unknown; --base-dir DIR names a folder that holds them")


def _line(bases: List[MissingBase]) -> str:
    base = bases[0]
    named = display_place(base.origin.path, base.origin.line)
    if len(bases) > 1:
        gone = say(
            "the base {base} is not here ({place}; {count} configs need it)",
            base=base.entry,
            place=named,
            count=len(bases),
        )
    else:
        gone = say("the base {base} is not here ({place})", base=base.entry, place=named)
    if base.read:
        read = display_path(base.read)
        return say("{missing}; read {file} instead ({what})", missing=gone, file=read, what=base.where)
    return f"{gone}; {base.hint}" if base.hint else gone
