"""Write config files, patch them, and see what really happened."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import MISSING, parse_key
from mmfix.config.reader import Reader
from mmfix.findings import KeyMove, Override
from mmfix.patches import Planned, Verifier, plan, planned, take_out, undo


def write_files(folder: Path, files: Dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(textwrap.dedent(text).lstrip("\n").encode("utf-8"))


def overrides_of(pairs: Dict[str, Any], reason: str = "MMF101") -> List[Override]:
    return [Override(parse_key(key), value, reason) for key, value in pairs.items()]


def load(path: Path) -> Tuple[ConfigDocument, Reader]:
    reader = Reader()
    return reader.load(str(path)), reader


def patch_and_check(path: Path, overrides: Sequence[Override], verifier: Verifier) -> List[str]:
    """Plan, verify, write; then require idempotence, the old bytes as prefix, and a byte-exact undo.

    Returns:
        The statements of the block.
    """
    before = path.read_bytes()
    document, reader = load(path)
    data = plan(document, overrides, reader)
    assert path.read_bytes() == before
    verifier.verify(document, data, overrides, reader)
    assert data.startswith(before)
    assert undo(data) == (before if data != before else None)
    path.write_bytes(data)
    again, reader = load(path)
    assert plan(again, overrides, reader) == data
    return statements(data)


def statements(data: bytes) -> List[str]:
    lines = data.decode("utf-8").splitlines()
    first = [number for number, line in enumerate(lines) if line.startswith("# >>> mmfix")]
    if not first:
        return []
    return [line for line in lines[first[0] :] if line and not line.startswith("# ")]


def change_and_check(
    path: Path, overrides: Sequence[Override], verifier: Verifier, moves: Sequence[KeyMove] = ()
) -> Planned:
    """The same for values that are changed where they stand; undone also below lines that came since."""
    before = path.read_bytes()
    document, reader = load(path)
    made = planned(document, overrides, reader, in_place=True, moves=moves)
    assert path.read_bytes() == before
    gone = [Override(key, MISSING, "") for key in made.gone]
    verifier.verify(document, made.data, [*overrides, *gone], reader)
    path.write_bytes(made.data)
    again, reader = load(path)
    for in_place in (True, False):
        assert planned(again, overrides, reader, in_place=in_place, moves=moves).data == made.data
    if made.data != before:
        more = b"# a line\n" if before.endswith(b"\n") else b""
        for head, tail in ((b"", b""), (b"# a line\n\n", more)):
            found = take_out(head + made.data + tail, str(path), reader)
            assert found is not None
            assert (found.data, found.left) == (head + before + tail, ())
    return made
