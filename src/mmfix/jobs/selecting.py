"""Which configs are meant by the paths that were named."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import (
    TYPE_CHECKING,
    BinaryIO,
    Dict,
    FrozenSet,
    Iterable,
    List,
    Mapping,
    Optional,
    Sequence,
    Tuple,
)

from mmfix.codemods.place import about_interrupted
from mmfix.config.reader import Reader
from mmfix.config.source import read_stream
from mmfix.errors import ConfigError
from mmfix.git.ignored import Ignored, about_ignored
from mmfix.jobs.accounting import not_a_config, unfit
from mmfix.jobs.checking import kept_reports, unreadable
from mmfix.jobs.excluding import Excluded
from mmfix.jobs.notes import about_ignores
from mmfix.project.files import look_again
from mmfix.project.held import base_dirs_of, fail_on_of, held
from mmfix.python.disk import other_than_a_file
from mmfix.python.links import about_links
from mmfix.repository import state
from mmfix.results.checked import ConfigReport, Report
from mmfix.results.place import display_path, remember_text
from mmfix.settings import DEFAULT, Settings
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.config.family import Skips
    from mmfix.jobs.since import Since


@dataclass(frozen=True)
class Selection:
    """What a list of paths stands for.

    Attributes:
        paths: Files named, and files below directories named that look like configs.
        inherited: Configs that inherit a file that was named, and were not named themselves.
        failed: What was named and could not be used.
        notes: What to know about the bases that were named, and what of a folder was left out.
        reader: The reader that has parsed some of them already.
        walked: Folders that were named.
        bases: Files that were named and that nothing can train by itself.
        must_be_judged: Those of ``paths`` for which it is a failure that they cannot be judged.
        narrowed: Only what a change concerns is judged, which may be nothing.
    """

    paths: Tuple[str, ...]
    inherited: Tuple[str, ...]
    failed: Tuple[ConfigReport, ...]
    notes: Tuple[str, ...]
    reader: Reader
    must_be_judged: FrozenSet[str] = frozenset()
    narrowed: bool = False
    walked: Tuple[str, ...] = ()
    bases: Tuple[str, ...] = ()


#: What stands for standard input among paths, and how its config is called when nobody says.
STDIN = "-"
STDIN_NAME = "<stdin>.py"


def from_stdin(stream: BinaryIO, name: Optional[str]) -> Tuple[str, str]:
    """Absolute path and text of a config that comes through a pipe.

    Raises:
        ConfigError: It is too large, or not UTF-8, or the name is that of something else than a file.
    """
    path = os.path.abspath(os.path.expanduser(STDIN_NAME if name is None else name))
    what = other_than_a_file(path)
    if what:
        raise ConfigError(say("is {kind}, not a config file", kind=what), path)
    text = read_stream(stream, path)
    remember_text(path, text)
    return path, text


def select(
    paths: Sequence[str],
    dependants: bool = False,
    settings: Settings = DEFAULT,
    texts: Optional[Mapping[str, str]] = None,
) -> Selection:
    """Sort paths into configs to judge and bases, whose heirs are to be judged. Duplicates are dropped.

    Args:
        paths: Files and folders.
        dependants: The heirs of every file named are to be judged, not only those of bases.
        settings: Where bases may be found that are not where a config says, and whether a file that is no
            config is a note, not a failure; whether a folder is walked without what git ignores.
        texts: By absolute path, what is read instead of the text of a file.
    """
    ignored = Ignored() if settings.gitignore else None
    excluded = Excluded(settings)

    skips = skipping(excluded, ignored)
    reader = reader_for(settings, texts)
    walked: List[str] = []
    found: Dict[str, None] = {}
    named: List[str] = []
    bases: List[str] = []
    failed: List[ConfigReport] = []
    notes: List[str] = []
    out: List[str] = []
    for path in paths:
        full = os.path.abspath(os.path.expanduser(path))
        if os.path.isdir(full):
            from mmfix.config.family import walk  # loads slowly, and a named file needs none of it

            walked.append(full)
            below = list(walk(full, out, skips))
            if not below:
                failed.append(unreadable(full, ConfigError(say("no config in this folder"), full)))
            found.update(dict.fromkeys(below))
        elif not _is_base(full, reader, settings):
            found[full] = None
            named.append(full)
        else:
            error = not_a_config(reader.load(full))
            if error is None:
                bases.append(full)
            elif settings.allow_unjudged:
                notes.append(f"{display_path(full)} {error.message}")
            else:
                failed.append(unreadable(full, error))
    parents = [*bases, *named] if dependants else bases
    heirs: List[str] = []
    if parents:
        from mmfix.config.family import dependants_of

        heirs = [path for path in dependants_of(parents, reader, out, skips) if path not in found]
    if bases:
        notes.append(_about_bases(bases, len(heirs), reader))
    if out:
        notes.append(about_links(display_path(path) for path in dict.fromkeys(out)))
    notes += about_interrupted(paths)
    notes += excluded.notes()
    if ignored is not None:
        notes += about_ignored(ignored, [display_path(path) for path in ignored.left_out])
    return Selection(
        tuple(found),
        tuple(heirs),
        tuple(failed),
        tuple(notes),
        reader,
        frozenset() if settings.allow_unjudged else frozenset(named),
        walked=tuple(walked),
        bases=tuple(bases),
    )


def skipping(excluded: Excluded, ignored: Optional[Ignored]) -> Skips:
    """What a walk leaves out: what settings say, and what git ignores where that is left out, too."""

    def skips(walked: str, path: str) -> bool:
        return excluded.skips(walked, path) or (ignored is not None and ignored.skips(walked, path))

    return skips


def reader_for(settings: Settings, texts: Optional[Mapping[str, Optional[str]]] = None) -> Reader:
    """A reader for a new run, which looks for bases where the settings of each config say."""
    look_again()
    state.look_again()
    return Reader(lambda path: base_dirs_of(settings, path), {} if texts is None else texts)


def _is_base(path: str, reader: Reader, settings: Settings) -> bool:
    """True for a file that can be read and that nothing can train by itself."""
    try:
        kept = kept_reports(path, reader, held(settings, path))
        if kept is not None:
            return not kept
        from mmfix.training import is_trainable

        document = reader.load(path)
        return not is_trainable(document) and unfit(document) is None
    except Exception:
        return False  # it is judged like any other, and what is wrong with it is reported there


def _about_bases(bases: Sequence[str], heirs: int, reader: Reader) -> str:
    what = display_path(bases[0])
    if len(bases) == 1 and not heirs:
        from mmfix.training.era import missing_to_train

        return say(
            "{config} cannot be trained by itself (missing: {keys}), and no config inherits it",
            config=what,
            keys=", ".join(missing_to_train(reader.load(bases[0]))),
        )
    if len(bases) > 1:
        what = say("{name} and {count} more", name=what, count=len(bases) - 1)
    if not heirs:
        return say("{configs} cannot be trained by itself, and no config inherits it", configs=what)
    if heirs == 1:
        return say("{configs} cannot be trained by itself; looked at 1 file that inherits it", configs=what)
    return say(
        "{configs} cannot be trained by itself; looked at {count} files that inherit it",
        configs=what,
        count=heirs,
    )


def to_undo(selection: Selection) -> Selection:
    """The same for taking patches out: of bases that were named, too, and not of what inherits them."""
    return replace(selection, paths=(*selection.paths, *selection.bases), inherited=(), notes=())


def narrowed(selection: Selection, changes: Since, revision: str) -> Selection:
    """The same of which only what a change concerns is judged."""
    from mmfix.jobs.since import about_since

    notes = (*selection.notes, about_since(changes, revision))
    return replace(selection, notes=notes, narrowed=True)


def report_of(
    selection: Selection,
    judged: Iterable[ConfigReport],
    settings: Settings = DEFAULT,
    interrupted: Optional[Tuple[int, int]] = None,
) -> Report:
    """The report of a selection; one without any config to train is a problem, not a success.

    Args:
        selection: What was to be judged.
        judged: What was judged of it.
        settings: What fails.
        interrupted: As in :class:`Report`.
    """
    configs = [*selection.failed, *(_failed_if(item, selection.must_be_judged) for item in judged)]
    if not configs and selection.paths and not selection.narrowed and interrupted is None:
        error = ConfigError(say("no config that can be trained in this folder"))
        configs = [unreadable(os.path.commonpath(selection.walked or selection.paths), error)]
    fail_on, about_fail_on = fail_on_of(settings, (item.path for item in configs))
    whole = not selection.narrowed and interrupted is None and all(item.status == "ok" for item in configs)
    notes = (*selection.notes, *about_fail_on, *about_ignores(configs, selection.walked if whole else ()))
    return Report(tuple(configs), notes, fail_on, settings.allow_unjudged, interrupted)


def _failed_if(report: ConfigReport, named: FrozenSet[str]) -> ConfigReport:
    """The report of a config; one that could not be judged, though somebody named it, is a failure."""
    if report.status != "skipped" or report.path not in named:
        return report
    return replace(report, status="unreadable")
