"""The rooms of `rooms.py`: who imports whom, what must never be imported for `check`, the map in the docs."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Dict

import pytest

from rooms import ROOMS, SOURCE, circles, files, imports_of, room_of, rooms_imported, rows

#: What runs in the ranks of a rehearsal, and nowhere else.
IN_RANKS = (
    *(
        "counting",
        "joining",
        "launch",
        "loop",
        "no_cuda",
        "plain_norm",
        "rehearsing",
        "stage",
        "worker",
        "wrapping",
    ),
    *("era_", "mmcv1_packages"),
    *("inputs/", "ops/"),
)
#: Only files that run in a child process, and the switch that needs it, import these.
HEAVY = {
    "torch": {"nonreentrant"},
    "mmengine": {"patches/loaders"},
    "numpy": set(),
    "libcst": {
        f"codemods/{name}"
        for name in (
            *("arguments", "codemod", "source"),
            *("freeze_before_wrap", "non_reentrant_in_code", "training_script", "unused_module"),
        )
    },
    "mmcv": {"patches/loaders"},
    "mmdet": set(),
    "mmseg": set(),
    "mmpretrain": set(),
}
#: What opens a file by itself: the one place for files of others, and what opens only files of our own.
OPENERS = {
    "python/disk": "files that others wrote",
    "repository/cache": "a new file, by its descriptor",
    "repository/pruning": "an empty file of our own",
    "traces": "temporary files, and their locks; a folder, to lock it",
    "patches/write": "the temporary file, by its descriptor; a folder, to sync it",
    "keeper": "/proc",
    "cli": "nowhere, in place of a stream that is shut",
    "terminal": "nowhere, in place of a pipe that is shut",
    "patches/child": "its own pipes, and what a framework's loader opens",
    "openmmlab": "our own data",
    "repository/carried": "our own data",
    "repository/released_names": "our own data",
    "training/table": "our own data",
    "prove/job": "what our processes tell each other",
    "prove/outside": "what our processes tell each other",
    "prove/supervise": "what our processes tell each other",
    "prove/watch": "what our processes tell each other, and /proc",
}
_OPENING = ("open", "fdopen", "read_text", "read_bytes", "write_text", "write_bytes", "getline", "getlines")

#: Circles of imports that stay: a result knows how to print itself, and what prints it knows the result.
ALLOWED_CIRCLES = [
    (
        "mmfix.report.causes",
        "mmfix.report.text.check",
        "mmfix.report.text.cures",
        "mmfix.report.text.inherited",
        "mmfix.report.text.problems",
        "mmfix.report.text.summary",
        "mmfix.results.checked",
    ),
    ("mmfix.report.text.diagnosis", "mmfix.results.diagnosis"),
    ("mmfix.report.text.patch", "mmfix.results.patched"),
]


def test_every_room_is_on_the_map() -> None:
    found = {room_of(dotted) for _, dotted, _ in files()} - {"__init__"}
    assert found == set(ROOMS)


def test_imports_follow_the_arrows() -> None:
    wrong = []
    for _, dotted, tree in files():
        room = room_of(dotted)
        if room == "__init__":
            continue
        for target, module in rooms_imported(tree):
            if target not in {room, "errors", "wording", *ROOMS[room].imports.split()}:
                wrong.append(f"{dotted} imports {module}")
    assert wrong == []


def test_no_arrow_is_left_over() -> None:
    used: Dict[str, set] = {room: set() for room in ROOMS}
    for _, dotted, tree in files():
        used.setdefault(room_of(dotted), set()).update(target for target, _ in rooms_imported(tree))
    allowed = [(name, other) for name, room in ROOMS.items() for other in room.imports.split()]
    assert [(name, other) for name, other in allowed if other not in used[name]] == []


def test_rooms_are_in_order() -> None:
    """A room imports rooms above it in the table, and those inside of it; a result prints itself."""
    names = list(ROOMS)
    back = [
        (name, other)
        for position, name in enumerate(names)
        for other in ROOMS[name].imports.split()
        if other != "__init__" and names.index(other) > position and not other.startswith(name + ".")
    ]
    assert back == [("results", "report.text")]


def test_no_file_imports_itself_in_a_circle() -> None:
    assert list(circles()) == ALLOWED_CIRCLES


@pytest.mark.parametrize("library", HEAVY)
def test_heavy_libraries_stay_where_they_belong(library: str) -> None:
    users = {
        str(path.relative_to(SOURCE).with_suffix(""))
        for path, _, tree in files()
        if library in {module.split(".")[0] for module in imports_of(tree)}
        if not str(path.relative_to(SOURCE / "prove") if SOURCE / "prove" in path.parents else "").startswith(
            IN_RANKS
        )
    }
    assert users <= HEAVY[library]


def test_tests_mirror_the_packages(repository: Path) -> None:
    """Each folder with code has a folder of tests; most `jobs` are tried through `cli` and `api`."""
    folders = {path.parent.relative_to(SOURCE) for path in SOURCE.rglob("*.py")}
    missing = {
        str(folder) for folder in folders if not any((repository / "tests" / folder).rglob("test_*.py"))
    }
    assert missing == set()


def test_files_of_others_are_opened_in_one_place() -> None:
    """What is no file, or has no end, is refused there; `Modules.open`, `Scripts.open` lead there, too."""
    found = {
        str(path.relative_to(SOURCE).with_suffix(""))
        for path, _, tree in files()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _opens(node.func)
    }
    in_ranks = {
        name for name in found if name.startswith("prove/") and name[len("prove/") :].startswith(IN_RANKS)
    }
    assert found - in_ranks == set(OPENERS)


def _opens(called: ast.expr) -> bool:
    if isinstance(called, ast.Name):
        return called.id == "open"
    if not isinstance(called, ast.Attribute) or called.attr not in _OPENING:
        return False
    owner = getattr(called.value, "attr", getattr(called.value, "id", ""))
    return (owner, called.attr) not in (("_modules", "open"), ("self", "open"), ("scripts", "open"))


def test_files_are_small() -> None:
    long = {
        str(path.relative_to(SOURCE)): lines
        for path in SOURCE.rglob("*.py")
        for lines in [len(path.read_text(encoding="utf-8").splitlines())]
        if lines > 400
    }
    assert long == {}


def test_the_map_in_the_docs_is_this_one(repository: Path) -> None:
    page = (repository / "docs" / "architecture.md").read_text(encoding="utf-8")
    shown = page.partition("<!-- map")[2].partition("<!-- end of map")[0]
    assert re.findall(r"^\| `([^`]+)` \| (.*) \|$", shown, flags=re.M) == list(rows()), (
        "python bench/architecture.py --write docs/architecture.md"
    )
