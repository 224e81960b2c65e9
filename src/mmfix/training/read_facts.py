"""What the model's own source says, as facts about the config: at most *likely*."""

from __future__ import annotations

from typing import Dict, Iterable, List, Tuple

from mmfix.config.keypath import KeyPath
from mmfix.config.values import absent
from mmfix.model.types import (
    LEFT_TO_CHANCE,
    LEFT_TO_COUNT,
    LEFT_TO_DATA,
    NEVER,
    NO_RESULT,
    NOT_USED,
    SOMETIMES,
    LateFreeze,
    Submodule,
)
from mmfix.python.place import Place
from mmfix.training.parts import Part
from mmfix.training.reading import CodeReading
from mmfix.training.types import ModelFact
from mmfix.wording import mark, say

_MOST_NAMES = 3
_NO_RESULTS = say("whose results do not reach the loss")


def facts_from_code(code: CodeReading, parts: List[Part]) -> List[ModelFact]:
    """Unused parameters, late freezing, toggles and repeated use, as read: at most ``likely``."""
    return [*_unused(code), *_late(code, parts), *_toggled(code), *_reused(code)]


def _unused(code: CodeReading) -> List[ModelFact]:
    facts = []
    for verdict, left_to in ((NEVER, ""), (SOMETIMES, "chance"), (SOMETIMES, "count"), (SOMETIMES, "")):
        sure = verdict == NEVER or left_to != ""
        groups: Dict[KeyPath, List[Submodule]] = {}
        for item in code.reading.submodules:
            if (item.verdict, item.left_to) != (verdict, left_to):
                continue
            # in released code this is what an empty batch does, and it was thought of
            if sure or (_is_own(code, item) and not (item.when_full and code.no_empty)):
                groups.setdefault(item.decided_by or (*item.key, "type"), []).append(item)
        for key, items in (_of_one_cause(groups) if verdict == SOMETIMES else groups).items():
            whys = {item.why for item in items}
            why = whys.pop() if len(whys) == 1 else NOT_USED
            counts = [item.parameters for item in items]  # 0: not certain
            facts.append(
                ModelFact(
                    kind="unused",
                    key=key,
                    type_name=items[0].owner,
                    confidence="likely" if sure else "possible",
                    why=say(
                        "{type} makes {names}, {clause}.",
                        type=items[0].owner,
                        names=_names(items),
                        clause=_clause(why, len(items)),
                    ),
                    evidence=_lines(code, items),
                    scope=_shared([item.key for item in items]),
                    varies=verdict == SOMETIMES,
                    inside=all(_is_inside(code, item) for item in items),
                    modules=tuple(item.name for item in items),
                    count=sum(counts) if all(counts) else 0,
                    places=_made_at(items) if verdict == NEVER else (),
                    no_result=why == NO_RESULT,
                )
            )
    return facts


def _made_at(items: List[Submodule]) -> Tuple[Place, ...]:
    """The lines that make some parts; none where one of them is not known."""
    places = [item.created for item in items if item.created is not None]
    return () if len(places) < len(items) else tuple(places)


def _is_inside(code: CodeReading, item: Submodule) -> bool:
    child, _, rest = item.name.partition(".")
    return rest != "" and child in code.reading.reached


def _of_one_cause(groups: Dict[KeyPath, List[Submodule]]) -> Dict[KeyPath, List[Submodule]]:
    """Parts of one class of which no key decides are one group: one early return drops them all."""
    merged: Dict[KeyPath, List[Submodule]] = {}
    beside: Dict[Tuple[str, str], List[KeyPath]] = {}
    for key, items in groups.items():
        if key[-1] == "type" and items[0].decided_by is None:
            holder = (items[0].owner, items[0].name.rpartition(".")[0])
            beside.setdefault(holder, []).append(key)
        else:
            merged[key] = items
    for keys in beside.values():
        shared = keys[0] if len(keys) == 1 else (*_shared([key[:-1] for key in keys]), "type")
        merged.setdefault(shared, []).extend(item for key in keys for item in groups[key])
    return merged


def _shared(keys: List[KeyPath]) -> KeyPath:
    """What several key paths begin with."""
    found = keys[0]
    for key in keys[1:]:
        same = [one == other for one, other in zip(found, key)]
        found = found[: same.index(False) if False in same else len(same)]
    return found


def _is_own(code: CodeReading, item: Submodule) -> bool:
    """Whether the user's own code makes or uses a part, and decides whether it is used."""
    made = item.created is not None and code.is_own(item.created.path, item.owner, item.created.line)
    used = item.used is not None and code.is_own(item.used.path)
    # in a class of a release that somebody added a part to, what else was added is not known
    home = (item.created.path, item.owner) if made and item.created is not None else None
    decides = any(not path or code.is_own(path, cls) or (path, cls) == home for path, cls in item.parted)
    return (made or used) and (decides or not item.parted)


def _clause(why: str, count: int) -> str:
    if why == NO_RESULT:
        return NO_RESULT if count == 1 else _NO_RESULTS
    if why in (LEFT_TO_CHANCE, LEFT_TO_COUNT, LEFT_TO_DATA):
        return say("and {why}", why=why)
    return say("which the training step does not use") if why == NOT_USED else why


def _names(items: List[Submodule]) -> str:
    shown = ", ".join(
        f"{item.name} ({item.class_name})" if index == 0 else item.name
        for index, item in enumerate(items[:_MOST_NAMES])
    )
    more = len(items) - _MOST_NAMES
    return say("{names} and {count} more", names=shown, count=more) if more > 0 else shown


def _lines(code: CodeReading, items: Iterable[Submodule]) -> Tuple[str, ...]:
    lines = []
    for item in list(items)[:_MOST_NAMES]:
        if item.created is not None:
            lines.append(say("{place} makes {name}", place=code.where(item.created), name=item.name))
        if item.used is not None:
            place, would = code.where(item.used), item.why == NOT_USED
            lines.append(
                say("{place} would use it", place=place) if would else say("{place} uses it", place=place)
            )
    return tuple(lines)


def _late(code: CodeReading, parts: List[Part]) -> List[ModelFact]:
    values = {part.path: part.node for part in parts}
    groups: Dict[Tuple[KeyPath, str, str], List[LateFreeze]] = {}
    for item in code.reading.late_freezes:
        key = item.decided_by or (*item.key, "type")
        groups.setdefault((key, item.phase, item.class_name), []).append(item)
    facts = []
    for (key, phase, name), items in _with_their_key(groups).items():
        if absent(values.get(key[:-1]), key[-1]) is not None:
            continue  # a base that is not here alone could make it freeze
        node = values.get(key[:-1], {})
        if items[0].decided_by is None:
            template = mark("{type} freezes {parameters} in {method}, after the DDP wrap.")
        elif key[-1] in node:
            template = mark(
                "{type} freezes {parameters} in {method}, after the DDP wrap, because {key}={value!r}."
            )
        else:
            template = mark("{type} freezes {parameters} in {method}, after the DDP wrap; {key} decides.")
        frozen = tuple(name for item in items for name in item.names)
        many = len(frozen) > 1
        lines = [
            say("{place} freezes after the wrap", place=code.where(item.place))
            for item in items
            if item.place
        ]
        facts.append(
            ModelFact(
                kind="late-freeze",
                key=key,
                type_name=name,
                confidence="likely",
                why=say(
                    template,
                    type=name,
                    parameters=say("{count} parameters", count=len(frozen)) if many else say("a parameter"),
                    method="train()" if phase == "train" else "init_weights()",
                    key=key[-1],
                    value=node.get(key[-1]),
                ),
                evidence=tuple(lines[:_MOST_NAMES]),
                scope=items[0].key,
                modules=frozen,
                count=0 if code.reading.trainable is None else len(frozen),
                places=tuple(filter(None, (item.place for item in items))),
            )
        )
    return facts


def _with_their_key(
    groups: Dict[Tuple[KeyPath, str, str], List[LateFreeze]],
) -> Dict[Tuple[KeyPath, str, str], List[LateFreeze]]:
    """Lines behind which no key was seen go to the key of the other lines of the same class."""
    found: Dict[Tuple[KeyPath, str, str], List[LateFreeze]] = {}
    for group, items in sorted(groups.items(), key=lambda item: item[1][0].decided_by is None):
        same = [other for other in found if other[1:] == group[1:] and found[other][0].key == items[0].key]
        found.setdefault(same[0] if same and items[0].decided_by is None else group, []).extend(items)
    return found


def _toggled(code: CodeReading) -> List[ModelFact]:
    return [
        ModelFact(
            kind="toggled",
            key=item.decided_by or (*item.key, "type"),
            type_name="",
            confidence="likely",
            why=say("The training step itself switches requires_grad of parameters."),
            evidence=(say("{place} sets requires_grad while training", place=code.where(item.place)),),
            scope=item.key,
        )
        for item in code.reading.toggles
    ]


def _reused(code: CodeReading) -> List[ModelFact]:
    return [
        ModelFact(
            kind="reused",
            key=item.switch or (*item.key, "type"),
            type_name=item.class_name,
            confidence="likely" if item.reused else "possible",
            why=say(
                "In one training step the checkpoint in {type} runs a module more than once.",
                type=item.class_name,
            )
            if item.reused
            else say(
                "In one training step the checkpoint in {type} may run a module more than once.",
                type=item.class_name,
            ),
            evidence=(
                say("{place} runs more than once", place=code.where(item.place))
                if item.reused
                else say("{place} may run more than once", place=code.where(item.place)),
            ),
            scope=item.key,
        )
        for item in code.reading.checkpoints
        # in released packages a loop of unknown length was tried with more than one turn
        if item.reused or (item.reused is None and code.own)
    ]
