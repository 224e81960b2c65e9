"""The values of a settings file, looked at one by one: what comes out can be used as it is."""

from __future__ import annotations

import difflib
import re
from typing import Any, Dict, List, Tuple

from mmfix.project.keys import (
    ADDRESS,
    ADDRESS_PATTERN,
    BY_PATH,
    CHOICE,
    COUNT,
    FOLDERS,
    GLOBS,
    KEYS,
    MOST_CHARACTERS,
    MOST_GPUS,
    MOST_ITEMS,
    MOST_SECONDS,
    RULES,
    SECONDS,
    VERSION,
    VERSION_PATTERN,
    WORD,
    Key,
)
from mmfix.project.selectors import codes, nearest
from mmfix.wording import say

_NAMES = {
    str: "text",
    bool: say("true or false"),
    int: say("a number"),
    float: say("a number"),
    list: say("a list"),
    dict: say("a table"),
}


class Wrong(Exception):
    """A value or a key that cannot be used.

    Attributes:
        message: What is wrong, one clause.
        key: The key it is about.
        hint: What to do; may be empty.
    """

    def __init__(self, message: str, key: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.key = key
        self.hint = hint


def values(table: Dict[str, Any]) -> Dict[str, Any]:
    """The values of a table, by field of :class:`mmfix.settings.Settings`.

    Raises:
        Wrong: A key is unknown, or a value is not what it must be.
    """
    found: Dict[str, Any] = {}
    for name, raw in table.items():
        key = KEYS.get(name)
        if key is None:
            near = difflib.get_close_matches(name[:100].replace("_", "-"), KEYS, n=1, cutoff=0.5)
            hint = (
                say("did you mean {name}?", name=near[0])
                if near
                else say("there is {names}", names=", ".join(KEYS))
            )
            raise Wrong(say("no key {key}", key=_shown(name)), name, hint)
        found[key.field] = value_of(key, raw)
    return found


def value_of(key: Key, raw: Any) -> Any:
    """The value of a key as :class:`mmfix.settings.Settings` has it.

    Raises:
        Wrong: It is not what it must be.
    """
    if key.kind == RULES:
        return _rules(key.name, raw)
    if key.kind == BY_PATH:
        if not isinstance(raw, dict):
            raise _ill_typed(key.name, say("a table from globs to lists of rules"), raw)
        _few(key.name, raw)
        return tuple((_text(key.name, glob), _rules(key.name, listed)) for glob, listed in raw.items())
    if key.kind in (GLOBS, FOLDERS):
        return _texts(key.name, raw, say("a list of paths"))
    if key.kind == COUNT:
        if type(raw) is not int:
            raise _ill_typed(key.name, say("a whole number"), raw)
        if not 0 < raw <= MOST_GPUS:
            raise Wrong(say("{key} is a number from 1, not {given}", key=key.name, given=raw), key.name)
        return raw
    if key.kind == SECONDS:
        if type(raw) not in (int, float):
            raise _ill_typed(key.name, say("a number of seconds"), raw)
        if not 0 < raw <= MOST_SECONDS:
            raise Wrong(
                say(
                    "{key} is a number of seconds up to {most}, not {given}",
                    key=key.name,
                    most=MOST_SECONDS,
                    given=raw,
                ),
                key.name,
            )
        return float(raw)
    text = _text(key.name, raw)
    if key.kind == CHOICE and text not in key.choices:
        near = difflib.get_close_matches(text, key.choices, n=1)
        hint = say("did you mean {name}?", name=near[0]) if near else ""
        raise Wrong(
            say(
                "{key} is one of {choices}, not {given}",
                key=key.name,
                choices=", ".join(key.choices),
                given=_shown(text),
            ),
            key.name,
            hint,
        )
    if key.kind == VERSION and not re.match(VERSION_PATTERN, text):
        raise Wrong(
            say("{key} is a version like '1.13', not {given}", key=key.name, given=_shown(text)), key.name
        )
    if key.kind == ADDRESS and not re.match(ADDRESS_PATTERN, text):
        raise Wrong(
            say(
                "{key} is an address that begins with https://, not {given}", key=key.name, given=_shown(text)
            ),
            key.name,
        )
    assert key.kind in (CHOICE, VERSION, ADDRESS, WORD)
    return text


def _rules(name: str, raw: Any) -> Tuple[str, ...]:
    found = _texts(name, raw, say("a list of rules"))
    for selector in found:
        if not codes(selector):
            raise Wrong(
                say("{key} names no rule: {given}", key=name, given=_shown(selector)), name, nearest(selector)
            )
    return found


def _texts(name: str, raw: Any, what: str) -> Tuple[str, ...]:
    if not isinstance(raw, list):
        raise _ill_typed(name, what, raw)
    _few(name, raw)
    return tuple(_text(name, item, what) for item in raw)


def _text(name: str, raw: Any, what: str = "text") -> str:
    if not isinstance(raw, str):
        raise _ill_typed(name, what, raw, inside=what != "text")
    if not raw or len(raw) > MOST_CHARACTERS or "\0" in raw:
        raise Wrong(
            say("{key} holds a text that is empty, too long, or has a null character", key=name), name
        )
    return raw


def _few(name: str, raw: Any) -> None:
    if len(raw) > MOST_ITEMS:
        raise Wrong(say("{key} has more than {most} items", key=name, most=MOST_ITEMS), name)


def _ill_typed(name: str, what: str, raw: Any, inside: bool = False) -> Wrong:
    had = _NAMES.get(type(raw)) or say("a {type}", type=type(raw).__name__)
    if inside:
        return Wrong(say("{key} is {kind}, and one item is {other}", key=name, kind=what, other=had), name)
    return Wrong(say("{key} is {kind}, not {other}", key=name, kind=what, other=had), name)


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def option_values(name: str, given: List[str]) -> Any:
    """What was typed for an option, looked at like the key of a settings file.

    Args:
        name: The key.
        given: Words of the option; those of lists may hold several, with commas; those of
            ``per-path-ignores`` are ``GLOB:RULE,RULE``.

    Raises:
        Wrong: It cannot be used.
    """
    key = KEYS[name]
    if key.kind == RULES:
        return value_of(key, [word.strip() for text in given for word in text.split(",")])
    if key.kind == BY_PATH:
        table: Dict[str, List[str]] = {}
        for text in given:
            glob, _, rules = text.rpartition(":")
            if not glob:
                raise Wrong(say("{key} is GLOB:RULE,RULE, not {given}", key=name, given=_shown(text)), name)
            table.setdefault(glob, []).extend(word.strip() for word in rules.split(","))
        return value_of(key, table)
    return value_of(key, given if key.kind in (GLOBS, FOLDERS) else given[-1])
