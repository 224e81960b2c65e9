"""The few values a training script's variables have here: constants, reads of config keys, keyword tables."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Dict, NamedTuple, Optional, Union

from mmfix.config.keypath import KeyPath
from mmfix.python.place import Place
from mmfix.wording import say


class Required:
    """The default of a read that has none: without the key the script stops."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = Required()


class Constant(NamedTuple):
    """A value known from the script alone."""

    value: Any


@dataclass(frozen=True)
class Read:
    """The value of a config key, or its opposite; ``()`` is the config itself.

    ``default`` is the value of the whole, negation included, when the key is absent; ``place`` is the line
    that reads it.
    """

    key: KeyPath
    default: Any = REQUIRED
    negated: bool = False
    place: Optional[Place] = field(default=None, compare=False)


class Has(NamedTuple):
    """Whether the config has a key."""

    key: KeyPath
    negated: bool = False


class Table(NamedTuple):
    """A dict of keyword arguments."""

    items: Dict[str, Value]


class Lost(NamedTuple):
    """A value that is not followed, and why; ``given``: whoever calls the function gives it."""

    reason: str
    given: bool = False


Value = Union[Constant, Read, Has, Table, Lost]
TRUE, FALSE = Constant(True), Constant(False)


def negate(value: Value) -> Value:
    """``not value``."""
    if isinstance(value, Constant):
        return Constant(not value.value)
    if isinstance(value, Read):
        default = value.default if value.default is REQUIRED else not value.default
        return replace(value, default=default, negated=not value.negated)
    if isinstance(value, Has):
        return Has(value.key, not value.negated)
    if isinstance(value, Table):
        return Constant(not value.items)
    return value


def choose(test: Value, yes: Value, no: Value) -> Value:
    """``yes if test else no``, as one value where it is one: a switch, a key with a default, or no choice."""
    if isinstance(test, Constant):
        return yes if test.value else no
    if yes == no:
        return yes
    if isinstance(yes, Table) and isinstance(no, Table):
        # a keyword that is not given leaves DDP's flag off
        names = {**yes.items, **no.items}
        return Table({n: choose(test, yes.items.get(n, FALSE), no.items.get(n, FALSE)) for n in names})
    if isinstance(test, Has):
        if test.negated:
            yes, no = no, yes
        if isinstance(yes, Read) and yes.key == test.key and isinstance(no, Constant):
            return replace(yes, default=no.value)
    if isinstance(test, Read):
        if _is(yes, True) and _is(no, False):
            return test
        if _is(yes, False) and _is(no, True):
            return negate(test)
        if yes == test and _is(no, False):
            return test
    return Lost(say("what it gets depends on a condition that mmfix does not follow"))


def both(first: Value, second: Value) -> Value:
    """``first and second``."""
    if isinstance(first, Has) and not first.negated and isinstance(second, Read) and second.key == first.key:
        return replace(second, default=False)
    if isinstance(first, Constant):
        return second if first.value else first
    if _is(second, False):
        return second
    return first if _is(second, True) or first == second else _lost(first, second)


def either(first: Value, second: Value) -> Value:
    """``first or second``."""
    if isinstance(first, Constant):
        return first if first.value else second
    if isinstance(second, Constant) and not second.value:
        return first
    return first if first == second else _lost(first, second)


def step(value: Value, name: Any, default: Any = REQUIRED) -> Value:
    """What lies under ``name`` in a config dict or a table."""
    if isinstance(value, Read) and not value.negated:
        return Read((*value.key, name), default)
    if isinstance(value, Table):
        found = value.items.get(name)
        if found is None and default is not REQUIRED:
            return Constant(default)
        return found or Lost(say("{variable} is set where mmfix does not follow", variable=name))
    return (
        value
        if isinstance(value, Lost)
        else Lost(say("{variable} of something that is no config", variable=name))
    )


def _is(value: Value, truth: bool) -> bool:
    return isinstance(value, Constant) and bool(value.value) is truth


def _lost(*values: Value) -> Lost:
    found = next((value for value in values if isinstance(value, Lost)), None)
    return found or Lost(say("it is put together from several keys"))
