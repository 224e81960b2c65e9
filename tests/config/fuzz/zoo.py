"""Mutate real configs: inherit from one and change it, or change its own text."""

from __future__ import annotations

import ast
import copy
import os.path as osp
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any, Callable, Dict, List, Optional, Tuple

from fuzz.case import ZOO, Case
from fuzz.configs import AFTER_BASE, BUILTIN, INHERIT, UNKNOWN_WEIGHTS, config_dict, new_writer, text_of
from fuzz.expand import KEYS
from mmfix.config.document import ConfigDocument
from mmfix.config.family import walk
from mmfix.config.reader import Reader
from mmfix.errors import ConfigError


@lru_cache(maxsize=None)
def _files(root: str) -> Tuple[str, ...]:
    return tuple(sorted(walk(root)))


#: Keeps the bases, which many configs share.
_READER = Reader()


@lru_cache(maxsize=400)
def _document(path: str) -> Optional[ConfigDocument]:
    """What the config gives, only to know which keys are worth a mutation."""
    try:
        return _READER.load(path)
    except ConfigError:
        return None


def zoo_case(name: str, root: str, seed: int) -> Case:
    """A mutated config of the zoo in that folder; the same one always."""
    rng = Random(f"{name}-{seed}")
    files = _files(root)
    while True:
        path = rng.choice(files)
        document = _document(path)
        if document is not None and not document.missing and document.tree and path.endswith(".py"):
            break
    inherit = rng.random() < 0.4 and document.kind == "classic"
    text = _child(rng, document, root) if inherit else _mutated(rng, document, root)
    return Case(name, str(seed), {"c.py": text}, root)


def _below(root: str, path: str) -> str:
    return f"{ZOO}/{Path(osp.relpath(path, root)).as_posix()}"


def _child(rng: Random, document: ConfigDocument, root: str) -> str:
    """A new config that inherits from a real one."""
    unknown = rng.choice(UNKNOWN_WEIGHTS) / 4
    tree = document.to_dict()
    writer = new_writer(rng, {"_base_": config_dict(tree)}, unknown, AFTER_BASE, after_base=True)
    for template in rng.sample(INHERIT, 3):
        writer.add(template)
    for _ in range(rng.randint(0, 3)):
        writer.statement()
    for line in _writes(rng, tree, rng.randint(1, 3)):
        writer.worlds.add(line)
    return f"_base_ = {_below(root, document.path)!r}\n" + text_of(writer)


def _writes(rng: Random, tree: Dict[str, Any], count: int) -> List[str]:
    """``model = dict(backbone=dict(depth=...))`` for paths that are there."""
    lines = []
    for _ in range(count):
        keys: List[str] = []
        value: Any = tree
        while isinstance(value, dict) and value and (not keys or rng.random() < 0.8):
            names = [key for key in value if isinstance(key, str) and key.isidentifier() and key != "_base_"]
            if not names:
                break
            keys.append(rng.choice(names))
            value = value[keys[-1]]
        if keys:
            text = rng.choice(
                ["True", "False", "3", "'x'", "None", "[1, 2]", "dict(a=1)", "dict(_delete_=True, b=2)"]
            )
            for key in reversed(keys[1:]):
                text = f"dict({key}={text})"
            lines.append(f"{keys[0]} = {text}")
    return lines


def _mutated(rng: Random, document: ConfigDocument, root: str) -> str:
    """The text of a real config, changed; its bases are found from where the case lies."""
    tree = ast.parse(document.text)
    _move(tree, document.path, root)
    for _ in range(rng.randint(1, 4)):
        changed = copy.deepcopy(tree)
        rng.choice(_MUTATIONS)(rng, changed)
        tree = changed
    text = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
    writer = new_writer(rng, _start(document), rng.choice(UNKNOWN_WEIGHTS) / 4, BUILTIN)
    writer.imports = {""}
    for _ in range(rng.randint(0, 3)):
        writer.statement()
    return text + "\n".join(writer.worlds.lines) + "\n"


def _start(document: ConfigDocument) -> Dict[str, Any]:
    """The names of the file itself, as the lines after it see them."""
    tree = document.to_dict()
    values = {name: tree[name] for name in document.own if name in tree}
    if document.kind == "lazy":
        return {name: value for name, value in config_dict(values).items() if not name.startswith("_")}
    return {name: _plain_own(document.own[name]) for name in values if not name.startswith("_")}


def _plain_own(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain_own(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return (list if isinstance(value, list) else tuple)(_plain_own(item) for item in value)
    return value


def _move(tree: ast.Module, path: str, root: str) -> None:
    """Make the file's bases point below the case's link to the zoo."""
    folder = osp.dirname(path)
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "_base_":
            for part in ast.walk(node.value):
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and "::" not in part.value:
                    part.value = _below(root, osp.normpath(osp.join(folder, part.value)))
    for part in ast.walk(tree):
        if isinstance(part, ast.ImportFrom) and part.level and part.module:
            up = osp.join(folder, *[".."] * (part.level - 1))
            target = _below(root, osp.normpath(osp.join(up, *part.module.split("."))))
            part.level, part.module = 1, target.replace("/", ".")


def _constant(rng: Random, tree: ast.Module) -> None:
    """Another constant."""
    found = [
        node for node in _own(tree) if isinstance(node, ast.Constant) and not isinstance(node.value, str)
    ]
    if found:
        rng.choice(found).value = rng.choice([True, False, None, 0, 7, 0.5, "x"])


def _call_to_literal(rng: Random, tree: ast.Module) -> None:
    """``dict(a=1)`` as ``{'a': 1}``, or with a part of it unpacked."""
    unpacked = rng.random() < 0.5

    def change(node: ast.expr) -> ast.expr:
        keywords = node.keywords  # type: ignore[attr-defined]
        literal = ast.Dict([ast.Constant(part.arg) for part in keywords], [part.value for part in keywords])
        return (
            ast.Call(ast.Name("dict", ast.Load()), [], [ast.keyword(None, literal)]) if unpacked else literal
        )

    _replace(rng, tree, _is_plain_call, change)


def _hoist(rng: Random, tree: ast.Module) -> None:
    """A part of a config as a name of its own, twice the same object."""
    for index in rng.sample(range(len(tree.body)), len(tree.body)):
        statement = tree.body[index]
        if isinstance(statement, ast.Assign) and _target(statement) not in (None, "_base_"):
            holder = ast.Module([statement], [])
            moved: List[ast.expr] = []

            def change(node: ast.expr, moved: List[ast.expr] = moved) -> ast.expr:
                moved.append(node)
                return ast.Name("hoisted", ast.Load())

            if _replace(rng, holder, _is_plain_call, change):
                name: List[ast.expr] = [ast.Name("hoisted", ast.Store())]
                tree.body[index : index + 1] = [ast.Assign(name, moved[0]), statement]
                write = rng.choice(
                    [
                        "hoisted['{0}'] = 1",
                        "hoisted.update({0}=[])",
                        "second = dict(a=hoisted)\nhoisted['{0}'] = 2",
                    ]
                )
                tree.body[index + 2 : index + 2] = ast.parse(write.format(rng.choice(KEYS))).body
            return


def _wrap(rng: Random, tree: ast.Module) -> None:
    """A value that comes by a function, a loop, a comprehension or a condition."""
    before, text = rng.choice(
        [
            ("def made(value, **more):\n    return value", "made({})"),
            ("", "({} if True else None)"),
            ("", "[x for x in [{}]][0]"),
            ("", "(lambda x: x)({})"),
            ("", "dict(inner={})['inner']"),
            ("import sys", "({0} if len(sys.argv) > 9 else {0})"),
            (
                "def made(value):\n    if isinstance(value, dict):\n        value['seen'] = True\n    return value",
                "made({})",
            ),
            ("", "({} or dict())"),
            ("", "[*({},)][-1]"),
            ("import sys", "{{'a': {}, 'b': 1}}.get('a' if sys.argv else 'b')"),
        ]
    )
    candidates = [
        node for node in tree.body if isinstance(node, ast.Assign) and _target(node) not in (None, "_base_")
    ]
    if candidates:
        node = rng.choice(candidates)
        node.value = ast.parse(text.format(ast.unparse(node.value)), mode="eval").body
        if before:
            tree.body[_first(tree) : _first(tree)] = ast.parse(before).body


def _conditional(rng: Random, tree: ast.Module) -> None:
    """A statement in a block of its own."""
    head = rng.choice(
        ["if True:", "for once in [0]:", "if len(__file__ if False else 'a') > 9:\n    pass\nelse:", "try:"]
    )
    places = [
        i
        for i, node in enumerate(tree.body)
        if isinstance(node, ast.Assign) and _target(node) not in (None, "_base_")
    ]
    if places:
        index = rng.choice(places)
        tail = "\nfinally:\n    pass" if head == "try:" else ""
        block = ast.parse(f"{head}\n    pass{tail}").body[0]
        inner = block.orelse if "else" in head and block.orelse else block.body  # type: ignore[attr-defined]
        inner[:] = [tree.body[index]]
        tree.body[index] = block


def _drop(rng: Random, tree: ast.Module) -> None:
    """One key less."""
    calls = [node for node in _own(tree) if _is_plain_call(node) and node.keywords]  # type: ignore[attr-defined]
    if calls:
        keywords = rng.choice(calls).keywords  # type: ignore[attr-defined]
        del keywords[rng.randrange(len(keywords))]


def _repeat(rng: Random, tree: ast.Module) -> None:
    """A statement once more, at the end."""
    found = [
        node for node in tree.body if isinstance(node, (ast.Assign, ast.Expr)) and _target(node) != "_base_"
    ]
    if found:
        tree.body.append(copy.deepcopy(rng.choice(found)))


_MUTATIONS: List[Callable[[Random, ast.Module], None]] = [
    _constant,
    _call_to_literal,
    _hoist,
    _wrap,
    _conditional,
    _drop,
    _repeat,
]


def _own(tree: ast.Module) -> List[ast.AST]:
    """Nodes outside of `_base_`."""
    return [node for part in tree.body if _target(part) != "_base_" for node in ast.walk(part)]


def _target(node: ast.stmt) -> Optional[str]:
    return getattr(node.targets[0], "id", None) if isinstance(node, ast.Assign) else None


def _first(tree: ast.Module) -> int:
    """Behind `_base_`: an import before it makes another kind of config of the file."""
    return next((i + 1 for i, node in enumerate(tree.body) if _target(node) == "_base_"), 0)


def _is_plain_call(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "dict"
        and not node.args
        and all(keyword.arg for keyword in node.keywords)
    )


def _replace(
    rng: Random, tree: ast.Module, wanted: Callable[[ast.AST], bool], change: Callable[[ast.expr], ast.expr]
) -> bool:
    """Replace one of the expressions that are wanted."""
    places: List[Tuple[Any, str, Optional[int]]] = []
    for node in _own(tree):
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.expr) and wanted(value):
                places.append((node, field, None))
            elif isinstance(value, list):
                places.extend(
                    (node, field, i)
                    for i, item in enumerate(value)
                    if isinstance(item, ast.expr) and wanted(item)
                )
    if not places:
        return False
    owner, field, index = rng.choice(places)
    if index is None:
        setattr(owner, field, change(getattr(owner, field)))
    else:
        getattr(owner, field)[index] = change(getattr(owner, field)[index])
    return True
