"""Write comments that ignore what was found: ``mmfix check --add-ignore REASON``. Runs no config."""

from __future__ import annotations

import os.path as osp
from dataclasses import dataclass
from typing import Dict, Iterable, List, Sequence, Tuple

from mmfix.config.family import configs_root
from mmfix.config.reader import Reader
from mmfix.config.source import BOUNDS
from mmfix.errors import ConfigError, MmfixError, PatchError
from mmfix.findings import Finding
from mmfix.jobs.checking import problem_of
from mmfix.jobs.hiding import has_a_line
from mmfix.patches import reread, write_atomically
from mmfix.project.adding import with_comments
from mmfix.project.ignores import COMMENTED
from mmfix.python.disk import read_whole
from mmfix.python.links import inside, is_installed, repository_around
from mmfix.results.checked import FAILING, ConfigReport, Problem
from mmfix.wording import say

#: By file, then by line (0: the whole file): the codes of rules.
_Wanted = Dict[str, Dict[int, Dict[str, None]]]


@dataclass(frozen=True)
class Added:
    """What was written.

    Attributes:
        places: File and line of the code that each comment is about; line 0 for a whole file.
        problems: Why the others were not.
    """

    places: Tuple[Tuple[str, int], ...]
    problems: Tuple[Problem, ...]


def add_ignores(configs: Sequence[ConfigReport], reason: str, reader: Reader) -> Added:
    """Write a comment for each error and warning that is left, at the line that decides.

    Where that line is in no file of its repository that has comments, the config gets an ``ignore-file``.

    Args:
        configs: What was found.
        reason: One line.
        reader: Reads the files again, with the comments: each must resolve to the same.
    """
    wanted: _Wanted = {}
    places: List[Tuple[str, int]] = []
    problems: List[Problem] = []
    for config in configs:
        for finding in config.findings:
            if finding.severity in FAILING:
                _want(config, finding, wanted, problems)
    for path, lines in wanted.items():
        try:
            places += _written(path, lines, reason, reader)
        except (MmfixError, OSError) as error:
            problems.append(problem_of(error, path))
    return Added(tuple(places), tuple(dict.fromkeys(problems)))


def _want(config: ConfigReport, finding: Finding, wanted: _Wanted, problems: List[Problem]) -> None:
    line, path = 0, config.path
    if has_a_line(finding) and _is_own(finding.origins[0].path, config.path):
        path, line = finding.origins[0][:2]
    elif not path.endswith(COMMENTED):
        message = say("has no place for a comment that ignores {rule}", rule=finding.code)
        hint = say("set ignore or per-path-ignores in mmfix.toml")
        problems.append(Problem("patch", message, path, None, hint))
        return
    elif is_installed(path) or not _is_own(path, path):
        message = say("belongs to an installed package, so it gets no comment")
        problems.append(Problem("patch", message, path, None, say("set ignore in mmfix.toml, or use a copy")))
        return
    wanted.setdefault(path, {}).setdefault(line, {})[finding.code] = None


def _is_own(path: str, config: str) -> bool:
    """Whether a file may be written: it lies, links followed, in the repository of the config."""
    real = osp.realpath(path)
    folder = osp.dirname(config)
    around = (repository_around(folder), osp.realpath(configs_root(config)))
    return not is_installed(real) and any(inside(real, top) for top in around)


def _written(
    path: str, lines: Dict[int, Dict[str, None]], reason: str, reader: Reader
) -> Iterable[Tuple[str, int]]:
    """The places of the comments that were written into one file.

    Raises:
        PatchError: It cannot be written, or is not what it was with them.
    """
    before = read_whole(path, BOUNDS.bytes)
    if before is None:
        raise PatchError(say("is too large"), path)
    document = reader.load(path)
    if document.text.encode("utf-8") != before:
        raise PatchError(say("was changed by somebody else meanwhile"), path, hint=say("run mmfix again"))
    after, failed = with_comments(before, path, {line: tuple(codes) for line, codes in lines.items()}, reason)
    for line in failed:
        raise PatchError(
            say("there is no place for a comment at this line"),
            path,
            line,
            say("use ignore-file, or mmfix.toml"),
        )
    try:
        reread(document, after, (), reader)
    except (ConfigError, PatchError) as error:
        raise PatchError(say("is left alone: {why}", why=error.message), path) from error
    write_atomically(path, after, before)
    return [(path, line) for line in sorted(lines)]
