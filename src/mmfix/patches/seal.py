"""The last line of an overlay: it shows whether anybody has changed the file since mmfix wrote it."""

from __future__ import annotations

import hashlib
from typing import Sequence

_SEAL = "# mmfix wrote all of this (check {}); once changed, it is not overwritten"


def sealed(lines: Sequence[str]) -> bytes:
    """The lines as the bytes of a file, and a last line that vouches for them."""
    return _with_seal("".join(f"{line}\n" for line in lines).encode("utf-8"))


def is_untouched(data: bytes) -> bool:
    """True for a file that :func:`sealed` made and nobody changed, but for its line ends (git does that)."""
    data = data.replace(b"\r\n", b"\n")
    last_line = data.rstrip(b"\n").rfind(b"\n") + 1
    return data == _with_seal(data[:last_line])


def _with_seal(text: bytes) -> bytes:
    check = hashlib.sha256(text).hexdigest()[:8]
    return text + _SEAL.format(check).encode("ascii") + b"\n"
