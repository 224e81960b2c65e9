"""The parts of a log that are worth reading: its head, its tail, and what lies around each error.

A log can have gigabytes, nearly all of them lines of progress. Those are only searched for a few long
strings, which is as fast as memory; the rest of the reader sees regions of a few MB.
"""

from __future__ import annotations

import codecs
import io
from operator import truth
from typing import BinaryIO, Iterator, NamedTuple

#: Bytes read at a time.
CHUNK = 1 << 20
#: The head of a log is read whole: it has the config, and warnings of the first step.
HEAD = 2 * CHUNK
#: A region is cut at this size; its last lines come again at the start of the next.
MAX_REGION = 4 * CHUNK
OVERLAP = 1 << 16
#: Bytes by which lines are taken to be long, and what a long line has on average.
SAMPLE = 1 << 14
LONG_LINE = 128

#: What makes a chunk of progress lines worth reading: an exception's first line; the two errors of DDP where
#: they are quoted without one; what a rank says that waits for another (torch ``ProcessGroupNCCL.cpp``);
#: the config that begins another run.
#: With each a byte of it that lines of progress seldom have: a byte is found ten times as fast as a string.
TRIGGERS = (
    (b"T", b"Traceback (most recent call last)"),
    (b"w", b"finished reduction in the prior iteration before starting a new"),
    (b"k", b"Expected to mark a variable ready only once. This error is caused by"),
    (b"C", b" - INFO - Config:"),
    (b"W", b"Watchdog caught collective operation timeout"),
)
_SEAM = max(len(trigger) for _, trigger in TRIGGERS) - 1


class Region(NamedTuple):
    """A piece of the log that is read line by line.

    Attributes:
        line: Number of its first line in the log, from 1.
        data: UTF-8, whole lines (but for the log's last one, and lines longer than a chunk).
    """

    line: int
    data: bytes


def regions(file: BinaryIO) -> Iterator[Region]:
    """The regions of a log, in order: one pass in bounded memory; the file need not be seekable.

    Left out are chunks that are neither in the head, nor the last two, nor beside one with a trigger.
    """
    source = _as_utf8(file)
    chunk, quiet = bytearray(2 * CHUNK), bytearray(2 * CHUNK)  # no new memory for each chunk
    carried = 0  # bytes of an unfinished line at the start of `chunk`
    quiet_size = 0  # bytes in `quiet`: the chunk before, if nobody has taken it
    line = 1  # of the first line in `chunk`
    region, start = bytearray(), 1
    seen, after = 0, False
    while True:
        filled = source.readinto(memoryview(chunk)[carried : carried + CHUNK]) or 0
        size = carried + filled
        end = chunk.rfind(b"\n", 0, size) + 1 if filled else size
        if not end and size > CHUNK:
            end = size - (_SEAM if filled else 0)  # a line without an end; a trigger is not cut in two
        hot = seen < HEAD or _is_hot(chunk, end)
        lines = _line_ends(chunk, end)
        if hot or after or not filled:
            if quiet_size:
                start = line - _line_ends(quiet, quiet_size)
                region += memoryview(quiet)[:quiet_size]
                quiet_size = 0
            elif not region:
                start = line
            region += memoryview(chunk)[:end]
        line += lines
        if region and (not filled or not (hot or after) or len(region) >= MAX_REGION):
            yield Region(start, bytes(region))
            region = _last_lines(region) if hot or after else bytearray()
            start = line - region.count(b"\n")
        if not filled:
            return
        rest = chunk[end:size]
        if not (hot or after):
            chunk, quiet, quiet_size = quiet, chunk, end
        chunk[: len(rest)] = rest
        carried, seen, after = len(rest), seen + filled, hot


def _is_hot(chunk: bytearray, end: int) -> bool:
    return any(
        chunk.find(byte, 0, end) >= 0 and chunk.find(trigger, 0, end) >= 0 for byte, trigger in TRIGGERS
    )


def _line_ends(chunk: bytearray, end: int) -> int:
    """As ``chunk.count(b"\\n", 0, end)``, which looks at every byte; an iterator jumps from end to end."""
    if chunk.count(b"\n", 0, min(end, SAMPLE)) * LONG_LINE > SAMPLE:
        return chunk.count(b"\n", 0, end)
    lines = sum(map(truth, io.BytesIO(memoryview(chunk)[:end])))
    return lines - (end > 0 and not chunk.endswith(b"\n", 0, end))


def _last_lines(region: bytearray) -> bytearray:
    return region[region.rfind(b"\n", 0, max(0, len(region) - OVERLAP)) + 1 :]


class _Utf16(io.RawIOBase):
    """A UTF-16 stream, read as UTF-8."""

    def __init__(self, file: BinaryIO, first: bytes) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-16")("replace")
        self._ready = self._decoder.decode(first).encode("utf-8", "replace")

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """As ``io.RawIOBase.readinto``; 0 at the end."""
        while not self._ready:
            data = self._file.read(CHUNK)
            if not data:
                return 0
            self._ready = self._decoder.decode(data).encode("utf-8", "replace")
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size


class _Prefixed(io.RawIOBase):
    """A stream of which the first bytes have been read already."""

    def __init__(self, file: BinaryIO, first: bytes) -> None:
        self._file = file
        self._first = first

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """As ``io.RawIOBase.readinto``; 0 at the end."""
        if self._first:
            size = len(self._first)
            buffer[:size], self._first = self._first, b""
            return size
        return self._file.readinto(buffer) or 0  # type: ignore[attr-defined]


def _as_utf8(file: BinaryIO) -> io.RawIOBase:
    """The stream as UTF-8: a byte order mark says when it is UTF-16, as PowerShell's ``>`` writes."""
    first = file.read(4) or b""
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _Utf16(file, first)
    return _Prefixed(file, first[len(codecs.BOM_UTF8) :] if first.startswith(codecs.BOM_UTF8) else first)
