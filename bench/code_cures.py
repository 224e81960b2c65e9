"""What the cures in code do with public repositories: every checkpoint call, and every finding about one.

    python bench/code_cures.py REPOSITORY... [--libraries FOLDER...] [--torchfix PROGRAM] [--most 4] [--write PAGE]

REPOSITORY: a checkout, of which nothing is changed. *Calls*: the lines that `grep` finds. Each is handed to
`non-reentrant-in-code` by itself, as a finding would; the changed file must compile, and its diff must touch the lines
of that call alone. *Reached*: the calls that a config runs, as it is or with the checkpoint of one more class of the
repository switched on, under `find_unused_parameters=True`; with those of other people's classes off, where `check` says so. *Promise*: each different set of lines that is then offered
as a cure (`--most`) is written, with `mmfix patch`, into a copy of the repository, for which every config of it that uses the files is
read again; and undone, after which each file must be what it was, byte for byte.

`--libraries`: folders in which the packages lie that the models stand on (mmcv, mmdet, ... of the repository's era), as
`pip download --no-deps` and `unzip` make them: they are read, not imported. What a model needs and is in none of them is printed: no call in
it is reached. TorchFix (`pip install torchfix`, in an environment of its own) runs on the
files with such lines, with `--select TOR003`: the calls that it flags. `--write` puts the rows of these repositories into
the table, and leaves the others.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Dict, FrozenSet, Iterator, List, NamedTuple, Sequence, Set, Tuple

from mmfix import training
from mmfix.codemods.all import CODEMODS
from mmfix.codemods.apply import edited
from mmfix.config.document import ConfigDocument
from mmfix.config.family import walk
from mmfix.config.keypath import KeyPath
from mmfix.config.reader import Reader
from mmfix.errors import MmfixError
from mmfix.findings import CodeSpot, Override
from mmfix.jobs.checking import judge_document
from mmfix.jobs.code_cures import cure_code
from mmfix.jobs.code_promise import model_reading
from mmfix.jobs.patching import Options
from mmfix.jobs.undoing_code import undo_file
from mmfix.patches import plan
from mmfix.python.links import project_around
from mmfix.python.place import Place
from mmfix.remedies.graph import reentrant_sites
from mmfix.remedies.own_code import Refused
from mmfix.results.judged import CLASS
from mmfix.settings import Settings
from mmfix.training import is_trainable
from mmfix.training.types import CheckpointSite
from mmfix.workers import cores

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


class Promises(NamedTuple):
    """What became of the configs of one repository.

    Attributes:
        reached: The calls in its own code that a config runs, reentrantly.
        offered: Those of them that a cure was offered for.
        by_hand: Why one was not, each with the number of configs tried.
        tried, kept: Different sets of lines.
        configs: That were read again for them, together.
        broken: Why one of them was refused.
        seconds: Of the longest.
        unread: Why nothing was read of a model, each with the number of configs.
    """

    reached: Set[Line]
    offered: Set[Line]
    by_hand: Counter
    tried: int
    kept: int
    configs: int
    broken: Tuple[str, ...]
    seconds: float
    unread: Counter


def promises_of(top: Path, most: int) -> Promises:
    """What `check` offers for the configs of a repository, and what comes of it in a copy."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder).resolve() / top.name
        shutil.copytree(top, copy, symlinks=True)
        return _promises(copy, most)


def _promises(top: Path, most: int) -> Promises:
    reader, settings = Reader(), Settings(proofs=False)
    found = Promises(set(), set(), Counter(), 0, 0, 0, (), 0.0, Counter())
    cures: Dict[FrozenSet[CodeSpot], Tuple[str, str]] = {}
    seen: Set[Tuple[str, ...]] = set()
    for path in walk(str(top)):
        try:
            document = reader.load(path)
            if not is_trainable(document):
                continue
            found.unread.update(not_read(document, settings))
            waiting = list(switched_on(document, settings, str(top), seen))
        except MmfixError as error:
            found.unread[error.message.replace(f"{top}{os.sep}", "")] += 1
            continue
        for overrides in waiting:
            try:
                text = plan(document, overrides, reader).decode("utf-8")
                changed = Reader(texts={path: text}).load(path)
                findings = judge_document(changed, settings).findings
                sites = reentrant_sites(training.read(changed))
            except MmfixError as error:
                found.unread[error.message.replace(f"{top}{os.sep}", "")] += 1
                continue
            own = {site.key: _own_calls(site, f"{top}{os.sep}") for site in sites}
            reached = {call for calls in own.values() for call in calls}
            others = [
                Override(key, False, "tried") for key, calls in own.items() if not calls and key[-1] != "type"
            ]
            if reached and not set(others) <= set(
                overrides
            ):  # as the cure says that cannot be offered: switch that one off
                off = {item.key for item in others}
                waiting.append((*(item for item in overrides if item.key not in off), *others))
            remedies = [cure for item in findings for cure in item.remedies if cure.name == NAME]
            spots = frozenset(spot for cure in remedies for spot in cure.code)
            found.reached.update(reached)
            found.offered.update((Path(spot.path), spot.line) for spot in spots)
            if spots:
                cures.setdefault(spots, (path, text))
            elif reached:
                found.by_hand.update(
                    {cure.cost.partition("; ")[0] for cure in remedies} or {"nothing is said"}
                )
    for path, text in list(cures.values())[:most]:
        found = _tried(found, top, path, text, settings)
    return found


def not_read(document: ConfigDocument, settings: Settings) -> Tuple[str, ...]:
    """Why nothing was read of the model of a config: what of it is not here; nothing where it was read."""
    if model_reading(document, settings).built:
        return ()
    judged = judge_document(document, settings).judged
    gaps = () if judged is None else judged.gaps
    return tuple(f"{gap.what} is not here" if gap.kind == CLASS else gap.what for gap in gaps[:1])


def _own_calls(site: CheckpointSite, top: str) -> Set[Line]:
    """The lines of a switch that call torch's checkpoint, which is what `grep` counts, in the repository."""
    return {
        (Path(call.place.path), call.place.line)
        for call in site.calls
        if call.library == "torch" and call.place.path.startswith(top)
    }


def switched_on(
    document: ConfigDocument, settings: Settings, top: str, seen: Set[Tuple[str, ...]]
) -> Iterator[Tuple[Override, ...]]:
    """The config under `find_unused_parameters=True`: as it is, and with one more checkpoint of its own classes.

    Args:
        document: The config.
        settings: Of the run.
        top: The repository.
        seen: What was tried before: classes that are used together, and classes with a switch.
    """
    reading = model_reading(document, settings)
    own = [
        item for item in reading.built if item.place is not None and item.place.path.startswith(top + os.sep)
    ]
    tried: Dict[Tuple[str, ...], Tuple[KeyPath, ...]] = {}
    if reading.checkpoints:
        tried[tuple(sorted({item.class_name for item in reading.built}))] = ()
    for item in own:
        assert item.place is not None
        for switch in _switches(item.place):
            tried.setdefault((item.place.path, item.class_name, switch), ((*item.key, switch),))
    for what, keys in tried.items():
        if what not in seen:
            seen.add(what)
            yield tuple(Override(key, True, "tried") for key in (*keys, ("find_unused_parameters",)))


@lru_cache(maxsize=None)
def _switches(place: Place) -> Tuple[str, ...]:
    """The switches of a checkpoint that the text of a class names."""
    text = Path(place.path).read_text(encoding="utf-8", errors="replace")
    body = next(
        ast.unparse(node)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef) and node.lineno == place.line
    )
    return tuple(switch for switch in SWITCHES if re.search(rf"\b{switch}\b", body))


SWITCHES = ("with_cp", "use_checkpoint")


def _tried(found: Promises, top: Path, path: str, text: str, settings: Settings) -> Promises:
    """Write the cure for a config, and undo it; every file is then what it was, to the time of its change."""
    config = Path(path)
    before = {file: (file.read_bytes(), file.stat()) for file in sorted(top.rglob("*.py")) if file.is_file()}
    config.write_text(text, encoding="utf-8")
    options = Options(NAME, write=True, allow_dirty=True, settings=settings)
    began = time.monotonic()
    (result,) = cure_code([path], Reader(), options, {path}, cores())
    seconds = max(found.seconds, time.monotonic() - began)
    undo_file(path, write=True)
    config.write_bytes(before[config][0])
    for file, (data, status) in before.items():
        if file.read_bytes() != data:
            raise SystemExit(f"{file}: not undone byte for byte")
        if file.stat().st_mtime_ns != status.st_mtime_ns:
            os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    told = result.error
    used = re.search(r"\((\d+) configs? uses?", " ".join(result.notes))
    return found._replace(
        tried=found.tried + 1,
        kept=found.kept + result.written,
        configs=found.configs + (int(used[1]) if used else 0),
        broken=found.broken if told is None else (*found.broken, told.message.replace(f"{top}{os.sep}", "")),
        seconds=seconds,
    )


def row(top: Path, program: str, most: int) -> Tuple[str, List[str]]:
    """The row of the table, and what is to be looked at."""
    calls, found = calls_of(top), promises_of(top, most)
    lines = calls.changed | calls.already | set(calls.refused)
    flagged = torchfix(program, sorted({path for path, _ in lines})) if program and lines else None
    notes = [f"{top.name}: {count} x {why}" for why, count in Counter(calls.refused.values()).items()]
    notes += [f"{top.name}: {line}" for line in found.broken]
    notes += [f"{top.name}: {count} x {why}" for why, count in found.by_hand.items()]
    notes += [
        f"{top.name}: {count} configs of which no model was read: {why}"
        for why, count in found.unread.items()
    ]
    notes += [
        f"{top.name}: not offered: {path}:{line}" for path, line in sorted(found.reached - found.offered)
    ]
    if flagged is not None:
        begun = calls.changed
        notes += [f"{top.name}: only TorchFix: {path}:{line}" for path, line in sorted(flagged - begun)]
        notes += [f"{top.name}: not TorchFix: {path}:{line}" for path, line in sorted(begun - flagged)]
    cells = [
        *(top.name, len(lines), len(calls.changed), len(calls.refused)),
        *("–" if flagged is None else len(flagged), len(found.reached), len(found.offered)),
        *(found.tried, found.kept, found.configs, f"{found.seconds:.0f}"),
    ]
    return "| " + " | ".join(map(str, cells)) + " |", notes


HEAD = (
    "| repository | calls by `grep` | changed | refused | TorchFix TOR003 flags | reached | offered "
    "| cures tried | promise kept | configs read again | seconds |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|"
)
MARK, END = "<!-- table -->\n", "<!-- end of table -->"


def put(page: Path, rows: Sequence[str]) -> None:
    """Put rows into the table of a page, in the order of their names, with a line that adds them up."""
    head, _, rest = page.read_text(encoding="utf-8").partition(MARK)
    table, _, tail = rest.partition(END)
    known = {line.split(" | ")[0]: line for line in table.splitlines()[2:-1]} if HEAD in table else {}
    known.update({line.split(" | ")[0]: line for line in rows})
    body = [known[name] for name in sorted(known, key=str.lower)]
    columns = list(zip(*(line.strip("| ").split(" | ") for line in body)))
    sums = [str(sum(int(cell) for cell in column if cell.isdigit())) for column in columns[1:-1]]
    total = f"| {len(body)} repositories | {' | '.join(sums)} | |"
    page.write_text(f"{head}{MARK}" + "\n".join([HEAD, *body, total]) + f"\n{END}{tail}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--libraries", nargs="+", type=Path, default=[])
    parser.add_argument("--torchfix", default="")
    parser.add_argument("--most", type=int, default=4)
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    for folder in arguments.libraries:
        if not any(folder.glob("*/__init__.py")):
            parser.error(f"no package lies in {folder}: name the folders that packages lie in")
    sys.path[:0] = [str(folder.resolve()) for folder in arguments.libraries]
    print(HEAD)
    for top in arguments.repositories:
        text, notes = row(top.resolve(), arguments.torchfix, arguments.most)
        print(text, *notes, sep="\n", flush=True)
        if arguments.write:
            put(arguments.write, [text])


if __name__ == "__main__":
    main()
