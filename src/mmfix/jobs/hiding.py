"""Findings that somebody does not want to see: by a comment, or by the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Iterable, List, Optional, Sequence, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.findings import Finding
from mmfix.project.globs import matches
from mmfix.project.held import Held
from mmfix.project.ignores import COMMENTED, Ignore, ignores_in, ignores_of
from mmfix.project.selectors import codes_of
from mmfix.python.links import is_installed
from mmfix.results.suppressed import COMMENT, SETTINGS, IgnoreUse, Suppressed


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
