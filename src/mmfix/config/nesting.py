"""How deep a JSON or YAML config is nested, measured before anything recurses into it.

Parsers have limits of their own, other ones in each release, or none. This one is the same for
both languages.
"""

from __future__ import annotations

import re
from typing import Any, Optional

#: Collections inside one another. No real config comes near this.
MAX_NESTING = 200

_JSON_MARKS = re.compile(r'\\.|["\[\]{}]', re.DOTALL)


def json_too_deep(text: str) -> Optional[int]:
    """The line on which JSON goes deeper than :data:`MAX_NESTING`, if it does. One pass, no recursion."""
    depth = 0
    in_string = False
    for match in _JSON_MARKS.finditer(text):
        mark = match.group()
        if mark == '"':
            in_string = not in_string
        elif in_string or mark[0] == "\\":
            continue
        elif mark in "[{":
            depth += 1
            if depth > MAX_NESTING:
                return text.count("\n", 0, match.start()) + 1
        else:
            depth -= 1
    return None


def yaml_too_deep(text: str, loader: Any) -> Optional[int]:
    """The line on which YAML goes deeper than :data:`MAX_NESTING`, if it does.

    Counted in the parser's events, which it makes one by one and without recursion; an alias is one event.

    Args:
        text: The YAML.
        loader: A new PyYAML loader of it, which is used up.

    Raises:
        yaml.YAMLError: Not YAML.
    """
    import yaml

    depth = read = 0
    try:
        while loader.check_event():
            event = loader.get_event()
            read, line = event.end_mark.index, event.end_mark.line + 1
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > MAX_NESTING:
                    return int(line)
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
        return int(mark.line) + 1
    return None
