"""The arrows of docs/architecture.md: who may import whom, and what must never be imported for `check`."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path
from typing import Dict, Iterator, Set, Tuple

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "mmfix"

#: Room -> rooms it may import; every room may import `errors`.
ALLOWED: Dict[str, Set[str]] = {
    "errors": set(),
    "config": set(),
    "ddp": set(),
    "code": {"config", "__init__"},
    "findings": {"config"},
    "training": {"config", "code", "ddp"},
    "remedies": {"config", "code", "ddp", "training", "findings"},
    "rules": {"config", "ddp", "training", "findings", "remedies"},
    "patches": {"config", "findings"},
    "proofs": {"config", "code", "ddp", "findings", "training", "remedies", "rules", "patches"},
    "diagnosis": {
        *("config", "code", "ddp", "findings", "training", "remedies", "rules", "proofs", "patches"),
        "report",  # a diagnosis prints itself, as a report does
    },
    "report": {"config", "findings", "proofs", "diagnosis", "__init__"},
    "prove": {"config", "ddp", "proofs"},
    "jobs": {
        *("config", "code", "ddp", "findings", "training", "remedies", "rules", "patches"),
        *("proofs", "prove", "diagnosis", "report"),
    },
    "api": {"config", "jobs", "report", "patches", "diagnosis"},
    "attach": {"api"},
    "cli": {"api", "diagnosis", "jobs", "report", "rules", "terminal", "__init__"},
    "terminal": {"report"},
    "nonreentrant": set(),
    "nonreentrant_checkpoint": {"nonreentrant"},
    "__main__": {"cli"},
}
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


@lru_cache(maxsize=None)
def imports() -> Tuple[Tuple[Path, str], ...]:
    """(file, module) of every import in the package, those inside functions too, not those for types only."""
    return tuple(_imports())


def _imports() -> Iterator[Tuple[Path, str]]:
    for path in sorted(SOURCE.rglob("*.py")):
        if path == SOURCE / "__init__.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}: relative import"
                yield path, str(node.module)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    yield path, alias.name


def room(path: Path) -> str:
    return path.relative_to(SOURCE).with_suffix("").parts[0]


def test_every_room_is_on_the_map() -> None:
    rooms = {room(path) for path in SOURCE.rglob("*.py")} - {"__init__"}
    assert rooms == set(ALLOWED)


def test_imports_follow_the_arrows() -> None:
    wrong = []
    for path, module in imports():
        parts = module.split(".")
        if parts[0] == "mmfix":
            target = parts[1] if len(parts) > 1 else "__init__"
            if target not in {room(path), "errors", *ALLOWED[room(path)]}:
                wrong.append(f"{path.relative_to(SOURCE)} imports {module}")
    assert wrong == []


@pytest.mark.parametrize("library", HEAVY)
def test_heavy_libraries_stay_where_they_belong(library: str) -> None:
    users = {
        str(path.relative_to(SOURCE).with_suffix(""))
        for path, module in imports()
        if module.split(".")[0] == library
        if not str(path.relative_to(SOURCE / "prove") if SOURCE / "prove" in path.parents else "").startswith(
            IN_RANKS
        )
    }
    assert users <= HEAVY[library]


def test_files_are_small() -> None:
    long = {
        str(path.relative_to(SOURCE)): lines
        for path in SOURCE.rglob("*.py")
        for lines in [len(path.read_text(encoding="utf-8").splitlines())]
        if lines > 400
    }
    assert long == {}
