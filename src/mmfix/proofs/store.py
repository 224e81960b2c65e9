"""The proof file ``.mmfix/proofs.json``: one entry for each config that was rehearsed."""

from __future__ import annotations

import json
import os
import os.path as osp
import time
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.ddp import Outcome
from mmfix.errors import MmfixError, PatchError
from mmfix.findings import Remedy
from mmfix.proofs.codec import from_entry, to_entry
from mmfix.proofs.digest import NotDigestible, digest_of, file_sum, parts
from mmfix.proofs.place import has_proofs, proof_file
from mmfix.proofs.types import NOT_PROVED, Proof
from mmfix.python.disk import read_whole
from mmfix.traces import alone, clean
from mmfix.wording import say

VERSION = 1

_TRIES = 200
_PAUSE = 0.02
_MOST_CHANGED = 3
#: An entry is of a few KB.
_MOST_BYTES = 64_000_000
#: Cures under which the same parameters are wrapped by one DDP, as without them.
_SAME_PARAMETERS = {
    *("find-unused", "find-unused-off", "checkpoint-off", "non-reentrant", "static-graph"),
    *("static-graph-off", "accumulation-off", "write-key", "filter-empty-gt"),
}

_CURE = say("move it away, then run `mmfix prove CFG --save` again")
#: Path -> (its state, its content): every config of a run asks for the same file.
_remembered: Dict[str, Tuple[Tuple[int, int, int], Dict[str, Any]]] = {}


@dataclass(frozen=True)
class Kept:
    """A proof from the proof file.

    Attributes:
        proof: What was found; long lists of names are cut.
        date: The day of the rehearsal, ``2026-11-22``, as the file says.
        by: Whose login name it was made under, as the file says; empty where it names nobody.
        file: The proof file.
        fresh: The config and the user's own code are what they were.
        why_stale: What is not; empty for a fresh one.
    """

    proof: Proof
    date: str
    by: str
    file: str
    fresh: bool
    why_stale: str = ""


def save(proof: Proof, document: ConfigDocument, remedies: Sequence[Remedy] = ()) -> Path:
    """Write a proof into the proof file, in place of an older one of the same config; the others stay.

    Processes that save at the same time lose nothing.

    Args:
        proof: What was found.
        document: The config that was rehearsed.
        remedies: The cures that were rehearsed, so that the proof still holds when one that was OK has been
            patched in.

    Raises:
        NotDigestible: Something that decides the outcome is unknown, so that nobody could tell when the proof
            has become stale.
        MmfixError: Nothing was proved; the config is in no file; the proof file cannot be read or written.
    """
    from mmfix.proofs.sources import code_sums

    if proof.rehearsal.outcome == NOT_PROVED:
        reason = proof.rehearsal.reason or say("no reason was given")
        raise MmfixError(
            say("nothing was proved, so there is nothing to save: {why}", why=reason), document.path or None
        )
    if not document.path:
        raise MmfixError(
            say("a config in memory has no place to keep a proof"), hint=say("save it to a file first")
        )
    file = proof_file(document.path)
    found = parts(document)
    entry = {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "by": _login_name(),
        "digest": digest_of(found),
        "parts": found,
        "cured": _cured(proof, document, remedies),
        "code": code_sums(document, osp.dirname(osp.dirname(file))),
        **to_entry(proof),
    }
    try:
        os.makedirs(osp.dirname(file), exist_ok=True)
        clean(osp.dirname(file))
        with alone(osp.dirname(file)):
            _merge(file, _name(document.path, file), entry)
    except OSError as error:
        raise _not_written(file, error.strerror or str(error)) from error
    return Path(file)


def load(document: ConfigDocument) -> Optional[Kept]:
    """The proof of a config; None without one, and for a config in memory.

    Raises:
        MmfixError: There is a proof file, and it is broken, or of another version.
    """
    if not has_proofs(document):
        return None
    file = proof_file(document.path)
    entry = _entries(file).get(_name(document.path, file))
    if entry is None:
        return None
    try:
        proof = from_entry(document.path, entry)
        why, cure = _changes(document, entry, proof, osp.dirname(osp.dirname(file)))
        proof = proof if cure is None else _of_cure(proof, cure)
        return Kept(proof, str(entry["date"]), str(entry.get("by", "")), file, not why, why)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise _broken(file, say("the entry of {config}", config=_name(document.path, file))) from error


def _login_name() -> str:
    """Who runs this; empty where the system has no name for the user."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def _cured(proof: Proof, document: ConfigDocument, remedies: Sequence[Remedy]) -> Dict[str, str]:
    """The check sum of the config with each cure that was OK, by the cure's name."""
    from mmfix.patches.difference import with_overrides

    fine = {item.name for item in proof.remedies if item.outcome == Outcome.OK.value}
    sums = {}
    for remedy in remedies:
        if remedy.name in fine:
            tree = with_overrides(document.tree, [(item.key, item.value) for item in remedy.overrides])
            sums[remedy.name] = digest_of(parts(replace(document, tree=tree)))
    return sums


def _of_cure(proof: Proof, name: str) -> Proof:
    """The rehearsal of one of the cures, as a proof of its own: which parameters it was about is not kept."""
    before = proof.rehearsal
    cure = {item.name: item for item in proof.remedies}[name]
    ran = {item.name for item in cure.scenarios}
    known = dict.fromkeys([*(item.name for item in before.scenarios), *before.left])
    rehearsal = replace(
        before,
        outcome=cure.outcome,
        reason="",
        scenarios=cure.scenarios,
        left=tuple(name for name in known if name not in ran),
        groups=(),
        parameters=before.parameters if name in _SAME_PARAMETERS else (),
        activation_bytes=cure.activation_bytes,
        step_seconds=cure.step_seconds,
    )
    return replace(proof, rehearsal=rehearsal, remedies=())


def _changes(
    document: ConfigDocument, entry: Mapping[str, Any], proof: Proof, root: str
) -> Tuple[str, Optional[str]]:
    """What has changed since, in a few words; and the cure that was patched in, if that is all.

    A cure whose scenarios were not written down, as mmfix once did, is no proof of the patched config. An
    entry that leaves out some of the user's own code is none at all: nobody could tell when that has changed.
    """
    from mmfix.proofs.sources import code_sums  # most configs have no proof

    try:
        now = parts(document)
    except NotDigestible as error:
        return error.message, None
    untold = {item.name for item in proof.remedies if not item.scenarios}
    then = entry["parts"]
    cures = {total: name for name, total in entry["cured"].items() if name not in untold}
    changed = [name for name in dict.fromkeys([*then, *now]) if then.get(name) != now.get(name)]
    cure = cures.get(digest_of(now)) if changed else None
    if not changed or cure is not None:
        sums = entry["code"]
        changed = [path for path, old in sums.items() if file_sum(osp.join(root, path)) != old]
        left_out = [] if changed else [path for path in code_sums(document, root) if path not in sums]
        if left_out:
            return say("{file} has no check sum in it", file=left_out[0]), cure
    names, more = ", ".join(changed[:_MOST_CHANGED]), len(changed) - _MOST_CHANGED
    if more > 0:
        return say("{names} and {count} more changed", names=names, count=more), cure
    return say("{names} changed", names=names) if changed else "", cure


def _merge(file: str, name: str, entry: Mapping[str, Any]) -> None:
    """Read, change, replace; again when somebody else was faster."""
    from mmfix.patches.write import write_atomically  # `check` does not need it

    for _ in range(_TRIES):
        before = _bytes(file)
        configs = {} if before is None else dict(_parse(before, file))
        configs[name] = entry
        content = {"version": VERSION, "configs": dict(sorted(configs.items()))}
        data = (json.dumps(content, indent=1, sort_keys=False) + "\n").encode()
        try:
            write_atomically(file, data, before, new=before is None)
            return
        except PatchError as error:
            if _bytes(file) != before:
                time.sleep(_PAUSE)
                continue
            raise _not_written(file, error.message) from error
    raise _not_written(file, say("other processes write it all the time"))


def _entries(file: str) -> Dict[str, Any]:
    """The entries of a proof file, by config; empty without a file."""
    try:
        status = os.stat(file)
    except (OSError, ValueError):
        return {}
    state = (status.st_mtime_ns, status.st_size, status.st_ino)
    known = _remembered.get(file)
    if known is None or known[0] != state:
        try:
            data = _bytes(file)
        except OSError as error:
            raise _broken(file, (error.strerror or str(error)).lower()) from error
        known = _remembered[file] = (state, {} if data is None else _parse(data, file))
    return known[1]


def _parse(data: bytes, file: str) -> Dict[str, Any]:
    try:
        content = json.loads(data.decode("utf-8"))
        version, configs = content["version"], content["configs"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise _broken(file, say("it cannot be read")) from error
    if version != VERSION:
        raise _broken(
            file, say("it is of version {version!r}, not {wanted}", version=version, wanted=VERSION)
        )
    if not isinstance(configs, dict):
        raise _broken(file, say("it cannot be read"))
    return configs


def _broken(file: str, why: str) -> MmfixError:
    return MmfixError(say("is not a proof file that this mmfix can use: {why}", why=why), file, hint=_CURE)


def _not_written(file: str, why: str) -> MmfixError:
    return MmfixError(
        say("the proof cannot be written: {why}", why=why), file, hint=say("make its folder writable")
    )


def _name(config: str, file: str) -> str:
    """The name of a config in the file: its path from the root, with ``/``."""
    root = osp.dirname(osp.dirname(file))
    return osp.relpath(osp.abspath(config), root).replace(os.sep, "/")


def _bytes(file: str) -> Optional[bytes]:
    """What is in a proof file; None without one.

    Raises:
        OSError: It cannot be read.
        MmfixError: It is too large.
    """
    try:
        data = read_whole(file, _MOST_BYTES)
    except FileNotFoundError:
        return None
    if data is None:
        raise _broken(file, say("it is larger than 64 MB"))
    return data
