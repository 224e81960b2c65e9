"""Why a rank ended where the config has no part in it: what is known, in plain English, with the cure.

Such an end is no verdict about the config: it is tried once more, and then it is *not proved*.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
from pathlib import Path
from typing import List, NamedTuple, Optional

from mmfix.wording import mark, say

#: Fewer open files than this may be too few for torch, its launcher and a store: 24 are, 28 just do.
_FEW_FILES = 64
#: Bytes that a result may need.
_RESULT = 2**20


class _Sign(NamedTuple):
    """What stands in an error, and what it means: ``{who}`` ran into it.

    Attributes:
        marks: Of the system, of Python, torch and gloo; upper and lower case are the same.
        meaning: With the cure.
    """

    marks: str
    meaning: str


_SHORT_OF_MEMORY = say("end other programs, or give it less to do (--size, a smaller model)")
_SIGNS = (
    _Sign(
        "too many open files in system|ENFILE",
        mark("{who} met the system's limit of open files: end programs"),
    ),
    _Sign(
        r"too many open files|EMFILE|\berror 24\b",
        mark("{who} ran out of open files{limit_of_files}, then again"),
    ),
    _Sign(
        r"shared memory|/dev/shm|<?/?torch_\d+_\d+",
        mark("{who} found no shared memory: make room in /dev/shm (docker run --shm-size 2g)"),
    ),
    _Sign(
        "no space left on device|disk quota exceeded",
        mark("{who} found a disk full, or a quota used up: make room, or set TMPDIR to a folder with more"),
    ),
    _Sign(
        r"file too large|\bEFBIG\b",
        mark("{who} may not write files of that size: ulimit -f unlimited, then again"),
    ),
    _Sign(
        "read-only file system", mark("{who} may not write there: set TMPDIR to a folder that can be written")
    ),
    _Sign(
        r"^MemoryError|can.?t allocate memory|cannot allocate memory|bad_alloc|\bENOMEM\b",
        mark("{who} found no more memory{limit_of_memory}: {cure}"),
    ),
    _Sign(
        "failed to map segment from shared object",
        mark(
            "{who} could not load a library: the limit of memory{limit_of_memory} may be too low, or the "
            "library lies on a disk that is mounted noexec"
        ),
    ),
    _Sign(
        "can't start new thread|resource temporarily unavailable|pthread_create",
        mark(
            "{who} could not start a thread or a process: the limit of processes (ulimit -u) or of "
            "memory{limit_of_memory} may be too low"
        ),
    ),
    _Sign(
        "address already in use|EADDRINUSE", mark("{who} found its network port taken: try again in a moment")
    ),
    _Sign(
        r"client socket has (timed out|failed)|Rendezvous\w+Error|DistStoreError|DistNetworkError"
        r"|timed out after .* waiting for clients",
        mark(
            "{who} did not reach the others by the network of this machine{hint}: its own name must lead "
            "to it (ping $(hostname)), and a firewall must let it through"
        ),
    ),
    _Sign(
        r"SignalException: .*got signal: (?P<signal>\d+)",
        mark("{who} was told to end by {signal}, from outside"),
    ),
)
_TABLE = [(re.compile(sign.marks, re.IGNORECASE), sign.meaning) for sign in _SIGNS]
#: How Python and C++ end an output: the rank that torch writes in front of a line is no part of it.
_ERROR = re.compile(
    r"(?:\[rank\d+\]: )?(?:what\(\): +|(?=\[enforce fail|[A-Za-z_.]*(?:Error|Exception)\b))(?P<error>.*)"
)
_BY_SIGNAL = {
    "SIGKILL": say("as the system does when memory runs out: {cure}", cure=_SHORT_OF_MEMORY),
    "SIGTERM": say("which comes from outside: something on this machine, or a person, ends processes"),
    "SIGINT": say("which comes from outside: something on this machine, or a person, ends processes"),
    "SIGHUP": say("which comes from outside: something on this machine, or a person, ends processes"),
    "SIGXCPU": say("for it used up its CPU time: ulimit -t unlimited, then again"),
    "SIGBUS": say("for which a full /dev/shm or a full disk may be the reason: make room there"),
}


_A_RANK = say("a rank")


def meaning_of(error: str, who: str = _A_RANK) -> str:
    """What the first line of an error says of the machine; empty when it says nothing of it."""
    first = error.partition("\n")[0]
    for marks, meaning in _TABLE:
        found = marks.search(first)
        if found:
            number = found.groupdict().get("signal") or "0"
            by = named(int(number))
            return say(
                meaning,
                who=who,
                limit_of_files=_files(),
                hint=few_files(),
                limit_of_memory=_memory(),
                cure=_SHORT_OF_MEMORY,
                signal=by,
            )
    return ""


def meaning_of_output(output: str, who: str = _A_RANK) -> str:
    """The same for the last error in an output that says something of the machine."""
    return next(
        (said for said in (meaning_of(line, who) for line in reversed(errors_in(output))) if said), ""
    )


def errors_in(output: str) -> List[str]:
    """Lines that are the text of an exception, of Python or of C++, in their order."""
    found = (_ERROR.match(line.strip()) for line in output.splitlines())
    return [match.group("error") for match in found if match]


def meaning_of_signal(code: int, who: str = _A_RANK) -> str:
    """What an exit code below zero says."""
    name = _name(-code)
    more = _BY_SIGNAL.get(name, say("a crash in compiled code; -v shows the output"))
    return say("{who} was ended by {signal}, {why}", who=who, signal=named(-code), why=more)


def named(number: int) -> str:
    """``signal 9 (SIGKILL)``."""
    name = _name(number)
    return (
        say("signal {number} ({name})", number=number, name=name)
        if name
        else say("signal {number}", number=number)
    )


def unwritable(folder: Path) -> str:
    """Why nothing can be written to a folder; empty when it can."""
    path = folder / "probe"
    try:
        path.write_bytes(bytes(_RESULT))
    except OSError as error:
        return of_parent(error)
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
    return ""


def of_parent(error: OSError) -> str:
    """What kept mmfix itself from starting ranks, or from writing what they need."""
    known = meaning_of(str(error), "mmfix")
    size = _limit("RLIMIT_FSIZE")
    if not known and size is not None and size < _RESULT:
        known = meaning_of("EFBIG", "mmfix")
    return known or say(
        "mmfix cannot start its ranks ({why}): TMPDIR must be a folder that can be written", why=error
    )


def few_files() -> str:
    """A hint when the limit of open files is that low that it may be the reason; empty otherwise."""
    limit = _limit("RLIMIT_NOFILE")
    if limit is None or limit >= _FEW_FILES:
        return ""
    return say(" (the limit of {count} open files may be too low: ulimit -n 1024)", count=limit)


def no_network() -> str:
    """A hint when a process of this machine cannot reach another one; empty when it can."""
    try:
        with socket.create_server(("localhost", 0)) as server:
            socket.create_connection(server.getsockname(), timeout=1.0).close()
    except OSError as error:
        why = error.strerror or error
        return say(" (localhost cannot be reached by network: {why})", why=why)
    return ""


def _files() -> str:
    limit = _limit("RLIMIT_NOFILE")
    if limit is None:
        return say(": allow more")
    return say(" (the limit is {limit}): ulimit -n {wanted}", limit=limit, wanted=max(1024, 4 * limit))


def _memory() -> str:
    limit = _limit("RLIMIT_AS")
    if limit is None:
        return ""
    return say(" (ulimit -v allows {size:.1f} GB a process)", size=limit / 2**30)


def _limit(name: str) -> Optional[int]:
    """A limit that the ranks get from here; None: there is none, or this system knows none."""
    if os.name == "nt":
        return None
    import resource

    limit = int(resource.getrlimit(getattr(resource, name))[0])
    return None if limit in (resource.RLIM_INFINITY, -1) else limit


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return ""
