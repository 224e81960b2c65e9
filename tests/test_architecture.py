"""The rooms of `rooms.py`: who imports whom, what must never be imported for `check`, the map in the docs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict

import pytest

from rooms import ROOMS, SOURCE, circles, files, imports_of, room_of, rooms_imported, rows

#: What runs in the ranks of a rehearsal, and nowhere else.
IN_RANKS = (
    *("counting", "joining", "launch", "loop", "plain_norm", "rehearsing", "stage", "worker", "wrapping"),
    *("era_", "mmcv1_packages"),
    *("inputs/", "ops/"),
)
#: Only files that run in a child process, and the switch that needs it, import these.
HEAVY = {
    "torch": {"nonreentrant"},
    "mmengine": {"patches/loaders"},
    "numpy": set(),
    "libcst": set(),
    "mmcv": {"patches/loaders"},
    "mmdet": set(),
    "mmseg": set(),
    "mmpretrain": set(),
}
#: Circles of imports that stay: a result knows how to print itself, and what prints it knows the result.
ALLOWED_CIRCLES = [
    ("mmfix.diagnosis.types", "mmfix.report.explanation"),
    ("mmfix.report.text", "mmfix.report.types"),
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
            if target not in {room, "errors", *ROOMS[room].imports.split()}:
                wrong.append(f"{dotted} imports {module}")
    assert wrong == []


def test_no_arrow_is_left_over() -> None:
    used: Dict[str, set] = {room: set() for room in ROOMS}
    for _, dotted, tree in files():
        used.setdefault(room_of(dotted), set()).update(target for target, _ in rooms_imported(tree))
    allowed = [(name, other) for name, room in ROOMS.items() for other in room.imports.split()]
    assert [(name, other) for name, other in allowed if other not in used[name]] == []


def test_rooms_are_in_order() -> None:
    """A room imports rooms above it in the table, and those inside of it; a diagnosis prints itself."""
    names = list(ROOMS)
    back = [
        (name, other)
        for position, name in enumerate(names)
        for other in ROOMS[name].imports.split()
        if other != "__init__" and names.index(other) > position and not other.startswith(name + ".")
    ]
    assert back == [("diagnosis", "report")]


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
    """Each folder with code has a folder of tests; `jobs` are tried through `cli` and `api`."""
    folders = {path.parent.relative_to(SOURCE) for path in SOURCE.rglob("*.py")}
    missing = {
        str(folder) for folder in folders if not any((repository / "tests" / folder).rglob("test_*.py"))
    }
    assert missing == {"jobs"}


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
