"""What assignments and ``del`` do."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, List, NamedTuple, Optional

from mmfix.model.machine.access import attribute
from mmfix.model.machine.classes import ClassInfo
from mmfix.model.machine.frame import Frame
from mmfix.model.machine.indexing import index_of, set_subscript, subscript
from mmfix.model.machine.joining import any_item, join, together
from mmfix.model.machine.reach import reachable
from mmfix.model.machine.single import Single
from mmfix.model.machine.values import (
    GIVEN,
    MISSING,
    NUMBERS,
    PLAIN_SCALARS,
    TENSOR,
    UNKNOWN,
    Bound,
    Either,
    Function,
    Instance,
    Opaque,
    Param,
    Partial,
    PyDict,
    PyList,
    Raised,
    is_scalar,
)
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

#: How deep in lists and dicts a tensor is looked for that is changed under another name.
_DEEPEST = 3
_FREEZES = say("what is frozen or thawed is not known")


def set_attribute(m: Machine, target: Any, name: str, value: Any) -> None:
    """``target.name = value``."""
    if isinstance(target, Instance):
        cls = target.cls
        if isinstance(cls, ClassInfo):
            custom, setter = cls.find(m, "__setattr__"), cls.setter(m, name)
            if isinstance(custom, Function):
                m.call(custom, [target, name, value], {})
                return
            if setter is not None:
                m.call(setter, [target, value], {})
                return
        m.known.attach(m, target, name, value)
    elif isinstance(target, ClassInfo):
        target.assign(name, value)
    elif isinstance(target, Param):
        if name == "requires_grad":
            m.set_requires_grad(target, value)
    elif isinstance(target, Either):
        for item in target.values:
            m.conditional += 1
            try:
                set_attribute(m, item, name, join(attribute(m, item, name, MISSING), value))
            finally:
                m.conditional -= 1
    else:
        if name == "requires_grad":
            m.doubt(_FREEZES)
        if isinstance(value, (Instance, Param)):
            m.escape(value)


class Reference(NamedTuple):
    """Something that can be read and written, its parts evaluated once.

    Attributes:
        node: The expression.
        owner: The place before the dot or bracket; None where there is none.
        held: The value there, when this was evaluated.
        index: The attribute, or the value between the brackets.
        value: The value of an expression that cannot be written.
    """

    node: ast.expr
    owner: Optional[Reference] = None
    held: Any = None
    index: Any = None
    value: Any = None


def refer(m: Machine, node: ast.expr, frame: Frame) -> Reference:
    """The place an expression names."""
    kind = type(node)
    if kind is ast.Attribute:
        owner = refer(m, node.value, frame)  # type: ignore[attr-defined]
        return Reference(node, owner, load(m, owner, frame), node.attr)  # type: ignore[attr-defined]
    if kind is ast.Subscript:
        owner = refer(m, node.value, frame)  # type: ignore[attr-defined]
        held = load(m, owner, frame)
        return Reference(node, owner, held, index_of(m, node.slice, frame))  # type: ignore[attr-defined]
    return Reference(node) if kind is ast.Name else Reference(node, value=m.eval(node, frame))


def load(m: Machine, place: Reference, frame: Frame) -> Any:
    """What is there now."""
    node = place.node
    kind = type(node)
    if kind is ast.Name:
        return m.eval(node, frame)
    if kind is ast.Attribute:
        m.line = node.lineno
        return attribute(m, place.held, place.index)
    if kind is ast.Subscript:
        return m.each(place.held, lambda item: subscript(m, item, place.index))
    return place.value


def store(m: Machine, place: Reference, value: Any, frame: Frame) -> None:
    """Put a value there; where nothing can be put, nothing happens."""
    held = place.held
    if isinstance(place.node, ast.Name):
        m.assign(frame, place.node.id, value)
    elif isinstance(place.node, ast.Attribute):
        if isinstance(held, Opaque):
            if place.index == "requires_grad":
                m.doubt(_FREEZES)
            store_inside(m, place.owner, held, value, frame)
        else:
            set_attribute(m, held, place.index, value)
    elif isinstance(place.node, ast.Subscript):
        if isinstance(held, (Opaque, Param)):
            store_inside(m, place.owner, held, value, frame)
        else:
            set_subscript(m, held, place.index, value)


def unpack(m: Machine, target: Any, value: Any, frame: Frame) -> None:
    """Assign to a target: a name, an attribute, an item, or a tuple of these."""
    if value is UNKNOWN:
        value = UNKNOWN.like()  # from now on it is one and the same
    kind = type(target)
    if kind is ast.Name:
        m.assign(frame, target.id, value)
    elif kind is ast.Attribute and type(target.value) is ast.Name:  # self.x = ...
        held = m.eval(target.value, frame)
        if type(held) is Instance:
            set_attribute(m, held, target.attr, value)
        else:
            store(m, Reference(target, Reference(target.value), held, target.attr), value, frame)
    elif kind is ast.Tuple or kind is ast.List:
        _unpack_many(m, target.elts, value, frame)
    elif kind is ast.Starred:
        unpack(m, target.value, value, frame)
    else:
        store(m, refer(m, target, frame), value, frame)


def store_inside(m: Machine, place: Optional[Reference], owner: Any, value: Any, frame: Frame) -> None:
    """``owner[...] = value`` on a tensor: what stands at ``place`` depends on ``value`` from now on."""
    if isinstance(owner, Single):
        owner.forget()
    if place is not None and isinstance(place.node, ast.Attribute) and place.index == "data":
        return  # no gradient is recorded
    stored = m.flow(value)
    may, must = (owner.may, owner.must) if isinstance(owner, Opaque) else (0, 0)
    # other names may be views of the same memory; what it depends on already, these do, too
    m.escaped |= (stored.may & ~may) | (stored.must & ~must)
    if isinstance(value, (Instance, Bound, Partial)):
        m.escape(value)
    if place is not None and isinstance(owner, Opaque):
        if stored.may & ~owner.must:
            store(m, place, together([owner, stored], m.assumed, owner.kind), frame)
        elif owner.note.test is not None:
            store(m, place, owner.like(), frame)  # what was asked of it may be answered otherwise now


def changed_in_place(m: Machine, old: Any, new: Any) -> None:
    """``x += y`` on a tensor: what other names hold, and lists and dicts of theirs, is changed with it."""
    if not isinstance(old, Opaque) or not isinstance(new, Opaque) or not new.may & ~old.must:
        return
    if old not in (UNKNOWN, NUMBERS):  # these have no memory
        for frame in m.frames:
            _put_instead(m, frame, old, new, _DEEPEST)


def _may_share(one: Opaque, other: Opaque) -> bool:
    """Whether two tensors may have the same memory: views, what a function gave back, what is joined.

    One of these depends on all that the other does; from what depends on nothing that is not told.
    """
    if one.own_memory and other.own_memory:
        return False
    if not (one.may and other.may):
        return one.may == other.may and not any(side in (UNKNOWN, NUMBERS) for side in (one, other))
    return one.may | other.may in (one.may, other.may)


def _put_instead(m: Machine, holder: Any, old: Opaque, new: Opaque, depth: int) -> None:
    """In a frame, an object, a list or a dict, and in the lists and dicts inside."""
    held = holder.items
    for key in list(held) if isinstance(held, dict) else range(len(held)):
        value = held[key]
        if type(value) in PLAIN_SCALARS:
            continue
        if value is old and old.kind in (TENSOR, GIVEN):
            m.touch(holder)
            held[key] = new
        elif isinstance(value, Opaque):
            if value is not new and _may_share(value, old):
                m.added_in_place |= new.may & ~value.may
        elif depth and isinstance(
            value, (PyDict, PyList) if depth < _DEEPEST else (PyDict, PyList, Instance)
        ):
            _put_instead(m, value, old, new, depth - 1)


def _unpack_many(m: Machine, targets: List[Any], value: Any, frame: Frame) -> None:
    items = m.items_of(value)
    stars = [position for position, target in enumerate(targets) if isinstance(target, ast.Starred)]
    if not items.open and not stars and len(items.items) != len(targets):
        m.escape([value, *(item for frame in m.frames[-1:] for item in frame.items.values())])
        raise Raised(
            say(
                "{names} names for {values} values at line {line} of {file}",
                names=len(targets),
                values=len(items.items),
                line=m.line,
                file=frame.scope.path,
            )
        )
    if items.open:
        one = any_item(items)
        if m.before_wrap and reachable(one):
            m.doubt(say("what is unpacked is not known"))
        for target in targets:
            unpack(m, target, PyList([one], True) if isinstance(target, ast.Starred) else one, frame)
        return
    if not stars:
        for target, item in zip(targets, items.items):
            unpack(m, target, item, frame)
        return
    first, behind = stars[0], len(targets) - stars[0] - 1
    middle = items.items[first : len(items.items) - behind]
    last = items.items[len(items.items) - behind :]
    for target, item in zip(targets, [*items.items[:first], PyList(middle), *last]):
        unpack(m, target, item, frame)


def delete(m: Machine, target: Any, frame: Frame) -> None:
    """``del target``."""
    if isinstance(target, ast.Attribute):
        owner = m.eval(target.value, frame)
        if isinstance(owner, Instance):
            m.known.detach(m, owner, target.attr)
    elif isinstance(target, ast.Subscript):
        owner = m.eval(target.value, frame)
        index = index_of(m, target.slice, frame)
        if isinstance(owner, (PyDict, PyList)):
            m.touch(owner)
            if isinstance(owner, PyDict):
                owner.items.pop(index if is_scalar(index) else MISSING, None)
                if owner.owner is not None and isinstance(index, str):
                    m.known.detach(m, owner.owner, index)
            elif owner.open:
                owner.tail = 0
            elif isinstance(index, slice) or (
                isinstance(index, int) and -len(owner.items) <= index < len(owner.items)
            ):
                del owner.items[index]
        elif isinstance(owner, Instance):
            m.known.delete(m, owner, index)
