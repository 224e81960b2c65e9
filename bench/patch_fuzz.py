"""Forced patches of generated and mutated configs, in every encoding and line end. Writes its table into docs/reliability.md.

    python bench/patch_fuzz.py FILE [--patches 2000] [--in-place] [--write docs/reliability.md]

FILE keeps what was found, so that a run that was stopped goes on. The configs are those of `bench/fuzz_config.py`, one of the grammar
and one of the released zoos in turn. One to three keys of each get other values; the patch is planned, confirmed by MMEngine and
written as `mmfix patch` does it. Then MMEngine, in another process, loads the file as it was and as it is (`tests/config/fuzz/engine.py`):
every key but those, and none of those, must be what it was. Nothing of that comparison is mmfix's own. With `--in-place` as
`mmfix patch --in-place-value` does it.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import sys
import tempfile
from pathlib import Path
from random import Random
from typing import Any, Callable, Dict, Iterator, List, Sequence, Tuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "config")]

from fuzz.case import Case, write  # noqa: E402
from fuzz.engine import Engine, Refused  # noqa: E402
from fuzz.run import case_of  # noqa: E402

from fuzz_config import ZOOS  # noqa: E402
from mmfix.config.document import ConfigDocument  # noqa: E402
from mmfix.config.origin import Unknown  # noqa: E402
from mmfix.config.reader import Reader  # noqa: E402
from mmfix.errors import ConfigError, PatchError  # noqa: E402
from mmfix.findings import Override  # noqa: E402
from mmfix.patches import Verifier, planned, take_out, write_atomically  # noqa: E402
from sections import put  # noqa: E402
from wheels import unpack_zoo  # noqa: E402

HEADING = "## Forced patches"
IN_PLACE = "## Forced patches in place"
#: The text of a config -> its bytes, by the name of the encoding.
ENCODINGS: Dict[str, Callable[[str], bytes]] = {
    "LF": lambda text: text.encode(),
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "CR": lambda text: text.replace("\n", "\r").encode(),
    "LF and CRLF mixed": lambda text: text.replace("\n", "\r\n", text.count("\n") // 2).encode(),
    "no newline at the end": lambda text: text.rstrip("\n").encode(),
    "a comment at the end, no newline": lambda text: f"{text}# Größe 配置".encode(),
    "coding line, UTF-8": lambda text: f"# -*- coding: utf-8 -*-\n# Größe 配置\n{text}".encode(),
    "coding line, Latin-1, of a text in UTF-8": lambda text: f"# coding: latin-1\n# Größe\n{text}".encode(),
    "byte order mark": lambda text: f"\ufeff{text}".encode(),
    "coding line, Latin-1": lambda text: b"# coding: latin-1\n# Gr\xf6\xdfe\n" + text.encode(),
}
VALUES = (True, False, None, 0, -7, 0.25, "new", "", [], [1, "b"], (2,), {}, {"type": "New", "sizes": [1, 2]})
#: What becomes of a case; the last three are faults.
OUTCOMES = (
    "written",
    "refused",
    "stopped",
    "not read",
    "not loaded",
    "wrong",
    "not repeatable",
    "not undone",
)
FAULTS = OUTCOMES[5:]
#: What the run decides comes out one way or the other; a patch must be right for both.
WORLDS = (0, 1)


def paths_of(value: Any, path: Tuple[Any, ...] = ()) -> Iterator[Tuple[Any, ...]]:
    """Key paths that a patch may be about: each value that is known, and a new key in each dict."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(key, str) and not key.startswith("_") and not isinstance(item, Unknown):
                yield from paths_of(item, (*path, key))
        yield (*path, "brand_new")
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            if not isinstance(item, Unknown):
                yield from paths_of(item, (*path, index))


def chosen(rng: Random, document: ConfigDocument, in_place: bool) -> List[Override]:
    """One to three overrides of which none is about a part of another; in place, of what the file itself sets."""
    paths = [path for path in paths_of(document.to_dict()) if path[0] != "brand_new" or len(path) == 1]
    if in_place:
        own = [path for path in paths if getattr(document.origin(path), "path", None) == document.path]
        paths = own or paths
    found: List[Override] = []
    for path in rng.sample(paths, min(len(paths), rng.randint(1, 3))):
        length = [min(len(path), len(other.key)) for other in found]
        if all(path[:most] != other.key[:most] for most, other in zip(length, found)):
            found.append(Override(path, copy.deepcopy(rng.choice(VALUES)), "forced"))
    return found


def with_value(tree: Any, path: Sequence[Any], value: Any) -> Any:
    """The tree with another value at a path."""
    if not path:
        return copy.deepcopy(value)
    first, rest = path[0], path[1:]
    if isinstance(tree, dict):
        return {**tree, first: with_value(tree.get(first), rest, value)}
    items = list(tree)
    items[first] = with_value(items[first], rest, value)
    return type(tree)(items)


def is_same(one: Any, other: Any) -> bool:
    """Equal, and of the same types all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(is_same, one, other))
    return bool(one == other) or (one != one and other != other)


def one(
    case: Case, encoding: str, rng: Random, verifier: Verifier, engine: Engine, in_place: bool
) -> Tuple[str, str]:
    """What becomes of a forced patch of a case, and a word on it."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(write(case, Path(name)))
        before = ENCODINGS[encoding](path.read_text(encoding="utf-8"))
        path.write_bytes(before)
        reader = Reader()
        try:
            document = reader.load(str(path))
        except ConfigError as error:
            return "not read", error.message
        overrides = chosen(rng, document, in_place)
        first, again = (engine.load(str(path), WORLDS) for _ in range(2))
        if all(isinstance(tree, Refused) for tree in first):
            return "not loaded", ""
        try:
            data, places, _ = planned(document, overrides, reader, in_place=in_place)
        except PatchError as error:
            return "refused", error.message
        try:
            verifier.verify(document, data, overrides, reader)
        except PatchError as error:
            return "stopped", error.message
        write_atomically(str(path), data, before)
        for tree, twice, after in zip(first, again, engine.load(str(path), WORLDS)):
            if isinstance(tree, Refused) or not is_same(tree, twice):  # or no two loads are the same
                continue
            for item in overrides:
                tree = with_value(tree, item.key, item.value)
            if not is_same(tree, after):
                return "wrong", f"{[(item.key, item.value) for item in overrides]}"
        reader = Reader()
        if planned(reader.load(str(path)), overrides, reader, in_place=in_place).data != data:
            return "not repeatable", ""
        found = take_out(data, str(path), reader)
        undone = None if found is None else found.data
        if undone != (before if data != before else None):
            return "not undone", ""
        return "written", "in place" if places else ""


def table(found: Dict[str, Dict[str, int]], in_place: bool, places: int) -> str:
    total = {outcome: sum(row[outcome] for row in found.values()) for outcome in OUTCOMES}
    lines = [
        f"{IN_PLACE if in_place else HEADING}\n",
        "Configs of the grammar and of released packages, mutated, in which one to three keys get other values. Planned, confirmed by MMEngine and",
        f"written as `mmfix patch{' --in-place-value' if in_place else ''}` does it; then another MMEngine loads the file as it was and as it is. Made by",
        f"`python bench/patch_fuzz.py FILE{' --in-place' if in_place else ''} --write docs/reliability.md`. *Refused*: the keys cannot be set by a block at the end, which is said.",
        "*Stopped*: mmfix's reading of the patch and MMEngine's differ, or MMEngine does not load the config; nothing is written. *Not read*: refused",
        "by the reader. *Not loaded*: by MMEngine. The last three are faults.\n",
        f"| encoding and line ends | cases | {' | '.join(OUTCOMES)} |",
        f"|---|{'---|' * (len(OUTCOMES) + 1)}",
    ]
    for name, row in (*found.items(), ("**all**", total)):
        lines.append(f"| {name} | {sum(row.values()):,} | {' | '.join(f'{row[o]:,}' for o in OUTCOMES)} |")
    if in_place:
        lines.append(f"\nIn {places:,} of those written, a value is changed in place.")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--patches", type=int, default=2_000, help="written ones")
    parser.add_argument("--in-place", action="store_true", help="change values where they stand")
    parser.add_argument("--show", action="append", default=list(FAULTS), help="an outcome to print")
    parser.add_argument("--write", type=Path, metavar="FILE")
    options = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":  # what a case is follows from its number alone
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})
    state: Dict[str, Any] = {
        "next": 0,
        "places": 0,
        "found": {name: dict.fromkeys(OUTCOMES, 0) for name in ENCODINGS},
    }
    if options.file.exists():
        state = json.loads(options.file.read_text())
    found = state["found"]
    zoos = [str(unpack_zoo(name) / path) for name, path in ZOOS.items()]
    names = list(ENCODINGS)
    with Verifier(time_limit=20.0) as verifier, Engine() as engine:
        while sum(row["written"] for row in found.values()) < options.patches:
            number = state["next"]
            encoding = names[number // 6 % len(names)]  # not in step with the grammars
            case = case_of(number // 2, zoos if number % 2 else ())
            outcome, why = one(case, encoding, Random(number), verifier, engine, options.in_place)
            state["places"] += outcome == "written" and bool(why)
            found[encoding][outcome] += 1
            state["next"] += 1
            if outcome in options.show:
                print(f"{outcome} {number} {encoding}: {why[:300]}", flush=True)
            options.file.write_text(json.dumps(state, indent=1))
    text = table(found, options.in_place, state["places"])
    if options.write:
        put(options.write, IN_PLACE if options.in_place else HEADING, text)
    print(text)
    return int(any(row[fault] for row in found.values() for fault in FAULTS))


if __name__ == "__main__":
    sys.exit(main())
