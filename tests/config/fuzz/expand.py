"""Expand templates of the grammar into text that fits what is written so far.

A template is Python text with tokens in angle brackets:

``<int>``
    an expression of that kind, from :data:`fuzz.expressions.EXPRESSIONS`
``<int+x>``, ``<block+p:int+q:list>``
    the same, in which the local names ``x`` (an int) or ``p`` and ``q`` may be used
``<path:dict>``, ``<name:int>``, ``<slot:any>``
    something that is there already: whatever leads to such a value, a top-level name, an item of a container
``<new>``, ``<pick>``
    a name to bind; a dict that is there, one of whose keys becomes the next back reference
``<$0>``
    what the first of ``new``, ``name``, ``path``, ``slot`` and ``pick`` became
``<block>``
    statements, indented as the token is
``<U>``, ``<uint>``, ``<ustr>``
    a test, a number, a text that the run decides
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Sequence, Set, Tuple

from fuzz.worlds import VARIABLE, Worlds, kind_of

NAMES = [
    "model", "data", "lr", "cfg", "opt", "train", "stages", "aux", "norm_cfg", "backbone", "n", "m", "k", "d",
    "e", "items", "hooks", "flag", "note", "pair",
]  # fmt: skip
KEYS = ["type", "depth", "with_cp", "lr", "a", "b", "num", "out", "stages", "norm_cfg", "neck", "init"]
_TOKEN = re.compile(r"<([$\w]+)(?::(\w+))?((?:\+\w+(?::\w+)?)*)>")
_MAX_DEPTH = 3


class NoChoice(Exception):
    """Nothing there that a template asks for."""


class Statement(NamedTuple):
    """A template of a statement, how often it is chosen, and ``kind: call`` for what it defines."""

    text: str
    weight: float = 1.0
    calls: Tuple[str, ...] = ()


@dataclass
class Writer:
    """A config while it is being written.

    Attributes:
        rng: The only source of chance.
        worlds: What is written so far, and its values.
        expressions, statements: The grammar: kind -> templates, each with how to call what it defines.
        unknown: How much weight templates have that ask the run.
        imports: Modules that may be named, or imported where a line needs them.
        local: (text, kind) of local names.
        calls: kind -> templates of calls of what the config has defined.
        depth: Of the expression or block being written.
    """

    rng: random.Random
    worlds: Worlds
    expressions: Mapping[str, Sequence[str]]
    statements: Sequence[Statement]
    unknown: float = 0.0
    imports: Set[str] = field(default_factory=set)
    local: List[Tuple[str, str]] = field(default_factory=list)
    calls: Dict[str, List[Tuple[str, str]]] = field(default_factory=dict)
    depth: int = 0
    fresh: int = 0
    _paths: List[Tuple[str, Any, bool]] = field(default_factory=list)

    def statement(self) -> bool:
        """Add one top-level statement that runs in both worlds; False when none was found."""
        self._paths = _paths(self)
        for _ in range(6):
            text, calls, bound = self._try_statement()
            if text and self.worlds.add(text):
                for call in calls:
                    kind, _, template = call.partition(": ")
                    entry = (bound[0], template.replace("<$0>", bound[0]))
                    self.calls.setdefault(kind, []).append(entry)
                return True
        return False

    def add(self, template: str) -> bool:
        """Add this statement, expanded."""
        self._paths = _paths(self)
        try:
            return self.worlds.add(expand(self, template)[0])
        except NoChoice:
            return False

    def _try_statement(self) -> Tuple[str, Sequence[str], List[str]]:
        chosen = _weighted(self, self.statements)
        try:
            text, bound = expand(self, chosen.text)
        except NoChoice:
            return "", (), []
        return text, chosen.calls, bound

    def module(self, name: str) -> str:
        """A module as this config may name it.

        Raises:
            NoChoice: It cannot be imported here without making another kind of config of the file.
        """
        if name not in self.imports:
            raise NoChoice(name)
        return name


def _weighted(writer: Writer, options: Sequence[Statement]) -> Statement:
    return writer.rng.choices(options, [_weight(one.text, writer.unknown) * one.weight for one in options])[0]


@lru_cache(maxsize=None)
def _weight(text: str, unknown: float) -> float:
    weight = 4.0 if text.startswith("4|") else 1.0
    return weight * unknown if "<U>" in text or "<uint>" in text or "<ustr>" in text else weight


def expression(writer: Writer, kind: str) -> str:
    """An expression of a kind."""
    if kind == "any":
        kind = writer.rng.choice(
            ["int", "int", "str", "bool", "float", "none", "list", "dict", "dict", "tuple"]
        )
    templates: Sequence[str] = writer.expressions[kind]
    if writer.depth >= _MAX_DEPTH:
        templates = [text for text in templates if text.startswith("4|")]
    writer.depth += 1
    try:
        for _ in range(8):
            known = [text for text, local in writer.local if _fits_kind(kind, local)]
            calls = [call for name, call in writer.calls.get(kind, ()) if _is_there(writer, name)]
            try:
                if known and writer.rng.random() < 0.4:
                    return writer.rng.choice(known)
                if calls and writer.depth < _MAX_DEPTH and writer.rng.random() < 0.2:
                    return expand(writer, writer.rng.choice(calls))[0]
                return expand(
                    writer,
                    writer.rng.choices(templates, [_weight(one, writer.unknown) for one in templates])[0],
                )[0]
            except NoChoice:
                continue
        raise NoChoice(kind)
    finally:
        writer.depth -= 1


def _fits_kind(kind: str, local: str) -> bool:
    return local == kind or (kind == "list" and local in ("ints", "strs", "dicts"))


def _is_there(writer: Writer, name: str) -> bool:
    return all(callable(space.get(name)) for space in writer.worlds.spaces)


def block(writer: Writer) -> str:
    """Statements of a block."""
    writer.depth += 1
    try:
        if writer.depth > _MAX_DEPTH:
            return "pass"
        parts = []
        for _ in range(writer.rng.choice([1, 1, 2, 2, 3])):
            for _ in range(8):
                try:
                    parts.append(expand(writer, _weighted(writer, writer.statements).text)[0])
                    break
                except NoChoice:
                    continue
        return "\n".join(parts) or "pass"
    finally:
        writer.depth -= 1


def expand(writer: Writer, template: str) -> Tuple[str, List[str]]:
    """The text of a template, and its back references.

    Raises:
        NoChoice: Something it asks for is not there.
    """
    template = template[2:] if template.startswith("4|") else template
    bound: List[str] = []
    before = len(writer.local)
    result = ""
    position = 0
    try:
        for match in _TOKEN.finditer(template):
            result += template[position : match.start()]
            position = match.end()
            line = result[result.rfind("\n") + 1 :]
            indent = len(line) - len(line.lstrip(" "))
            result += _token(writer, match, bound).replace("\n", "\n" + " " * indent)
    finally:
        del writer.local[before:]
    return result + template[position:], bound


def _token(writer: Writer, match: re.Match[str], bound: List[str]) -> str:
    name, argument, extra = match.groups()
    if name.startswith("$"):
        return bound[int(name[1:])]
    special = _SPECIAL.get(name)
    if special is not None:
        text, more = special(writer, argument or "any")
        bound.extend(more)
        if name == "new" and argument:
            writer.local.append((text, argument))
        return text
    pushed = [tuple(part.split(":")) if ":" in part else (part, "int") for part in extra.split("+")[1:]]
    writer.local.extend(pushed)  # type: ignore[arg-type]
    try:
        return block(writer) if name == "block" else expression(writer, name)
    finally:
        if pushed:
            del writer.local[-len(pushed) :]


Special = Tuple[str, List[str]]


def _new(writer: Writer, kind: str) -> Special:
    writer.fresh += 1
    name = writer.rng.choice(NAMES) if writer.rng.random() < 0.7 else f"v{writer.fresh}"
    return name, [name]


def _own(writer: Writer, kind: str) -> Special:
    """A name that nothing else binds."""
    writer.fresh += 1
    return f"f{writer.fresh}", [f"f{writer.fresh}"]


def _existing(writer: Writer, kind: str, want: Callable[[str, bool], bool]) -> Special:
    found = [text for text, value, slot in writer._paths if want(text, slot) and _matches(kind, value)]
    if not found:
        raise NoChoice(kind)
    text = writer.rng.choice(found)
    return text, [text]


def _pick(writer: Writer, kind: str) -> Special:
    options = [
        (text, key)
        for text, value, _ in writer._paths
        if isinstance(value, dict)
        for key in value
        if isinstance(key, str) and (kind == "any" or _matches(kind, value[key]))
    ]
    if not options:
        raise NoChoice("pick")
    text, key = writer.rng.choice(options)
    return text, [text, repr(key)]


def _unknown(texts: Dict[str, List[str]]) -> Callable[[Writer, str], Special]:
    def choose(writer: Writer, kind: str) -> Special:
        options = [text for module, found in texts.items() if module in writer.imports for text in found]
        if not options:
            raise NoChoice("unknown")
        return writer.rng.choice(options), []

    return choose


_SPECIAL: Dict[str, Callable[[Writer, str], Special]] = {
    "new": _new,
    "own": _own,
    "path": lambda writer, kind: _existing(writer, kind, lambda text, slot: True),
    "name": lambda writer, kind: _existing(writer, kind, lambda text, slot: text.isidentifier()),
    "slot": lambda writer, kind: _existing(writer, kind, lambda text, slot: slot),
    "pick": _pick,
    "key": lambda writer, kind: (writer.rng.choice(KEYS), []),
    "lit": lambda writer, kind: (str(writer.rng.choice([0, 1, 2, 3, 5, 8, -1])), []),
    "word": lambda writer, kind: (repr(writer.rng.choice(["x", "y", "R", "a_b", "Wide", "q-1", ""])), []),
    "module": lambda writer, kind: (writer.module(kind), []),
    "U": _unknown(
        {
            "sys": ["len(sys.argv) > 1", "sys.argv[1:]", "sys.argv[-1] == '--resume'"],
            "time": ["time.timezone", "time.timezone > 0", "not time.timezone"],
            "os": [
                f"'{VARIABLE}' in os.environ",
                f"os.environ.get('{VARIABLE}')",
                f"os.getenv('{VARIABLE}') is None",
            ],
            "random": ["random.random() > 0.5"],
            "": ["hash('a') % 2", "hash('a') % 2 > 0", "(hash('a') & 1) == 0"],
        }
    ),
    "uint": _unknown(
        {
            "sys": ["(len(sys.argv) - 1)"],
            "time": ["(time.timezone // 3600)"],
            "random": ["int(random.random() * 2)"],
            "": ["(hash('a') % 2)"],
        }
    ),
    "ustr": _unknown(
        {
            "os": [f"os.environ.get('{VARIABLE}', 'a')"],
            "sys": ["('a' if len(sys.argv) > 1 else 'b')"],
            "time": ["'ab'[time.timezone // 3600]"],
            "": ["'ab'[hash('a') % 2]"],
        }
    ),
}


def _matches(kind: str, value: Any) -> bool:
    if kind == "any":
        return kind_of(value) not in (None, "function", "class")
    if kind in ("ints", "strs", "dicts"):
        inner = kind[:-1]
        return type(value) is list and bool(value) and all(kind_of(item) == inner for item in value)
    if kind == "keyed":
        return isinstance(value, dict) and bool(value)
    return kind_of(value) == kind


def _paths(writer: Writer) -> List[Tuple[str, Any, bool]]:
    """(text, value, it is an item) of what both worlds have."""
    found: List[Tuple[str, Any, bool]] = []

    def walk(text: str, value: Any, other: Any, depth: int) -> None:
        if kind_of(value) is None or kind_of(value) != kind_of(other) or len(found) > 150:
            return
        found.append((text, value, depth > 0))
        if depth >= 3:
            return
        if isinstance(value, dict):
            for key in value:
                if key in other and isinstance(key, str):
                    walk(text + _step(writer, value, key), value[key], other[key], depth + 1)
        elif isinstance(value, list):
            for position in range(min(3, len(value), len(other))):
                walk(f"{text}[{position}]", value[position], other[position], depth + 1)

    for name, value, other in writer.worlds.names():
        walk(name, value, other, 0)
    return found


def _step(writer: Writer, owner: Any, key: str) -> str:
    if (
        type(owner) is not dict
        and key.isidentifier()
        and not hasattr(dict, key)
        and writer.rng.random() < 0.6
    ):
        return f".{key}"
    return f"[{key!r}]"
