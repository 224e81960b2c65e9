"""What a name made at run time can mean: ``getattr(self, f"layer{i}")`` is no mention of ``self.fc``."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import FrozenSet, Tuple

_ANY = ".*"
_LETTER = re.compile("[A-Za-z]")
#: ``%s``, ``%02d``; ``{}``, ``{name!r:>3}``.
_PERCENT, _BRACES = re.compile(r"%[-+ #0]*\d*(?:\.\d+)?[a-zA-Z]"), re.compile(r"\{[^{}]*\}")


def text_pattern(node: ast.expr) -> str:
    """A regular expression for the texts that an expression may give; empty where nothing is known."""
    pattern = _pattern(node)
    return pattern if _LETTER.search(pattern.replace(_ANY, "")) else ""


def _pattern(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return re.escape(node.value) if isinstance(node.value, str) else _ANY
    if isinstance(node, ast.JoinedStr):
        return "".join(_pattern(part) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _pattern(node.left) + _pattern(node.right)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return _filled(node.left, _PERCENT)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return _filled(node.func.value, _BRACES)
    return _ANY


def _filled(node: ast.expr, holes: re.Pattern[str]) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _ANY.join(re.escape(part) for part in holes.split(node.value))
    return _ANY


@lru_cache(maxsize=4096)
def written_names(cls: ast.ClassDef) -> FrozenSet[str]:
    """The attributes that a class sets by a plain ``self.name = ...``."""
    return frozenset(
        item.attr
        for item in ast.walk(cls)
        if isinstance(item, ast.Attribute)
        and isinstance(item.ctx, ast.Store)
        and isinstance(item.value, ast.Name)
        and item.value.id == "self"
    )


def is_spelled(cls: ast.ClassDef, name: str) -> bool:
    """Whether a text in a class may be that name."""
    texts, patterns = _texts(cls)
    return name in texts or any(re.fullmatch(pattern, name) for pattern in patterns)


@lru_cache(maxsize=4096)
def _texts(cls: ast.ClassDef) -> Tuple[FrozenSet[str], Tuple[str, ...]]:
    nodes = [item for item in ast.walk(cls) if isinstance(item, ast.expr)]
    plain = frozenset(
        item.value for item in nodes if isinstance(item, ast.Constant) and isinstance(item.value, str)
    )
    made = [text_pattern(item) for item in nodes if not isinstance(item, ast.Constant)]
    return plain, tuple(dict.fromkeys(filter(None, made)))
