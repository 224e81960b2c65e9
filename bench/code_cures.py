"""What the cures in code do with public repositories: every checkpoint call, and every finding about one.

    python bench/code_cures.py REPOSITORY... [--torchfix PROGRAM] [--most 12]

REPOSITORY: a checkout, of which nothing is changed. *Calls*: the lines that `grep` finds. Each is handed to
`non-reentrant-in-code` by itself, as a finding would; the changed file must compile, and its diff must touch the lines
of that call alone. *Findings*: one config of each backbone (`--most`), with the checkpoint of that backbone switched on
under `find_unused_parameters=True`: whether `check` offers the cure, and whether the whole promise is kept for it,
which reads every config of the repository again that uses the file. TorchFix (`pip install torchfix`, in an
environment of its own) runs on the files with such lines, with `--select TOR003`: the calls that it flags.
"""

from __future__ import annotations

import argparse
import ast
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Dict, FrozenSet, Iterator, List, NamedTuple, Set, Tuple

from mmfix.codemods.all import CODEMODS
from mmfix.codemods.apply import edited
from mmfix.config.document import ConfigDocument
from mmfix.config.family import walk
from mmfix.config.reader import Reader
from mmfix.errors import MmfixError
from mmfix.findings import CodeSpot, Override
from mmfix.jobs.checking import judge_document
from mmfix.jobs.code_cures import cure_file
from mmfix.jobs.patching import Options
from mmfix.patches import plan
from mmfix.python.links import project_around
from mmfix.remedies.own_code import Refused
from mmfix.settings import Settings
from mmfix.training import is_trainable

NAME = "non-reentrant-in-code"
#: As `grep -E`: what calls a checkpoint, and what only has it in its name.
CALL = re.compile(r"(cp|checkpoint|ckpt)\.checkpoint\(|(^|[^_.a-z])checkpoint\(|checkpoint_sequential\(")
NO_CALL = re.compile(r"(load|save)_checkpoint|^\s*(def|#)\s")
Line = Tuple[Path, int]


class Calls(NamedTuple):
    """What became of the lines of one repository."""

    changed: Set[Line]
    already: Set[Line]
    refused: Dict[Line, str]


def grepped(top: Path) -> Iterator[Line]:
    """The lines that call a checkpoint, by their words."""
    for path in sorted(top.rglob("*.py")):
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").split("\n"), 1):
            if CALL.search(line) and not NO_CALL.search(line):
                yield path.resolve(), number


def calls_of(top: Path) -> Calls:
    """All lines of a file together; each by itself where one of them is refused."""
    found = Calls(set(), set(), {})
    by_file: Dict[Path, List[int]] = {}
    for path, line in grepped(top):
        by_file.setdefault(path, []).append(line)
    for path, lines in by_file.items():
        try:
            _take(found, path, lines, top)
        except Refused:
            for line in lines:
                try:
                    _take(found, path, [line], top)
                except Refused as error:
                    found.refused[path, line] = error.why
    return found


def _take(found: Calls, path: Path, lines: List[int], top: Path) -> None:
    edits = edited(CODEMODS[NAME], [CodeSpot(str(path), line) for line in lines], project_around(str(top)))
    touched = {line for edit in edits for line in touched_calls(edit.before, edit.after, edit.lines)}
    if not touched <= set(lines) or len(edits) > 1:
        raise SystemExit(f"{path}: the diff touches more than these calls: {lines}")
    found.changed.update((path, line) for line in lines if line in touched)
    found.already.update((path, line) for line in lines if line not in touched)


def touched_calls(before: bytes, after: bytes, lines: Tuple[int, ...]) -> Set[int]:
    """Where the calls begin that each line lies in which differs; the file must compile. 0: in none."""
    compile(after, "x.py", "exec", dont_inherit=True)
    calls = [
        node
        for node in ast.walk(ast.parse(before))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("checkpoint", "_sequential"))
    ]
    return {
        next((call.lineno for call in calls if call.lineno <= line <= (call.end_lineno or 0)), 0)
        for line in lines
    }


def torchfix(program: str, files: List[Path]) -> Set[Line]:
    """The calls that TorchFix flags in the files that have some."""
    done = subprocess.run(
        [program, "--select", "TOR003", "-j", "2", *map(str, files)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )
    places = re.findall(r"^(.+?):(\d+):\d+: TOR003", done.stdout, re.MULTILINE)
    return {(Path(path).resolve(), int(line)) for path, line in places}


class Findings(NamedTuple):
    """The models of one repository."""

    models: int
    offered: int
    kept: int
    broken: Tuple[str, ...]


def findings_of(top: Path, most: int) -> Findings:
    """What `check` offers for one config of each backbone, with its checkpoint on, and what comes of it."""
    reader, settings = Reader(), Settings(proofs=False)
    types: Set[str] = set()
    offered = kept = 0
    cures: Set[FrozenSet[CodeSpot]] = set()
    broken: List[str] = []
    for path in walk(str(top.resolve())):
        try:
            document = reader.load(path)
            part = next((part for part in PARTS if document.get(("model", part, "type"), None)), "")
            name = str(document.get(("model", part, "type"), ""))
            if not is_trainable(document) or not name or name in types or len(types) == most:
                continue
            types.add(name)
            texts = [
                found for found in (switched_on(document, reader, part, key) for key in SWITCHES) if found
            ]
        except MmfixError:
            continue
        for text in texts:
            changed = Reader(texts={path: text})
            try:
                spots = frozenset(
                    spot
                    for item in judge_document(changed.load(path), settings).findings
                    for cure in item.remedies
                    if cure.name == NAME
                    for spot in cure.code
                )
                if spots and spots not in cures:
                    cures.add(spots)
                    offered += 1
                    kept += bool(cure_file(path, changed, Options(NAME, settings=settings)).edits)
            except MmfixError as error:
                broken.append(str(error))
    return Findings(len(types), offered, kept, tuple(broken))


PARTS = ("backbone", "img_backbone")
SWITCHES = ("with_cp", "use_checkpoint")


def switched_on(document: ConfigDocument, reader: Reader, part: str, key: str) -> str:
    """The config with a checkpoint in its backbone, and `find_unused_parameters=True`."""
    overrides = (
        Override(("model", part, key), True, "tried"),
        Override(("find_unused_parameters",), True, "tried"),
    )
    return plan(document, overrides, reader).decode("utf-8")


def row(top: Path, program: str, most: int) -> Tuple[str, List[str]]:
    """The row of the table, and what is to be looked at."""
    calls, found = calls_of(top), findings_of(top, most)
    lines = calls.changed | calls.already | set(calls.refused)
    flagged = torchfix(program, sorted({path for path, _ in lines})) if program and lines else None
    notes = [f"{top.name}: {count} x {why}" for why, count in Counter(calls.refused.values()).items()]
    notes += [f"{top.name}: {line}" for line in found.broken]
    if flagged is not None:
        begun = calls.changed
        notes += [f"{top.name}: only TorchFix: {path}:{line}" for path, line in sorted(flagged - begun)]
        notes += [f"{top.name}: not TorchFix: {path}:{line}" for path, line in sorted(begun - flagged)]
    cells = [
        *(top.name, len(lines), len(calls.changed), len(calls.already), len(calls.refused)),
        *("" if flagged is None else len(flagged), found.models, found.offered, found.kept),
    ]
    return "| " + " | ".join(map(str, cells)) + " |", notes


HEAD = (
    "| repository | calls by `grep` | changed | say `False` already | refused | TorchFix TOR003 flags "
    "| backbones tried | cures offered | promise kept |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--torchfix", default="")
    parser.add_argument("--most", type=int, default=12)
    arguments = parser.parse_args()
    print(HEAD)
    for top in arguments.repositories:
        text, notes = row(top, arguments.torchfix, arguments.most)
        print(text, *notes, sep="\n", flush=True)


if __name__ == "__main__":
    main()
