"""JSON and YAML configs as trees with origins."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from json.scanner import NUMBER_RE
from typing import Any, Dict, Iterator, List, Optional, Tuple

from mmfix.config.nesting import Excess, json_excess, yaml_excess
from mmfix.config.origin import Blame, Origin, Unknown
from mmfix.config.source import Source
from mmfix.config.values import TreeDict, TreeList
from mmfix.errors import ConfigError
from mmfix.wording import say

_SPACE = re.compile(r"[ \t\n\r]*")
_WORDS: Dict[str, Any] = {
    "true": True,
    "false": False,
    "null": None,
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "-Infinity": float("-inf"),
}


def read_data(source: Source) -> TreeDict:
    """The mapping in a JSON or YAML config.

    Raises:
        ConfigError: Syntax error, nested too deeply, or not a mapping.
    """
    try:
        value = _read_json(source) if source.path.endswith(".json") else _read_yaml(source)
    except RecursionError as error:
        raise ConfigError(say("is nested too deeply to be read"), source.path) from error
    if not isinstance(value, TreeDict):
        raise ConfigError(say("holds no mapping at its top level, so it is not a config"), source.path)
    return value


def _refuse(excess: Optional[Excess], path: str) -> None:
    if excess is not None:
        raise ConfigError(excess.reason, path, excess.line)


def _read_json(source: Source) -> Any:
    text = source.code
    _refuse(json_excess(text), source.path)
    reader = _JsonReader(text, source.path)
    if text.startswith("\ufeff"):
        raise ConfigError(say("starts with a byte order mark, which JSON does not allow"), source.path, 1)
    try:
        value, end = reader.value(_SPACE.match(text, 0).end())  # type: ignore[union-attr]
        if _SPACE.match(text, end).end() != len(text):  # type: ignore[union-attr]
            raise json.JSONDecodeError("Extra data", text, end)
    except json.JSONDecodeError as error:
        raise ConfigError(say("syntax error: {why}", why=error.msg), source.path, error.lineno) from error
    return value


class _JsonReader:
    """A JSON parser that keeps positions; the standard library's does not tell them."""

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path
        self.line_starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def blame(self, position: int) -> Blame:
        from bisect import bisect_right

        line = bisect_right(self.line_starts, position)
        return Blame(Origin(self.path, line, position - self.line_starts[line - 1] + 1))

    def skip(self, position: int) -> int:
        return _SPACE.match(self.text, position).end()  # type: ignore[union-attr]

    def value(self, at: int) -> Tuple[Any, int]:
        text = self.text
        char = text[at : at + 1]
        if char == "{":
            return self.mapping(at + 1)
        if char == "[":
            return self.sequence(at + 1)
        if char == '"':
            return json.decoder.scanstring(text, at + 1, True)  # type: ignore[attr-defined,no-any-return]
        for word, known in _WORDS.items():
            if text.startswith(word, at):
                return known, at + len(word)
        match = NUMBER_RE.match(text, at)
        if match is None:
            raise json.JSONDecodeError("Expecting value", text, at)
        whole, fraction, exponent = match.groups()
        if fraction or exponent:
            return float(whole + (fraction or "") + (exponent or "")), match.end()
        if len(whole) > 4000:
            raise json.JSONDecodeError(say("a number too long to be a setting"), text, at)
        return int(whole), match.end()

    def mapping(self, at: int) -> Tuple[TreeDict, int]:
        result = TreeDict()
        at = self.skip(at)
        if self.text[at : at + 1] == "}":
            return result, at + 1
        while True:
            if self.text[at : at + 1] != '"':
                raise json.JSONDecodeError("Expecting property name enclosed in double quotes", self.text, at)
            key, at = json.decoder.scanstring(self.text, at + 1, True)  # type: ignore[attr-defined]
            at = self.skip(at)
            if self.text[at : at + 1] != ":":
                raise json.JSONDecodeError("Expecting ':' delimiter", self.text, at)
            start = self.skip(at + 1)
            result[key], at = self.value(start)
            result.blames[key] = self.blame(start)
            more, at = self.more(at, "}")
            if not more:
                return result, at

    def sequence(self, at: int) -> Tuple[TreeList, int]:
        values: List[Any] = []
        blames: List[Any] = []
        at = self.skip(at)
        if self.text[at : at + 1] == "]":
            return TreeList(), at + 1
        while True:
            blames.append(self.blame(at))
            value, at = self.value(at)
            values.append(value)
            more, at = self.more(at, "]")
            if not more:
                return TreeList(values, blames), at

    def more(self, at: int, end: str) -> Tuple[bool, int]:
        at = self.skip(at)
        char = self.text[at : at + 1]
        if char == end:
            return False, at + 1
        if char != ",":
            raise json.JSONDecodeError("Expecting ',' delimiter", self.text, at)
        return True, self.skip(at + 1)


@contextmanager
def _yaml_loader(text: str) -> Iterator[Any]:
    import yaml

    # the C parser, where there is one, reads the same language and keeps the same marks
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        yield loader
    finally:
        loader.dispose()


def _read_yaml(source: Source) -> Any:
    import yaml

    try:
        with _yaml_loader(source.code) as loader:
            _refuse(yaml_excess(source.code, loader), source.path)
        with _yaml_loader(source.code) as loader:
            node = loader.get_single_node()
            return None if node is None else _YamlReader(loader, source.path).value(node)
    except yaml.MarkedYAMLError as error:
        line = None if error.problem_mark is None else error.problem_mark.line + 1
        raise ConfigError(say("syntax error: {why}", why=error.problem), source.path, line) from error
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(say("cannot be parsed: {why}", why=error).splitlines()[0], source.path) from error


class _YamlReader:
    """YAML nodes -> tree. Tags that would construct Python objects become Unknown."""

    def __init__(self, loader: Any, path: str) -> None:
        self.loader = loader
        self.path = path
        self.done: Dict[int, Any] = {}

    def blame(self, node: Any) -> Blame:
        return Blame(Origin(self.path, node.start_mark.line + 1, node.start_mark.column + 1))

    def value(self, node: Any) -> Any:
        import yaml

        if id(node) in self.done:
            return self.done[id(node)]
        if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
            self.loader.flatten_mapping(node)
            result = self.done[id(node)] = TreeDict()
            for key_node, value_node in node.value:
                key = self.value(key_node)
                try:
                    result[key] = self.value(value_node)
                except TypeError:
                    raise ConfigError(
                        say("a mapping key is not hashable"), self.path, key_node.start_mark.line + 1
                    ) from None
                result.blames[key] = self.blame(value_node)
            return result
        if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
            items = self.done[id(node)] = TreeList()
            for item in node.value:
                items.append(self.value(item))
                items.blames.append(self.blame(item))
            return items
        if node.tag.startswith("tag:yaml.org,2002:python/"):
            return Unknown(
                say("the YAML tag {tag} makes a Python object", tag=node.tag.rsplit(":", 1)[1]),
                self.blame(node).origin,
            )
        if len(getattr(node, "value", "")) > 4000 and node.tag.endswith((":int", ":float")):
            raise ConfigError(say("a number too long to be a setting"), self.path, node.start_mark.line + 1)
        try:
            return self.loader.construct_object(node, deep=True)
        except (KeyError, ValueError, TypeError) as error:
            raise ConfigError(
                say("a value that YAML cannot read: {why}", why=error), self.path, node.start_mark.line + 1
            ) from error
