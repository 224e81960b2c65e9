"""Check a patch before it is written: its effect on the resolved config must be exactly what it declares."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import os.path as osp
import pickle
import queue
import signal
import subprocess
import sys
import threading
from types import TracebackType
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Type

from mmfix import keeper
from mmfix.config.document import ConfigDocument, to_plain
from mmfix.config.keypath import KeyPath
from mmfix.errors import ConfigError, PatchError
from mmfix.findings import Override
from mmfix.openmmlab import continuation_is_here
from mmfix.patches.difference import differences, mismatch_message, short, with_overrides
from mmfix.patches.edits import BY_OVERLAY
from mmfix.patches.loaders import MMCV1, MMENGINE
from mmfix.patches.reading import Loads
from mmfix.traces import new_folder
from mmfix.wording import say

#: The smallest loader of both eras, and one that writes over no OpenCV. It imports packaging and does not ask
#: for it (mmengine-lite 0.10.7).
INSTALL = "pip install mmengine-lite packaging"
#: Beside other packages of the continuation, whose files the other would write over.
INSTALL_ONEDL = "pip install onedl-mmengine"

#: Seconds until a framework must have been imported.
_IMPORT_LIMIT = 120.0

#: Seconds for what is above the child to end all that the config has started.
_LAST_WORDS = 10.0

#: Linux; as a container has it, 64 MB. What a loader keeps there at a time are the files of one config.
_SHARED_MEMORY = "/dev/shm"
_ROOM = 16_000_000

_CHILD = osp.join(osp.dirname(osp.abspath(__file__)), "child.py")


class NoLoaderError(PatchError):
    """No framework can be imported that could confirm a patch. It is about no file, so many are told once."""


def reread(
    document: ConfigDocument,
    data: bytes,
    overrides: Sequence[Override],
    reader: Loads,
    target_path: Optional[str] = None,
) -> None:
    """Return if mmfix's reader finds ``data`` to differ from the document by exactly ``overrides``.

    Runs nothing. Arguments and errors are those of :meth:`Verifier.verify`.
    """
    pairs = _pairs(overrides)
    try:
        patched = reader.load(_target(document, target_path), text=data.decode("utf-8"))
    except ConfigError as error:
        raise PatchError(
            say("the patched config could not be read: {why}", why=error.message),
            document.path,
            hint=BY_OVERLAY,
        ) from error
    expected = with_overrides(document.to_dict(), pairs)
    found = [(d.key, short(d.before), short(d.after)) for d in differences(expected, patched.to_dict())]
    _require_none(found, pairs, document, target_path)


def changes_with(
    before: ConfigDocument, after: ConfigDocument, overrides: Sequence[Override]
) -> Tuple[Tuple[Override, ...], Optional[KeyPath]]:
    """What of ``overrides`` changes in a config when a base of it does, and a key that changes otherwise.

    A config may have the same value under other keys, too: ``detector = _base_.model``.
    """
    found = [item for item in overrides if before.get(item.key) != after.get(item.key)]
    expected = with_overrides(before.to_dict(), _pairs(found))
    for other in differences(expected, after.to_dict()):
        same = next((item for item in overrides if not any(differences(item.value, other.after))), None)
        if same is None:
            return tuple(found), other.key
        found.append(Override(other.key, same.value, same.reason))
    return tuple(found), None


class Verifier:
    """Compares configs with the frameworks' own loaders, in one child process that starts when first needed.

    Use as a context manager. Not for several threads at once.

    Args:
        time_limit: Seconds one comparison may take; a child that takes longer is killed and a new one started
            for the next comparison.
    """

    def __init__(self, time_limit: float = 60.0) -> None:
        self.time_limit = time_limit
        self._process: Optional[subprocess.Popen[str]] = None
        self._replies: queue.Queue[str] = queue.Queue()
        #: The child's temporary folder: a loader that is killed leaves what it has made there.
        self._scratch = contextlib.ExitStack()
        #: The loader that the running child has for an era, by its name.
        self._loaders: Dict[str, str] = {}
        #: Why there is none for an era; not asked twice.
        self._missing: Dict[str, str] = {}

    def __enter__(self) -> Verifier:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child process."""
        process, self._process = self._process, None
        self._loaders = {}
        if process is not None:
            keeper.end(process, _LAST_WORDS)  # with what the config has started
            with contextlib.suppress(OSError):
                if os.name == "posix":
                    os.killpg(process.pid, signal.SIGKILL)  # where a keeper sees nothing that is below it
            process.communicate()
        self._scratch.close()

    def verify(
        self,
        document: ConfigDocument,
        data: bytes,
        overrides: Sequence[Override],
        reader: Loads,
        target_path: Optional[str] = None,
        era: str = MMENGINE,
    ) -> str:
        """Return if a config with the bytes ``data`` differs from the document by exactly ``overrides``.

        Asked of mmfix's reader and of the loader of the config's era; nothing is written.

        Args:
            target_path: Where ``data`` would be written, if not over the document; need not exist.
            era: For which framework the config is written (``mmfix.training.era``).

        Returns:
            The loader that confirms it, ``mmengine 0.10.7``.

        Raises:
            PatchError: It does more or less than that, or cannot be loaded; the message names the key.
            NoLoaderError: There is no loader to ask.
        """
        reread(document, data, overrides, reader, target_path)
        target = _target(document, target_path)
        before = {document.path: document.text.encode("utf-8")}
        found, loader = self._compared(document, overrides, target, (before, {target: data}), era)
        _require_none(found, _pairs(overrides), document, target_path)
        return loader

    def verify_heir(
        self,
        document: ConfigDocument,
        before: Mapping[str, bytes],
        after: Mapping[str, bytes],
        overrides: Sequence[Override],
        era: str,
    ) -> str:
        """The same for a config that stays as it is, when other files that it reads get other bytes.

        Args:
            document: The config.
            before: By path, the bytes of those files.
            after: By path, the bytes that they would have.
            overrides: What changes in the config.
            era: As for :meth:`verify`.

        Returns:
            As :meth:`verify`.

        Raises:
            PatchError: As :meth:`verify`.
            NoLoaderError: As :meth:`verify`.
        """
        found, loader = self._compared(document, overrides, document.path, (before, after), era)
        _require_none(found, _pairs(overrides), document, document.path)
        return loader

    def _loader(self, era: str, path: str) -> str:
        """The name of the loader of an era, which the child then has imported."""
        if era not in self._missing and era not in self._loaders:
            try:
                reply = self._ask({"era": era}, say("importing the framework"), _IMPORT_LIMIT, path)
            except PatchError as error:
                reply = {"failed": "loader", "error": error.message}
            if reply.get("failed"):
                self._missing[era] = reply["error"]
            else:
                self._loaders[era] = reply["loader"]
        if era in self._missing:
            raise _no_loader(era, self._missing[era])
        return self._loaders[era]

    def _compared(
        self,
        document: ConfigDocument,
        overrides: Sequence[Override],
        target: str,
        texts: Tuple[Mapping[str, bytes], Mapping[str, bytes]],
        era: str,
    ) -> Tuple[List[Tuple[KeyPath, str, str]], str]:
        """What a loader finds beside ``overrides``, and its name.

        Args:
            target: The config that is loaded afterwards.
            texts: The bytes of files before and after.
        """
        # `read_base` is MMEngine's, whatever the keys of the config look like
        lazy = document.kind == "lazy" and "read_base" in document.text
        era = MMENGINE if lazy else era
        loader = self._loader(era, document.path)
        before, after = (
            {path: base64.b64encode(data).decode("ascii") for path, data in each.items()} for each in texts
        )
        request = {
            "era": era,
            "path": document.path,
            "target": target,
            "before": before,
            "after": after,
            "overrides": base64.b64encode(pickle.dumps(_pairs(overrides))).decode("ascii"),
        }
        reply = self._ask(
            request, say("loading this config with {loader}", loader=loader), self.time_limit, document.path
        )
        failed, error = reply.get("failed"), reply.get("error")
        if failed == "ended":
            raise _ended(say("loading this config with {loader}", loader=loader), document.path)
        if failed == "original":
            raise PatchError(
                say("{loader} cannot load this config, patched or not: {why}", loader=loader, why=error),
                document.path,
                hint=say("make it load first"),
            )
        if failed == "patched":
            raise PatchError(
                say("{loader} cannot load the patched config: {why}", loader=loader, why=error),
                document.path,
                hint=BY_OVERLAY,
            )
        if failed:
            raise PatchError(say("the patch could not be checked: {why}", why=error), document.path)
        found = [(tuple(item["key"]), item["expected"], item["got"]) for item in reply["differences"]]
        return found, loader

    def _ask(self, request: Dict[str, Any], what: str, seconds: float, path: str) -> Dict[str, Any]:
        """The child's reply to a request; ``what`` says what it is to do."""
        process = self._running()
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        except OSError:
            self._replies.put("")
        try:
            line = self._replies.get(timeout=seconds)
        except queue.Empty:
            self.close()
            raise PatchError(
                say("{what} took more than {seconds:g} s", what=what, seconds=seconds),
                path,
                hint=say("nothing was written"),
            ) from None
        if not line:
            self.close()
            raise _ended(what, path)
        reply: Dict[str, Any] = json.loads(line)
        return reply

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._replies = queue.Queue()
            folder = self._scratch.enter_context(new_folder(_memory()))
            self._process = subprocess.Popen(
                # -B: no __pycache__ beside modules that a config imports
                keeper.under([sys.executable, "-B", "-W", "ignore", _CHILD]),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), folder)},
                start_new_session=True,
                encoding="ascii",
            )
            threading.Thread(target=_pump, args=(self._process, self._replies), daemon=True).start()
        return self._process


def _memory() -> Optional[str]:
    """A folder in memory for the temporary files of loaders, which make a few for each file of a config.

    On a disk those take most of the time. None where there is none, or where the user has chosen a folder.
    """
    if any(os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP")) or not os.access(
        _SHARED_MEMORY, os.W_OK
    ):
        return None
    try:
        status = os.statvfs(_SHARED_MEMORY)
    except OSError:
        return None
    return _SHARED_MEMORY if status.f_bavail * status.f_frsize >= _ROOM else None


def _ended(what: str, path: str) -> PatchError:
    return PatchError(say("{what} ended the process", what=what), path, hint=say("nothing was written"))


def _pump(process: subprocess.Popen[str], replies: queue.Queue[str]) -> None:
    """Pass the child's lines on; an empty one when it has ended."""
    assert process.stdout is not None
    try:
        for line in process.stdout:
            replies.put(line)
    except ValueError:  # closed while reading
        pass
    replies.put("")


def _no_loader(era: str, reason: str) -> NoLoaderError:
    """Nothing is installed; or what is does not import, and installing over it would be no cure."""
    alone = say("--no-loader writes on mmfix's reading alone")
    if reason:
        return NoLoaderError(
            say("nothing here can confirm a patch by loading it: {why}", why=reason), hint=alone
        )
    install = INSTALL_ONEDL if continuation_is_here() else INSTALL
    if era == MMCV1:
        why = say(
            "a patch is written only after mmcv 1.x (1.3 or later) or MMEngine has loaded it, and neither is "
            "installed here"
        )
        where = say("run mmfix where you train, or {command}, which loads such configs, too", command=install)
    else:
        why = say("a patch is written only after MMEngine has loaded it, and it is not installed here")
        where = say("{command}, or run mmfix where you train", command=install)
    return NoLoaderError(why, hint=f"{where}; {alone}")


def _pairs(overrides: Sequence[Override]) -> List[Tuple[KeyPath, Any]]:
    return [(override.key, to_plain(override.value)) for override in overrides]


def _target(document: ConfigDocument, target_path: Optional[str]) -> str:
    return osp.abspath(target_path) if target_path else document.path


def _require_none(
    found: Sequence[Tuple[KeyPath, str, str]],
    pairs: Sequence[Tuple[KeyPath, Any]],
    document: ConfigDocument,
    target_path: Optional[str],
) -> None:
    """Refuse a patch for what it does besides its overrides, or does not do of them."""
    if found:
        hint = (
            say("nothing was written") if target_path else say("nothing was written; {cure}", cure=BY_OVERLAY)
        )
        raise PatchError(mismatch_message([key for key, _ in pairs], found), document.path, hint=hint)
