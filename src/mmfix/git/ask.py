"""git, asked about a repository of others: its settings start no program, nothing is written or fetched.

A repository comes with a ``.git/config`` where it was unpacked, not cloned. What that may have git run is
switched off where git takes an option for it (``core.fsmonitor``, ``core.hooksPath``), or is never asked for:
no command is used that compares files with the index, which runs filters (``filter.*.clean``) and, in
submodules, git with settings of their own. Whether the repository is to be trusted at all
(``safe.directory``) is git's own decision, and its refusal is passed on.
"""

from __future__ import annotations

import os
import os.path as osp
import shutil
import subprocess
import threading
from functools import lru_cache
from typing import Dict, List, Optional, Sequence, Tuple

from mmfix.wording import say

#: Seconds one question may take, and how long an answer may be.
_SECONDS = 20.0
_MOST_BYTES = 64_000_000
_MOST_WORDS = 4096

#: Settings of the command line win over those of the repository. An empty ``core.fsmonitor`` is none at all
#: for every git; a folder that looks like a bare repository, which any repository may contain, is none (git
#: 2.38).
_SETTINGS = ("core.fsmonitor=", f"core.hooksPath={os.devnull}", "safe.bareRepository=explicit")

#: Variables of the user's own that are kept: where settings and programs are. All others name another
#: repository, index or work tree (as in a hook), or a program.
_KEPT = ("GIT_CONFIG", "GIT_EXEC_PATH", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM")

#: Nothing is fetched for a clone that lacks objects (git 2.44; before it, no protocol is left for that),
#: nothing is asked, and the index is not refreshed.
_ADDED = {
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}


class GitError(Exception):
    """git gives no answer.

    Attributes:
        reason: Why, one clause.
        no_repository: There is no repository.
        silent: It said nothing: with ``--quiet``, that there is nothing of that name.
    """

    def __init__(self, reason: str, no_repository: bool = False, silent: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.no_repository = no_repository
        self.silent = silent


def ask(folder: str, *arguments: str) -> List[str]:
    """The answer of a git command that is run in a folder, split at its null characters.

    Args:
        folder: A folder of the repository.
        arguments: The command and its options; the answer must be of the ``-z`` kind, or one line.

    Raises:
        GitError: There is no git, no repository, or no answer within bounds.
    """
    return [os.fsdecode(part) for part in _answer(folder, arguments).split(b"\0") if part]


def blob(folder: str, digest: str) -> bytes:
    """What a file of a commit holds, through no filter (``man git-cat-file``).

    Raises:
        GitError: As :func:`ask`.
    """
    return _answer(folder, ("cat-file", "blob", digest))


def _answer(folder: str, arguments: Sequence[str]) -> bytes:
    git = _program(os.environ.get("PATH", ""))
    if git is None:
        raise GitError(say("git is not installed"))
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    command = [git, "-C", folder, "--no-pager", "--literal-pathspecs", *settings, *arguments]
    try:
        code, out, words = _run(command)
    except OSError as error:
        raise GitError(say("git cannot be run: {why}", why=error.strerror)) from error
    if code != 0:
        first = os.fsdecode(words).partition("\n")[0]
        reason = first.partition(": ")[2] if first.startswith(("fatal: ", "error: ")) else first
        raise GitError(
            reason or say("git ended with {code}", code=code), "not a git repository" in reason, not reason
        )
    return out


@lru_cache(maxsize=4)
def _program(path: str) -> Optional[str]:
    """git on a search path, of which only absolute folders count: one that is relative is the stranger's."""
    found = shutil.which("git", path=os.pathsep.join(filter(osp.isabs, path.split(os.pathsep))))
    # Windows looks in the working directory first
    return found if found is not None and osp.isabs(found) else None


def _run(command: List[str]) -> Tuple[int, bytes, bytes]:
    """Exit code, output and what was said; ended when it takes too long or says too much.

    Raises:
        GitError: It was ended.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    words: List[bytes] = []
    late = threading.Timer(_SECONDS, process.kill)
    listener = threading.Thread(target=_listen, args=(process.stderr, words), daemon=True)
    try:
        late.start()
        listener.start()
        out = process.stdout.read(_MOST_BYTES + 1)
        if len(out) > _MOST_BYTES:
            raise GitError(say("git answers with more than {most} MB", most=_MOST_BYTES // 1_000_000))
        code = process.wait()
        if late.finished.is_set():
            raise GitError(say("git takes more than {seconds:g} s", seconds=_SECONDS))
        listener.join()
        return code, out, b"".join(words)
    finally:
        late.cancel()
        late.join()
        process.kill()
        process.wait()
        process.stdout.close()


def _listen(stream: object, words: List[bytes]) -> None:
    """Keep the beginning of what is said, and read all of it: who says more than a pipe holds would wait."""
    with stream:  # type: ignore[attr-defined]
        words.append(stream.read(_MOST_WORDS))  # type: ignore[attr-defined]
        while stream.read(_MOST_WORDS):  # type: ignore[attr-defined]
            pass


def _environment() -> Dict[str, str]:
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(_KEPT)
    }
    return {**own, **_ADDED}
