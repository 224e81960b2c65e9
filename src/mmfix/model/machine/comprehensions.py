"""Comprehensions."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, Callable, List

from mmfix.model.machine import assignment, indexing
from mmfix.model.machine.concrete import NotConcrete, to_python
from mmfix.model.machine.frame import Frame
from mmfix.model.machine.joining import open_list
from mmfix.model.machine.values import MISSING, UNKNOWN, PyDict, PyList

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine


def comprehension(m: Machine, node: Any, frame: Frame) -> Any:
    """``[f(x) for x in xs]``, also of a set or a generator."""
    inner = Frame(frame.scope, frame.function, frame)
    found: List[Any] = []
    edits = m.edits
    is_open = _generate(m, node.generators, 0, inner, lambda: found.append(m.eval(node.elt, inner)))
    if is_open and m.edits != edits:
        m.doubt("how many parameters are made or frozen is not known")
    if isinstance(node, ast.SetComp):
        return _set_of(found, is_open)
    return open_list(found) if is_open else PyList(found)


def _set_of(found: List[Any], is_open: bool) -> Any:
    try:
        return UNKNOWN if is_open else frozenset(to_python(item) for item in found)
    except (NotConcrete, TypeError):
        return UNKNOWN


def dict_comprehension(m: Machine, node: Any, frame: Frame) -> Any:
    """``{k: v for k, v in items}``."""
    inner = Frame(frame.scope, frame.function, frame)
    result = PyDict()

    def add() -> None:
        indexing.set_entry(result, m.eval(node.key, inner), m.eval(node.value, inner))

    edits = m.edits
    if _generate(m, node.generators, 0, inner, add):
        if m.edits != edits:
            m.doubt("how many parameters are made or frozen is not known")
        result.rest = UNKNOWN if result.rest is MISSING else result.rest
    return result


def _generate(m: Machine, generators: List[Any], index: int, frame: Frame, emit: Callable[[], None]) -> bool:
    """Run a comprehension; True when the number of results is not known."""
    if index == len(generators):
        emit()
        return False
    generator = generators[index]
    source = m.items_of(m.eval(generator.iter, frame))
    unsure = source.open
    for item in list(source.items):
        assignment.unpack(m, generator.target, item, frame)
        answers = [m.truth(m.eval(test, frame)) for test in generator.ifs]
        if any(answer is False for answer in answers):
            continue
        unsure = unsure or None in answers
        unsure = _generate(m, generators, index + 1, frame, emit) or unsure
    return unsure
