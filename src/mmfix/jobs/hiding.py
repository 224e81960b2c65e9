"""Findings that somebody does not want to see: by a comment, or by the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.findings import Finding
from mmfix.project.globs import matches
from mmfix.project.held import Held
from mmfix.project.ignores import COMMENTED, Ignore, ignores_in, ignores_of
from mmfix.project.selectors import codes_of
from mmfix.python.links import inside, is_installed
from mmfix.results.checked import ConfigReport
from mmfix.results.judged import FULLY
from mmfix.results.place import display_path, display_place
from mmfix.results.suppressed import COMMENT, SETTINGS, IgnoreUse, Suppressed

#: More notes about comments than these are only counted.
_MOST_NOTES = 20


@dataclass(frozen=True)
class Hidden:
    """The findings of one config, sorted.

    Attributes:
        left: Those that are shown.
        suppressed: The others.
        ignores: What each comment did.
    """

    left: Tuple[Finding, ...]
    suppressed: Tuple[Suppressed, ...] = ()
    ignores: Tuple[IgnoreUse, ...] = ()


def hide(
    document: ConfigDocument, findings: Sequence[Finding], also: Sequence[Finding], found: Held
) -> Hidden:
    """Take out what a comment or the settings ignore; a comment goes first, since it gives the reason.

    Args:
        document: The config.
        findings: What was found in it.
        also: What would be found without a proof: a comment that matches it is of use.
        found: The settings of the config.
    """
    comments = _comments(document) if found.settings.comments else ()
    left: List[Finding] = []
    gone: List[Suppressed] = []
    for finding in findings:
        comment = next((item for item in comments if _matched(item, finding, document.path)), None)
        if comment is not None:
            gone.append(Suppressed(finding, COMMENT, comment.reason, comment.path, comment.line))
            continue
        hidden = _by_settings(finding, document.path, found)
        if hidden is None:
            left.append(finding)
        else:
            gone.append(hidden)
    uses = tuple(_use(item, (*findings, *also), document.path) for item in comments)
    return Hidden(tuple(left), tuple(gone), uses)


def _comments(document: ConfigDocument) -> Tuple[Ignore, ...]:
    if not document.path:
        return ()
    own = ignores_of(document.text, document.path)
    bases = (path for path in document.files if path != document.path)
    return (*own, *(item for path in bases for item in ignores_in(path)))


def has_a_line(finding: Finding) -> bool:
    """Whether a comment can stand at the line that decides: in a file that is not installed, and no JSON."""
    path = finding.origins[0].path if finding.origins else ""
    return path.endswith(COMMENTED) and not is_installed(path)


def _matched(comment: Ignore, finding: Finding, config: str) -> Tuple[str, ...]:
    """The selectors of a comment that match a finding."""
    return _named(comment, finding) if _reaches(comment, finding, config) else ()


def _named(comment: Ignore, finding: Finding) -> Tuple[str, ...]:
    return tuple(item for item in comment.selectors if finding.code in comment.meant(item))


def _reaches(comment: Ignore, finding: Finding, config: str) -> bool:
    """Whether a comment is at a line of the finding, or about the file of the deciding one, or the config."""
    if comment.whole_file:
        return comment.path == config or any(origin.path == comment.path for origin in finding.origins[:1])
    return any((origin.path, origin.line) == (comment.path, comment.target) for origin in finding.origins)


def _use(comment: Ignore, findings: Iterable[Finding], config: str) -> IgnoreUse:
    used: Dict[str, None] = {}
    lineless: Dict[str, None] = {}
    for finding in findings:
        used.update(dict.fromkeys(_matched(comment, finding, config)))
        if not comment.whole_file and not has_a_line(finding):
            lineless.update(dict.fromkeys(_named(comment, finding)))
    return IgnoreUse(
        comment.path,
        comment.line,
        comment.whole_file,
        comment.selectors,
        tuple(used),
        comment.reason,
        comment.problem,
        tuple(name for name in lineless if name not in used),
    )


def _by_settings(finding: Finding, config: str, found: Held) -> Optional[Suppressed]:
    settings = found.settings
    field = ""
    if settings.select and finding.code not in codes_of(settings.select):
        field = "select"
    elif finding.code in codes_of(settings.ignore):
        field = "ignore"
    elif any(
        finding.code in codes_of(rules) and _is_at(finding, config, glob, found)
        for glob, rules in settings.per_path_ignores
    ):
        field = "per_path_ignores"
    if not field:
        return None
    path, line = found.place(field)
    return Suppressed(finding, SETTINGS, field.replace("_", "-"), path, line)


def _is_at(finding: Finding, config: str, glob: str, found: Held) -> bool:
    """Whether the config, or the file of the line that decides, is like a glob."""
    paths = [config, *(origin.path for origin in finding.origins[:1])]
    return any(matches(glob, found.relative(path, "per_path_ignores")) for path in paths if path)


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
    return notes if more <= 1 else [*notes[:_MOST_NOTES], f"{more} more comments are not as they should be"]


def _said(uses: Sequence[IgnoreUse], known: bool, partly: bool) -> Iterator[str]:
    """What is to be said of one comment, as it was read for each config."""
    first = uses[0]
    word = "ignore-file" if first.whole_file else "ignore"
    if first.problem:
        yield f"`# mmfix:` {first.problem}"
    used = {name for use in uses for name in use.used}
    if not first.reason and first.selectors and used:
        yield f"`{word}[{', '.join(first.selectors)}]` gives no reason; write one behind it"
    lineless = {name for use in uses for name in use.lineless}
    for name in first.selectors:
        if name in used or not known or name in first.problem:
            continue
        if name in lineless:
            yield (
                f"`{word}[{name}]` does not reach the finding, which has no line in a file of yours; "
                f"write `ignore-file[{name}]` into the config, or `ignore` into {_SETTINGS_FILE}"
            )
        elif partly:
            yield (
                f"`{word}[{name}]` matches nothing here, where not all of the model's source was followed; "
                "keep it if it does where you train"
            )
        else:
            yield f"`{word}[{name}]` matches nothing; take it out"


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
            notes.append(f"{where}: {said}, so nothing that is about DDP was looked for")
            break
    return tuple(notes)
