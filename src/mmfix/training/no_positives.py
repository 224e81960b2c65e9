"""Losses that are zero times some of what they are made of, where a batch has no positive sample.

``return mask_feats.sum() * 0`` gives a gradient to what made ``mask_feats``, and none to the rest: the other
tensors that the loss is made of hang on parameters that DDP then waits for.
"""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import Dict, Iterator, List, Set, Tuple

from mmfix.python.place import Place
from mmfix.training.at_hand import module_of
from mmfix.training.reading import CodeReading
from mmfix.training.types import ModelFact
from mmfix.wording import say

_NO_POSITIVE = say("where there is no positive")


def partly_zero_losses(code: CodeReading) -> Iterator[ModelFact]:
    """One fact for each built module whose class, or a base of it in the same file, has such a loss."""
    for built in code.reading.built:
        tree = None if built.place is None else module_of(built.place.path)
        if built.place is None or tree is None:
            continue
        classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
        for line, zero, others in _in_class(built.class_name, classes, set()):
            where = code.where(Place(built.place.path, line))
            yield ModelFact(
                kind="unused",
                key=(*built.key, "type"),
                type_name=built.class_name,
                confidence="possible",
                why=say(
                    "{type} returns {code} {when}: what only {names} carries then gets no gradient.",
                    type=built.class_name,
                    code=zero,
                    when=_NO_POSITIVE,
                    names=others,
                ),
                evidence=(say("{place} returns {code} {when}", place=where, code=zero, when=_NO_POSITIVE),),
                scope=built.key,
                varies=True,
                no_positive=True,
            )


def _in_class(name: str, classes: Dict[str, ast.ClassDef], seen: Set[str]) -> Iterator[Tuple[int, str, str]]:
    if name in seen or name not in classes:
        return
    seen.add(name)
    for item in classes[name].body:
        if isinstance(item, ast.FunctionDef):
            yield from _in_method(item)
    for base in classes[name].bases:
        if isinstance(base, ast.Name):
            yield from _in_class(base.id, classes, seen)


@lru_cache(maxsize=4096)
def _in_method(method: ast.FunctionDef) -> Tuple[Tuple[int, str, str], ...]:
    """Line, text and left-out tensors of each ``return x.sum() * 0`` behind a test for nothing."""
    found: List[Tuple[int, str, str]] = []
    tensors = [
        item.arg
        for item in method.args.args
        if item.annotation is not None and "Tensor" in ast.dump(item.annotation)
    ]
    for node in ast.walk(method):
        if not isinstance(node, ast.If) or not _is_test_for_nothing(node.test):
            continue
        for last in node.body[-1:]:
            if isinstance(last, ast.Return) and last.value is not None:
                kept = _times_zero(last.value)
                left_out = [name for name in tensors if name not in kept and _is_used(method, name)]
                if kept & set(tensors) and left_out:
                    zero = f"{sorted(kept & set(tensors))[0]}.sum() * 0"
                    found.append((last.lineno, zero, ", ".join(left_out)))
    return tuple(found)


def _is_test_for_nothing(test: ast.expr) -> bool:
    """``x.shape[0] == 0``, ``num_pos < 1``, ``not positive.any()``."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        limit = test.comparators[0]
        value = limit.value if isinstance(limit, ast.Constant) else None
        return (isinstance(test.ops[0], (ast.Eq, ast.LtE)) and value == 0) or (
            isinstance(test.ops[0], ast.Lt) and value == 1
        )
    return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)


def _times_zero(value: ast.expr) -> Set[str]:
    """The names in ``x.sum() * 0``; none in anything else."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult):
        sides = [value.left, value.right]
        if any(isinstance(side, ast.Constant) and side.value == 0 for side in sides):
            return {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        both: List[Set[str]] = [_times_zero(value.left), _times_zero(value.right)]
        return both[0] | both[1]
    return set()


def _is_used(method: ast.FunctionDef, name: str) -> bool:
    return any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
        for node in ast.walk(method)
    )
