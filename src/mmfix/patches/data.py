"""Overrides in JSON and YAML configs."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Sequence, Tuple

from mmfix.config.document import ConfigDocument, to_plain
from mmfix.config.keypath import MISSING, KeyPath
from mmfix.errors import PatchError
from mmfix.patches.difference import with_overrides
from mmfix.patches.edits import BY_OVERLAY, DELETE, Set, edit_tree, flatten, inherit, set_in_child
from mmfix.wording import say


def yaml_lines(document: ConfigDocument, overrides: Sequence[Tuple[KeyPath, Any]]) -> List[str]:
    """Lines that set ``overrides`` when appended to a YAML config.

    Raises:
        PatchError: The file binds one of the top-level keys itself (in YAML the second one replaces the
            first), or it is not a block mapping that lines can be appended to.
    """
    for key, _ in overrides:
        if key[0] in document.own:
            raise PatchError(
                say("this YAML file sets {key!r} itself, and cannot set it a second time", key=key[0]),
                hint=say(
                    'use "--in-place-value" to change the value where it stands, or {cure}', cure=BY_OVERLAY
                ),
            )
    if not _is_block_mapping(document.text):
        raise PatchError(
            say("nothing can be appended to this YAML file, which is not a block of keys"), hint=BY_OVERLAY
        )
    return to_yaml(inherited_data(document.base or {}, overrides))


def inherited_data(base: Any, overrides: Sequence[Tuple[KeyPath, Any]]) -> Dict[Any, Any]:
    """Child data that sets ``overrides`` when merged into ``base``."""
    return {name: inherit(base.get(name, MISSING), below) for name, below in edit_tree(overrides).items()}


def _is_block_mapping(text: str) -> bool:
    import yaml

    try:
        documents = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError:  # `{{ _base_.x }}` and tags: only MMEngine can read them
        return False
    if not documents:
        return True
    root = documents[0]
    plain = isinstance(root, yaml.MappingNode) and not root.flow_style and root.start_mark.column == 0
    ended = any(line.startswith("...") for line in text.splitlines())
    return plain and len(documents) == 1 and not ended


def to_yaml(data: Dict[Any, Any]) -> List[str]:
    """``data`` as the lines of a YAML block mapping.

    Raises:
        PatchError: It holds something YAML has no plain notation for.
    """
    import yaml

    try:
        text = yaml.safe_dump(to_plain(data), default_flow_style=False, sort_keys=False)
    except yaml.YAMLError as error:
        raise PatchError(say("a value cannot be written as YAML"), hint=say("use a .py config")) from error
    return str(text).splitlines()


def to_json(data: Dict[Any, Any]) -> str:
    """``data`` as a JSON file.

    Raises:
        PatchError: It holds something JSON has no notation for.
    """
    try:
        return json.dumps(to_plain(data), indent=2) + "\n"
    except (TypeError, ValueError) as error:
        raise PatchError(say("a value cannot be written as JSON"), hint=say("use a .py config")) from error


def json_copy(document: ConfigDocument, overrides: Sequence[Tuple[KeyPath, Any]], bases: Any) -> str:
    """The text of a JSON config like the document, with ``overrides`` set and ``_base_`` being ``bases``.

    Raises:
        PatchError: The file is not plain JSON before MMEngine's substitutions.
    """
    try:
        own = json.loads(document.text)
    except ValueError as error:
        raise PatchError(
            say("this JSON file cannot be rewritten, it has {{ }} in it"), hint=BY_OVERLAY
        ) from error
    if bases is not None:
        own["_base_"] = bases
    return to_json(_changed(own, document.base or {}, edit_tree(overrides)))


def _changed(own: Any, base: Any, edits: Any) -> Any:
    """``own`` with the edits made, as child of ``base``."""
    if isinstance(edits, Set):
        return set_in_child(edits.value, base)
    if own is MISSING:
        return inherit(base, edits)
    if not isinstance(own, (dict, list)):
        return set_in_child(with_overrides(own, flatten(edits)), base)
    result: Any = dict(own) if isinstance(own, dict) else list(own)
    merged = isinstance(own, dict) and isinstance(base, dict) and not own.get(DELETE, False)
    for key, below in edits.items():
        present = own.get(key, MISSING) if isinstance(own, dict) else own[key]
        result[key] = _changed(present, base.get(key, MISSING) if merged else MISSING, below)
    return result
