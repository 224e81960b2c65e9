"""Comprehensions."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, Callable, List

from mmfix.model.machine import assignment, indexing, paths
from mmfix.model.machine.concrete import NotConcrete, to_python
from mmfix.model.machine.counting import may_index, turns_of
from mmfix.model.machine.frame import Frame
from mmfix.model.machine.joining import open_list
from mmfix.model.machine.values import MISSING, UNKNOWN, PyDict, PyList
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

#: How much is known of the results of a comprehension: all of them; that these are there, and perhaps more
#: like them; those that may be there.
_KNOWN, _OPEN, _UNSURE = range(3)


def comprehension(m: Machine, node: Any, frame: Frame) -> Any:
    """``[f(x) for x in xs]``, also of a set or a generator."""
    inner = Frame(frame.scope, frame.function, frame, frame.outer)
    found: List[Any] = []
    edits = m.edits
    known = _generate(m, node, 0, inner, lambda: m.eval(node.elt, inner), found.append)
    if known is not _KNOWN and m.edits != edits:
        m.doubt(say("how many parameters are made or frozen is not known"))
    if isinstance(node, ast.SetComp):
        return _set_of(found, known is not _KNOWN)
    return open_list(found) if known is _UNSURE else PyList(found, known is _OPEN)


def _set_of(found: List[Any], is_open: bool) -> Any:
    try:
        return UNKNOWN if is_open else frozenset(to_python(item) for item in found)
    except (NotConcrete, TypeError):
        return UNKNOWN


def dict_comprehension(m: Machine, node: Any, frame: Frame) -> Any:
    """``{k: v for k, v in items}``."""
    inner = Frame(frame.scope, frame.function, frame, frame.outer)
    result = PyDict()

    def pair() -> Any:
        return m.eval(node.key, inner), m.eval(node.value, inner)

    edits = m.edits
    if _generate(m, node, 0, inner, pair, lambda made: indexing.set_entry(result, *made)) is not _KNOWN:
        if m.edits != edits:
            m.doubt(say("how many parameters are made or frozen is not known"))
        result.rest = UNKNOWN if result.rest is MISSING else result.rest
    return result


def _generate(
    m: Machine, node: Any, index: int, frame: Frame, make: Callable[[], Any], keep: Callable[[Any], None]
) -> int:
    """Run a comprehension, ``make`` its results and ``keep`` them; how much is known of them."""
    if index == len(node.generators):
        keep(make())
        return _KNOWN
    generator = node.generators[index]
    source = m.items_of(m.eval(generator.iter, frame))

    def turn(item: Any, keep: Callable[[Any], None]) -> int:
        m.step()
        assignment.unpack(m, generator.target, item, frame)
        answers = [m.truth(m.eval(test, frame)) for test in generator.ifs]
        if any(answer is False for answer in answers):
            return _KNOWN
        inside = _generate(m, node, index + 1, frame, make, keep)
        return _UNSURE if None in answers else inside

    turns = None
    if source.open and may_index(generator.target, node):
        turns = turns_of(m, m.frames[-1], source, lambda item: turn(item, lambda made: None))
    if source.open and turns is None:
        known = _OPEN
        with paths.turning(m, generator):
            for item in list(source.items):
                known = max(known, turn(paths.anew(m, item), keep))
        return known
    known = _KNOWN
    for item in list(source.items) if turns is None else turns:
        known = max(known, turn(item, keep))
    return known
