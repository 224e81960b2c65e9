"""Make src/mmfix/repository/data/released.json: which model code the released packages have.

    pip download --no-deps -d wheels mmdet==3.3.0 mmdet==2.28.2 ...   # or sdists; unpack them
    python bench/make_released.py FOLDER ...                          # each holds one unpacked package
    python bench/make_released.py --add FOLDER ...                    # to what the table has

For each package, all versions together: file -> its functions, and its classes with the attributes that they
make by a call. By these a copy of a package in somebody's repository is recognised, and what was added to it told
apart. Nothing is imported from the packages.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Dict, Iterator, List, Set, Tuple

DATA = Path(__file__).parent.parent / "src" / "mmfix" / "repository" / "data" / "released.json"
#: Function or class -> the attributes that it makes.
Names = Dict[str, Set[str]]
#: Folders of a package that hold no part of a model.
LEFT_OUT = frozenset({
    "apis", "datasets", "dataset", "evaluation", "evaluator", "engine", "visualization", "testing", "structures",
    "configs", ".mim", "tools", "image", "video", "arraymisc", "fileio", "transforms", "hooks", "onnx", "tensorrt",
    "optimizer", "optim", "infer", "logging", "hub", "device", "dist", "_strategy", "analysis",
})  # fmt: skip


def main() -> int:
    """Read every package in the folders given."""
    adds = sys.argv[1:2] == ["--add"]
    table = _table() if adds else {}
    for folder in map(Path, sys.argv[1 + adds :]):
        for init in sorted(folder.glob("mm*/__init__.py")):
            files = table.setdefault(init.parent.name, {})
            for path in sorted(init.parent.rglob("*.py")):
                short = path.relative_to(init.parent)
                for name, made in [] if LEFT_OUT & set(short.parts) else _names(path):
                    files.setdefault(short.as_posix(), {}).setdefault(name, set()).update(made)
    rows = {
        package: {file: _row(names) for file, names in sorted(files.items())}
        for package, files in sorted(table.items())
    }
    DATA.parent.mkdir(exist_ok=True)
    DATA.write_text(json.dumps(rows, indent=0, separators=(",", ":")) + "\n", encoding="utf-8")
    print({package: len(files) for package, files in rows.items()}, DATA.stat().st_size, "bytes")
    return 0


def _table() -> Dict[str, Dict[str, Names]]:
    """What the table has."""
    rows = json.loads(DATA.read_text(encoding="utf-8"))
    return {
        package: {
            file: {name: set(made) for name, *made in map(_split, row.split())} for file, row in files.items()
        }
        for package, files in rows.items()
    }


def _split(entry: str) -> List[str]:
    return entry.split(".")


def _row(names: Names) -> str:
    """``function Class.attribute.attribute``."""
    return " ".join(".".join([name, *sorted(made)]) for name, made in sorted(names.items()))


def _names(path: Path) -> Iterator[Tuple[str, Iterator[str]]]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        for item in ast.iter_child_nodes(node) if isinstance(node, (ast.If, ast.Try)) else (node,):
            if isinstance(item, (ast.FunctionDef, ast.ClassDef)):
                yield item.name, iter(()) if isinstance(item, ast.FunctionDef) else _made(item)


def _made(cls: ast.ClassDef) -> Iterator[str]:
    for node in ast.walk(cls):
        if isinstance(node, ast.Assign) and any(isinstance(item, ast.Call) for item in ast.walk(node.value)):
            for target in node.targets:
                for name, owner in _attributes(target):
                    if owner == "self":
                        yield name


def _attributes(target: ast.expr) -> Iterator[Tuple[str, str]]:
    for item in target.elts if isinstance(target, ast.Tuple) else [target]:
        if isinstance(item, ast.Attribute) and isinstance(item.value, ast.Name):
            yield item.attr, item.value.id


if __name__ == "__main__":
    sys.exit(main())
