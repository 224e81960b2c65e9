"""Make the tables of checkpoints and of late freezing in src/mmfix/training/data.

    python bench/make_tables.py checkpoints [wheels/*.whl]
    pip download --no-deps -d wheels mmdet==3.3.0 mmdet==2.28.2 ...   # versions: "sources" in the data
    python bench/make_tables.py freezing wheels/*.whl

``checkpoints`` packs bench/facts/checkpoints.jsonl, one line a class and switch, and, given wheels, checks that
each class is on its line and takes the switch with that default. ``freezing`` reads the wheels' classes with ``ast``
(which keys freeze parameters only in ``train()``, and from which value on) and adds bench/facts/freezing.jsonl, which
has what was taken by hand from the repositories that it names. docs/developers/ says what a line means. Nothing is
imported from the packages. Needs Python 3.9.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

DATA = Path(__file__).parent.parent / "src" / "mmfix" / "training" / "data"
FACTS = Path(__file__).parent / "facts"

MMCV1 = {("mmdet", "2.28.2"), ("mmseg", "0.30.0"), ("mmcls", "0.25.0"), ("mmrotate", "0.3.4"),
         ("mmtrack", "0.14.0"), ("mmdet3d", "1.0.0rc6"), ("mmcv", "1.7.2")}  # fmt: skip
SCOPES = {"mmsegmentation": "mmseg", "mmaction2": "mmaction"}
# Evidence names the first row, so the packages most configs come from are first.
ORDER = ["mmdet", "mmseg", "mmpretrain", "mmcls", "mmpose", "mmaction", "mmdet3d", "mmrotate", "mmtrack"]


class Row(NamedTuple):
    """One fact of a table."""

    source: Tuple[str, str, str, bool]
    type: str
    key: str
    values: Tuple[Any, ...]


def main(argv: List[str]) -> int:
    if argv[:1] == ["freezing"] and len(argv) > 1:
        write("freezing.json", list(freezing_rows(argv[1:])))
    elif argv[:1] == ["checkpoints"]:
        facts = facts_of("checkpoints.jsonl")
        if argv[1:]:
            verify(facts, argv[1:])
        write("checkpoints.json", list(checkpoint_rows(facts)))
    else:
        print(__doc__)
        return 2
    return 0


def facts_of(name: str) -> List[Dict[str, Any]]:
    return [json.loads(line) for line in (FACTS / name).read_text(encoding="utf-8").splitlines()]


def write(name: str, rows: List[Row], folder: Path = DATA) -> None:
    def rank(row: Row) -> Tuple[int, str]:
        package = row.source[0]
        return (ORDER.index(package) if package in ORDER else len(ORDER), package)

    rows.sort(key=lambda row: (row.type, row.key, rank(row), row.source))
    sources = sorted({row.source for row in rows})
    types: Dict[str, Dict[str, List[Any]]] = {}
    for row in rows:
        found = types.setdefault(row.type, {}).setdefault(row.key, [])
        found.append([sources.index(row.source), *row.values])
    lines = [f"{json.dumps(kind)}: {json.dumps(keys)}" for kind, keys in types.items()]
    body = ",\n".join(lines)
    text = f'{{"sources": {json.dumps(sources)},\n"types": {{\n{body}\n}}}}\n'
    (folder / name).write_text(text, encoding="utf-8")
    print(f"{name}: {len(rows)} rows, {len(types)} types, {len(text)} bytes")


def source_of(package: str, version: str) -> Tuple[str, str, str, bool]:
    scope = SCOPES.get(package, package)
    return (scope, version, "mmcv1" if (scope, version) in MMCV1 else "mmengine", True)


def source_in(fact: Dict[str, Any]) -> Tuple[str, str, str, bool]:
    return (fact["package"], fact["version"], fact["era"], fact.get("released", True))


# --- checkpoints -------------------------------------------------------------------------------------


def checkpoint_rows(facts: List[Dict[str, Any]]) -> Iterator[Row]:
    for fact in facts:
        yield Row(
            source_in(fact), fact["type"], fact["switch"], (fact["default"], code_of(fact), fact["where"])
        )


def code_of(fact: Dict[str, Any]) -> str:
    """How a row says it: see ``mmfix.training.table``."""
    if not fact.get("calls", True):
        return "unused"
    kind = {True: "R", False: "N", None: "L"}[fact["reentrant"]]
    return kind + {True: "g", False: "u", None: "-"}[fact["guarded"]]


def verify(facts: List[Dict[str, Any]], wheels: List[str]) -> None:
    packages = dict(read_wheel(wheel) for wheel in wheels)
    checked = wrong = 0
    for fact in facts:
        classes = packages.get((fact["package"], fact["version"]))
        if classes is None:
            continue
        checked += 1
        file, _, line = fact["where"].rpartition(":")
        found = [c for c in classes.get(fact["type"], []) if (c.path, str(c.node.lineno)) == (file, line)]
        if not found:
            wrong += 1
            print("not at its place:", fact["package"], fact["version"], fact["type"], fact["where"])
            continue
        default = parameters(found[0], classes).get(fact["switch"])
        if default is not None and default != repr(fact["default"]):
            wrong += 1
            print("other default:", fact["package"], fact["type"], fact["switch"], default, fact["default"])
    print(f"verified {checked} rows, {wrong} wrong")


# --- freezing ----------------------------------------------------------------------------------------


class Class(NamedTuple):
    """A class of a wheel."""

    path: str
    node: ast.ClassDef


Classes = Dict[str, List[Class]]
FREEZE_KEYS = ("frozen_stages", "freeze_all", "partial_bn", "bn_frozen", "all_frozen")
# Read by train() itself, which then calls the method that freezes.
FREEZE_FLAGS = ("freeze_all", "partial_bn")


def freezing_rows(wheels: List[str]) -> Iterator[Row]:
    for wheel in wheels:
        (scope, version), classes = read_wheel(wheel)
        for name, places in classes.items():
            for place in places[:1]:
                for key, threshold in freezes(place, classes):
                    where = f"{place.path}:{place.node.lineno}"
                    yield Row(source_of(scope, version), name, key, (threshold, where))
    for fact in facts_of("freezing.jsonl"):
        yield Row(source_in(fact), fact["type"], fact["key"], (fact["late_from"], fact["where"]))


def freezes(cls: Class, classes: Classes) -> Iterator[Tuple[str, Optional[int]]]:
    """Freezing keys the class takes, each with its threshold, None for early freezing."""
    methods: Dict[str, ast.FunctionDef] = {}
    early: Set[str] = set()
    for base in ancestry(cls, classes):
        for node in base.node.body:
            if isinstance(node, ast.FunctionDef):
                methods.setdefault(node.name, node)
    for base in ancestry(cls, classes):
        for node in base.node.body:
            if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                early |= {"__init__"} if sets_false(node) else set()
                for called in self_calls(node):
                    early |= reached(called, methods)
    late = reached("train", methods)
    taken = parameters(cls, classes)
    for key in FREEZE_KEYS:
        if key not in taken:
            continue
        if key in FREEZE_FLAGS:
            if any(name in late and sets_false(m) for name, m in methods.items()):
                yield key, 1
            continue
        setters = [m for name, m in methods.items() if sets_false(m) and mentions(m, key)]
        if any(name in early for name in (m.name for m in setters)):
            yield key, None
        elif any(m.name in late for m in setters):
            yield key, min(threshold(m, key) for m in setters)


def threshold(method: ast.FunctionDef, key: str) -> int:
    """0 if something is frozen at 0, else 1 (`range(self.frozen_stages)`, a plain flag)."""
    name = re.escape(f"self.{key}")
    text = ast.unparse(method)
    guard = re.search(rf"if {name} >= 0:\n((?:\s+.*\n?)*)", text)
    inside = guard.group(1) if guard else ""
    if re.search(rf"range\((?:0, )?{name} \+ 1\)", text) or re.search(rf"if {name} < 0:\s+return", text):
        return 0
    before_loop = re.split(rf"range\((?:0, |1, )?{name}", inside)[0]
    return 0 if "requires_grad = False" in before_loop else 1


def sets_false(method: ast.FunctionDef) -> bool:
    text = ast.unparse(method)
    return "requires_grad = False" in text or "requires_grad_(False)" in text


def mentions(method: ast.FunctionDef, key: str) -> bool:
    return f"self.{key}" in ast.unparse(method)


def self_calls(method: ast.FunctionDef) -> Set[str]:
    return {
        node.func.attr
        for node in ast.walk(method)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "self"
    }


def reached(start: str, methods: Dict[str, ast.FunctionDef]) -> Set[str]:
    seen: Set[str] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        if name in methods and name not in seen:
            seen.add(name)
            todo.extend(self_calls(methods[name]))
    return seen


def ancestry(cls: Class, classes: Classes, seen: Tuple[str, ...] = ()) -> Iterator[Class]:
    yield cls
    for base in cls.node.bases:
        name = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
        if name in classes and name not in seen and name != cls.node.name:
            yield from ancestry(classes[name][0], classes, (*seen, name))


def parameters(cls: Class, classes: Classes) -> Dict[str, str]:
    """Constructor parameters with a default, own ones first."""
    found: Dict[str, str] = {}
    for base in ancestry(cls, classes):
        for node in base.node.body:
            if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                arguments = node.args
                tail = arguments.args[len(arguments.args) - len(arguments.defaults) :]
                pairs = [*zip(tail, arguments.defaults), *zip(arguments.kwonlyargs, arguments.kw_defaults)]
                for argument, default in pairs:
                    if default is not None:
                        found.setdefault(argument.arg, ast.unparse(default))
    return found


def read_wheel(path: str) -> Tuple[Tuple[str, str], Classes]:
    """(scope, version) and every class of a wheel by name."""
    package, version = Path(path).name.split("-")[:2]
    classes: Classes = {}
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".py") and "/.mim/" not in name and not name.startswith("tests/"):
                for node in ast.walk(ast.parse(archive.read(name))):
                    if isinstance(node, ast.ClassDef):
                        classes.setdefault(node.name, []).append(Class(name, node))
    return (SCOPES.get(package, package), version), classes


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
