"""Check a patch before it is written: its effect on the resolved config must be exactly what it declares."""

from __future__ import annotations

import base64
import json
import os.path as osp
import pickle
import queue
import subprocess
import sys
import threading
from types import TracebackType
from typing import Any, Dict, List, Optional, Sequence, Tuple, Type

from mmfix.config.document import ConfigDocument, to_plain
from mmfix.config.keypath import KeyPath
from mmfix.errors import ConfigError, PatchError
from mmfix.findings import Override
from mmfix.patches.difference import differences, mismatch_message, short, with_overrides
from mmfix.patches.edits import BY_OVERLAY
from mmfix.patches.plan import Loads

#: Seconds until MMEngine must have been imported.
_START_LIMIT = 120.0

_CHILD = osp.join(osp.dirname(osp.abspath(__file__)), "child.py")


class Verifier:
    """Compares configs with MMEngine's own loader, in one child process that starts when first needed.

    Use as a context manager. Not for several threads at once.

    Args:
        time_limit: Seconds one comparison may take; a child that takes longer is killed and a new one started
            for the next comparison.
    """

    def __init__(self, time_limit: float = 60.0) -> None:
        self.time_limit = time_limit
        self._process: Optional[subprocess.Popen[str]] = None
        self._replies: queue.Queue[str] = queue.Queue()

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
        if process is not None:
            process.kill()
            process.communicate()

    def verify(
        self,
        document: ConfigDocument,
        data: bytes,
        overrides: Sequence[Override],
        reader: Loads,
        target_path: Optional[str] = None,
    ) -> None:
        """Return if a config with the bytes ``data`` differs from the document by exactly ``overrides``.

        Asked of mmfix's reader and of ``mmengine.Config.fromfile``; nothing is written.

        Args:
            target_path: Where ``data`` would be written, if not over the document; need not exist.

        Raises:
            PatchError: It does more or less than that, or cannot be loaded; the message names the key.
        """
        target = osp.abspath(target_path) if target_path else document.path
        pairs = [(o.key, to_plain(o.value)) for o in overrides]
        keys = [key for key, _ in pairs]
        found = self._by_reader(document, data, pairs, reader, target) or self._by_mmengine(
            document, data, pairs, target
        )
        if found:
            hint = "nothing was written" if target_path else f"nothing was written; {BY_OVERLAY}"
            raise PatchError(mismatch_message(keys, found), document.path, hint=hint)

    @staticmethod
    def _by_reader(
        document: ConfigDocument,
        data: bytes,
        pairs: Sequence[Tuple[KeyPath, Any]],
        reader: Loads,
        target: str,
    ) -> List[Tuple[KeyPath, str, str]]:
        try:
            patched = reader.load(target, text=data.decode("utf-8"))
        except ConfigError as error:
            raise PatchError(
                f"the patched config could not be read: {error.message}", document.path, hint=BY_OVERLAY
            ) from error
        expected = with_overrides(document.to_dict(), pairs)
        return [(d.key, short(d.before), short(d.after)) for d in differences(expected, patched.to_dict())]

    def _by_mmengine(
        self, document: ConfigDocument, data: bytes, pairs: Sequence[Tuple[KeyPath, Any]], target: str
    ) -> List[Tuple[KeyPath, str, str]]:
        reply = self._ask(
            {
                "path": document.path,
                "target": target,
                "before": base64.b64encode(document.text.encode("utf-8")).decode("ascii"),
                "after": base64.b64encode(data).decode("ascii"),
                "overrides": base64.b64encode(pickle.dumps(list(pairs))).decode("ascii"),
            },
            document.path,
        )
        failed, error = reply.get("failed"), reply.get("error")
        if failed == "original":
            raise PatchError(
                f"MMEngine cannot load this config, patched or not: {error}",
                document.path,
                hint="make it load first",
            )
        if failed == "patched":
            raise PatchError(
                f"MMEngine cannot load the patched config: {error}", document.path, hint=BY_OVERLAY
            )
        if failed:
            raise PatchError(f"the patch could not be checked: {error}", document.path)
        return [(tuple(item["key"]), item["expected"], item["got"]) for item in reply["differences"]]

    def _ask(self, request: Dict[str, Any], path: str) -> Dict[str, Any]:
        process = self._running(path)
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        except OSError:
            self._replies.put("")
        return self._reply(self.time_limit, path)

    def _reply(self, seconds: float, path: str) -> Dict[str, Any]:
        try:
            line = self._replies.get(timeout=seconds)
        except queue.Empty:
            self.close()
            raise PatchError(
                f"MMEngine did not load this config within {seconds:g} s", path, hint="nothing was written"
            ) from None
        if not line:
            self.close()
            raise PatchError("this config ended the process that loaded it", path, hint="nothing was written")
        reply: Dict[str, Any] = json.loads(line)
        return reply

    def _running(self, path: str) -> subprocess.Popen[str]:
        if self._process is None:
            self._replies = queue.Queue()
            self._process = subprocess.Popen(
                # -B: no __pycache__ beside modules that a config imports
                [sys.executable, "-B", "-W", "ignore", _CHILD],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="ascii",
            )
            threading.Thread(target=_pump, args=(self._process, self._replies), daemon=True).start()
            started = self._reply(_START_LIMIT, path)
            if started.get("failed"):
                self.close()
                raise PatchError(
                    f"a patch is only written after MMEngine has checked it, and it cannot be imported: "
                    f"{started['error']}",
                    path,
                    hint="pip install mmengine",
                )
        return self._process


def _pump(process: subprocess.Popen[str], replies: queue.Queue[str]) -> None:
    """Pass the child's lines on; an empty one when it has ended."""
    assert process.stdout is not None
    try:
        for line in process.stdout:
            replies.put(line)
    except ValueError:  # closed while reading
        pass
    replies.put("")
