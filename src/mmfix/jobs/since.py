"""Which configs a change concerns: through the file itself, a base, or the source of the model."""

from __future__ import annotations

import os.path as osp
from dataclasses import dataclass
from typing import FrozenSet, Sequence

from mmfix.config.reader import Reader
from mmfix.config.source import DATA_SUFFIXES
from mmfix.errors import ConfigError, MmfixError, SettingsError
from mmfix.jobs.checking import code_of
from mmfix.project.files import is_settings_file
from mmfix.project.held import held
from mmfix.project.keys import FILE_NAMES
from mmfix.python.disk import read_whole
from mmfix.repository.state import CODE
from mmfix.results.place import display_path
from mmfix.settings import Settings
from mmfix.wording import mark, say

_CONFIGS = frozenset({"configs", "config", "_base_"})
_MOST_BYTES = 4_000_000
#: Folders and names of training scripts and what they call; a proof file.
_SCRIPTS = frozenset({"tools", "apis"})
_PROOFS = "proofs.json"


@dataclass(frozen=True)
class Since:
    """What differs from a revision, as far as it concerns configs.

    Attributes:
        changed: Real paths of files that are there, and were not, or were others.
        gone: Of those that were there.
        sources: Whether the source of a model may be among the changed files: then each model is read.
        everything: Why each config is concerned: a file that all may rest on; empty where none is.
    """

    changed: FrozenSet[str]
    gone: FrozenSet[str]
    sources: bool
    everything: str

    def concerns(self, path: str, reader: Reader, settings: Settings) -> bool:
        """Whether a change concerns a config; one that cannot be read may be what a change has broken."""
        if self.everything or osp.realpath(path) in self.changed:
            return True
        if not self.changed and not self.gone:
            return False
        try:
            held(settings, path)
            document = reader.load(path)
        except (ConfigError, SettingsError):
            return True
        if not self.changed.isdisjoint(map(osp.realpath, document.files)):
            return True
        if any(osp.realpath(base.path) in self.gone for base in document.missing):
            return True
        if not self.sources:
            return False
        code = code_of(document, settings)
        files = () if code is None else code.reading.files
        return not self.changed.isdisjoint(map(osp.realpath, files))


def since(paths: Sequence[str], revision: str) -> Since:
    """What differs from a revision in the repositories around paths.

    Raises:
        MmfixError: One of them is in no git repository, or has no such revision.
    """
    from mmfix.git.ask import GitError
    from mmfix.git.changed import Changes, changes_since

    together = Changes()
    full = (osp.abspath(osp.expanduser(path)) for path in paths)
    for folder in dict.fromkeys(path if osp.isdir(path) else osp.dirname(path) for path in full):
        try:
            found = changes_since(folder, revision)
        except GitError as error:
            reason = say("is in no git repository") if error.no_repository else error.reason
            raise MmfixError(
                say("--since {revision}: {why}", revision=revision, why=reason), folder
            ) from error
        together.changed |= found.changed
        together.gone |= found.gone
    gone = next((path for path in sorted(together.gone) if _may_be_source(path)), "")
    shared = next((path for path in sorted(together.changed | together.gone) if _is_shared(path)), gone)
    sources = any(_may_be_source(path) for path in together.changed)
    return Since(frozenset(together.changed), frozenset(together.gone), sources, shared)


def about_since(found: Since, revision: str) -> str:
    """What is said of the configs that were left out."""
    files = len(found.changed) + len(found.gone)
    if found.everything:
        return say(
            "every config was judged: {file} is not what it was in {revision}, and all may rest on it",
            file=display_path(found.everything),
            revision=revision,
        )
    template = mark("only configs that a change since {revision} concerns were judged; {count} files changed")
    if files == 1:
        template = mark("only configs that a change since {revision} concerns were judged; 1 file changed")
    return say(template, revision=revision, count=files)


def _may_be_source(path: str) -> bool:
    """Whether a file may be a model's source; one that is gone is told by its folder alone."""
    if not path.endswith(".py"):
        return not path.endswith(DATA_SUFFIXES)  # a submodule that is gone
    if osp.basename(path) == "__init__.py" or _CONFIGS.isdisjoint(path.split(osp.sep)):
        return True
    try:
        data = read_whole(path, _MOST_BYTES)
    except OSError:
        return False
    return data is None or CODE.search(data) is not None


def _is_shared(path: str) -> bool:
    """Whether all configs may rest on a file: a training script, a proof file, a settings file."""
    *folders, name = path.split(osp.sep)
    if name in (_PROOFS, FILE_NAMES[0]):
        return True
    if name == FILE_NAMES[1]:
        return is_settings_file(path)
    if not name.endswith(".py") or not _CONFIGS.isdisjoint(folders):
        return False
    return "train" in name or not _SCRIPTS.isdisjoint(folders)
