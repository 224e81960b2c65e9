"""Branches and loops: what holds after one of several paths, or after an unknown number of turns."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Callable, List, Sequence, Tuple

from mmfix.model.machine import paths
from mmfix.model.machine.assignment import unpack
from mmfix.model.machine.conditions import Path
from mmfix.model.machine.counting import at_turn, may_index, turns_of
from mmfix.model.machine.frame import Contents, Exit, Frame
from mmfix.model.machine.joining import any_item, grew, open_list
from mmfix.model.machine.paths import Ways
from mmfix.model.machine.reach import contents_reach, loaded_names, reachable
from mmfix.model.machine.state import LEFT, RAISED, THROUGH
from mmfix.model.machine.values import TENSOR, UNKNOWN, Instance, Opaque, PyList, Raised, is_scalar
from mmfix.python.trees import everything, index_of
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

_MOST_TURNS = 3000
#: Turns expected of a loop inside of a loop.
_LOOP_INSIDE = 16
#: Turns of a loop of unknown length until what flows from one turn to the next must have settled.
_MOST_ROUNDS = 5
_NEXT, _STOP, _RETURN = "next", "stop", "return"


def fork(m: Machine, branches: Sequence[Callable[[], str]], ways: Ways = ()) -> str:
    """Run branches of which it is not known which one runs, and go on from those that run through.

    ``ways``: what holds on each of them, where that is known. Raises Raised when every branch raises.
    """
    through: List[Exit] = []
    left = False
    frame = m.frames[-1]
    for branch, sides in zip(branches, ways or paths.ways(m, len(branches))):
        frame.stranded = False
        ended, result, after, path = m.attempt(branch, sides)
        if ended is THROUGH and result is THROUGH:
            through.append(Exit(after, path))
        elif ended is THROUGH:
            left = True
            if not frame.stranded:
                leave(m, frame, after, path)
    frame.stranded = False
    if through:
        m.settle(through)
        return THROUGH
    if left:
        frame.stranded = True
        return LEFT
    raise Raised(say("every branch raises"))


def leave(m: Machine, frame: Frame, after: Contents, path: Path) -> None:
    """A path left by return, break or continue, with these contents."""
    depth = frame.base if frame.stopped == "return" else frame.loop
    frame.exits().append(Exit(m.since(depth, after), path))


def for_loop(m: Machine, node: Any, frame: Frame) -> str:
    """``for``."""
    value = m.eval(node.iter, frame)
    source = m.items_of(value)
    if isinstance(value, Opaque) and value.kind == TENSOR and not value.may:
        # over the entries of a computed tensor: there may be none, unlike the images of a batch
        return fork(m, [lambda: _unknown_turns(m, node, frame, source.items[0]), lambda: THROUGH])
    if source.open and source.items and _is_filtered(node.iter):
        return fork(m, [lambda: _open_loop(m, node, frame, source), lambda: THROUGH])
    if source.open:
        before = {name: (value, m.bits_of(value)) for name in _names_in(node)
                  for value in [frame.items.get(name)] if not isinstance(value, Instance)}  # fmt: skip
        ended = _open_loop(m, node, frame, source)
        for name, (
            value,
            bits,
        ) in before.items():  # it stays where there is nothing to go through
            after = frame.items.get(name)
            # after no turn its last item is that of before
            longer = _is_rest(node.iter) and isinstance(after, PyList) and after is not value
            m.escaped |= bits if longer else bits & ~m.bits_of(after)
        return ended
    return _known_turns(m, node, frame, source)


def _is_filtered(node: ast.expr) -> bool:
    """Whether it is a comprehension that may leave out everything."""
    comprehension = isinstance(node, (ast.GeneratorExp, ast.ListComp))
    return comprehension and any(one.ifs for one in node.generators)  # type: ignore[attr-defined]


def _is_rest(node: ast.expr) -> bool:
    """Whether it is what comes behind the first items: ``frames[1:]``."""
    index = index_of(node.slice) if isinstance(node, ast.Subscript) else None
    return isinstance(index, ast.Slice) and index.lower is not None


@lru_cache(maxsize=None)
def _names_in(node: Any) -> Tuple[str, ...]:
    """The names that a loop may bind, or whose values it may change."""
    parts = (item for one in (node.target, *node.body) for item in everything(one))
    return tuple(dict.fromkeys(item.id for item in parts if isinstance(item, ast.Name)))


def _open_loop(m: Machine, node: Any, frame: Frame, source: PyList) -> str:
    """``for`` over a list of unknown length."""

    def once(item: Any) -> str:
        unpack(m, node.target, item, frame)
        return m.run(node.body, frame)

    if may_index(node.target, *node.body):
        turns = turns_of(
            m, frame, source, lambda item: _in_loop(m, frame, _leaves(node), lambda level: once(item))
        )
        if turns is not None:
            return _known_turns(m, node, frame, PyList(turns))
    if not source.items:
        return THROUGH
    several = len(source.items) > 1
    if several:  # all of these are in it
        known = PyList([at_turn(item, number) for number, item in enumerate(source.items)])
        if _known_turns(m, node, frame, known) is LEFT:
            return LEFT
    return _unknown_turns(m, node, frame, any_item(source), later=several)


def _known_turns(m: Machine, node: Any, frame: Frame, source: PyList) -> str:
    outer = frame.turns
    inner = _LOOP_INSIDE if _nests(node) else 1
    if outer * inner * len(source.items) > _MOST_TURNS and all(map(_is_plain, source.items)):
        # a table of numbers is filled; loops over modules are followed, however long
        return _unknown_turns(m, node, frame, UNKNOWN)
    frame.turns = outer * max(len(source.items), 1)
    try:
        return _in_loop(
            m, frame, _leaves(node), lambda level: _turns(m, node, frame, list(source.items), level)
        )
    finally:
        frame.turns = outer


def _is_plain(item: Any) -> bool:
    return is_scalar(item) or (isinstance(item, tuple) and all(map(is_scalar, item)))


def while_loop(m: Machine, node: Any, frame: Frame) -> str:
    """``while``."""
    return _in_loop(m, frame, _leaves(node), lambda level: _while_turns(m, node, frame, level))


def _in_loop(m: Machine, frame: Frame, leaves: bool, run: Callable[[Contents], str]) -> str:
    outer = frame.continues, frame.breaks, frame.loop
    frame.continues, frame.breaks, frame.loop = [], [], len(m.trail)
    level = m.begin() if leaves else {}
    begun = len(m.trail) > frame.loop
    try:
        return run(level)
    finally:
        if begun:
            m.end(level)
        frame.continues, frame.breaks, frame.loop = outer
        frame.stopped = "return"


@lru_cache(maxsize=None)
def _leaves(node: Any) -> bool:
    """Whether a loop may be left from inside."""
    return any(isinstance(item, (ast.Break, ast.Continue, ast.Return)) for item in everything(node))


@lru_cache(maxsize=None)
def _nests(node: Any) -> bool:
    return any(isinstance(item, (ast.For, ast.While)) for part in node.body for item in everything(part))


def _turns(m: Machine, node: Any, frame: Frame, turns: List[Any], level: Contents) -> str:
    for item in turns:
        m.step()
        unpack(m, node.target, item, frame)
        then = _after_turn(m, frame, _turn(m, node, frame), level)
        if then is _RETURN:
            return LEFT if not frame.breaks else _stop(m, frame, level, live=False)
        if then is _STOP:
            return _stop(m, frame, level, live=not frame.stranded)
    if node.orelse and m.run(node.orelse, frame) is LEFT:
        return LEFT
    return _stop(m, frame, level, live=True)


def _turn(m: Machine, node: Any, frame: Frame) -> str:
    try:
        return m.run(node.body, frame)
    except Raised:
        if not (frame.continues or frame.breaks):
            raise
        frame.stranded = True  # other paths have gone on to the next turn, or out of the loop
        return LEFT


def _stop(m: Machine, frame: Frame, level: Contents, live: bool) -> str:
    m.unite(level, frame.breaks, live)
    frame.stranded = False
    return THROUGH


def _after_turn(m: Machine, frame: Frame, ended: str, level: Contents) -> str:
    """What comes after one turn of a loop: the next, the end of the loop, or the end of the function."""
    pending, frame.continues = frame.continues, []
    live = ended is THROUGH or (frame.stopped == "continue" and not frame.stranded)
    if live or pending:
        if not live and not frame.stranded:
            leave(m, frame, {}, m.assumed)
        frame.stopped, frame.stranded = "return", False
        m.unite(level, pending, live)
        return _NEXT
    stopped, frame.stopped = frame.stopped, "return"
    if frame.stranded:
        return _STOP if frame.breaks else _RETURN
    if stopped == "return" and frame.breaks:
        frame.leaves.append(Exit(m.since(frame.base), m.assumed))
    return _STOP if stopped == "break" else _RETURN


def _while_turns(m: Machine, node: Any, frame: Frame, level: Contents) -> str:
    for _ in range(_MOST_TURNS):
        truth = m.truth(m.eval(node.test, frame))
        if truth is False:
            if node.orelse and m.run(node.orelse, frame) is LEFT:
                return LEFT
            return _stop(m, frame, level, live=True)
        if truth is None:
            break
        then = _after_turn(m, frame, _turn(m, node, frame), level)
        if then is _RETURN:
            return LEFT if not frame.breaks else _stop(m, frame, level, live=False)
        if then is _STOP:
            return _stop(m, frame, level, live=not frame.stranded)
        if frame.breaks or frame.leaves:  # it may have ended here, so the number of turns is not known
            break
    ended = _unknown_turns(m, node, frame, None)
    return ended if ended is LEFT else _stop(m, frame, level, live=True)


def _unknown_turns(m: Machine, node: Any, frame: Frame, item: Any, later: bool = False) -> str:
    """A loop whose number of turns is not known; that it runs at least once is taken for granted.

    Turns are run until no more parameters flow from one to the next. Lists that it fills become open.
    ``later``: it has had turns already.
    """

    def turn() -> str:
        if isinstance(node, ast.While):
            m.eval(node.test, frame)
        else:
            unpack(m, node.target, paths.anew(m, item), frame)
        return m.run(node.body, frame)

    edits = m.edits
    with paths.turning(m, node):
        ended = _in_loop(m, frame, True, lambda level: _rounds(m, node, frame, turn, level, later))
    if m.edits != edits:
        m.doubt(say("how many times a loop makes or freezes parameters is not known"))
    return ended


def _rounds(
    m: Machine, node: Any, frame: Frame, turn: Callable[[], str], level: Contents, later: bool
) -> str:
    turns = m.turns
    assert turns is not None
    some = False
    for number in range(_MOST_ROUNDS):
        first = number == 0 and not later
        states = _round(m, node, frame, turn, first)
        if first and turns.asked_last:  # there may be one turn, which is both
            only = _round(m, node, frame, turn, first=True, last=True)
            frame.breaks += [Exit(m.since(frame.loop, state.contents), state.path) for state in only]
        if not states:
            break
        growing = [saved for state in states for key, saved in state.contents.items()
                   if grew(key, key.save(), saved)]  # fmt: skip
        m.settle(states if number == 0 else [*states, Exit({}, m.assumed)])
        some = True
        if not growing and not (first and turns.asked_first):
            break
        if growing and number + 1 == _MOST_ROUNDS:
            for saved in growing:
                m.escaped |= contents_reach(saved)
    if some and turns.asked_last:
        m.settle(_round(m, node, frame, turn, last=True))
    if not some and frame.leaves and not frame.breaks:
        return THROUGH  # it returns in its first turn, if there is one
    if some and node.orelse:
        m.run(node.orelse, frame)
    return _stop(m, frame, level, live=some or not frame.breaks)


def _round(
    m: Machine, node: Any, frame: Frame, turn: Callable[[], str], first: bool = False, last: bool = False
) -> List[Exit]:
    """One turn for many: the states in which the next one may begin."""
    assert m.turns is not None
    frame.stranded = False
    begun, left = paths.begin_turn(m, m.turns, first, last), len(frame.leaves)
    runs = first and not last  # so what raises there has a reason that was not seen
    m.conditional -= 1
    m.guards -= runs
    try:
        ended, result, after, path = m.attempt(turn)
    finally:
        m.conditional += 1
        m.guards += runs
    if ended is RAISED and runs and not (frame.continues or frame.breaks or frame.leaves[left:]):
        # no step that trains gets here, or something on the way here was not understood
        m.problem(say("every path through a loop raises"))
        m.escaped |= reachable([frame.items.get(name) for name in loaded_names(node)])
    states, frame.continues = list(frame.continues), []
    if ended is THROUGH and (result is THROUGH or frame.stopped == "continue") and not frame.stranded:
        states.append(Exit(after, path))
    elif ended is THROUGH and not frame.stranded:
        leave(m, frame, after, path)
    frame.stopped, frame.stranded = "return", False
    paths.end_turn(m, begun)
    for state in states:
        _open_lists(m, state.contents)
    return states


def _open_lists(m: Machine, state: Contents) -> None:
    """What one turn adds to a list, many turns add many times."""
    for changed, saved in list(state.items()):
        if isinstance(changed, PyList):
            before = changed.save()
            if saved[1] or len(saved[0]) != len(before[0]):
                state[changed] = _opened(before, saved).save()
        elif isinstance(changed, Frame):
            longer = {name: _opened(changed.items[name].save(), value.save()) for name, value in saved.items()
                      if _is_longer(changed.items.get(name), value)}  # fmt: skip
            if longer:  # names = names + [name]
                state[changed] = {**saved, **longer}
        elif isinstance(changed, Instance) and m.known.fills(m, changed, saved):
            changed.lost = changed.lost or say("a list of modules of unknown length")


def _is_longer(before: Any, after: Any) -> bool:
    """Whether it is another list, which a turn has made longer."""
    lists = isinstance(before, PyList) and isinstance(after, PyList) and before is not after
    return lists and not after.open and len(after.items) > len(before.items)


def _opened(before: Any, after: Any) -> PyList:
    count = len(before[0])
    if len(after[0]) <= count or any(item is not old for item, old in zip(after[0], before[0])):
        return open_list(after[0])
    kept = count - 1 if before[1] and before[2] else count  # its last item came in a turn before this
    return PyList([*after[0][:kept], *open_list(after[0][kept:]).items], True, None, 1)
