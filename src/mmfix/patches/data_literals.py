"""The text of a JSON or YAML config that sets a value: where it stands, and what is to stand there."""

from __future__ import annotations

import json
from typing import Any, Iterator

from mmfix.config.keypath import KeyPath
from mmfix.config.origin import Origin
from mmfix.patches.difference import differences
from mmfix.patches.spans import Edit, NotInPlace
from mmfix.wording import say

_OTHER_TEXT = say("what stands there is not all of it")


def edit_in_json(text: str, origin: Origin, key: KeyPath, old: Any, new: Any) -> Edit:
    """What makes ``new`` of the value ``old``, which stands at ``origin``.

    Raises:
        NotInPlace: It does not stand there.
    """
    lines = text.split("\n")
    start = sum(len(line) + 1 for line in lines[: origin.line - 1]) + origin.column - 1
    try:
        value, end = json.JSONDecoder().raw_decode(text, start)
        replacement = json.dumps(new)
    except (ValueError, TypeError) as error:
        raise NotInPlace(say("it cannot be written as JSON there")) from error
    if any(differences(value, old)):
        raise NotInPlace(_OTHER_TEXT)
    return Edit(start, end, replacement, key)


def edit_in_yaml(text: str, origin: Origin, key: KeyPath, new: Any) -> Edit:
    """What makes ``new`` of the plain or quoted value, or of the ``[...]`` or ``{...}``, at ``origin``.

    Raises:
        NotInPlace: No such value stands there.
    """
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        node = next(node for node in _nodes(root) if _place(node) == (origin.line, origin.column))
    except (yaml.YAMLError, StopIteration) as error:
        raise NotInPlace(say("YAML finds no value there")) from error
    start, end = node.start_mark.index, node.end_mark.index
    standing = text[start:end]
    flow = getattr(node, "flow_style", None)
    if standing[:1] in ("&", "!", "|", ">", "*") or flow is False:
        raise NotInPlace(say("it is no plain value of YAML"))
    if "#" in standing and not isinstance(node, yaml.ScalarNode):
        raise NotInPlace(say("a comment may stand in it"))
    return Edit(start, end, _as_yaml(new, standing), key)


def _nodes(root: Any) -> Iterator[Any]:
    import yaml

    stack = [root] if root is not None else []
    seen = set()
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, yaml.MappingNode):
            stack += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            stack += node.value


def _place(node: Any) -> Any:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _as_yaml(value: Any, like: str) -> str:
    import yaml

    if isinstance(value, str):
        return json.dumps(value)
    try:
        text = str(yaml.safe_dump(value, default_flow_style=True, width=float("inf")))
    except yaml.YAMLError as error:
        raise NotInPlace(say("it cannot be written as YAML")) from error
    text = text.split("\n...", 1)[0].strip()
    return text.capitalize() if like in ("True", "False", "None", "Null") and type(value) is bool else text
