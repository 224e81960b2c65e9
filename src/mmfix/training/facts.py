"""Traits of the model: read from its source where that is found, else from tables of known classes."""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, List, Optional, Tuple

from mmfix.config.keypath import KeyPath
from mmfix.training.at_hand import kept_facts
from mmfix.training.doubts import doubt_of, doubts
from mmfix.training.freezing import late_freezing
from mmfix.training.parts import Part
from mmfix.training.read_facts import facts_from_code
from mmfix.training.reading import CodeReading
from mmfix.training.reuse import reused_parts
from mmfix.training.types import ModelFact
from mmfix.training.unused import unused_parts


def model_facts(parts: List[Part], era: str, code: Optional[CodeReading]) -> Tuple[ModelFact, ...]:
    """Late freezing, unused, toggled and reused parts.

    What was read replaces the lists of known types and flags for every class that was found; the tables of
    released classes stay where the reading says the same (they are surer), or has nothing to say. Where the
    class's own file is at hand, a table of other files never speaks.
    """
    known = [
        *late_freezing(parts, era),
        *_unless_set_elsewhere(unused_parts(parts), parts),
        *reused_parts(parts),
    ]
    if code is None:
        return tuple(known)
    doubtful = doubts(code, parts)
    known = [_with_doubt(fact, doubtful) for fact in kept_facts(known, parts, code)]
    read = [_with_doubt(fact, doubtful) for fact in facts_from_code(code, parts)]
    merged = [_with_evidence(fact, read) for fact in known if not _is_refuted(fact, code, read)]
    told = {(fact.kind, fact.key) for fact in merged}
    return (*merged, *(fact for fact in read if (fact.kind, fact.key) not in told))


def _with_doubt(fact: ModelFact, doubtful: Dict[KeyPath, str]) -> ModelFact:
    """Of a class that shares its name with others it is only possible that this one is meant.

    Its lines are none to change, then.
    """
    at = doubt_of(fact.scope, doubtful)
    if not at:
        return fact if at is None else replace(fact, places=())
    return replace(fact, confidence="possible", evidence=(*fact.evidence, doubtful[at]), places=())


def _unless_set_elsewhere(facts: List[ModelFact], parts: List[Part]) -> List[ModelFact]:
    """Facts that rest on class defaults, of parts in which a base that is not here may have set more."""
    unsure = {part.path for part in parts if getattr(part.node, "missing", None)}
    return [replace(fact, confidence="possible") if fact.scope in unsure else fact for fact in facts]


def _is_refuted(fact: ModelFact, code: CodeReading, read: List[ModelFact]) -> bool:
    """Whether the reading knows better: it is surer of the same, or followed the class and did not see it."""
    same = [other for other in read if other.kind == fact.kind and other.key == fact.key]
    if fact.confidence == "possible" and any(other.confidence != "possible" for other in same):
        return True
    if code.reading.gave_up or not code.is_built(fact.scope) or _is_unclear(fact.scope, code):
        return False
    if any(other.kind == fact.kind and other.scope == fact.scope for other in read):
        return fact.confidence == "possible"
    if fact.kind == "reused":
        return fact.confidence == "possible"
    return fact.kind == "unused" or (fact.kind == "late-freeze" and code.own)


def _is_unclear(scope: KeyPath, code: CodeReading) -> bool:
    """Whether the reading lost track of some part below a config dict, or knows none of its parameters.

    The second is so where the layers come from a package that is not installed (mmcv, most often).
    """
    below = [built for built in code.reading.built if built.key[: len(scope)] == scope]
    return not any(built.parameters for built in below) or any(
        item.verdict == "cannot tell" and item.key[: len(scope)] == scope for item in code.reading.submodules
    )


def _with_evidence(fact: ModelFact, read: List[ModelFact]) -> ModelFact:
    for other in read:
        if other.kind == fact.kind and other.key == fact.key:
            lines = tuple(dict.fromkeys([*fact.evidence, *other.evidence]))
            return replace(fact, evidence=lines, modules=other.modules, count=other.count)
    return fact
