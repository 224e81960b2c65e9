"""The notes beside the findings: what is to be said of comments that ignore some, and of settings files."""

from __future__ import annotations

from typing import Dict, Iterable, Iterator, List, Sequence, Tuple

from mmfix.project.held import Held
from mmfix.python.links import inside
from mmfix.results.checked import ConfigReport
from mmfix.results.judged import FULLY
from mmfix.results.place import display_path, display_place
from mmfix.results.suppressed import IgnoreUse
from mmfix.wording import say

#: More notes about comments than these are only counted.
_MOST_NOTES = 20


def about_ignores(configs: Iterable[ConfigReport], walked: Sequence[str] = ()) -> List[str]:
    """What is said of comments: those without a reason, those that are not understood or match nothing.

    A comment in a base counts by all configs that inherit it. That it matches nothing is only said where the
    folder that it lies in was walked: another config may need it.
    """
    uses: Dict[Tuple[str, int], List[IgnoreUse]] = {}
    partly, own = set(), set()
    for config in configs:
        own.add(config.path)
        for use in config.ignores:
            uses.setdefault((use.path, use.line), []).append(use)
            if config.judged is None or config.judged.extent != FULLY:
                partly.add((use.path, use.line))
    notes: List[str] = []
    for place, found in sorted(uses.items()):
        known = place[0] in own or any(inside(place[0], folder) for folder in walked)
        notes += (f"{display_place(*place)}: {said}" for said in _said(found, known, place in partly))
    more = len(notes) - _MOST_NOTES
    return (
        notes
        if more <= 1
        else [*notes[:_MOST_NOTES], say("{count} more comments are not as they should be", count=more)]
    )


def _said(uses: Sequence[IgnoreUse], known: bool, partly: bool) -> Iterator[str]:
    """What is to be said of one comment, as it was read for each config."""
    first = uses[0]
    word = "ignore-file" if first.whole_file else "ignore"
    if first.problem:
        yield f"`# mmfix:` {first.problem}"
    used = {name for use in uses for name in use.used}
    if not first.reason and first.selectors and used:
        yield say(
            "`{word}[{rules}]` gives no reason; write one behind it",
            word=word,
            rules=", ".join(first.selectors),
        )
    lineless = {name for use in uses for name in use.lineless}
    for name in first.selectors:
        if name in used or not known or name in first.problem:
            continue
        if name in lineless:
            yield (
                say(
                    "`{word}[{rule}]` does not reach the finding, which has no line in a file of "
                    "yours; write `ignore-file[{rule}]` into the config, or `ignore` into {file}",
                    word=word,
                    rule=name,
                    file=_SETTINGS_FILE,
                )
            )
        elif partly:
            yield (
                say(
                    "`{word}[{rule}]` matches nothing here, where not all of the model's source was "
                    "followed; keep it if it does where you train",
                    word=word,
                    rule=name,
                )
            )
        else:
            yield say("`{word}[{rule}]` matches nothing; take it out", word=word, rule=name)


_SETTINGS_FILE = "mmfix.toml"


def about_file(found: Held) -> Tuple[str, ...]:
    """What a settings file asks for in vain, and that it switches all that is about DDP off."""
    if found.file is None:
        return ()
    notes = [f"{display_path(found.file.path)}: {note}" for note in found.notes]
    for field in ("launcher", "gpus"):
        if found.settings.launcher == "none" and found.from_file(field):
            where = display_place(*found.place(field))
            said = f"{field} = {getattr(found.settings, field)}"
            notes.append(
                say(
                    "{place}: {setting}, so nothing that is about DDP was looked for",
                    place=where,
                    setting=said,
                )
            )
            break
    return tuple(notes)
