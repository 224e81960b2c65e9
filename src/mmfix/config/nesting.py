"""How deep a JSON or YAML config is nested, and how much is in it, measured before it is read.

Parsers have limits of their own, other ones in each release, or none. The depth is the same for both formats.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple, Optional

from mmfix.wording import say

#: Collections inside one another. No real config comes near this.
MAX_NESTING = 200
#: Values in a file. A YAML parser takes as long for each as a JSON parser for several.
MAX_JSON_VALUES, MAX_YAML_VALUES = 100_000, 40_000

_JSON_MARKS = re.compile(r'\\.|["\[\]{},]', re.DOTALL)


class Excess(NamedTuple):
    """What is too much in a file, and on which line."""

    reason: str
    line: int


_TOO_DEEP, _TOO_MUCH = say("is nested too deeply to be read"), say("has too many values to be a config")


def json_excess(text: str) -> Optional[Excess]:
    """Where JSON goes over a bound, if it does. One pass, no recursion."""
    depth = values = 0
    in_string = False
    for match in _JSON_MARKS.finditer(text):
        sign = match.group()
        if sign == '"':
            in_string = not in_string
        elif in_string or sign[0] == "\\":
            continue
        elif sign in "[{,":
            depth += sign != ","
            values += 1
            if depth > MAX_NESTING or values > MAX_JSON_VALUES:
                reason = _TOO_DEEP if depth > MAX_NESTING else _TOO_MUCH
                return Excess(reason, text.count("\n", 0, match.start()) + 1)
        else:
            depth -= 1
    return None


def yaml_excess(text: str, loader: Any) -> Optional[Excess]:
    """Where YAML goes over a bound, if it does.

    Counted in the parser's events, which it makes one by one and without recursion; an alias is one event.

    Args:
        text: The YAML.
        loader: A new PyYAML loader of it, which is used up.

    Raises:
        yaml.YAMLError: Not YAML.
    """
    import yaml

    depth = read = values = 0
    try:
        while loader.check_event():
            event = loader.get_event()
            read, line = event.end_mark.index, event.end_mark.line + 1
            values += 1
            if values > MAX_YAML_VALUES:
                return Excess(_TOO_MUCH, int(line))
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > MAX_NESTING:
                    return Excess(_TOO_DEEP, int(line))
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    except yaml.MarkedYAMLError as error:
        # a scanner reads up to a line ahead of its events, and may meet a limit of its own there
        mark = error.problem_mark
        if mark is None:
            raise
        depth += sum((char in "[{") - (char in "]}") for char in text[read : mark.index])
        if depth <= MAX_NESTING:
            raise
        return Excess(_TOO_DEEP, int(mark.line) + 1)
    return None
