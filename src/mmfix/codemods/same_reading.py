"""What a cure in code changes of the reading of a model: what it is for, and nothing else."""

from __future__ import annotations

import os.path as osp
from dataclasses import fields, is_dataclass, replace
from typing import Any, Dict, Mapping, Tuple

from mmfix.model.types import NEVER, CheckpointUse, ModelReading, Submodule
from mmfix.python.place import Place
from mmfix.wording import say

#: By file, the line that each line became.
Moved = Mapping[str, Mapping[int, int]]


def differs(before: ModelReading, after: ModelReading, moved: Moved) -> str:
    """The first thing that is another one after the cure, and should not be; empty when there is none.

    A checkpoint that is no longer reentrant lets gradients into parts that got none: such a part may be
    missing among those without one. What is frozen before the wrap is not frozen late, and DDP waits for none
    of it. What no step uses may be gone, with its parameters. Nothing else may change.

    Args:
        before: Of the model.
        after: Of the model with the cure.
        moved: Where the lines of the changed files went.
    """
    before = _made_less(_frozen_earlier(_with_new_lines(before, moved), after), after)
    for field in fields(ModelReading):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if field.name == "checkpoints":
            same = len(old) == len(new) and all(map(_is_same_call, old, new))
        elif field.name == "submodules":
            same = all(item in old or _is_left(item, old) for item in new)
        elif field.name == "reached":
            same = set(old) <= set(new)
        elif field.name == "ambiguous":  # name and a line in words
            same = [name for name, _ in old] == [name for name, _ in new]
        else:
            same = old == new
        if not same:
            return _WORDS.get(field.name, field.name.replace("_", " "))
    return ""


_WORDS = {
    "checkpoints": say("the checkpoints it runs"),
    "submodules": say("the parts that get no gradient"),
    "reached": say("the parts that get a gradient"),
    "trainable": say("the order of its parameters"),
    "built": say("the modules it is made of"),
    "problems": say("what could not be followed of it"),
    "gave_up": say("what could not be followed of it"),
}


def _frozen_earlier(before: ModelReading, after: ModelReading) -> ModelReading:
    """The reading of before, had the freezing that is not late afterwards been early."""
    gone = [item for item in before.late_freezes if item not in after.late_freezes]
    names = {name for item in gone for name in item.names}
    left = tuple(item for item in before.late_freezes if item not in gone)
    trainable = before.trainable
    if trainable is not None:
        trainable = tuple(name for name in trainable if name not in names)
    return replace(before, late_freezes=left, trainable=trainable)


def _made_less(before: ModelReading, after: ModelReading) -> ModelReading:
    """The reading of before, had what no step uses not been made where it is not made afterwards."""
    left = after.trainable
    gone = [
        item
        for item in before.submodules
        if item.verdict == NEVER
        and item.name
        and item not in after.submodules
        and left is not None
        and not any(_is_of(name, item.name) for name in left)
    ]
    trainable = before.trainable
    if trainable is not None:
        trainable = tuple(n for n in trainable if not any(_is_of(n, item.name) for item in gone))
    fewer = {item.key: item.parameters for item in gone}
    built = tuple(
        replace(one, parameters=one.parameters - fewer[one.key], waited_for=one.waited_for - fewer[one.key])
        if one.key in fewer
        else one
        for one in before.built
    )
    return replace(before, trainable=trainable, built=built)


def _is_of(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}.")


def _is_same_call(old: CheckpointUse, new: CheckpointUse) -> bool:
    """Whether a call is the same but for its kind, and for a gradient that now reaches its input."""
    fed = old.input_has_grad if new.input_has_grad is False else new.input_has_grad
    return replace(old, reentrant=new.reentrant, input_has_grad=fed) == new


def _is_left(item: Submodule, before: Tuple[Submodule, ...]) -> bool:
    """Whether a part is what is left of a larger one, of which the rest gets a gradient now."""
    return any(
        old.verdict == item.verdict and (not old.name or item.name.startswith(f"{old.name}."))
        for old in before
    )


def _with_new_lines(value: Any, moved: Moved) -> Any:
    """The same, each place where it went."""
    if isinstance(value, Place):
        lines = moved.get(osp.realpath(value.path), {})
        return Place(value.path, lines.get(value.line, value.line))
    if is_dataclass(value) and not isinstance(value, type):
        changed: Dict[str, Any] = {
            field.name: _with_new_lines(getattr(value, field.name), moved) for field in fields(value)
        }
        return replace(value, **changed)
    if isinstance(value, tuple):
        return tuple(_with_new_lines(item, moved) for item in value)
    return value
