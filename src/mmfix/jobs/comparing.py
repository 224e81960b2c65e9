"""Compare two configs, or one with what it was in a git revision."""

from __future__ import annotations

import os.path as osp
from typing import Dict, Iterable, Iterator, List, Mapping, Optional, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.origin import Origin
from mmfix.config.source import decoded
from mmfix.errors import ConfigError, MmfixError
from mmfix.git.ask import GitError
from mmfix.git.past import Past
from mmfix.jobs.key_changes import key_changes
from mmfix.jobs.selecting import reader_for
from mmfix.python.disk import as_text
from mmfix.results.comparison import Comparison
from mmfix.results.place import display_path, line_at
from mmfix.settings import chosen
from mmfix.wording import say

_MOST_NAMED = 3


def compare(before: str, after: str, revision: str = "") -> Comparison:
    """How two configs differ, each with all its bases. Runs nothing.

    Args:
        before: A config file.
        after: Another one, or the same.
        revision: Read ``before``, and all that it inherits, as git has it there; empty: as it is now.

    Raises:
        MmfixError: One of them cannot be read, or git does not know the revision.
    """
    before, after = (osp.abspath(osp.expanduser(path)) for path in (before, after))
    settings = chosen(True)
    today = reader_for(settings)
    if not revision:
        documents = (today.load(before), today.load(after))
        changes = key_changes(documents, (line_at, line_at))
        return Comparison(before, after, "", tuple(changes), _about_bases(documents))
    texts = _Texts(before, revision)
    try:
        first = reader_for(settings, texts).load(before)
    except ConfigError as error:
        if before in texts and texts[before] is None:
            hint = say(
                "if it had another name: mmfix diff OLD_NAME {config} --since {revision}",
                config=display_path(after),
                revision=revision,
            )
            raise MmfixError(
                say("it was not there in {revision}", revision=revision), before, hint=hint
            ) from error
        error.message = say("as it was in {revision}: {why}", revision=revision, why=error.message)
        raise
    documents = (first, today.load(after))
    changes = key_changes(documents, (texts.line_at, line_at))
    notes = (*texts.about(first.files), *_about_bases(documents))
    return Comparison(before, after, revision, tuple(changes), notes)


def _about_bases(documents: Iterable[ConfigDocument]) -> Tuple[str, ...]:
    """What is said of bases that are not where a config says, and were found elsewhere."""
    found = (base for document in documents for base in document.missing if base.read)
    return tuple(
        dict.fromkeys(
            say("{base} is not here; read from {what}", base=base.entry, what=base.where) for base in found
        )
    )


class _Texts(Mapping[str, Optional[str]]):
    """The texts of a repository's files in a revision, by absolute path; None where there was none."""

    def __init__(self, path: str, revision: str) -> None:
        self._revision = revision
        self._read: Dict[str, Optional[str]] = {}
        folder = osp.dirname(path)
        while not osp.isdir(folder):  # it may be gone since
            folder = osp.dirname(folder)
        try:
            self._past = Past(folder, revision)
        except GitError as error:
            raise self._error(error, path) from error

    def __getitem__(self, path: str) -> Optional[str]:
        if path not in self._read:
            try:
                data = self._past.read(path)
            except GitError as error:
                raise self._error(error, path) from error
            self._read[path] = None if data is None else decoded(data, path)
        return self._read[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read)

    def __len__(self) -> int:
        return len(self._read)

    def _error(self, error: GitError, path: str) -> MmfixError:
        reason = say("is in no git repository") if error.no_repository else error.reason
        return MmfixError(say("--since {revision}: {why}", revision=self._revision, why=reason), path)

    def line_at(self, origin: Origin) -> str:
        """The text of a line as it was."""
        text = self._read.get(origin.path)
        if text is None:
            return line_at(origin)
        lines = as_text(text.encode("utf-8")).split("\n")
        return lines[origin.line - 1] if 0 < origin.line <= len(lines) else ""

    def about(self, files: Iterable[str]) -> List[str]:
        """What is said of the files of a config that were read as they are now."""
        today = [display_path(path) for path in files if path not in self._read]
        if not today:
            return []
        named = ", ".join(today[:_MOST_NAMED])
        if len(today) > _MOST_NAMED:
            named = say("{names} and {count} more", names=named, count=len(today) - _MOST_NAMED)
        return [
            say("not kept by this repository, so read as it is today on both sides: {names}", names=named)
        ]
